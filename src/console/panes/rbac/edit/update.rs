//! What a sheet does with keys and news.

use crossterm::event::KeyEvent;
use serde_json::Value;

use crate::cluster::rbac::MANAGER;
use crate::console::core::ctx::Ctx;
use crate::console::core::effect::Effect;
use crate::console::core::effect_id::EffectId;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::movement::steps;
use crate::console::dialogs::phase::hint;
use crate::console::panes::rbac::RbacPane;
use crate::console::panes::rbac::edit::{Draft, EditField, EditForm, EditKind, EditStep, ReviewLine, fields};
use crate::console::panes::rbac::opened::RbacPage;
use crate::console::panes::rbac::rows::{RowTarget, find_binding, find_role};
use crate::console::panes::rbac::{RbacTask, ask, update};
use crate::console::widgets::form::Form;
use crate::domain::access::object::{Named, RbacKind};
use crate::domain::access::{Policy, SubjectKey, draft, summary};
use crate::domain::diff;
use crate::domain::gate::{self, Confirmation, WritePermit};
use crate::domain::output::shell::{Kubectl, ShellCommand, ShellLine};
use crate::domain::request::RequestVersion;
use crate::domain::text::printable;
use crate::error::UserError;
use crate::operations::issue::WriteRecord;

/// Lines that are shown around a change.
const CONTEXT: usize = 4;

/// Opens a sheet.
pub(crate) fn open(pane: &mut RbacPane, cx: &mut Ctx, action: Action) -> Vec<Effect> {
    let namespace = match &pane.page().page {
        RbacPage::Access(access) => access.namespace().map_or_else(|| cx.namespace(), ToOwned::to_owned),
        _ => cx.namespace(),
    };
    match action {
        Action::NewRole => {
            let mut sheet =
                EditForm::new(EditKind::NewRole, fields::new_role(&namespace, &pane.presets), EditStep::Fields);
            sheet.form.focus(EditField::Name);
            pane.sheet = Some(Box::new(sheet));
            Vec::new()
        }
        Action::Bind => {
            let role = update::meant(pane).filter(|named| named.kind.is_role());
            let subject = subject(pane);
            let mut form = fields::new_binding(&namespace, role.as_ref(), subject.as_ref());
            form.focus(if role.is_some() { EditField::Users } else { EditField::Role });
            let mut sheet = EditForm::new(EditKind::NewBinding, form, EditStep::Fields);
            sheet.follow(&[]);
            pane.sheet = Some(Box::new(sheet));
            Vec::new()
        }
        _ => {
            let Some(named) = update::meant(pane) else { return Vec::new() };
            let id = cx.next_effect();
            let what = match action {
                Action::Delete => EditKind::Delete(named.clone()),
                _ if named.kind.is_role() => EditKind::EditRole(named.clone()),
                _ => EditKind::EditBinding(named.clone()),
            };
            pane.sheet = Some(Box::new(EditForm::new(what, Form::default(), EditStep::Reading(id))));
            vec![Effect::Rbac(RbacTask::Read(id, named))]
        }
    }
}

/// The presets of the config folder have been read: a new role that no one has typed into yet offers them too.
pub(crate) fn presets_came(pane: &mut RbacPane, cx: &mut Ctx) {
    let untouched = |sheet: &EditForm| sheet.what == EditKind::NewRole && !sheet.form.touched();
    if pane.sheet.as_deref().is_some_and(untouched) {
        open(pane, cx, Action::NewRole);
    }
}

/// The subject of the page or of the row under the cursor.
fn subject(pane: &RbacPane) -> Option<SubjectKey> {
    let opened = pane.page();
    let who = match (&opened.page, opened.chosen().and_then(|row| row.target.as_ref())) {
        (RbacPage::Access(access), _) => &access.who,
        (RbacPage::Grants(who, _), _) | (_, Some(RowTarget::Who(who))) => who,
        _ => return None,
    };
    if who.user.is_empty() {
        who.groups.first().cloned().map(SubjectKey::Group)
    } else {
        Some(SubjectKey::user(&who.user))
    }
}

