//! What a dialog is: a question, a form or a text on top of a pane. Only the topmost gets keys.

use std::any::Any;
use std::fmt::Debug;

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::console::core::ctx::Ctx;
use crate::console::core::dialog_event::{DialogEvent, Update};
use crate::console::core::effect::Effect;
use crate::console::core::keymap::{Action, KeyContext};
use crate::domain::output::clipboard::ClipboardText;

/// Why a name that confirms something is not taken from the clipboard.
pub(crate) const PASTED: &str = "A name that confirms is typed, not pasted: read it while you type it.";

/// A dialog.
pub(crate) trait Dialog: Debug + Any {
    /// Where keys are looked up, the nearest first.
    fn contexts(&self) -> Vec<KeyContext>;

    /// It is open now; [`Ctx::question_fits`] says whether its question is on the screen.
    fn opened(&mut self, _cx: &mut Ctx) -> Vec<Effect> {
        Vec::new()
    }

    /// A key that means `action` where it is bound.
    fn key(&mut self, action: Option<Action>, key: KeyEvent, cx: &mut Ctx) -> Vec<Effect>;

    /// A result.
    ///
    /// # Errors
    /// Gives back what is for another dialog.
    fn result(&mut self, event: DialogEvent, _cx: &mut Ctx) -> Result<Vec<Effect>, DialogEvent> {
        Err(event)
    }

    /// Something that it may show has changed. Of the identity all are notified, of the rest the topmost.
    fn update(&mut self, _update: &Update<'_>) {}

    /// Text pasted into the field that has the keyboard.
    ///
    /// # Errors
    /// Why nothing was pasted.
    fn paste(&mut self, _text: &str) -> Result<(), &'static str> {
        Ok(())
    }

    /// Whether `action` would do something now: what the footer offers.
    fn is_possible(&self, _action: Action) -> bool {
        true
    }

    /// A number for what a yes would mean: another one whenever that changes.
    fn question(&self) -> u64 {
        0
    }

    /// Whether `action` answers a question.
    fn confirms(&self, action: Action) -> bool {
        matches!(action, Action::Yes | Action::Enter)
    }

    /// What has been typed of the name that confirms, while its field has the keyboard.
    fn confirming_name(&self) -> Option<&str> {
        None
    }

    /// What is copied, or why that is not copied.
    fn copy(&self) -> Option<Result<ClipboardText, &'static str>> {
        None
    }

    /// The part of the body that it covers.
    fn area(&self, body: Rect, _cx: &Ctx) -> Rect {
        body
    }

    /// Whether everything that an answer depends on fits on the screen.
    fn fits(&self, _body: Rect, _cx: &Ctx) -> bool {
        true
    }

    /// The line on which a notice is shown while it is open.
    fn notice_line(&self, body: Rect) -> u16 {
        body.bottom() - 1
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Ctx);
}

impl dyn Dialog {
    /// Whether it asks for a yes.
    pub(crate) fn asks(&self) -> bool {
        self.contexts().iter().any(|context| matches!(context, KeyContext::Confirm | KeyContext::Bulk))
    }

    /// The dialog as what it is.
    #[cfg(test)]
    pub(crate) fn downcast<T: Dialog>(&self) -> Option<&T> {
        (self as &dyn Any).downcast_ref()
    }
}
