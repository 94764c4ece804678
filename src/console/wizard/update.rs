//! What the wizard does with keys and news.

use crossterm::event::KeyEvent;

use super::fields::{self, WizardField};
use super::run::{End, Run};
use super::{Wizard, WizardResult, WizardStep, WizardTask};
use crate::console::core::ctx::Ctx;
use crate::console::core::effect::Effect;
use crate::console::core::effect_id::EffectId;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::message::Message;
use crate::console::core::movement::steps;
use crate::console::dialogs::leave_wizard::LeaveWizard;
use crate::console::dialogs::phase::hint;
use crate::console::dialogs::reader::TextReader;
use crate::console::dialogs::undo::Undo;
use crate::domain::gate::Refusal;
use crate::domain::issuance_request::OrderDefaults;
use crate::domain::output::shell::Kubectl;
use crate::domain::plan::Plan;
use crate::domain::request::Pkcs10;
use crate::domain::text::printable;
use crate::operations::issue::{Progress, WriteRecord};

impl Wizard {
    /// The wizard for the cluster of the session; `None` where nothing may be written.
    pub(crate) fn open(cx: &Ctx) -> Option<Self> {
        let connection = cx.session.connection.as_ref().filter(|_| !cx.session.read_only)?;
        Some(Self::new(OrderDefaults {
            namespace: connection.namespace.clone(),
            cluster: connection.cluster.clone(),
            kubeconfig: connection.kubeconfig.clone(),
        }))
    }

    /// A key while the wizard is open.
    pub(crate) fn key(&mut self, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
        match self.step {
            WizardStep::Review => review_key(self, action, key, cx),
            WizardStep::Run => run_key(self, action, cx),
            _ => field_key(self, action, key, cx),
        }
    }
}

fn field_key(wizard: &mut Wizard, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
    match action {
        Some(Action::Back) => {
            if wizard.form.touched() {
                cx.open(LeaveWizard);
            } else {
                cx.send(Message::CloseWizard);
            }
            return Vec::new();
        }
        Some(Action::Review) => return review(wizard, cx),
        Some(Action::NextStep) => return next_step(wizard, cx),
        Some(Action::PreviousStep) => wizard.go(wizard.step.previous()),
        Some(Action::Resume) => return resume(wizard, cx),
        Some(Action::Enter) => {
            let shown: Vec<_> =
                wizard.form.fields().iter().map(|field| field.id).filter(|id| wizard.shows(*id)).collect();
            if wizard.form.at_last(|id| shown.contains(&id)) {
                return next_step(wizard, cx);
            }
            wizard.form.move_focus(true, |id| shown.contains(&id));
        }
        Some(Action::NextField | Action::PreviousField) => {
            let shown: Vec<_> =
                wizard.form.fields().iter().map(|field| field.id).filter(|id| wizard.shows(*id)).collect();
            wizard.form.move_focus(action == Some(Action::NextField), |id| shown.contains(&id));
        }
        Some(Action::NextChoice | Action::PreviousChoice) => {
            wizard.form.turn(action == Some(Action::NextChoice));
        }
        Some(_) => {}
        None => {
            wizard.form.key(key);
        }
    }
    fields::follow(&mut wizard.form);
    read_request(wizard)
}

/// The PKCS#10 file is read when its field is left, so that what it asks for is seen before going on.
fn read_request(wizard: &Wizard) -> Vec<Effect> {
    let path = wizard.form.value(WizardField::RequestFile).trim();
    let known = wizard.request.as_ref().map(|(known, _)| known.clone());
    let path = fields::expanded(path);
    let wanted = fields::applies(&wizard.form, WizardField::RequestFile) && !path.as_os_str().is_empty();
    if wanted && wizard.form.focused() != Some(WizardField::RequestFile) && known.as_ref() != Some(&path) {
        return vec![Effect::Wizard(WizardTask::ReadRequest(path))];
    }
    Vec::new()
}

fn next_step(wizard: &mut Wizard, cx: &mut Ctx) -> Vec<Effect> {
    let next = wizard.step.next();
    if next == WizardStep::Review {
        return review(wizard, cx);
    }
    let here = wizard.step;
    let wrong =
        wizard.order().1.into_iter().find(|(field, _)| field.step() == here && fields::applies(&wizard.form, *field));
    wizard.complain = wrong.is_some();
    match wrong {
        Some((field, _)) => wizard.form.focus(field),
        None => wizard.go(next),
    }
    read_request(wizard)
}