/// The object was read for a sheet; tells whether a sheet waited for it.
pub(crate) fn read(pane: &mut RbacPane, cx: &mut Ctx, id: EffectId, result: &Result<Value, UserError>) -> bool {
    let policy = cx.rbac.policy.clone();
    let Some(sheet) = pane.sheet.as_deref_mut().filter(|sheet| matches!(sheet.step, EditStep::Reading(of) if of == id))
    else {
        return false;
    };
    let object = match result {
        Ok(object) => object.clone(),
        Err(trouble) => {
            sheet.step = EditStep::Failed(trouble.clone());
            return true;
        }
    };
    match sheet.what.clone() {
        EditKind::EditRole(_) if object.get("aggregationRule").is_some_and(|rule| !rule.is_null()) => {
            let text = "its rules are gathered from other cluster roles, and written over by the cluster";
            sheet.step = EditStep::Failed(
                UserError::new(text).with_hint("Change a role that it gathers; a rule's lower part names it."),
            );
        }
        EditKind::EditRole(_) => {
            let rules: Vec<_> = serde_json::from_value(object["rules"].clone()).unwrap_or_default();
            sheet.form = fields::edit_role(&rules);
            sheet.step = EditStep::Fields;
        }
        EditKind::EditBinding(named) => {
            let subjects: Vec<k8s_openapi::api::rbac::v1::Subject> =
                serde_json::from_value(object["subjects"].clone()).unwrap_or_default();
            let keys = subjects.iter().filter_map(|subject| SubjectKey::of(subject, named.scope.as_deref()));
            sheet.form = fields::edit_binding(keys);
            sheet.step = EditStep::Fields;
        }
        EditKind::Delete(named) => {
            sheet.step = EditStep::Review(Draft { named: named.clone(), object: Value::Null }, losses(&policy, &named));
        }
        EditKind::NewRole | EditKind::NewBinding => {}
    }
    sheet.original = Some(object);
    true
}

/// Who loses what by a deletion.
fn losses(policy: &Policy, named: &Named) -> Vec<ReviewLine> {
    let losses = if named.kind.is_role() {
        find_role(policy, named).map(|role| policy.loss_of_role(role)).unwrap_or_default()
    } else {
        find_binding(policy, named).map(|binding| policy.loss_of_binding(binding)).unwrap_or_default()
    };
    let place =
        |scope: &Option<String>| scope.as_ref().map_or_else(|| "everywhere".to_owned(), |ns| format!("in {ns}"));
    let mut review_lines: Vec<_> = losses
        .iter()
        .map(|loss| match loss.rules.as_slice() {
            [] => ReviewLine::Note(format!(
                "{} loses nothing {}: other bindings grant the same",
                loss.subject,
                place(&loss.scope)
            )),
            rules => {
                ReviewLine::Gone(format!("{} loses {} {}", loss.subject, summary::rules(rules), place(&loss.scope)))
            }
        })
        .collect();
    if review_lines.is_empty() {
        review_lines.push(ReviewLine::Note("Nobody loses anything by it.".to_owned()));
    }
    if named.kind.is_role() && losses.iter().any(|loss| !loss.rules.is_empty()) {
        review_lines.push(ReviewLine::Note(
            "Bindings that name it stay, and grant nothing until a role of that name is there.".to_owned(),
        ));
    }
    review_lines
}

/// A key while a sheet is open.
pub(crate) fn key(pane: &mut RbacPane, cx: &mut Ctx, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    let height = usize::from(cx.body().height).saturating_sub(8);
    let last = pane.sheet.as_deref().map_or(0, |sheet| crate::console::panes::rbac::edit::view::last_scroll(cx, sheet));
    let Some(sheet) = pane.sheet.as_deref_mut() else { return Vec::new() };
    match (&mut sheet.step, action) {
        (EditStep::Fields, _) => return fields_key(pane, cx, action, key),
        (EditStep::Failed(_), Some(Action::Back)) => {
            // What was typed is not lost by a refusal.
            if sheet.form.fields().is_empty() {
                pane.sheet = None;
            } else {
                sheet.step = EditStep::Fields;
            }
        }
        (EditStep::Review(..), Some(Action::Yes)) => return send(pane, cx),
        (EditStep::Review(..), Some(Action::Enter)) => hint(cx, KeyContext::Confirm),
        (EditStep::Review(..), Some(Action::No)) => {
            if sheet.form.fields().is_empty() {
                pane.sheet = None;
            } else {
                sheet.step = EditStep::Fields;
            }
        }
        (EditStep::Review(..), Some(action)) => {
            if let Some(steps) = steps(action, height) {
                sheet.scroll = sheet.scroll.saturating_add_signed(steps).min(last);
            }
        }
        _ => {}
    }
    Vec::new()
}

