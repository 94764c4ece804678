//! What the wizard does with keys and news.

use crossterm::event::KeyEvent;

use super::fields::{self, WizardField};
use super::run::{End, Run};
use super::{Wizard, WizardResult, WizardStep, WizardTask};
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::state::State;
use crate::console::core::view;
use crate::console::dialogs::{Overlay, TextReader, Undo, hint};
use crate::console::panes::requests::update::steps;
use crate::domain::gate::Refusal;
use crate::domain::issuance_request::OrderDefaults;
use crate::domain::output::shell::Kubectl;
use crate::domain::plan::Plan;
use crate::domain::request::Pkcs10;
use crate::domain::text::printable;
use crate::operations::issue::{Progress, WriteRecord};

/// Opens the wizard.
pub(crate) fn open(state: &mut State) -> Vec<Effect> {
    let Some(connection) = state.cx.session.connection.as_ref().filter(|_| !state.cx.session.read_only) else {
        return Vec::new();
    };
    let around = OrderDefaults {
        namespace: connection.namespace.clone(),
        cluster: connection.cluster.clone(),
        kubeconfig: connection.kubeconfig.clone(),
    };
    state.wizard = Some(Wizard::new(around));
    vec![Effect::Wizard(WizardTask::LookForUnfinished)]
}

/// A key while the wizard is open.
pub(crate) fn key(state: &mut State, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    match state.wizard.as_ref().map(|wizard| wizard.step) {
        Some(WizardStep::Review) => review_key(state, action, key),
        Some(WizardStep::Run) => run_key(state, action),
        Some(_) => field_key(state, action, key),
        None => Vec::new(),
    }
}

