//! Delete a request, after a question that says what stays valid.

use super::{Overlay, Phase};
use crate::config::Confirm;
use crate::console::effect::{Effect, EffectId};
use crate::console::keymap::{Action, Place};
use crate::console::state::State;
use crate::domain::commands;
use crate::domain::request::{Pin, State as RequestState};
use crate::domain::row::Row;
use crate::domain::text::printable;
use crate::issuance::Written;
use crate::trouble::Trouble;

/// A deletion being asked about.
#[derive(Debug)]
pub struct Delete {
    /// The version of the object that is meant.
    pub pin: Pin,
    /// Where it stands.
    pub state: RequestState,
    /// How far it is.
    pub phase: Phase,
}

impl Delete {
    /// Where keys are looked up.
    pub fn places(&self) -> Vec<Place> {
        match self.phase {
            Phase::Asking => vec![Place::Confirm, Place::Always],
            Phase::Sent(_) => vec![Place::Always],
            Phase::Failed(_) => vec![Place::Reader, Place::Always],
        }
    }
}

/// Opens the question about `row`; where the user wants no questions, it is answered at once.
pub fn open(state: &mut State, row: &Row) -> Vec<Effect> {
    state.overlays.push(Overlay::Delete(Delete { pin: row.pin(), state: row.state, phase: Phase::Asking }));
    if state.confirm == Confirm::Never { key(state, Some(Action::Yes)) } else { Vec::new() }
}

/// A key while the question is open.
pub fn key(state: &mut State, action: Option<Action>) -> Vec<Effect> {
    let id = state.next_effect();
    let Some(Overlay::Delete(delete)) = state.overlays.last_mut() else { return Vec::new() };
    match (&delete.phase, action) {
        (Phase::Asking, Some(Action::Yes)) => {
            delete.phase = Phase::Sent(id);
            vec![Effect::Delete(id, delete.pin.clone())]
        }
        (Phase::Asking, Some(Action::No)) | (Phase::Failed(_), Some(Action::Back)) => {
            state.overlays.pop();
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// The deletion ended.
pub fn deleted(state: &mut State, id: EffectId, result: Result<(), Trouble>) -> Vec<Effect> {
    let kubectl = state.kubectl().to_owned();
    let sent = |overlay: &Overlay| matches!(overlay, Overlay::Delete(delete) if delete.phase == Phase::Sent(id));
    let Some(at) = state.overlays.iter().position(sent) else { return Vec::new() };
    let Some(Overlay::Delete(delete)) = state.overlays.get_mut(at) else { return Vec::new() };
    let name = delete.pin.name.clone();
    let outcome = result.as_ref().map(|()| "deleted".to_owned()).map_err(|failure| failure.text.clone());
    match result {
        Ok(()) => {
            state.overlays.remove(at);
            state.notify(true, format!("{} is deleted", printable(&name)));
        }
        Err(failure) => delete.phase = Phase::Failed(failure),
    }
    let command = commands::delete(&kubectl, &name);
    state.activity.add(state.clock.now, Written { what: "delete", object: format!("csr/{name}"), outcome, command });
    Vec::new()
}
