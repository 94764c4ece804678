//! The one place where the state changes. This file only routes; each room updates itself.

use chrono::{DateTime, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::console::effect::Effect;
use crate::console::event::Event;
use crate::console::keymap::{self, Action, Key};
use crate::console::overlay::{self, Overlay};
use crate::console::state::{Pane, State};
use crate::console::{activity, rbac, requests, wizard};

/// Takes one event in at the moment `now` and says what is to be done about it.
pub fn update(state: &mut State, event: Event, now: DateTime<Utc>) -> Vec<Effect> {
    state.clock.now = now;
    match event {
        Event::Key(key) => key_pressed(state, key),
        Event::Paste(text) => {
            pasted(state, &text);
            Vec::new()
        }
        Event::Resized(size) => {
            state.size = size;
            rbac::update::resized(state);
            requests::update::settle(state)
        }
        Event::Clock => Vec::new(),
        Event::Work => requests::update::work(state),
        Event::Connected(result) => match result {
            Ok(connection) => {
                state.session.connection = Some(connection);
                state.session.trouble = None;
                vec![Effect::Identify, Effect::Rbac(rbac::Task::Discover), Effect::Rbac(rbac::Task::Presets)]
            }
            Err(failure) => {
                state.session.trouble = Some(failure);
                Vec::new()
            }
        },
        Event::Identified(result) => {
            match result {
                Ok(identified) => {
                    overlay::decide::identified(&mut state.overlays, &identified.who.username);
                    state.session.identified = Some(identified);
                    state.session.trouble = None;
                }
                Err(failure) => state.session.trouble = Some(failure),
            }
            Vec::new()
        }
        Event::Watch(message) => requests::update::watched(state, message),
        Event::Read { uid, result } => requests::update::read(state, &uid, result),
        Event::Decided(id, result) => overlay::decide::decided(state, id, result),
        Event::Bulk(id, news) => overlay::bulk::update::heard(state, id, news),
        Event::Deleted(id, result) => overlay::delete::deleted(state, id, result),
        Event::Exported(id, result) => overlay::export::exported(state, id, result),
        Event::Rbac(news) => rbac::update::heard(state, news),
        Event::Wizard(news) => wizard::update::heard(state, news),
    }
}

/// The nearest room that knows the key acts on it; what none knows is text for the field that is being typed in.
fn key_pressed(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let action = keymap::lookup(&state.places(), Key::of(key));
    match action {
        Some(Action::Quit) => return vec![Effect::Quit],
        Some(Action::Redraw) => return vec![Effect::Redraw],
        Some(Action::Suspend) => return vec![Effect::Suspend],
        Some(Action::Help) => {
            state.overlays.push(Overlay::help());
            return Vec::new();
        }
        _ => {}
    }
    if !state.overlays.is_empty() {
        return overlay::key(state, action, key);
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
        Some(Action::ShowActivity) => {
            state.pane = Pane::Activity;
            Vec::new()
        }
        _ => match state.pane {
            Pane::Requests => requests::update::key(state, action, key),
            Pane::Rbac => rbac::update::key(state, action, key),
            Pane::Activity => activity::key(state, action),
        },
    }
}

fn pasted(state: &mut State, text: &str) {
    if let Some(overlay) = state.overlays.last_mut() {
        overlay.paste(text);
    } else if let Some(wizard) = &mut state.wizard {
        wizard.paste(text);
    } else if state.pane == Pane::Rbac {
        state.rbac.paste(text);
    } else if state.requests.typing.is_some() {
        for c in text.chars().filter(|c| !c.is_control()) {
            requests::update::typed(state, KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
        }
    }
}
