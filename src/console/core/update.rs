//! The one place where the state changes. This file only routes: each pane and dialog updates itself.

use chrono::{DateTime, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Size;

use crate::cluster::watch::{self, WatchStatus};
use crate::console::core::ctx::Ctx;
use crate::console::core::dialog_event::{DialogEvent, Update};
use crate::console::core::effect::Effect;
use crate::console::core::event::{Connection, Event, Identified, SavedView};
use crate::console::core::key::Key;
use crate::console::core::keymap::Action;
use crate::console::core::message::Message;
use crate::console::core::pane::PaneView;
use crate::console::core::pane_id::Pane;
use crate::console::core::state::State;
use crate::console::core::{copy, login, mouse, saved_view, switching, view};
use crate::console::dialogs::reader::TextReader;
use crate::console::dialogs::{context_switcher, help, palette};
use crate::console::panes::kubeconfig::{KubeconfigResult, KubeconfigTask};
use crate::console::panes::rbac::RbacTask;
use crate::console::panes::{kubeconfig, rbac, requests};
use crate::console::wizard::{self, Wizard, WizardTask};
use crate::domain::access::Principal;
use crate::domain::text::in_ascii;
use crate::error::UserError;

/// Takes one event in at the moment `now` and returns what is to be done about it.
pub fn update(state: &mut State, event: Event, now: DateTime<Utc>) -> Vec<Effect> {
    state.cx.clock.now = now;
    in_ascii(state.cx.ascii, || {
        state.counting_questions(|state| {
            let mut effects = routed(state, event);
            effects.extend(deliver(state, None));
            effects
        })
    })
}

/// Carries out the messages that a handler sent, and those that come of them; `from` is the place of the dialog that sent
/// the first, else the topmost.
fn deliver(state: &mut State, mut from: Option<usize>) -> Vec<Effect> {
    let mut effects = Vec::new();
    while !state.cx.messages.is_empty() {
        let messages = std::mem::take(&mut state.cx.messages);
        let sender = from.take().or(state.dialogs.len().checked_sub(1));
        for message in messages {
            effects.extend(carry_out(state, message, sender));
        }
    }
    effects
}

fn carry_out(state: &mut State, message: Message, from: Option<usize>) -> Vec<Effect> {
    match message {
        Message::Open(mut dialog) => {
            state.cx.question_fits = view::dialog_fits(state, dialog.as_ref());
            let effects = dialog.opened(&mut state.cx);
            state.dialogs.push(dialog);
            let from = state.dialogs.len() - 1;
            return effects.into_iter().chain(deliver(state, Some(from))).collect();
        }
        Message::Close => {
            if let Some(at) = from.filter(|at| *at < state.dialogs.len()) {
                state.dialogs.remove(at);
            }
        }
        Message::Record(written) => state.activity.add(state.cx.clock.now, written),
        Message::ListChanged => return requests::update::settle(&mut state.requests, &mut state.cx),
        Message::RequestRead => notify_of_request(state, Update::Read),
        Message::RequestJudged => notify_of_request(state, Update::Judged),
        Message::KubeconfigsRead => {
            let contexts =
                Update::Contexts(context_switcher::own_place(&state.cx), state.cx.kubeconfigs.contexts().len());
            if let Some(dialog) = state.dialogs.last_mut() {
                dialog.update(&contexts);
            }
        }
        Message::OpenWizard => {
            let Some(wizard) = Wizard::open(&state.cx) else { return Vec::new() };
            state.wizard = Some(wizard);
            return vec![Effect::Wizard(WizardTask::LookForUnfinished)];
        }
        Message::CloseWizard => state.wizard = None,
        Message::UndoIssuance => {
            let Some(wizard) = &mut state.wizard else { return Vec::new() };
            return wizard::update::undo(wizard, &mut state.cx);
        }
        Message::Trusted(context, then) => {
            return kubeconfig::update::trusted(&mut state.kubeconfig, &mut state.cx, &context, then);
        }
        Message::SwitchContext(context) => return switching::to(state, &context),
        Message::Act(action, key) => return act(state, Some(action), key),
    }
    Vec::new()
}

/// The topmost dialog may show the request that was read in full.
fn notify_of_request<'a>(state: &'a mut State, update: impl FnOnce(&'a requests::Loaded) -> Update<'a>) {
    if let (Some(dialog), Some(loaded)) = (state.dialogs.last_mut(), &state.requests.detail.loaded) {
        dialog.update(&update(loaded));
    }
}

/// Offers a result to the dialogs; what none of them waits for is dropped.
fn to_dialogs(state: &mut State, mut event: DialogEvent) -> Vec<Effect> {
    for at in 0..state.dialogs.len() {
        match state.dialogs[at].result(event, &mut state.cx) {
            Ok(effects) => return effects.into_iter().chain(deliver(state, Some(at))).collect(),
            Err(other) => event = other,
        }
    }
    Vec::new()
}

fn routed(state: &mut State, event: Event) -> Vec<Effect> {
    let State { cx, requests, rbac, kubeconfig, wizard, .. } = state;
    match event {
        Event::Key(key) => return key_pressed(state, key),
        Event::Wheel(down) => return mouse::wheel(state, down),
        Event::Click(at) => return mouse::click(state, at),
        Event::Paste(text) => return pasted(state, &text),
        Event::Resized(size) => return resized(state, size),
        Event::Clock => requests::update::time_passes(cx),
        Event::Nodes(nodes) => cx.requests.engine.nodes(nodes),
        Event::Work => return requests::update::work(requests, cx),
        Event::Recalled(recalled) => return restored(state, recalled),
        Event::Connected(result) => return connected(cx, result),
        Event::Login(health) => cx.session.login.set_health(health),
        Event::Beat(answer) => cx.session.login.beat(answer, cx.clock.now),
        Event::Asked(wait) => cx.session.login.wait = Some(wait),
        Event::Identified(result) => return identified(state, result),
        Event::Watch(message) => return requests::update::watched(requests, cx, message),
        Event::WatchEnded(trouble) => return watch_ended(state, trouble),
        Event::Read { uid, result } => return requests::update::read(requests, cx, &uid, result),
        Event::Decided(id, result) => return to_dialogs(state, DialogEvent::Decided(id, result)),
        Event::Bulk(id, result) => return to_dialogs(state, DialogEvent::Bulk(id, result)),
        Event::Deleted(id, result) => return to_dialogs(state, DialogEvent::Deleted(id, result)),
        Event::Exported(id, result) => return to_dialogs(state, DialogEvent::Exported(id, result)),
        Event::Rbac(result) => {
            let effects = rbac::news::handle_result(rbac, cx, result);
            requests::update::bindings_changed(cx);
            return effects;
        }
        Event::Wizard(result) => wizard::update::handle_result(wizard, result, cx),
        Event::Kubeconfig(KubeconfigResult::Planned(id, plan)) => {
            return to_dialogs(state, DialogEvent::Planned(id, plan));
        }
        Event::Kubeconfig(KubeconfigResult::Changed(id, outcome)) => {
            return to_dialogs(state, DialogEvent::Changed(id, outcome));
        }
        Event::Kubeconfig(result) => return kubeconfig::update::handle_result(kubeconfig, cx, result),
    }
    Vec::new()
}

fn resized(state: &mut State, size: Size) -> Vec<Effect> {
    state.cx.size = size;
    rbac::update::resized(&mut state.rbac, &mut state.cx);
    requests::update::settle(&mut state.requests, &mut state.cx)
}

fn restored(state: &mut State, recalled: SavedView) -> Vec<Effect> {
    saved_view::apply(state, recalled);
    let mut effects = requests::update::settle(&mut state.requests, &mut state.cx);
    if state.cx.pane == Pane::Rbac {
        effects.extend(state.rbac.shown(&mut state.cx));
    }
    effects
}

fn watch_ended(state: &mut State, trouble: UserError) -> Vec<Effect> {
    let now = state.cx.clock.now;
    state.cx.notify(false, trouble.message.clone());
    let status = WatchStatus::Degraded { why: trouble, since: now, next_try: now };
    requests::update::watched(&mut state.requests, &mut state.cx, watch::WatchMessage::Status(status))
}

fn connected(cx: &mut Ctx, result: Result<Connection, UserError>) -> Vec<Effect> {
    match result {
        Ok(connection) => {
            cx.session.connection = Some(connection);
            cx.session.trouble = None;
            vec![
                Effect::Identify,
                Effect::Kubeconfig(KubeconfigTask::Read),
                Effect::Rbac(RbacTask::Discover),
                Effect::Rbac(RbacTask::Presets),
            ]
        }
        Err(failure) => {
            cx.session.trouble = Some(failure);
            Vec::new()
        }
    }
}

fn identified(state: &mut State, result: Result<Identified, UserError>) -> Vec<Effect> {
    let cx: &mut Ctx = &mut state.cx;
    match result {
        Ok(identified) => {
            for dialog in &mut state.dialogs {
                dialog.update(&Update::Identified(&identified.who.username));
            }
            let me = Principal { user: identified.who.username.clone(), groups: identified.who.groups.clone() };
            cx.requests.engine.identified(me, identified.ca_ends);
            cx.requests.engine.api_hosts(&identified.api_hosts);
            cx.session.identified = Some(identified);
            cx.session.trouble = None;
        }
        Err(failure) => {
            cx.session.trouble = Some(failure);
            kubeconfig::update::explain(cx);
        }
    }
    rbac::news::identified(cx)
}

/// The nearest context that knows the key acts on it; what none knows is text for the field that is being typed in.
fn key_pressed(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let action = state.cx.keymap.lookup(&state.places(), Key::of(key));
    let welcomed = std::mem::take(&mut state.cx.welcome);
    let mut effects = act(state, action, key);
    if welcomed {
        // The list has more lines now.
        effects.extend(requests::update::settle(&mut state.requests, &mut state.cx));
    }
    effects
}

/// Does what an action asks for, whichever way it was asked.
pub(crate) fn act(state: &mut State, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    // Of what is on the screen now: an action from the palette comes after the palette has closed.
    state.cx.question_fits = view::question_fits(state);
    match action {
        // Who interrupts a login program means that.
        Some(Action::Quit) if interrupts(key) && login::can_cancel(state) => return vec![Effect::CancelLogin],
        Some(Action::Quit) => return vec![Effect::Quit],
        Some(Action::Redraw) => return vec![Effect::Redraw],
        Some(Action::Suspend) => return vec![Effect::Suspend],
        Some(Action::Help) => {
            let lines = help::lines(&state.cx.keymap, &state.places());
            state.cx.open(TextReader::new("Keys", lines));
            return deliver(state, None);
        }
        Some(Action::Palette) => {
            let palette = palette::Palette::new(&state.cx, &state.places(), |action| view::possible(state, action));
            state.cx.open(palette);
            return deliver(state, None);
        }
        Some(Action::Copy) => return copied(state),
        _ => {}
    }
    let effects = if let Some(dialog) = state.dialogs.last_mut() {
        dialog.key(action, key, &mut state.cx)
    } else if let Some(wizard) = &mut state.wizard {
        wizard.key(action, key, &mut state.cx)
    } else {
        in_pane(state, action, key)
    };
    effects.into_iter().chain(deliver(state, None)).collect()
}

fn in_pane(state: &mut State, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    match action {
        Some(Action::ShowRequests) => show(state, Pane::Requests),
        Some(Action::ShowRbac) => show(state, Pane::Rbac),
        Some(Action::ShowKubeconfig) => show(state, Pane::Kubeconfig),
        Some(Action::ShowActivity) => show(state, Pane::Activity),
        Some(Action::LogIn) => login::again(state),
        Some(Action::Back) if login::can_cancel(state) => vec![Effect::CancelLogin],
        Some(Action::SwitchContext) if state.cx.pane != Pane::Kubeconfig => context_switcher::open(&mut state.cx),
        _ => {
            let (pane, cx) = state.seen_mut();
            pane.key(action, key, cx)
        }
    }
}

fn show(state: &mut State, pane: Pane) -> Vec<Effect> {
    state.cx.pane = pane;
    let (pane, cx) = state.seen_mut();
    pane.shown(cx)
}

fn interrupts(key: KeyEvent) -> bool {
    key.code == KeyCode::Char('c') && key.modifiers == KeyModifiers::CONTROL
}

/// Copies what there is to copy, unless it must not leave.
fn copied(state: &mut State) -> Vec<Effect> {
    match copy::what(state) {
        None => Vec::new(),
        Some(Err(why)) => {
            state.cx.notify_on_top(false, why);
            Vec::new()
        }
        Some(Ok(text)) => {
            let lines = text.as_str().lines().count();
            let what = if lines == 1 { text.as_str().to_owned() } else { format!("{lines} lines") };
            state.cx.notify_on_top(true, format!("copied {what}"));
            vec![Effect::Copy(text)]
        }
    }
}

/// A paste is for the field that has the keyboard, or is refused with the reason.
fn pasted(state: &mut State, text: &str) -> Vec<Effect> {
    let pasted = if let Some(dialog) = state.dialogs.last_mut() {
        dialog.paste(text).map(|()| Vec::new())
    } else if let Some(wizard) = &mut state.wizard {
        wizard.paste(text).map(|()| Vec::new())
    } else {
        let (pane, cx) = state.seen_mut();
        pane.paste(text, cx)
    };
    pasted.unwrap_or_else(|why| {
        state.cx.notify_on_top(false, why);
        Vec::new()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::core::clock::Clock;
    use crate::console::panes::rbac::edit::{self, Draft, EditStep, ReviewLine};
    use crate::console::widgets::theme::Theme;
    use crate::domain::access::object::{Named, RbacKind};

    fn press(state: &mut State, code: KeyCode) -> Vec<Effect> {
        update(state, Event::Key(KeyEvent::new(code, KeyModifiers::NONE)), Utc::now())
    }

    /// A console on the review of a new role, with the palette on top of it and its cursor on yes.
    fn review_below_the_palette() -> State {
        let clock = Clock { now: Utc::now(), utc: true };
        let mut state = State::new(clock, Size::new(80, 24), Theme::mono(), false);
        state.cx.pane = Pane::Rbac;
        edit::update::open(&mut state.rbac, &mut state.cx, Action::NewRole);
        let named = Named { kind: RbacKind::Role, scope: Some("default".into()), name: "developer".into() };
        let draft = Draft { named, object: serde_json::Value::Null };
        let lines = (0..12).map(|at| ReviewLine::Warning(format!("warning {at}"))).collect();
        state.rbac.sheet.as_mut().unwrap().step = EditStep::Review(draft, lines);
        let contexts = state.places();
        let palette = palette::Palette::new(&state.cx, &contexts, |action| action == Action::Yes);
        state.dialogs.push(Box::new(palette));
        state
    }

    #[test]
    fn a_yes_from_the_palette_counts_only_where_its_question_fits() {
        let mut state = review_below_the_palette();
        let effects = press(&mut state, KeyCode::Enter);
        assert!(matches!(effects[..], [Effect::Rbac(RbacTask::Put { dry_run: false, .. })]), "{effects:?}");

        let mut state = review_below_the_palette();
        update(&mut state, Event::Resized(Size::new(80, 10)), Utc::now());
        let effects = press(&mut state, KeyCode::Enter);
        assert!(effects.is_empty() && state.dialogs.is_empty(), "{effects:?}");
    }
}
