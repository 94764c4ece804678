//! The RBAC pane as a pane.

use std::hash::{DefaultHasher, Hash, Hasher};

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::console::core::ctx::Ctx;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::core::pane::PaneView;
use crate::console::panes::rbac::{RbacPane, edit, update, view};
use crate::domain::output::clipboard::ClipboardText;

impl PaneView for RbacPane {
    fn contexts(&self) -> Vec<KeyContext> {
        self.places()
    }

    fn shown(&mut self, cx: &mut Ctx) -> Vec<Effect> {
        update::show(self, cx)
    }

    fn key(&mut self, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) -> Vec<Effect> {
        update::key(self, cx, action, key)
    }

    fn paste(&mut self, text: &str, cx: &mut Ctx) -> Result<Vec<Effect>, &'static str> {
        self.paste(text)?;
        Ok(if self.typing.is_some() { update::refresh(self, cx) } else { Vec::new() })
    }

    fn is_possible(&self, action: Action, cx: &Ctx) -> bool {
        update::possible(self, cx, action)
    }

    fn question(&self) -> u64 {
        let mut hash = DefaultHasher::new();
        self.sheet.as_ref().map(|sheet| std::mem::discriminant(&sheet.step)).hash(&mut hash);
        hash.finish()
    }

    fn fits(&self, cx: &Ctx) -> bool {
        self.sheet.as_ref().is_none_or(|sheet| edit::view::fits(cx, sheet))
    }

    fn copy(&self, _cx: &Ctx) -> Option<Result<ClipboardText, &'static str>> {
        let chosen = self.page().chosen();
        chosen.map(|entry| ClipboardText::name(entry.object.as_ref().map_or(&entry.key, |object| &object.name)))
    }

    fn detail_area(&self, body: Rect) -> Option<Rect> {
        if self.sheet.is_none() && self.ask.is_none() { view::detail_area(body) } else { None }
    }

    fn rows(&self, body: Rect) -> Option<(Rect, u16)> {
        view::row_area(body, self)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Ctx) {
        view::draw(frame, area, self, cx);
    }
}
