//! Switching the console itself to another context: everything from the old cluster is dropped, and the loop
//! connects over new channels, so that a late answer of the old one reaches nothing.

use crate::cluster::login::LoginStatus;
use crate::console::core::ctx::Session;
use crate::console::core::effect::Effect;
use crate::console::core::saved_view;
use crate::console::core::state::State;
use crate::console::panes::kubeconfig::{Then, update};
use crate::console::panes::rbac::{RbacModel, RbacPane};
use crate::console::panes::requests::RequestsPane;
use crate::console::panes::requests::columns::Columns;
use crate::console::panes::requests::judging::VerdictEngine;
use crate::console::panes::requests::list::RequestList;
use crate::domain::text::printable;

/// Switches; to the context that the console is connected to, it connects again.
pub(crate) fn to(state: &mut State, context: &str) -> Vec<Effect> {
    if update::asks_first(&mut state.cx, context, Then::Switch) {
        return Vec::new();
    }
    let same = state.cx.session.connection.as_ref().is_some_and(|connection| connection.context == context);
    let login = same && state.cx.session.login.health != LoginStatus::Fine;
    let mut effects = leave(state);
    let done = if same { "connected anew to" } else { "connected to" };
    state.cx.notify(true, format!("{done} {}; the kubeconfig's current context is unchanged", printable(context)));
    effects.push(Effect::Connect { context: Some(context.to_owned()), login });
    effects
}

/// Forgets everything of the cluster that the console was connected to.
pub(crate) fn leave(state: &mut State) -> Vec<Effect> {
    let left = state.cx.session.connection.as_ref().map(|connection| connection.context.clone());
    let left = left.map(|context| Effect::Remember(context, saved_view::of(state)));
    // Nothing of the old cluster stays; whether this context is one in which nothing is written is found out again.
    let Session { read_only_asked, practice, .. } = state.cx.session;
    state.cx.session = Session { read_only: read_only_asked, read_only_asked, practice, ..Session::default() };
    // The organization's policy is the same everywhere, and so is what the config file says of columns.
    let policy = std::mem::take(&mut state.cx.requests.engine.known.policy);
    let columns = Columns::at_home(state.cx.requests.columns.home);
    state.cx.requests = RequestList { engine: VerdictEngine::by(policy), columns, ..RequestList::default() };
    state.cx.rbac = RbacModel::default();
    state.requests = RequestsPane::default();
    state.rbac = RbacPane::default();
    state.kubeconfig.forget_connection();
    left.into_iter().collect()
}