fn fields_key(pane: &mut RbacPane, cx: &mut Ctx, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    let (policy, catalogue, presets) = (cx.rbac.policy.clone(), cx.rbac.catalogue.clone(), pane.presets.clone());
    let Some(sheet) = pane.sheet.as_deref_mut() else { return Vec::new() };
    let leaving = std::mem::take(&mut sheet.leaving);
    let visible: Vec<_> = sheet.form.fields().iter().map(|field| field.id).filter(|id| sheet.shows(*id)).collect();
    match action {
        Some(Action::Back) if sheet.form.touched() && !leaving => sheet.leaving = true,
        Some(Action::Back) => pane.sheet = None,
        Some(Action::NextField) => sheet.form.move_focus(true, |id| visible.contains(&id)),
        Some(Action::PreviousField) => sheet.form.move_focus(false, |id| visible.contains(&id)),
        Some(Action::NextChoice) if sheet.form.at_end() => {
            if let Some(first) = sheet.candidates(&policy, &catalogue).first() {
                ask::complete(&mut sheet.form, first);
                sheet.follow(&presets);
            }
        }
        Some(Action::NextChoice | Action::PreviousChoice) => {
            sheet.form.turn(action == Some(Action::NextChoice));
            sheet.follow(&presets);
        }
        // An empty line for a rule means that there are no more.
        Some(Action::Enter) if !done(sheet, &visible) => sheet.form.move_focus(true, |id| visible.contains(&id)),
        Some(Action::Enter | Action::Review) => return preflight(pane, cx),
        Some(_) => {}
        None => {
            sheet.problem = None;
            sheet.form.key(key);
            sheet.follow(&presets);
        }
    }
    Vec::new()
}

fn done(sheet: &EditForm, visible: &[EditField]) -> bool {
    let empty_rule =
        |field: EditField| matches!(field, EditField::Rule(_)) && sheet.form.value(field).trim().is_empty();
    sheet.form.focused().is_some_and(empty_rule) || sheet.form.at_last(|id| visible.contains(&id))
}

/// The server says what it would make of the fields.
fn preflight(pane: &mut RbacPane, cx: &mut Ctx) -> Vec<Effect> {
    let id = cx.next_effect();
    let catalogue = cx.rbac.catalogue.clone();
    let Some(permit) = permitted(cx) else { return Vec::new() };
    let Some(sheet) = pane.sheet.as_deref_mut() else { return Vec::new() };
    match sheet.draft(&catalogue) {
        Ok(draft) => {
            let create = sheet.original.is_none();
            let task = put(id, permit, &draft, create, true);
            sheet.step = EditStep::Rehearsing(id, draft);
            vec![Effect::Rbac(task)]
        }
        Err((field, why)) => {
            sheet.form.focus(field);
            sheet.problem = Some(why);
            Vec::new()
        }
    }
}

/// The permit to write; where there is none, the reason is shown.
fn permitted(cx: &mut Ctx) -> Option<WritePermit> {
    cx.session.permit().map_err(|refusal| cx.notify(false, printable(&refusal.to_string()).into_owned())).ok()
}

fn put(id: EffectId, permit: WritePermit, draft: &Draft, create: bool, dry_run: bool) -> RbacTask {
    RbacTask::Put { id, permit, named: draft.named.clone(), object: Box::new(draft.object.clone()), create, dry_run }
}

fn send(pane: &mut RbacPane, cx: &mut Ctx) -> Vec<Effect> {
    let id = cx.next_effect();
    let shown = cx.question_fits;
    let Some(permit) = permitted(cx).filter(|_| shown) else { return Vec::new() };
    let Some(sheet) = pane.sheet.as_deref_mut() else { return Vec::new() };
    let EditStep::Review(draft, _) = &sheet.step else { return Vec::new() };
    let draft = draft.clone();
    let task = match (&sheet.what, &sheet.original) {
        (EditKind::Delete(named), Some(original)) => {
            let text = |name: &str| original["metadata"][name].as_str().unwrap_or_default().to_owned();
            let pin = RequestVersion {
                name: named.name.clone(),
                uid: text("uid"),
                resource_version: text("resourceVersion"),
            };
            // A version that is no longer the newest is refused by the server.
            let Ok(deletion) = gate::delete(permit, &pin, true, &Confirmation::key(shown)) else { return Vec::new() };
            RbacTask::Delete { id, named: named.clone(), deletion }
        }
        (_, original) => put(id, permit, &draft, original.is_none(), false),
    };
    sheet.step = EditStep::Sent(id, draft);
    vec![Effect::Rbac(task)]
}

