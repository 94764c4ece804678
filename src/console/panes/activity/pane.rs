//! The Activity pane as a pane.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::console::core::ctx::Ctx;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::pane::PaneView;
use crate::console::panes::activity::{ActivityPane, update, view};
use crate::domain::output::clipboard::ClipboardText;
use crate::domain::output::shell;

impl PaneView for ActivityPane {
    fn contexts(&self) -> Vec<KeyContext> {
        vec![KeyContext::List, KeyContext::Everywhere, KeyContext::Always]
    }

    fn key(&mut self, action: Option<Action>, _key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
        update::key(self, cx, action);
        Vec::new()
    }

    fn copy(&self, _cx: &Ctx) -> Option<Result<ClipboardText, &'static str>> {
        self.chosen().map(|record| ClipboardText::new(shell::shown(record.written.command.as_str())))
    }

    fn rows(&self, body: Rect) -> Option<(Rect, u16)> {
        view::rows(body, self)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Ctx) {
        view::draw(frame, area, self, cx);
    }
}
