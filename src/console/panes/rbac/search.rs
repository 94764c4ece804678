//! The search of a page: the rows follow every letter.

use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::console::core::ctx::Ctx;
use crate::console::core::effect::Effect;
use crate::console::panes::rbac::RbacPane;
use crate::console::panes::rbac::update::refresh;

/// Begins to type.
pub(crate) fn open(pane: &mut RbacPane) {
    pane.typing = Some(Input::new(pane.page().search.clone()));
}

/// A key while the search is typed.
pub(crate) fn typed(pane: &mut RbacPane, cx: &mut Ctx, key: KeyEvent) -> Vec<Effect> {
    let Some(input) = &mut pane.typing else { return Vec::new() };
    let text = match key.code {
        KeyCode::Enter => {
            pane.typing = None;
            return Vec::new();
        }
        KeyCode::Esc => {
            pane.typing = None;
            String::new()
        }
        _ => {
            input.handle_event(&TerminalEvent::Key(key));
            input.value().to_owned()
        }
    };
    pane.page_mut().search = text;
    refresh(pane, cx)
}
