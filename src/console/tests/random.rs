//! Keys at random: nothing panics, nothing is decided unasked.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Position, Size};

use super::TestConsole;
use super::fake_cluster::{FakeCluster, ResponseMode};
use super::ways::Start;
use crate::cluster::Verb;
use crate::console::core::effect::Effect;
use crate::console::core::event::Event;
use crate::console::core::keymap::{Action, BINDINGS, Key};
use crate::console::dialogs::bulk::{self, BulkDialog};
use crate::console::dialogs::decide::Decide;
use crate::console::dialogs::phase::Phase;
use crate::console::panes::{kubeconfig, rbac};
use crate::console::wizard::WizardTask;
use crate::domain::text::printable;

/// xorshift64*: the same keys on every run and every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % count
    }
}

/// How many; `COUNTERSIGN_KEYS=100000` for a long run.
fn scaled(variable: &str, usual: usize) -> usize {
    std::env::var(variable).ok().and_then(|number| number.parse().ok()).unwrap_or(usual)
}

/// Whether the answer that is about to be given is a confirmation by someone who saw the question.
fn may_approve(console: &TestConsole, event: &Event) -> bool {
    let Event::Key(key) = event else { return false };
    let action = console.state.cx.keymap.lookup(&console.state.places(), Key::of(*key));
    let confirms = matches!(action, Some(Action::Yes | Action::Enter));
    if console.state.dialog_as::<BulkDialog>().is_some() {
        return confirms;
    }
    let Some(decide) = console.state.dialog_as::<Decide>() else { return false };
    let named = !decide.is_dangerous()
        || decide.form.value(crate::console::dialogs::decide::DecideField::Name).trim() == printable(&decide.name);
    confirms && named && decide.phase == Phase::Asking && decide.seen.is_some()
}

/// The same for a sheet of many.
fn may_approve_all(console: &TestConsole, event: &Event) -> bool {
    let Some(sheet) = console.state.dialog_as::<BulkDialog>() else { return false };
    let Event::Key(key) = event else { return false };
    let action = console.state.cx.keymap.lookup(&console.state.places(), Key::of(*key));
    // Retry is for what failed of a run that was confirmed.
    match sheet.phase {
        bulk::Phase::Asking => matches!(action, Some(Action::Yes | Action::Enter)),
        _ => action == Some(Action::Retry),
    }
}

/// Files of one's own, a certificate or a kubeconfig written out, are no writes to what is there.
fn writes(effect: &Effect) -> bool {
    match effect {
        Effect::Decide(..) | Effect::DecideAll(..) | Effect::Delete(..) => true,
        Effect::Rbac(task) => {
            matches!(task, rbac::RbacTask::Put { dry_run: false, .. } | rbac::RbacTask::Delete { .. })
        }
        Effect::Kubeconfig(task) => {
            matches!(task, kubeconfig::KubeconfigTask::Change(_, change, ..) if !matches!(change, kubeconfig::KubeconfigChange::Extract { .. }))
        }
        Effect::Wizard(task) => matches!(task, WizardTask::Begin(..) | WizardTask::Resume(..) | WizardTask::Undo(..)),
        _ => false,
    }
}

/// Half of the keys mean something where they are pressed.
fn any_event(chance: &mut Chance, keys: &[Key], here: &[Key]) -> Event {
    let key = |key: Key| Event::Key(KeyEvent::new(key.0, key.1));
    match chance.below(40) {
        0 => Event::Paste("y\n".to_owned()),
        1 => Event::Wheel(chance.below(2) == 0),
        2 => Event::Click(Position { x: 5, y: u16::try_from(chance.below(24)).unwrap() }),
        3 => {
            let sizes = [(80, 24), (40, 10), (120, 40), (20, 6), (3, 2)];
            let (width, height) = sizes[chance.below(sizes.len())];
            Event::Resized(Size { width, height })
        }
        4 => Event::Clock,
        5..=9 => {
            key(Key(KeyCode::Char(char::from(b'a' + u8::try_from(chance.below(26)).unwrap())), KeyModifiers::NONE))
        }
        10 => Event::Paste("kcm-helper".to_owned()),
        // Back, or the keys would get lost in one pane.
        11 => key(Key(KeyCode::Esc, KeyModifiers::NONE)),
        12 => key(Key(KeyCode::Char(['1', '1', '2', '3'][chance.below(4)]), KeyModifiers::NONE)),
        13..=25 if !here.is_empty() => key(here[chance.below(here.len())]),
        _ => key(keys[chance.below(keys.len())]),
    }
}

fn pressed_at_random(read_only: bool) -> (usize, usize) {
    let fake_cluster = FakeCluster::usual();
    let start = || {
        let mut console = Start::Many.console(&fake_cluster);
        console.state.cx.session.read_only = read_only;
        console
    };
    let mut console = start();
    let keys: Vec<Key> = BINDINGS.iter().flat_map(|binding| binding.keys.iter().copied()).collect();
    let mut chance = Chance(20_261_123);
    let (mut approved, mut dangerous) = (0, 0);
    for number in 0..scaled("COUNTERSIGN_KEYS", 5_000) {
        let place = console.state.places().first().copied();
        let here: Vec<Key> = BINDINGS
            .iter()
            .filter(|binding| Some(binding.place) == place)
            .flat_map(|binding| binding.keys.iter().copied())
            .collect();
        let event = any_event(&mut chance, &keys, &here);
        let may = may_approve(&console, &event);
        let before = format!("{event:?}");
        let name_needed = console.state.dialog_as::<Decide>().is_some_and(Decide::is_dangerous);
        let sheet = may_approve_all(&console, &event);
        console.dispatch(event);
        for effect in &console.effects {
            assert!(
                sheet || !matches!(effect, Effect::DecideAll(..)),
                "{number}: {before} decides unasked: {effect:?}"
            );
            assert!(!(read_only && writes(effect)), "{number}: {before} writes in read-only mode: {effect:?}");
            let cleared = match effect {
                Effect::Decide(_, clearance, _) => Some(clearance),
                Effect::DecideAll(_, all, _) => all.first(),
                _ => None,
            };
            if let Some(clearance) = cleared {
                assert!(may, "{number}: {before} decides unasked: {effect:?}");
                approved += usize::from(clearance.verb() == Verb::Approve);
                dangerous += usize::from(name_needed);
            }
        }
        // After leaving, or switching to another cluster, the console starts again.
        if console.effects.iter().any(|effect| matches!(effect, Effect::Quit | Effect::Connect { .. })) {
            console = start();
        }
        console.answered(&fake_cluster, [ResponseMode::Kind, ResponseMode::Refusing][chance.below(2)]);
        if number % 7 == 0 {
            console.drawn();
        }
    }
    (approved, dangerous)
}

#[test]
fn keys_at_random_break_nothing_and_decide_nothing_unasked() {
    let (approved, _) = pressed_at_random(false);
    assert!(approved > 0, "the keys at random never came as far as an approval");
}

#[test]
fn keys_at_random_write_nothing_in_read_only_mode() {
    assert_eq!(pressed_at_random(true), (0, 0));
}
