//! How the console shows the login, and how the user logs in again.

use crate::console::core::effect::Effect;
use crate::console::core::pane_id::Pane;
use crate::console::core::state::State;

/// Connects again, and asks the login program again, because the user wants it.
pub(crate) fn again(state: &mut State) -> Vec<Effect> {
    let context = own_context(state);
    let mut effects = super::switching::leave(state);
    effects.push(Effect::Connect { context, login: true });
    effects
}

/// Whether a login program is at work, or may be, for a context that is being tested.
pub(crate) fn can_cancel(state: &State) -> bool {
    let tests = state.cx.pane == Pane::Kubeconfig && state.kubeconfig.tests.values().any(|(_, probe)| probe.is_none());
    state.cx.session.login.is_running() || tests
}

/// The context of the connection, if the kubeconfig has one of that name: a pod's service account has none.
fn own_context(state: &State) -> Option<String> {
    let own = &state.cx.session.connection.as_ref()?.context;
    let known = state.cx.kubeconfigs.contexts().iter().any(|context| context.name == *own);
    known.then(|| own.clone())
}
