//! The choice of the list's columns: the list behind it follows at once.

use ratatui::layout::Rect;

use crate::console::core::effect::Effect;
use crate::console::core::keymap::Action;
use crate::console::core::state::State;
use crate::console::dialogs::Overlay;
use crate::console::panes::requests::layout::parts;
use crate::console::panes::requests::update::steps;

/// The sheet.
#[derive(Debug, Default)]
pub struct Columns {
    /// The place of the cursor.
    pub place: usize,
}

/// Lines that the sheet leaves of the list at least: border, heading, a row.
const LEFT: u16 = 3;

/// Where it stands: beside the list where the detail does, else at the bottom.
pub(crate) fn area(body: Rect, state: &State) -> Rect {
    let lines = u16::try_from(state.cx.requests.columns.now.all().len()).unwrap_or(0) + 2;
    if let Some(beside) = parts(body).detail.filter(|detail| detail.y == body.y) {
        return Rect { height: lines.min(body.height), ..beside };
    }
    let height = lines.min(body.height.saturating_sub(LEFT));
    Rect { y: body.bottom() - height, height, ..body }
}

/// A key while it is open.
pub(crate) fn key(state: &mut State, action: Option<Action>) -> Vec<Effect> {
    let height = usize::from(area(state.body(), state).height).saturating_sub(2);
    let columns = &mut state.cx.requests.columns;
    let Some(Overlay::Columns(sheet)) = state.overlays.last_mut() else { return Vec::new() };
    match action {
        Some(Action::Mark) => columns.now.toggle(sheet.place),
        Some(action @ (Action::MoveDown | Action::MoveUp)) => {
            sheet.place = columns.now.shift(sheet.place, action == Action::MoveDown);
        }
        Some(Action::Reset) => columns.now = columns.home,
        Some(Action::Back) => {
            state.overlays.pop();
        }
        Some(action) => {
            if let Some(steps) = steps(action, height) {
                let last = columns.now.all().len() - 1;
                sheet.place = sheet.place.saturating_add_signed(steps).min(last);
            }
        }
        None => {}
    }
    Vec::new()
}
