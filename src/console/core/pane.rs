//! What a pane is: one of the tabs below the header.

use std::fmt::Debug;

use chrono::{DateTime, Utc};
use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::console::core::ctx::Ctx;
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::domain::output::clipboard::ClipboardText;

/// A pane.
pub(crate) trait PaneView: Debug {
    /// Where keys are looked up, the nearest first.
    fn contexts(&self) -> Vec<KeyContext>;

    /// It is shown.
    fn shown(&mut self, _cx: &mut Ctx) -> Vec<Effect> {
        Vec::new()
    }

    /// A key that means `action` where it is bound.
    fn key(&mut self, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) -> Vec<Effect>;

    /// Text pasted into the field that has the keyboard.
    ///
    /// # Errors
    /// Why nothing was pasted.
    fn paste(&mut self, _text: &str, _cx: &mut Ctx) -> Result<Vec<Effect>, &'static str> {
        Ok(Vec::new())
    }

    /// Whether `action` would do something now: what footer and palette offer.
    fn is_possible(&self, _action: Action, _cx: &Ctx) -> bool {
        true
    }

    /// Whether `action` writes something without another question.
    fn confirms(&self, action: Action) -> bool {
        action == Action::Yes
    }

    /// A number for the question that is open in it, if one is.
    fn question(&self) -> u64 {
        0
    }

    /// Whether everything that an answer to that question depends on is on the screen.
    fn fits(&self, _cx: &Ctx) -> bool {
        true
    }

    /// When something that it shows changes without an event: an age, a countdown.
    fn next_change(&self, _cx: &Ctx) -> Option<DateTime<Utc>> {
        None
    }

    /// What is copied, or why that is not copied.
    fn copy(&self, _cx: &Ctx) -> Option<Result<ClipboardText, &'static str>> {
        None
    }

    /// The part that shows what the cursor is on: while the cursor moves, it may lag behind.
    fn detail_area(&self, _body: Rect) -> Option<Rect> {
        None
    }

    /// The rows of its list, and the line on which the cursor is.
    fn rows(&self, _body: Rect) -> Option<(Rect, u16)> {
        None
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Ctx);
}
