//! The one place where the state changes. This file only routes; each room updates itself.

use chrono::{DateTime, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::cluster::watch::{self, WatchStatus};
use crate::console::core::effect::Effect;
use crate::console::core::event::Event;
use crate::console::core::keymap::{Action, Key};
use crate::console::core::state::{Pane, State};
use crate::console::core::{copy, login, mouse, saved_view};
use crate::console::dialogs;
use crate::console::dialogs::Overlay;
use crate::console::panes::{activity, kubeconfig, rbac, requests};
use crate::console::widgets::form::paste;
use crate::console::wizard;
use crate::domain::access::Principal;
use crate::domain::text::in_ascii;

/// Takes one event in at the moment `now` and says what is to be done about it.
pub fn update(state: &mut State, event: Event, now: DateTime<Utc>) -> Vec<Effect> {
    state.cx.clock.now = now;
    in_ascii(state.cx.ascii, || state.counting_questions(|state| routed(state, event)))
}

fn routed(state: &mut State, event: Event) -> Vec<Effect> {
    match event {
        Event::Key(key) => key_pressed(state, key),
        Event::Wheel(down) => mouse::wheel(state, down),
        Event::Click(at) => mouse::click(state, at),
        Event::Paste(text) => pasted(state, &text),
        Event::Resized(size) => {
            state.cx.size = size;
            rbac::update::resized(state);
            requests::update::settle(state)
        }
        Event::Clock => {
            requests::update::time_passes(state);
            Vec::new()
        }
        Event::Nodes(nodes) => {
            state.cx.requests.engine.nodes(nodes);
            Vec::new()
        }
        Event::Work => requests::update::work(state),
        Event::Recalled(recalled) => {
            saved_view::apply(state, recalled);
            let mut effects = requests::update::settle(state);
            if state.pane == Pane::Rbac {
                effects.extend(rbac::update::show(state));
            }
            effects
        }
        Event::Connected(result) => match result {
            Ok(connection) => {
                state.cx.session.connection = Some(connection);
                state.cx.session.trouble = None;
                vec![
                    Effect::Identify,
                    Effect::Kubeconfig(kubeconfig::KubeconfigTask::Read),
                    Effect::Rbac(rbac::RbacTask::Discover),
                    Effect::Rbac(rbac::RbacTask::Presets),
                ]
            }
            Err(failure) => {
                state.cx.session.trouble = Some(failure);
                Vec::new()
            }
        },
        Event::Login(health) => {
            state.cx.session.login.heard(health);
            Vec::new()
        }
        Event::Beat(answer) => {
            state.cx.session.login.beat(answer, state.cx.clock.now);
            Vec::new()
        }
        Event::Asked(wait) => {
            state.cx.session.login.wait = Some(wait);
            Vec::new()
        }
        Event::Identified(result) => {
            match result {
                Ok(identified) => {
                    dialogs::decide::identified(&mut state.overlays, &identified.who.username);
                    let me = Principal { user: identified.who.username.clone(), groups: identified.who.groups.clone() };
                    state.cx.requests.engine.identified(me, identified.ca_ends);
                    state.cx.requests.engine.api_hosts(&identified.api_hosts);
                    state.cx.session.identified = Some(identified);
                    state.cx.session.trouble = None;
                }
                Err(failure) => {
                    state.cx.session.trouble = Some(failure);
                    kubeconfig::update::explain(state);
                }
            }
            rbac::news::identified(state)
        }
        Event::Watch(message) => requests::update::watched(state, message),
        Event::WatchEnded(trouble) => {
            let now = state.cx.clock.now;
            state.notify(false, trouble.message.clone());
            let status = WatchStatus::Degraded { why: trouble, since: now, next_try: now };
            requests::update::watched(state, watch::Message::Status(status))
        }
        Event::Read { uid, result } => requests::update::read(state, &uid, result),
        Event::Decided(id, result) => dialogs::decide::decided(state, id, result),
        Event::Bulk(id, news) => dialogs::bulk::update::heard(state, id, news),
        Event::Deleted(id, result) => dialogs::delete::deleted(state, id, result),
        Event::Exported(id, result) => dialogs::export::exported(state, id, result),
        Event::Rbac(news) => {
            let effects = rbac::news::heard(state, news);
            requests::update::bindings_changed(state);
            effects
        }
        Event::Wizard(news) => wizard::update::heard(state, news),
        Event::Kubeconfig(news) => kubeconfig::update::heard(state, news),
    }
}

/// The nearest room that knows the key acts on it; what none knows is text for the field that is being typed in.
fn key_pressed(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let action = state.cx.keymap.lookup(&state.places(), Key::of(key));
    let welcomed = std::mem::take(&mut state.cx.welcome);
    let mut effects = act(state, action, key);
    if welcomed {
        // The list has more room now.
        effects.extend(requests::update::settle(state));
    }
    effects
}

/// Does what an action asks for, whichever way it was asked.
pub(crate) fn act(state: &mut State, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
    match action {
        // Whoever interrupts a login program means that.
        Some(Action::Quit) if interrupts(key) && login::can_cancel(state) => return vec![Effect::CancelLogin],
        Some(Action::Quit) => return vec![Effect::Quit],
        Some(Action::Redraw) => return vec![Effect::Redraw],
        Some(Action::Suspend) => return vec![Effect::Suspend],
        Some(Action::Help) => {
            let help = Overlay::help(&state.cx.keymap, &state.places());
            state.overlays.push(help);
            return Vec::new();
        }
        Some(Action::Palette) => {
            dialogs::palette::open(state);
            return Vec::new();
        }
        Some(Action::Copy) => return copied(state),
        _ => {}
    }
    if !state.overlays.is_empty() {
        return dialogs::key(state, action, key);
    }
    if state.wizard.is_some() {
        return wizard::update::key(state, action, key);
    }
    match action {
        Some(Action::ShowRequests) => {
            state.pane = Pane::Requests;
            Vec::new()
        }
        Some(Action::ShowRbac) => rbac::update::show(state),
        Some(Action::ShowKubeconfig) => {
            state.pane = Pane::Kubeconfig;
            vec![Effect::Kubeconfig(kubeconfig::KubeconfigTask::Read)]
        }
        Some(Action::LogIn) => login::again(state),
        Some(Action::Back) if login::can_cancel(state) => vec![Effect::CancelLogin],
        Some(Action::SwitchContext) if state.pane != Pane::Kubeconfig => dialogs::context_switcher::open(state),
        Some(Action::ShowActivity) => {
            state.pane = Pane::Activity;
            Vec::new()
        }
        _ => match state.pane {
            Pane::Requests => requests::update::key(state, action, key),
            Pane::Rbac => rbac::update::key(state, action, key),
            Pane::Kubeconfig => kubeconfig::update::key(state, action),
            Pane::Activity => activity::key(state, action),
        },
    }
}

fn interrupts(key: KeyEvent) -> bool {
    key.code == KeyCode::Char('c') && key.modifiers == KeyModifiers::CONTROL
}

/// Copies what there is to copy, unless it must not leave.
fn copied(state: &mut State) -> Vec<Effect> {
    match copy::what(state) {
        None => Vec::new(),
        Some(Err(why)) => {
            state.notify_on_top(false, why);
            Vec::new()
        }
        Some(Ok(text)) => {
            let lines = text.as_str().lines().count();
            let what = if lines == 1 { text.as_str().to_owned() } else { format!("{lines} lines") };
            state.notify_on_top(true, format!("copied {what}"));
            vec![Effect::Copy(text)]
        }
    }
}

/// A paste goes to the field that has the keyboard, or is refused with the reason.
fn pasted(state: &mut State, text: &str) -> Vec<Effect> {
    let pasted = if let Some(overlay) = state.overlays.last_mut() {
        overlay.paste(text)
    } else if let Some(wizard) = &mut state.wizard {
        wizard.paste(text)
    } else if state.pane == Pane::Rbac {
        let pasted = state.rbac.paste(text);
        if pasted.is_ok() && state.rbac.typing.is_some() {
            return rbac::update::refresh(state);
        }
        pasted
    } else if state.requests.typing.is_some() {
        paste::line(text).map(|line| {
            for c in line.chars() {
                requests::update::typed(state, KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
            }
        })
    } else {
        Ok(())
    };
    if let Err(why) = pasted {
        state.notify_on_top(false, why);
    }
    Vec::new()
}
