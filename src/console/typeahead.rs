//! Only what has been seen can be answered: a key that was typed before its question was drawn confirms nothing.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::keymap::{Action, Key, Place};
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
    pub fn admits(&self, state: &State, action: Option<Action>, key: KeyEvent, typed: Instant) -> bool {
        let seen = self.question == Some(state.question()) && self.since.is_some_and(|since| since <= typed);
        // Nobody presses Ctrl-C for a question, and a terminal that shows nothing more must not keep us.
        let emergency = action == Some(Action::Quit) && key.modifiers.contains(KeyModifiers::CONTROL);
        seen || emergency || !action.is_some_and(|action| confirms(state, action))
    }
}

/// The keys that a key is. Esc and the key after it come as one with Alt where a link delivers them together: where that
/// means nothing, and no text is typed, they are two.
pub fn keys(state: &State, key: KeyEvent) -> Vec<KeyEvent> {
    let places = state.places();
    let text = matches!(places.first(), Some(Place::Form | Place::Palette | Place::Always));
    if text || !key.modifiers.contains(KeyModifiers::ALT) || state.keymap.lookup(&places, Key::of(key)).is_some() {
        return vec![key];
    }
    let esc = KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE);
    vec![esc, KeyEvent { modifiers: key.modifiers - KeyModifiers::ALT, ..key }]
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::Utc;
    use ratatui::layout::Size;

    use super::*;
    use crate::console::clock::Clock;
    use crate::console::theme::Theme;

    #[test]
    fn a_yes_counts_from_when_its_question_was_on_the_screen() {
        let clock = Clock { now: Utc::now(), utc: true };
        let mut state = State::new(clock, Size::new(80, 24), Theme::mono(), false);
        let (mut seen, now) = (Seen::default(), Instant::now());
        let later = |millis| now + Duration::from_millis(millis);
        let key = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        seen.drawing(&state);
        seen.drawn(now);
        state.counting_questions(|state| state.overlays.push(Overlay::LeaveWizard));
        let yes = |seen: &Seen, state: &State, at| seen.admits(state, Some(Action::Yes), key('y'), at);
        assert!(!yes(&seen, &state, later(5)), "the question is not drawn at all");
        assert!(seen.admits(&state, Some(Action::No), key('n'), later(5)), "a no harms nobody");
        seen.drawing(&state);
        seen.drawn(later(10));
        assert!(!yes(&seen, &state, later(9)), "it was typed before");
        assert!(yes(&seen, &state, later(11)));
        // The same frame again does not make it younger.
        seen.drawing(&state);
        seen.drawn(later(30));
        assert!(yes(&seen, &state, later(20)));
        state.counting_questions(|state| state.overlays.clear());
        assert!(!seen.admits(&state, Some(Action::Quit), key('q'), later(40)), "it was meant for what is gone");
        let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert!(seen.admits(&state, Some(Action::Quit), ctrl_c, later(40)));
    }
}