/// A rehearsal or a write ended; a deletion gives no object.
pub(crate) fn put_ended(pane: &mut RbacPane, cx: &mut Ctx, id: EffectId, result: Result<Option<Value>, UserError>) {
    let Some(sheet) = pane.sheet.as_deref_mut() else { return };
    match (&sheet.step, result) {
        (EditStep::Rehearsing(of, draft), Ok(Some(object))) if *of == id => {
            let draft = draft.clone();
            let review_lines = review(sheet, &draft, &object);
            sheet.scroll = 0;
            sheet.step = EditStep::Review(draft, review_lines);
        }
        (EditStep::Rehearsing(of, _), Err(trouble)) if *of == id => sheet.step = EditStep::Failed(trouble),
        (EditStep::Sent(of, draft), result) if *of == id => {
            let (what, did) = match (&sheet.what, sheet.original.is_some()) {
                (EditKind::Delete(_), _) => ("delete", "deleted"),
                (_, true) => ("change", "changed"),
                (_, false) => ("create", "created"),
            };
            let (object, command) = (
                draft.named.to_string(),
                equivalent(&cx.session.connection.as_ref().map(|c| c.kubectl.clone()).unwrap_or_default(), what, draft),
            );
            let outcome = match result {
                Ok(_) => {
                    pane.sheet = None;
                    cx.notify(true, format!("{} {did}", printable(&object)));
                    Ok(did.to_owned())
                }
                Err(trouble) => {
                    let text = trouble.message.clone();
                    sheet.step = EditStep::Failed(trouble);
                    Err(text)
                }
            };
            cx.record(WriteRecord { what, object, outcome, command });
        }
        // No one waits for it any more.
        _ => {}
    }
}

/// The same by kubectl, in a line.
fn equivalent(kubectl: &Kubectl, what: &str, draft: &Draft) -> ShellLine {
    if what == "delete" {
        let command = kubectl.command("delete").word(draft.named.kind.plural());
        let command = command.flag_if("namespace", draft.named.scope.as_deref());
        return command.operands([draft.named.name.as_str()]).line();
    }
    let write = kubectl.command(if what == "create" { "create -f -" } else { "replace -f -" });
    // echo would read backslashes in some shells.
    ShellCommand::new(r"printf '%s\n'").line_operand(&draft.object.to_string()).chain("|", &write).line()
}

/// What is to be known before a yes: who else has a say, and every line that changes.
fn review(sheet: &EditForm, draft: &Draft, object: &Value) -> Vec<ReviewLine> {
    let mut review_lines = Vec::new();
    let field = if draft.named.kind.is_role() { "rules" } else { "subjects" };
    let original = sheet.original.clone().unwrap_or_default();
    let changed = original.get(field) != object.get(field);
    for manager in draft::managers(&original, field, MANAGER) {
        if changed {
            review_lines.push(ReviewLine::Warning(format!(
                "! {field} are managed by {manager} too: it may set them back when it runs again"
            )));
        }
    }
    let default = original.pointer("/metadata/labels/kubernetes.io~1bootstrapping").is_some();
    if default && draft.named.kind == RbacKind::ClusterRole {
        review_lines.push(ReviewLine::Warning(
            "! a default role: the API server puts its own rules back when it starts".to_owned(),
        ));
    }
    let old = sheet.original.as_ref().map(draft::comparable).unwrap_or_default();
    let new = draft::comparable(object);
    let lines = diff::lines(&old, &new);
    if lines.iter().all(|line| matches!(line, diff::DiffLine::Same(_))) {
        review_lines.push(ReviewLine::Note("Nothing would change.".to_owned()));
    }
    let mut left_out = false;
    for (at, line) in lines.iter().enumerate() {
        if !diff::is_near_change(&lines, at, CONTEXT) {
            left_out = true;
            continue;
        }
        if std::mem::take(&mut left_out) {
            review_lines.push(ReviewLine::Same("…".to_owned()));
        }
        review_lines.push(match line {
            diff::DiffLine::Same(text) => ReviewLine::Same((*text).to_owned()),
            diff::DiffLine::Gone(text) => ReviewLine::Gone((*text).to_owned()),
            diff::DiffLine::New(text) => ReviewLine::New((*text).to_owned()),
        });
    }
    review_lines
}