fn field_key(state: &mut State, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    let Some(wizard) = state.wizard.as_mut() else { return Vec::new() };
    match action {
        Some(Action::Back) => {
            if wizard.form.touched() {
                state.overlays.push(Overlay::LeaveWizard);
            } else {
                state.wizard = None;
            }
            return Vec::new();
        }
        Some(Action::Review) => return review(state),
        Some(Action::NextStep) => return next_step(state),
        Some(Action::PreviousStep) => wizard.go(wizard.step.previous()),
        Some(Action::Resume) => return resume(state),
        Some(Action::Enter) => {
            let shown: Vec<_> =
                wizard.form.fields().iter().map(|field| field.id).filter(|id| wizard.shows(*id)).collect();
            if wizard.form.at_last(|id| shown.contains(&id)) {
                return next_step(state);
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

fn next_step(state: &mut State) -> Vec<Effect> {
    let Some(wizard) = state.wizard.as_mut() else { return Vec::new() };
    let next = wizard.step.next();
    if next == WizardStep::Review {
        return review(state);
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
fn review(state: &mut State) -> Vec<Effect> {
    let id = state.next_effect();
    let Some(wizard) = state.wizard.as_mut() else { return Vec::new() };
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

fn review_key(state: &mut State, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    let height = super::review_view::plan_height(state);
    let lines = state.wizard.as_ref().map_or(0, |wizard| super::review_view::review_lines(state, wizard).len());
    let Some(wizard) = state.wizard.as_mut() else { return Vec::new() };
    let typing = wizard.confirming_name().is_some();
    let plan = Plan::new(&wizard.order().0);
    match action {
        Some(Action::Yes) if wizard.review.is_clear() => return begin(state, Vec::new()),
        Some(Action::Enter) if typing => return begin_by_name(state),
        Some(Action::Enter) if wizard.review.is_clear() => hint(state, KeyContext::WizardReview),
        Some(Action::PreviousStep) => wizard.go(WizardStep::Kubeconfig),
        Some(Action::Back) => state.overlays.push(Overlay::LeaveWizard),
        Some(Action::NextChoice | Action::PreviousChoice) => {
            wizard.review.name.turn(action == Some(Action::NextChoice));
        }
        Some(Action::Yaml) => {
            let lines = plan.yaml().lines().map(str::to_owned).collect();
            state.overlays.push(Overlay::Reader(TextReader::new("What will be made", lines)));
        }
        Some(Action::Commands) => {
            let overlay = commands(&plan, state.kubectl());
            state.overlays.push(overlay);
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
fn begin_by_name(state: &mut State) -> Vec<Effect> {
    let Some(wizard) = state.wizard.as_mut() else { return Vec::new() };
    let (user, typed) = (wizard.order().0.user, wizard.review.name.value(()).trim());
    if typed.is_empty() || typed != user {
        wizard.review.note = Some("That is not the user's name.");
        return Vec::new();
    }
    begin(state, vec![user])
}

/// Runs the plan, unless identity and verdict are not on the screen in full.
fn begin(state: &mut State, confirmed: Vec<String>) -> Vec<Effect> {
    let (id, now) = (state.next_effect(), state.cx.clock.now);
    let permit = if view::question_fits(state) { state.cx.session.permit() } else { Err(Refusal::NotShown) };
    let permit = match permit {
        Ok(permit) => permit,
        Err(refusal) => {
            state.notify(false, refusal.to_string());
            return Vec::new();
        }
    };
    let Some(wizard) = state.wizard.as_mut() else { return Vec::new() };
    let (order, _) = wizard.order();
    wizard.run = Some(Run::new(id, &Plan::new(&order), confirmed.clone(), now));
    wizard.step = WizardStep::Run;
    vec![Effect::Wizard(WizardTask::Begin(id, permit, Box::new(order), confirmed))]
}

fn commands(plan: &Plan, kubectl: &Kubectl) -> Overlay {
    Overlay::Reader(TextReader::commands("The same by hand", &plan.script(kubectl)))
}

/// Goes on with the issuance that was left unfinished first.
fn resume(state: &mut State) -> Vec<Effect> {
    let id = state.next_effect();
    let now = state.cx.clock.now;
    let permit = state.cx.session.permit().ok().filter(|_| view::question_fits(state));
    let Some(permit) = permit else { return Vec::new() };
    let Some(wizard) = state.wizard.as_mut() else { return Vec::new() };
    let Some(journal) = wizard.unfinished.first().cloned() else { return Vec::new() };
    wizard.run = Some(Run::new(id, &Plan::new(&journal.order), Vec::new(), now));
    wizard.step = WizardStep::Run;
    vec![Effect::Wizard(WizardTask::Resume(id, permit, Box::new(journal), Vec::new()))]
}

/// Undoes what the run on the screen made; the question has been answered.
pub(crate) fn undo(state: &mut State) -> Vec<Effect> {
    let id = state.next_effect();
    let Ok(permit) = state.cx.session.permit() else { return Vec::new() };
    let Some(run) = state.wizard.as_mut().and_then(|wizard| wizard.run.as_mut()) else { return Vec::new() };
    let Some(journal) = run.journal.clone().filter(|_| run.possible(Action::Undo)) else { return Vec::new() };
    (run.id, run.end) = (id, Some(End::Undoing));
    vec![Effect::Wizard(WizardTask::Undo(id, permit, journal))]
}

fn run_key(state: &mut State, action: Option<Action>) -> Vec<Effect> {
    let id = state.next_effect();
    let now = state.cx.clock.now;
    let permit = state.cx.session.permit();
    let Some(run) = state.wizard.as_mut().and_then(|wizard| wizard.run.as_mut()) else { return Vec::new() };
    let Some(action) = action.filter(|action| run.possible(*action)) else {
        // Esc closes what has ended, too.
        if action == Some(Action::Later) {
            state.wizard = None;
        }
        return Vec::new();
    };
    match action {
        Action::Enter => state.wizard = None,
        Action::Retry => {
            let (Some(journal), Ok(permit)) = (run.journal.clone(), permit) else { return Vec::new() };
            let confirmed = run.confirmed.clone();
            *run = Run::new(id, &Plan::new(&journal.order), confirmed.clone(), now);
            return vec![Effect::Wizard(WizardTask::Resume(id, permit, journal, confirmed))];
        }
        Action::Undo => {
            let user = run.journal.as_ref().map(|journal| journal.order.user.clone());
            state.overlays.extend(user.map(|user| Overlay::Undo(Undo { user })));
        }
        Action::Later => {
            state.wizard = None;
            let open = state.cx.keymap.word(KeyContext::Requests, Action::NewUser);
            let resume = state.cx.keymap.word(KeyContext::Form, Action::Resume);
            let text = format!("left as it is; {open} and {resume} go on with it, or: countersign issue --resume");
            state.notify(true, text);
            return vec![Effect::Wizard(WizardTask::Cancel)];
        }
        Action::Commands => {
            let journal = run.journal.as_ref().map(|journal| Plan::new(&journal.order));
            let overlay = journal.map(|plan| commands(&plan, state.kubectl()));
            state.overlays.extend(overlay);
        }
        _ => {}
    }
    Vec::new()
}

/// News for the wizard. What was written is recorded even when the wizard has been left.
pub(crate) fn heard(state: &mut State, news: WizardResult) -> Vec<Effect> {
    match news {
        WizardResult::Progress(_, Progress::Wrote(written)) => record(state, written),
        WizardResult::Progress(id, progress) => {
            let now = state.cx.clock.now;
            if let Some(run) = run_of(state, id) {
                run.heard(progress, now);
            }
        }
        WizardResult::Began(id, journal) => {
            if let Some(run) = run_of(state, id) {
                run.journal = Some(journal);
            }
        }
        WizardResult::Undone(id, result) => {
            let result = result.map(|written| written.into_iter().for_each(|written| record(state, written)));
            if let Some(run) = run_of(state, id) {
                run.end = Some(End::Undone(result));
            }
        }
        WizardResult::Unfinished(unfinished) => {
            let server = state.cx.session.connection.as_ref().map(|connection| connection.server.clone());
            let Some(wizard) = state.wizard.as_mut() else { return Vec::new() };
            // What was begun on another cluster is gone on with there.
            wizard.unfinished =
                unfinished.into_iter().filter(|journal| Some(&journal.server) == server.as_ref()).collect();
        }
        WizardResult::RequestRead(path, text) => {
            let Some(wizard) = state.wizard.as_mut() else { return Vec::new() };
            take_identity(wizard, text.as_deref().ok());
            wizard.request = Some((path, text));
        }
        WizardResult::Rehearsed(id, answer) => {
            if let Some(wizard) = state.wizard.as_mut() {
                wizard.review.heard(id, answer);
            }
        }
    }
    Vec::new()
}

/// A request made elsewhere says itself who it is for.
fn take_identity(wizard: &mut Wizard, pem: Option<&str>) {
    let Some(Ok(pkcs10)) = pem.map(|pem| Pkcs10::from_pem(pem.as_bytes())) else { return };
    let identity = pkcs10.identity();
    wizard.form.suggest(WizardField::User, &identity.user);
    wizard.form.suggest(WizardField::Groups, &identity.groups.join(", "));
    fields::follow(&mut wizard.form);
}

fn run_of(state: &mut State, id: crate::console::core::effect::EffectId) -> Option<&mut Run> {
    state.wizard.as_mut()?.run.as_mut().filter(|run| run.id == id)
}

fn record(state: &mut State, written: WriteRecord) {
    if let Err(text) = &written.outcome {
        state.notify(false, printable(text).into_owned());
    }
    state.activity.add(state.cx.clock.now, written);
}
