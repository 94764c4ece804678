//! Only what has been seen in full can be answered: a key that was typed before its question was drawn, or whose question did
//! not fit on the screen, confirms nothing. And a name that confirms is typed, key by key.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::console::core::keymap::{Action, Key, KeyContext};
use crate::console::core::state::State;
use crate::console::core::view::question_fits;

/// A question on the screen: which, and whether everything that an answer depends on is there.
type Drawn = (u64, bool);

/// Which question the terminal shows, and since when.
#[derive(Debug, Default)]
pub(crate) struct PromptGuard {
    question: Option<Drawn>,
    since: Option<Instant>,
    drawing: Option<Drawn>,
}

impl PromptGuard {
    /// A frame with this question is sent.
    pub(crate) fn drawing(&mut self, state: &State) {
        self.drawing = Some((state.question(), question_fits(state)));
    }

    /// It is on the screen.
    pub(crate) fn drawn(&mut self, now: Instant) {
        let Some(drawn) = self.drawing.take() else { return };
        if self.question != Some(drawn) {
            (self.question, self.since) = (Some(drawn), Some(now));
        }
    }

    /// Whether a key that was typed at `typed` and means `action` may count.
    pub(crate) fn admits(&self, state: &State, action: Option<Action>, key: KeyEvent, typed: Instant) -> bool {
        let Some(action) = action else { return true };
        let on_screen = self.since.is_some_and(|since| since <= typed);
        let is_this = |(question, _): Drawn| question == state.question();
        match action {
            // No one presses Ctrl-C for a question, and a terminal that shows nothing more must not keep us.
            Action::Quit if key.modifiers.contains(KeyModifiers::CONTROL) => true,
            // Quitting works at every size.
            Action::Quit | Action::Undo => on_screen && self.question.is_some_and(is_this),
            _ if confirms(state, action) => on_screen && self.question == Some((state.question(), true)),
            _ => true,
        }
    }
}

/// How the name that confirms something was typed. A terminal with bracketed paste says what was pasted. One without
/// delivers a paste as keys: many in one read, which fingers do not do. Over a slow link a few keys arrive together, too, so
/// that up to [`KEYS_A_READ`] of them a read count as typed; a whole name typed
/// while the link was stalled has to be typed again.
#[derive(Debug, Default)]
pub(crate) struct PasteDetector {
    keys: usize,
    reads: usize,
    last: Option<Instant>,
}

/// Keys in one read that may still be typing.
const KEYS_A_READ: usize = 4;

impl PasteDetector {
    /// A key that was read at `typed` is about to be taken in. Says whether it would confirm a name that was not typed.
    pub(crate) fn pressed(&mut self, state: &State, action: Option<Action>, key: KeyEvent, typed: Instant) -> bool {
        let Some(name) = state.confirming_name() else {
            *self = Self::default();
            return false;
        };
        if name.is_empty() {
            *self = Self::default();
        }
        if action == Some(Action::Enter) {
            return std::mem::take(self).is_burst();
        }
        if action.is_none() && matches!(key.code, KeyCode::Char(_)) {
            self.keys += 1;
            self.reads += usize::from(self.last.replace(typed) != Some(typed));
        }
        false
    }

    /// Two keys in one read happen; a name in fewer reads than typing takes was not typed.
    fn is_burst(&self) -> bool {
        self.keys > 2 && self.reads < self.keys.div_ceil(KEYS_A_READ).max(2)
    }
}

/// The keys that a key is. Esc and the key after it come as one with Alt where a link delivers them together: where that
/// means nothing, and no text is typed, they are two.
pub(crate) fn keys(state: &State, key: KeyEvent) -> Vec<KeyEvent> {
    let places = state.places();
    let text = matches!(places.first(), Some(KeyContext::Form | KeyContext::Palette | KeyContext::Always));
    if text || !key.modifiers.contains(KeyModifiers::ALT) || state.cx.keymap.lookup(&places, Key::of(key)).is_some() {
        return vec![key];
    }
    let esc = KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE);
    vec![esc, KeyEvent { modifiers: key.modifiers - KeyModifiers::ALT, ..key }]
}

