//! The choice of the list's columns: the list behind it follows at once.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::console::core::ctx::Ctx;
use crate::console::core::dialog::Dialog;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::movement::steps;
use crate::console::dialogs::columns_view;
use crate::console::panes::requests::layout::parts;

/// The sheet.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    /// The place of the cursor.
    pub place: usize,
}

/// Lines that the sheet leaves of the list at least: border, heading, a row.
const LEFT: u16 = 3;

/// Where it is: beside the list where the detail does, else at the bottom.
fn area(body: Rect, cx: &Ctx) -> Rect {
    let lines = u16::try_from(cx.requests.columns.now.all().len()).unwrap_or(0) + 2;
    if let Some(beside) = parts(body).detail.filter(|detail| detail.y == body.y) {
        return Rect { height: lines.min(body.height), ..beside };
    }
    let height = lines.min(body.height.saturating_sub(LEFT));
    Rect { y: body.bottom() - height, height, ..body }
}

impl Dialog for Columns {
    fn contexts(&self) -> Vec<KeyContext> {
        vec![KeyContext::Columns, KeyContext::List, KeyContext::Always]
    }

    fn key(&mut self, action: Option<Action>, _key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
        on_key(self, action, cx);
        Vec::new()
    }

    fn is_possible(&self, action: Action) -> bool {
        !matches!(action, Action::Search | Action::Copy)
    }

    /// The list is to be seen while its columns are chosen.
    fn area(&self, body: Rect, cx: &Ctx) -> Rect {
        area(body, cx)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Ctx) {
        columns_view::draw(frame, area, cx, self);
    }
}

fn on_key(sheet: &mut Columns, action: Option<Action>, cx: &mut Ctx) {
    let height = usize::from(area(cx.body(), cx).height).saturating_sub(2);
    let columns = &mut cx.requests.columns;
    match action {
        Some(Action::Mark) => columns.now.toggle(sheet.place),
        Some(action @ (Action::MoveDown | Action::MoveUp)) => {
            sheet.place = columns.now.shift(sheet.place, action == Action::MoveDown);
        }
        Some(Action::Reset) => columns.now = columns.home,
        Some(Action::Back) => cx.close(),
        Some(action) => {
            if let Some(steps) = steps(action, height) {
                let last = columns.now.all().len() - 1;
                sheet.place = sheet.place.saturating_add_signed(steps).min(last);
            }
        }
        None => {}
    }
}
