//! The mouse is a shorter way to press keys: the wheel, a row, a pane's tab.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Position;

use crate::console::core::effect::Effect;
use crate::console::core::keymap::Action;
use crate::console::core::state::State;
use crate::console::core::update::act;
use crate::console::core::view;

/// Rows for one notch of the wheel.
const NOTCH: usize = 3;

/// The wheel, one notch.
pub(crate) fn wheel(state: &mut State, down: bool) -> Vec<Effect> {
    press(state, if down { Action::Down } else { Action::Up }, NOTCH)
}

/// A click: on a tab it shows the pane, on a row it moves the cursor there, and on the row of the cursor it opens it.
pub(crate) fn click(state: &mut State, at: Position) -> Vec<Effect> {
    if !state.dialogs.is_empty() || state.wizard.is_some() {
        return Vec::new();
    }
    if let Some(action) = view::tab_at(state, at) {
        return press(state, action, 1);
    }
    let Some((rows, cursor)) = state.seen().rows(state.cx.body()) else { return Vec::new() };
    if !rows.contains(at) {
        return Vec::new();
    }
    match i32::from(at.y) - i32::from(cursor) {
        0 => press(state, Action::Open, 1),
        steps => {
            let action = if steps > 0 { Action::Down } else { Action::Up };
            press(state, action, steps.unsigned_abs() as usize)
        }
    }
}

fn press(state: &mut State, action: Action, times: usize) -> Vec<Effect> {
    let key = KeyEvent::new(KeyCode::Null, KeyModifiers::NONE);
    (0..times).flat_map(|_| act(state, Some(action), key)).collect()
}
