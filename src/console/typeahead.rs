//! Only what has been seen can be answered: a key that was typed before its question was drawn confirms nothing.

use std::time::Instant;

use super::keymap::Action;
use super::overlay::Overlay;
use super::state::State;
use super::wizard::Step;

/// Which question the terminal shows, and since when.
#[derive(Debug, Default)]
pub struct Seen {
    question: Option<u64>,
    since: Option<Instant>,
    drawing: Option<u64>,
}

impl Seen {
    /// A frame with this question goes out.
    pub fn drawing(&mut self, state: &State) {
        self.drawing = Some(state.question());
    }

    /// It is on the screen.
    pub fn drawn(&mut self, now: Instant) {
        let Some(drawn) = self.drawing.take() else { return };
        if self.question != Some(drawn) {
            (self.question, self.since) = (Some(drawn), Some(now));
        }
    }

    /// Whether a key that was typed at `typed` and means `action` may count.
    pub fn admits(&self, state: &State, action: Option<Action>, typed: Instant) -> bool {
        let seen = self.question == Some(state.question()) && self.since.is_some_and(|since| since <= typed);
        seen || !action.is_some_and(|action| confirms(state, action))
    }
}

/// Whether `action` would answer a question, or end more than the person sees.
fn confirms(state: &State, action: Action) -> bool {
    match (state.overlays.last(), action) {
        (_, Action::Quit | Action::Undo) => true,
        // To write a file that is not there yet needs no question.
        (Some(Overlay::Export(export)), Action::Enter) => export.replace.is_some(),
        (Some(Overlay::Reader(_) | Overlay::Palette(_)), _) => false,
        (Some(_), Action::Yes | Action::Enter) => true,
        (None, Action::Enter) => state.wizard.as_ref().is_some_and(|wizard| wizard.step >= Step::Review),
        _ => false,
    }
}
