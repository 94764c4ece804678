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
        // What asks for a yes and is no overlay is a sheet of the RBAC pane.
        (Some(_), Action::Yes | Action::Enter) | (None, Action::Yes) => true,
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
    use crate::console::kubeconfig::Change;
    use crate::console::kubeconfig::ask::{self, What};
    use crate::console::overlay::Phase;
    use crate::console::rbac::edit::{self, Draft, Step as SheetStep};
    use crate::console::state::Pane;
    use crate::console::theme::Theme;
    use crate::domain::access::object::{Kind, Named};

    fn console() -> (State, Seen) {
        let clock = Clock { now: Utc::now(), utc: true };
        (State::new(clock, Size::new(80, 24), Theme::mono(), false), Seen::default())
    }

    fn press(c: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)
    }

    #[test]
    fn a_sheet_of_the_rbac_pane_is_confirmed_by_who_has_seen_its_review_alone() {
        let (mut state, mut seen) = console();
        let now = Instant::now();
        let later = |millis| now + Duration::from_millis(millis);
        state.pane = Pane::Rbac;
        state.counting_questions(|state| edit::update::open(state, Action::NewRole));
        seen.drawing(&state);
        seen.drawn(now);
        let named = Named { kind: Kind::Role, scope: Some("default".into()), name: "developer".into() };
        let draft = Draft { named, object: serde_json::Value::Null };
        state.counting_questions(|state| {
            state.rbac.sheet.as_mut().unwrap().step = SheetStep::Rehearsing(1, draft.clone());
        });
        state.counting_questions(|state| {
            state.rbac.sheet.as_mut().unwrap().step = SheetStep::Review(draft, Vec::new());
        });
        let yes = |seen: &Seen, state: &State, at| seen.admits(state, Some(Action::Yes), press('y'), at);
        assert!(!yes(&seen, &state, later(5)), "the review is not drawn");
        seen.drawing(&state);
        seen.drawn(later(10));
        assert!(!yes(&seen, &state, later(9)) && yes(&seen, &state, later(11)));
    }

    #[test]
    fn what_an_import_would_do_is_agreed_to_by_who_has_seen_it_alone() {
        let (mut state, mut seen) = console();
        let now = Instant::now();
        state.counting_questions(|state| ask::type_in(state, What::Import, "Import".into(), "File", "new.yaml"));
        seen.drawing(&state);
        seen.drawn(now);
        let change = |state: &mut State, change: &dyn Fn(&mut ask::Ask)| {
            state.counting_questions(|state| match state.overlays.last_mut() {
                Some(Overlay::Kubeconfig(ask)) => change(ask),
                other => panic!("{other:?}"),
            });
        };
        let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        assert!(seen.admits(&state, Some(Action::Enter), enter, now), "the path is seen");
        change(&mut state, &|ask| ask.phase = Phase::Sent(1));
        change(&mut state, &|ask| {
            ask.phase = Phase::Asking;
            ask.what = What::Sure(Change::Import("new.yaml".into()));
        });
        assert!(!seen.admits(&state, Some(Action::Yes), enter, now + Duration::from_secs(1)), "the plan is not drawn");
    }

    #[test]
    fn a_yes_counts_from_when_its_question_was_on_the_screen() {
        let (mut state, mut seen) = console();
        let now = Instant::now();
        let later = |millis| now + Duration::from_millis(millis);
        seen.drawing(&state);
        seen.drawn(now);
        state.counting_questions(|state| state.overlays.push(Overlay::LeaveWizard));
        let yes = |seen: &Seen, state: &State, at| seen.admits(state, Some(Action::Yes), press('y'), at);
        assert!(!yes(&seen, &state, later(5)), "the question is not drawn at all");
        assert!(seen.admits(&state, Some(Action::No), press('n'), later(5)), "a no harms nobody");
        seen.drawing(&state);
        seen.drawn(later(10));
        assert!(!yes(&seen, &state, later(9)), "it was typed before");
        assert!(yes(&seen, &state, later(11)));
        // The same frame again does not make it younger.
        seen.drawing(&state);
        seen.drawn(later(30));
        assert!(yes(&seen, &state, later(20)));
        state.counting_questions(|state| state.overlays.clear());
        assert!(!seen.admits(&state, Some(Action::Quit), press('q'), later(40)), "it was meant for what is gone");
        let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert!(seen.admits(&state, Some(Action::Quit), ctrl_c, later(40)));
    }
}