/// To the review: only with an order that can work; else to the first field that is wrong.
fn review(wizard: &mut Wizard, cx: &mut Ctx) -> Vec<Effect> {
    let id = cx.next_effect();
    let (order, problems) = wizard.order();
    if let Some((field, _)) = problems.first() {
        wizard.complain = true;
        wizard.go(field.step());
        wizard.form.focus(*field);
        return read_request(wizard);
    }
    wizard.complain = false;
    wizard.step = WizardStep::Review;
    wizard.review.ask(id);
    vec![Effect::Wizard(WizardTask::Rehearse(id, Box::new(order)))]
}

fn review_key(wizard: &mut Wizard, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
    let height = super::review_view::plan_height(cx, wizard);
    let lines = super::review_view::review_lines(cx, wizard).len();
    let typing = wizard.confirming_name().is_some();
    let plan = Plan::new(&wizard.order().0);
    match action {
        Some(Action::Yes) if wizard.review.is_clear() => return begin(wizard, Vec::new(), cx),
        Some(Action::Enter) if typing => return begin_by_name(wizard, cx),
        Some(Action::Enter) if wizard.review.is_clear() => hint(cx, KeyContext::WizardReview),
        Some(Action::PreviousStep) => wizard.go(WizardStep::Kubeconfig),
        Some(Action::Back) => cx.open(LeaveWizard),
        Some(Action::NextChoice | Action::PreviousChoice) => {
            wizard.review.name.turn(action == Some(Action::NextChoice));
        }
        Some(Action::Yaml) => {
            let lines = plan.yaml().lines().map(str::to_owned).collect();
            cx.open(TextReader::new("What will be made", lines));
        }
        Some(Action::Commands) => {
            let reader = commands(&plan, cx.kubectl());
            cx.open(reader);
        }
        Some(action) => {
            let steps = match action {
                Action::NextField => Some(1),
                Action::PreviousField => Some(-1),
                other => steps(other, height),
            };
            let last = lines.saturating_sub(height);
            wizard.review.scroll = wizard.review.scroll.saturating_add_signed(steps.unwrap_or(0)).min(last);
        }
        None if typing => {
            wizard.review.note = None;
            wizard.review.name.key(key);
        }
        None => {}
    }
    Vec::new()
}

/// Runs the plan where the name typed is the user's.
fn begin_by_name(wizard: &mut Wizard, cx: &mut Ctx) -> Vec<Effect> {
    let (user, typed) = (wizard.order().0.user, wizard.review.name.value(()).trim());
    if typed.is_empty() || typed != user {
        wizard.review.note = Some("That is not the user's name.");
        return Vec::new();
    }
    begin(wizard, vec![user], cx)
}

/// Runs the plan, unless identity and verdict are not on the screen in full.
fn begin(wizard: &mut Wizard, confirmed: Vec<String>, cx: &mut Ctx) -> Vec<Effect> {
    let (id, now) = (cx.next_effect(), cx.clock.now);
    let permit = if cx.question_fits { cx.session.permit() } else { Err(Refusal::NotShown) };
    let permit = match permit {
        Ok(permit) => permit,
        Err(refusal) => {
            cx.notify(false, refusal.to_string());
            return Vec::new();
        }
    };
    let (order, _) = wizard.order();
    wizard.run = Some(Run::new(id, &Plan::new(&order), confirmed.clone(), now));
    wizard.step = WizardStep::Run;
    vec![Effect::Wizard(WizardTask::Begin(id, permit, Box::new(order), confirmed))]
}

fn commands(plan: &Plan, kubectl: &Kubectl) -> TextReader {
    TextReader::commands("The same by hand", &plan.script(kubectl))
}

/// Resumes the unfinished issuance that is first.
fn resume(wizard: &mut Wizard, cx: &mut Ctx) -> Vec<Effect> {
    let id = cx.next_effect();
    let now = cx.clock.now;
    let permit = cx.session.permit().ok().filter(|_| cx.question_fits);
    let Some(permit) = permit else { return Vec::new() };
    let Some(journal) = wizard.unfinished.first().cloned() else { return Vec::new() };
    wizard.run = Some(Run::new(id, &Plan::new(&journal.order), Vec::new(), now));
    wizard.step = WizardStep::Run;
    vec![Effect::Wizard(WizardTask::Resume(id, permit, Box::new(journal), Vec::new()))]
}

/// Undoes what the run on the screen made; the question has been answered.
pub(crate) fn undo(wizard: &mut Wizard, cx: &mut Ctx) -> Vec<Effect> {
    let id = cx.next_effect();
    let Ok(permit) = cx.session.permit() else { return Vec::new() };
    let Some(run) = wizard.run.as_mut() else { return Vec::new() };
    let Some(journal) = run.journal.clone().filter(|_| run.possible(Action::Undo)) else { return Vec::new() };
    (run.id, run.end) = (id, Some(End::Undoing));
    vec![Effect::Wizard(WizardTask::Undo(id, permit, journal))]
}

