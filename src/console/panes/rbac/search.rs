//! The search of a page: the rows follow every letter.

use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::console::core::effect::Effect;
use crate::console::core::state::State;
use crate::console::panes::rbac::update::refresh;

/// Begins to type.
pub(crate) fn open(state: &mut State) {
    state.rbac.typing = Some(Input::new(state.rbac.page().search.clone()));
}

/// A key while the search is typed.
pub(crate) fn typed(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let Some(input) = &mut state.rbac.typing else { return Vec::new() };
    let text = match key.code {
        KeyCode::Enter => {
            state.rbac.typing = None;
            return Vec::new();
        }
        KeyCode::Esc => {
            state.rbac.typing = None;
            String::new()
        }
        _ => {
            input.handle_event(&TerminalEvent::Key(key));
            input.value().to_owned()
        }
    };
    state.rbac.page_mut().search = text;
    refresh(state)
}