/// Whether `action` would answer a question, or end more than the person sees.
fn confirms(state: &State, action: Action) -> bool {
    match (state.dialog(), &state.wizard) {
        (Some(dialog), _) => dialog.confirms(action),
        (None, Some(wizard)) => wizard.confirms(action),
        (None, None) => state.seen().confirms(action),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::Utc;
    use ratatui::layout::Size;

    use super::*;
    use crate::console::core::clock::Clock;
    use crate::console::core::pane_id::Pane;
    use crate::console::dialogs::leave_wizard::LeaveWizard;
    use crate::console::dialogs::phase::Phase;
    use crate::console::panes::kubeconfig::KubeconfigChange;
    use crate::console::panes::kubeconfig::ask;
    use crate::console::panes::kubeconfig::ask::PromptKind;
    use crate::console::panes::rbac::edit;
    use crate::console::panes::rbac::edit::{Draft, EditStep as SheetStep};
    use crate::console::widgets::theme::Theme;
    use crate::domain::access::object::{Named, RbacKind};

    fn console() -> (State, PromptGuard) {
        let clock = Clock { now: Utc::now(), utc: true };
        (State::new(clock, Size::new(80, 24), Theme::mono(), false), PromptGuard::default())
    }

    fn press(c: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)
    }

    #[test]
    fn a_sheet_of_the_rbac_pane_is_confirmed_by_who_has_seen_its_review_alone() {
        let (mut state, mut seen) = console();
        let now = Instant::now();
        let later = |millis| now + Duration::from_millis(millis);
        state.cx.pane = Pane::Rbac;
        state.counting_questions(|state| edit::update::open(&mut state.rbac, &mut state.cx, Action::NewRole));
        seen.drawing(&state);
        seen.drawn(now);
        let named = Named { kind: RbacKind::Role, scope: Some("default".into()), name: "developer".into() };
        let draft = Draft { named, object: serde_json::Value::Null };
        state.counting_questions(|state| {
            state.rbac.sheet.as_mut().unwrap().step = SheetStep::Rehearsing(1, draft.clone());
        });
        state.counting_questions(|state| {
            state.rbac.sheet.as_mut().unwrap().step = SheetStep::Review(draft, Vec::new());
        });
        let yes = |seen: &PromptGuard, state: &State, at| seen.admits(state, Some(Action::Yes), press('y'), at);
        assert!(!yes(&seen, &state, later(5)), "the review is not drawn");
        seen.drawing(&state);
        seen.drawn(later(10));
        assert!(!yes(&seen, &state, later(9)) && yes(&seen, &state, later(11)));
    }

    #[test]
    fn what_an_import_would_do_is_agreed_to_by_who_has_seen_it_alone() {
        let (mut state, mut seen) = console();
        let now = Instant::now();
        let prompt = || ask::Prompt::text_field(PromptKind::Import, "Import".into(), "File", "new.yaml");
        state.counting_questions(|state| state.dialogs.push(Box::new(prompt())));
        seen.drawing(&state);
        seen.drawn(now);
        let change = |state: &mut State, change: &dyn Fn(&mut ask::Prompt)| {
            let mut changed = prompt();
            change(&mut changed);
            state.counting_questions(|state| *state.dialogs.last_mut().unwrap() = Box::new(changed));
        };
        let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        assert!(seen.admits(&state, Some(Action::Enter), enter, now), "the path is seen");
        change(&mut state, &|ask| ask.phase = Phase::Sent(1));
        change(&mut state, &|ask| {
            ask.phase = Phase::Asking;
            ask.what = PromptKind::Sure(KubeconfigChange::Import("new.yaml".into()));
        });
        let enter_or_y = press('y');
        assert!(
            !seen.admits(&state, Some(Action::Yes), enter_or_y, now + Duration::from_secs(1)),
            "the plan is not drawn"
        );
    }

    #[test]
    fn a_question_that_was_drawn_where_it_did_not_fit_is_answered_by_no_key_until_it_is_drawn_in_full() {
        let (mut state, mut seen) = console();
        let now = Instant::now();
        let later = |millis| now + Duration::from_millis(millis);
        state.cx.size = Size::new(20, 5);
        state.counting_questions(|state| state.dialogs.push(Box::new(LeaveWizard)));
        seen.drawing(&state);
        seen.drawn(now);
        let yes = |seen: &PromptGuard, state: &State, at| seen.admits(state, Some(Action::Yes), press('y'), at);
        assert!(!yes(&seen, &state, later(5)), "the screen was too small for it");
        assert!(seen.admits(&state, Some(Action::Quit), press('q'), later(5)), "to leave is possible in every size");
        state.cx.size = Size::new(80, 24);
        assert!(!yes(&seen, &state, later(5)), "the larger screen is not drawn");
        seen.drawing(&state);
        seen.drawn(later(10));
        assert!(!yes(&seen, &state, later(9)) && yes(&seen, &state, later(11)));
        state.cx.size = Size::new(20, 5);
        seen.drawing(&state);
        seen.drawn(later(20));
        assert!(!yes(&seen, &state, later(30)));
    }

    /// Types a name into the field that confirms, `reads` at a time, then Enter.
    fn bursts(reads: &[&str]) -> bool {
        use crate::console::panes::requests::testing::request;
        let (mut state, now) = (console().0, Instant::now());
        let dangerous = request("kcm-helper", 0, "system:kube-controller-manager", &[]);
        crate::console::tests::asks_by_name(&mut state, &dangerous);
        assert_eq!(state.confirming_name(), Some(""));
        let mut fingers = PasteDetector::default();
        for (at, text) in reads.iter().enumerate() {
            let typed = now + Duration::from_millis(200 * u64::try_from(at).unwrap());
            for c in text.chars() {
                assert!(!fingers.pressed(&state, None, press(c), typed));
                let event = crate::console::core::event::Event::Key(press(c));
                crate::console::core::update::update(&mut state, event, Utc::now());
            }
        }
        assert_eq!(state.confirming_name(), Some(reads.concat().as_str()));
        let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        fingers.pressed(&state, Some(Action::Enter), enter, now + Duration::from_secs(9))
    }

    #[test]
    fn a_name_that_came_in_a_burst_was_pasted() {
        assert!(bursts(&["kcm-helper"]), "all of it at once");
        assert!(bursts(&["kcm-helpe", "r"]), "all but a letter at once");
        assert!(bursts(&["kcm"]));
        assert!(!bursts(&["k", "c", "m", "-", "h", "e", "l", "p", "e", "r"]));
        assert!(!bursts(&["kcm-", "help", "er"]), "over a slow link");
    }

    #[test]
    fn a_yes_counts_from_when_its_question_was_on_the_screen() {
        let (mut state, mut seen) = console();
        let now = Instant::now();
        let later = |millis| now + Duration::from_millis(millis);
        seen.drawing(&state);
        seen.drawn(now);
        state.counting_questions(|state| state.dialogs.push(Box::new(LeaveWizard)));
        let yes = |seen: &PromptGuard, state: &State, at| seen.admits(state, Some(Action::Yes), press('y'), at);
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
        state.counting_questions(|state| state.dialogs.clear());
        assert!(!seen.admits(&state, Some(Action::Quit), press('q'), later(40)), "it was meant for what is gone");
        let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert!(seen.admits(&state, Some(Action::Quit), ctrl_c, later(40)));
    }
}