fn run_key(wizard: &mut Wizard, action: Option<Action>, cx: &mut Ctx) -> Vec<Effect> {
    let id = cx.next_effect();
    let now = cx.clock.now;
    let permit = cx.session.permit();
    let Some(run) = wizard.run.as_mut() else { return Vec::new() };
    let Some(action) = action.filter(|action| run.possible(*action)) else {
        // Esc closes what has ended, too.
        if action == Some(Action::Later) {
            cx.send(Message::CloseWizard);
        }
        return Vec::new();
    };
    match action {
        Action::Enter => cx.send(Message::CloseWizard),
        Action::Retry => {
            let (Some(journal), Ok(permit)) = (run.journal.clone(), permit) else { return Vec::new() };
            let confirmed = run.confirmed.clone();
            *run = Run::new(id, &Plan::new(&journal.order), confirmed.clone(), now);
            return vec![Effect::Wizard(WizardTask::Resume(id, permit, journal, confirmed))];
        }
        Action::Undo => {
            let user = run.journal.as_ref().map(|journal| journal.order.user.clone());
            if let Some(user) = user {
                cx.open(Undo { user });
            }
        }
        Action::Later => {
            cx.send(Message::CloseWizard);
            let open = cx.keymap.word(KeyContext::Requests, Action::NewUser);
            let resume = cx.keymap.word(KeyContext::Form, Action::Resume);
            let text = format!("left as it is; {open} and {resume} go on with it, or: countersign issue --resume");
            cx.notify(true, text);
            return vec![Effect::Wizard(WizardTask::Cancel)];
        }
        Action::Commands => {
            let journal = run.journal.as_ref().map(|journal| Plan::new(&journal.order));
            if let Some(reader) = journal.map(|plan| commands(&plan, cx.kubectl())) {
                cx.open(reader);
            }
        }
        _ => {}
    }
    Vec::new()
}

/// News for the wizard. What was written is recorded even when the wizard has been left.
pub(crate) fn handle_result(wizard: &mut Option<Wizard>, news: WizardResult, cx: &mut Ctx) {
    match news {
        WizardResult::Progress(_, Progress::Wrote(written)) => record(cx, written),
        WizardResult::Progress(id, progress) => {
            let now = cx.clock.now;
            if let Some(run) = run_of(wizard, id) {
                run.apply(progress, now);
            }
        }
        WizardResult::Began(id, journal) => {
            if let Some(run) = run_of(wizard, id) {
                run.journal = Some(journal);
            }
        }
        WizardResult::Undone(id, result) => {
            let result = result.map(|written| written.into_iter().for_each(|written| record(cx, written)));
            if let Some(run) = run_of(wizard, id) {
                run.end = Some(End::Undone(result));
            }
        }
        WizardResult::Unfinished(unfinished) => {
            let server = cx.session.connection.as_ref().map(|connection| connection.server.clone());
            let Some(wizard) = wizard else { return };
            // What was started on another cluster is resumed there.
            wizard.unfinished =
                unfinished.into_iter().filter(|journal| Some(&journal.server) == server.as_ref()).collect();
        }
        WizardResult::RequestRead(path, text) => {
            let Some(wizard) = wizard else { return };
            take_identity(wizard, text.as_deref().ok());
            wizard.request = Some((path, text));
        }
        WizardResult::Rehearsed(id, answer) => {
            if let Some(wizard) = wizard {
                wizard.review.apply(id, answer);
            }
        }
    }
}

/// A request made elsewhere says itself who it is for.
fn take_identity(wizard: &mut Wizard, pem: Option<&str>) {
    let Some(Ok(pkcs10)) = pem.map(|pem| Pkcs10::from_pem(pem.as_bytes())) else { return };
    let identity = pkcs10.identity();
    wizard.form.suggest(WizardField::User, &identity.user);
    wizard.form.suggest(WizardField::Groups, &identity.groups.join(", "));
    fields::follow(&mut wizard.form);
}

fn run_of(wizard: &mut Option<Wizard>, id: EffectId) -> Option<&mut Run> {
    wizard.as_mut()?.run.as_mut().filter(|run| run.id == id)
}

fn record(cx: &mut Ctx, written: WriteRecord) {
    if let Err(text) = &written.outcome {
        cx.notify(false, printable(text).into_owned());
    }
    cx.record(written);
}
