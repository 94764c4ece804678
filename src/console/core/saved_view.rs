//! What is remembered of a context: taken from the state when the console is left, put into it when it is back.

use crate::console::core::event::SavedView;
use crate::console::core::pane_id::Pane;
use crate::console::core::state::State;
use crate::console::panes::requests::columns;
use crate::console::panes::requests::columns::Choice;
use crate::console::panes::requests::index::{Criteria, Filter, SortKey};
use crate::files::session_store::Memory;

/// How it looks now.
pub(crate) fn of(state: &State) -> Memory {
    let Criteria { filter, column, reversed, .. } = state.cx.requests.index.criteria();
    Memory {
        pane: state.cx.pane.name().to_owned(),
        sort: column.word().to_owned(),
        reversed: *reversed,
        filter: filter.word().to_owned(),
        columns: state.cx.requests.columns.own().map(|column| column.word().to_owned()).collect(),
        left: state.cx.clock.now.timestamp(),
    }
}

/// Makes it look as it did. What no one knows any more is left as it is.
pub(crate) fn apply(state: &mut State, recalled: SavedView) {
    state.cx.session.read_only |= recalled.read_only;
    state.cx.welcome = recalled.first;
    let Some(memory) = recalled.memory else { return };
    // Someone who has gone elsewhere in the meantime stays there.
    if state.cx.pane == Pane::default()
        && let Some(pane) = Pane::ALL.into_iter().find(|pane| pane.name() == memory.pane)
    {
        state.cx.pane = pane;
    }
    let known: Vec<_> = memory.columns.iter().filter_map(|word| columns::Column::of(word)).collect();
    if !known.is_empty() {
        state.cx.requests.columns.now = Choice::of(&known);
    }
    let index = &mut state.cx.requests.index;
    if let Some(column) = SortKey::ALL.into_iter().find(|column| column.word() == memory.sort) {
        index.set_sort(column, memory.reversed);
    }
    if let Some(filter) = Filter::ALL.into_iter().find(|filter| filter.word() == memory.filter) {
        index.set_filter(filter);
    }
}

/// The explanation that a first-time user sees.
pub(crate) fn welcome(state: &State) -> [String; 3] {
    use crate::console::core::keymap::{Action, KeyContext};
    let key = |place, action| state.cx.keymap.name(place, action);
    [
        format!(
            "Certificate requests of this cluster, live. {} and {} decide, {} shows one in full.",
            key(KeyContext::Requests, Action::Approve),
            key(KeyContext::Requests, Action::Deny),
            key(KeyContext::Requests, Action::Open)
        ),
        format!(
            "{} takes a new person from nothing to a working kubeconfig.",
            key(KeyContext::Requests, Action::NewUser)
        ),
        format!(
            "{} lists the keys, {} finds any action. Nothing is written unless you say so.",
            key(KeyContext::Everywhere, Action::Help),
            key(KeyContext::Everywhere, Action::Palette)
        ),
    ]
}
