//! Switching the console itself to another context: everything that came from the old cluster goes, and the loop
//! connects anew over channels of its own, so that a late answer of the old one reaches nobody.

use crate::cluster::login::LoginStatus;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::Action;
use crate::console::core::saved_view;
use crate::console::core::state::{Session, State};
use crate::console::dialogs::Overlay;
use crate::console::panes::kubeconfig::{KubeconfigTask, Then, update};
use crate::console::panes::rbac::RbacPane;
use crate::console::panes::requests::RequestsPane;
use crate::console::panes::requests::columns::Columns;
use crate::console::panes::requests::judging::VerdictEngine;
use crate::console::panes::requests::update::steps;
use crate::domain::text::printable;

/// The contexts to choose from, and which is under the cursor.
#[derive(Debug, Default)]
pub struct Picker {
    /// The place of the cursor; `None` until the contexts are known.
    pub place: Option<usize>,
}

/// Opens the picker.
pub(crate) fn open(state: &mut State) -> Vec<Effect> {
    state.overlays.push(Overlay::SwitchContext(Picker { place: own_place(state) }));
    vec![Effect::Kubeconfig(KubeconfigTask::Read)]
}

fn own_place(state: &State) -> Option<usize> {
    let contexts = state.kubeconfig.contexts();
    let own = state.session.connection.as_ref().map(|connection| connection.context.as_str());
    (!contexts.is_empty()).then(|| contexts.iter().position(|context| Some(context.name.as_str()) == own).unwrap_or(0))
}

/// The contexts were read: an open picker that waited for them has a cursor now.
pub(crate) fn read(state: &mut State) {
    let place = own_place(state);
    let last = state.kubeconfig.contexts().len().saturating_sub(1);
    if let Some(Overlay::SwitchContext(picker)) = state.overlays.last_mut() {
        picker.place = picker.place.map(|at| at.min(last)).or(place);
    }
}

/// A key in the picker.
pub(crate) fn key(state: &mut State, action: Option<Action>) -> Vec<Effect> {
    let height = usize::from(state.body().height).saturating_sub(2);
    let last = state.kubeconfig.contexts().len().saturating_sub(1);
    let Some(Overlay::SwitchContext(picker)) = state.overlays.last_mut() else { return Vec::new() };
    match action {
        Some(Action::Open) => {
            let name = picker.place.and_then(|at| Some(state.kubeconfig.contexts().get(at)?.name.clone()));
            state.overlays.pop();
            return name.map(|name| to(state, &name)).unwrap_or_default();
        }
        Some(Action::Back) => {
            state.overlays.pop();
        }
        Some(action) => {
            if let (Some(steps), Some(at)) = (steps(action, height), picker.place) {
                picker.place = Some(at.saturating_add_signed(steps).min(last));
            }
        }
        None => {}
    }
    Vec::new()
}

/// Switches; to the context that the console is connected to, it connects anew.
pub(crate) fn to(state: &mut State, context: &str) -> Vec<Effect> {
    if update::asks_first(state, context, Then::Switch) {
        return Vec::new();
    }
    let same = state.session.connection.as_ref().is_some_and(|connection| connection.context == context);
    let login = same && state.session.login.health != LoginStatus::Fine;
    let mut effects = leave(state);
    let done = if same { "connected anew to" } else { "connected to" };
    state.notify(true, format!("{done} {}; the kubeconfig's current context is unchanged", printable(context)));
    effects.push(Effect::Connect { context: Some(context.to_owned()), login });
    effects
}

/// Forgets everything of the cluster that the console was connected to.
pub(crate) fn leave(state: &mut State) -> Vec<Effect> {
    let left = state.session.connection.as_ref().map(|connection| connection.context.clone());
    let left = left.map(|context| Effect::Remember(context, saved_view::of(state)));
    // Nothing of the old cluster stays; whether this context is one in which nothing is written is found out anew.
    let Session { read_only_asked, practice, .. } = state.session;
    state.session = Session { read_only: read_only_asked, read_only_asked, practice, ..Session::default() };
    // The house's policy is the same everywhere, and so is what the config file says of columns.
    let policy = std::mem::take(&mut state.requests.judging.known.policy);
    let columns = Columns::at_home(state.requests.columns.home);
    state.requests = RequestsPane { judging: VerdictEngine::by(policy), columns, ..RequestsPane::default() };
    state.rbac = RbacPane::default();
    state.kubeconfig.forget_connection();
    left.into_iter().collect()
}
