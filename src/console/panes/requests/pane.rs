//! The Requests pane as a pane.

use chrono::{DateTime, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::console::core::ctx::Ctx;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::pane::PaneView;
use crate::console::panes::requests::{RequestsPane, Tab, layout, update, view};
use crate::console::widgets::form::paste;
use crate::domain::output::clipboard::ClipboardText;

impl PaneView for RequestsPane {
    fn contexts(&self) -> Vec<KeyContext> {
        match (&self.typing, self.page) {
            (Some(_), _) => vec![KeyContext::Always],
            (None, Some(_)) => vec![
                KeyContext::Page,
                KeyContext::Requests,
                KeyContext::List,
                KeyContext::Everywhere,
                KeyContext::Always,
            ],
            (None, None) => {
                vec![KeyContext::Requests, KeyContext::List, KeyContext::Everywhere, KeyContext::Always]
            }
        }
    }

    fn key(&mut self, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
        update::key(self, cx, action, key)
    }

    fn paste(&mut self, text: &str, cx: &mut Ctx) -> Result<Vec<Effect>, &'static str> {
        if self.typing.is_none() {
            return Ok(Vec::new());
        }
        for c in paste::line(text)?.chars() {
            update::typed(self, cx, KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
        }
        Ok(Vec::new())
    }

    fn is_possible(&self, action: Action, cx: &Ctx) -> bool {
        update::possible(self, cx, action)
    }

    fn next_change(&self, cx: &Ctx) -> Option<DateTime<Utc>> {
        self.next_change(&cx.requests, &cx.clock, layout::rows(cx.body()))
    }

    fn copy(&self, cx: &Ctx) -> Option<Result<ClipboardText, &'static str>> {
        match (self.page.map(|page| page.tab), self.loaded()) {
            (Some(Tab::Yaml), Some(loaded)) => Some(ClipboardText::new(&loaded.yaml)),
            _ => self.chosen(&cx.requests).map(|row| ClipboardText::name(&row.name)),
        }
    }

    fn detail_area(&self, body: Rect) -> Option<Rect> {
        if self.page.is_none() { layout::parts(body).detail } else { None }
    }

    fn rows(&self, body: Rect) -> Option<(Rect, u16)> {
        if self.page.is_some() {
            return None;
        }
        let list = layout::parts(body).list;
        // Border and heading are no rows.
        let rows = Rect { y: list.y + 2, height: list.height.saturating_sub(3), ..list };
        let cursor = self.cursor.place().saturating_sub(self.cursor.top());
        Some((rows, rows.y + u16::try_from(cursor).ok()?))
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Ctx) {
        view::draw(frame, area, self, cx);
    }
}
