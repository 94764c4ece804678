//! Delete a request, after a question that says what stays valid.

use crate::config::Confirm;
use crate::console::core::effect::{Effect, EffectId};
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::state::State;
use crate::console::core::view;
use crate::console::dialogs::{Overlay, Phase, hint};
use crate::domain::commands;
use crate::domain::gate::{self, Confirmation};
use crate::domain::request::{RequestState, RequestVersion};
use crate::domain::row::Row;
use crate::domain::text::printable;
use crate::error::UserError;
use crate::operations::issue::WriteRecord;

/// A deletion being asked about.
#[derive(Debug, Clone)]
pub struct Delete {
    /// The version of the object that is meant.
    pub pin: RequestVersion,
    /// Where it stands.
    pub state: RequestState,
    /// How far it is.
    pub phase: Phase,
}

impl Delete {
    /// Where keys are looked up.
    pub(crate) fn places(&self) -> Vec<KeyContext> {
        match self.phase {
            Phase::Asking => vec![KeyContext::Confirm, KeyContext::Always],
            Phase::Sent(_) => vec![KeyContext::Always],
            Phase::Failed(_) => vec![KeyContext::Reader, KeyContext::Always],
        }
    }
}

/// Opens the question about `row`; where the user wants no questions, it is answered at once.
pub(crate) fn open(state: &mut State, row: &Row) -> Vec<Effect> {
    state.overlays.push(Overlay::Delete(Delete { pin: row.pin(), state: row.state, phase: Phase::Asking }));
    if state.cx.confirm == Confirm::Never && view::question_fits(state) {
        key(state, Some(Action::Yes))
    } else {
        Vec::new()
    }
}

/// A key while the question is open.
pub(crate) fn key(state: &mut State, action: Option<Action>) -> Vec<Effect> {
    let id = state.next_effect();
    let (permit, shown) = (state.cx.session.permit(), view::question_fits(state));
    let Some(Overlay::Delete(delete)) = state.overlays.last_mut() else { return Vec::new() };
    match (&delete.phase, action) {
        (Phase::Asking, Some(Action::Yes)) => {
            // A version that is no longer the newest is refused by the server, which says what it is now.
            let cleared = permit.and_then(|permit| gate::delete(permit, &delete.pin, true, &Confirmation::key(shown)));
            match cleared {
                Ok(deletion) => {
                    delete.phase = Phase::Sent(id);
                    return vec![Effect::Delete(id, deletion)];
                }
                Err(refusal) => state.notify(false, printable(&refusal.to_string()).into_owned()),
            }
        }
        (Phase::Asking, Some(Action::No)) | (Phase::Failed(_), Some(Action::Back)) => {
            state.overlays.pop();
        }
        (Phase::Asking, Some(Action::Enter)) => hint(state, KeyContext::Confirm),
        _ => {}
    }
    Vec::new()
}

/// The deletion ended.
pub(crate) fn deleted(state: &mut State, id: EffectId, result: Result<(), UserError>) -> Vec<Effect> {
    let kubectl = state.kubectl().to_owned();
    let sent = |overlay: &Overlay| matches!(overlay, Overlay::Delete(delete) if delete.phase == Phase::Sent(id));
    let Some(at) = state.overlays.iter().position(sent) else { return Vec::new() };
    let Some(Overlay::Delete(delete)) = state.overlays.get_mut(at) else { return Vec::new() };
    let name = delete.pin.name.clone();
    let outcome = result.as_ref().map(|()| "deleted".to_owned()).map_err(|failure| failure.message.clone());
    match result {
        Ok(()) => {
            state.overlays.remove(at);
            state.notify(true, format!("{} is deleted", printable(&name)));
        }
        Err(failure) => delete.phase = Phase::Failed(failure),
    }
    let command = commands::delete(&kubectl, &name);
    state
        .activity
        .add(state.cx.clock.now, WriteRecord { what: "delete", object: format!("csr/{name}"), outcome, command });
    Vec::new()
}
