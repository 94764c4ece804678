use chrono::TimeDelta;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;

use crate::cluster::bulk::DecisionOutcome;
use crate::cluster::watch::{RequestChange, WatchMessage, WatchStatus};
use crate::cluster::{ClusterError, Decision};
use crate::console::core::clock::Clock;
use crate::console::core::effect::Effect;
use crate::console::core::effect_id::EffectId;
use crate::console::core::event::Event;
use crate::console::core::state::State;
use crate::console::core::update::update;
use crate::console::core::view;
use crate::console::dialogs::bulk::result::BulkResult;
use crate::console::panes::requests::testing::{noon, row, with};
use crate::console::widgets::theme::Theme;
use crate::domain::request::{RequestState, RequestVersion};
use crate::domain::row::Row;
use crate::domain::verdict::Level;

struct Console {
    state: State,
    effects: Vec<Effect>,
}

impl Console {
    fn with(rows: Vec<Row>) -> Self {
        let clock = Clock { now: noon(), utc: true };
        let state = State::new(clock, Size::new(80, 24), Theme::mono(), false);
        let mut console = Self { state, effects: Vec::new() };
        console.dispatch(Event::Watch(WatchMessage::Changes(rows.into_iter().map(RequestChange::Applied).collect())));
        console.dispatch(Event::Watch(WatchMessage::Listed));
        console.dispatch(Event::Watch(WatchMessage::Status(WatchStatus::Live)));
        console
    }

    fn dispatch(&mut self, event: Event) {
        let now = self.state.cx.clock.now;
        self.effects.extend(update(&mut self.state, event, now));
    }

    fn press(&mut self, code: KeyCode) {
        self.dispatch(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    fn types(&mut self, text: &str) {
        for c in text.chars() {
            self.press(KeyCode::Char(c));
        }
    }

    fn marks_all(&mut self) {
        self.dispatch(Event::Key(KeyEvent::new(KeyCode::Char('a'), KeyModifiers::CONTROL)));
    }

    fn screen(&self) -> String {
        let mut terminal =
            Terminal::new(TestBackend::new(self.state.cx.size.width, self.state.cx.size.height)).unwrap();
        terminal.draw(|frame| view::draw(frame, &self.state)).unwrap();
        terminal.backend().to_string()
    }

    fn yes(&mut self) {
        self.press(KeyCode::Char('y'));
    }

    /// What was sent to be decided.
    fn sent(&mut self) -> Option<(EffectId, Vec<RequestVersion>, Decision)> {
        let at = self.effects.iter().position(|effect| matches!(effect, Effect::DecideAll(..)))?;
        let Effect::DecideAll(id, cleared, decision) = self.effects.remove(at) else { return None };
        Some((id, cleared.iter().map(|clearance| clearance.pin().clone()).collect(), decision))
    }
}

fn judged(name: &str, level: Level) -> Row {
    Row { level, alone: (level, level.word()), ..row(name, 0) }
}

fn mixed() -> Vec<Row> {
    vec![
        judged("fine-1", Level::Ok),
        judged("fine-2", Level::Ok),
        judged("glance", Level::Notice),
        judged("odd", Level::Warning),
        judged("kcm", Level::Danger),
        judged("node", Level::Danger),
        judged("doomed", Level::WillFail),
    ]
}

fn names(pins: &[RequestVersion]) -> Vec<&str> {
    pins.iter().map(|pin| pin.name.as_str()).collect()
}

#[test]
fn the_sheet_counts_by_verdict_and_leaves_out_what_is_dangerous_or_will_fail() {
    let mut console = Console::with(mixed());
    console.marks_all();
    console.types("a");
    insta::assert_snapshot!("bulk_sheet", console.screen());
    console.press(KeyCode::Enter);
    assert!(console.sent().is_none() && console.screen().contains("Enter decides nothing here; y does."));
    console.yes();
    let (id, pins, decision) = console.sent().unwrap();
    assert_eq!(names(&pins), ["fine-1", "fine-2", "glance"]);
    assert_eq!(decision.reason, "ReviewedByAdmin");
    console.state.cx.clock.now += TimeDelta::milliseconds(500);
    console.dispatch(Event::Bulk(id, BulkResult::Decided(0, DecisionOutcome::Done(RequestState::Approved))));
    console.dispatch(Event::Bulk(
        id,
        BulkResult::Decided(
            1,
            DecisionOutcome::Changed(ClusterError::Changed { name: "fine-2".into(), now: RequestState::Denied }),
        ),
    ));
    insta::assert_snapshot!("bulk_running", console.screen());
    let refused =
        ClusterError::Forbidden { missing: Some("approve requests for the signer x".into()), message: String::new() };
    console.dispatch(Event::Bulk(id, BulkResult::Decided(2, DecisionOutcome::Refused(refused))));
    console.dispatch(Event::Bulk(id, BulkResult::Ended));
    insta::assert_snapshot!("bulk_ended", console.screen());
    assert_eq!(
        console.state.cx.requests.index.marked_count(),
        6,
        "what was decided is marked no more, the rest still is"
    );
    console.types("r");
    assert!(console.screen().contains("Approve 2 requests?"), "{}", console.screen());
}

#[test]
fn a_dangerous_one_is_decided_only_by_its_name_and_a_level_by_space() {
    let mut console = Console::with(mixed());
    console.marks_all();
    console.types("a");
    console.types("jj ");
    console.types("j ");
    assert!(console.screen().contains("type the name of each"), "{}", console.screen());
    console.types("nobody");
    console.press(KeyCode::Enter);
    assert!(console.screen().contains("No dangerous request"), "{}", console.screen());
    console.dispatch(Event::Paste("kcm".into()));
    console.press(KeyCode::Enter);
    assert!(console.screen().contains("4 of 7 will be approved"), "{}", console.screen());
    console.types("jjj ");
    console.types("kcm");
    console.press(KeyCode::Enter);
    console.press(KeyCode::Enter);
    console.yes();
    let (_, pins, _) = console.sent().unwrap();
    assert_eq!(names(&pins), ["fine-1", "fine-2", "glance", "kcm", "odd"]);
}

#[test]
fn nothing_that_came_or_changed_after_the_sheet_was_drawn_is_decided_by_it() {
    let mut console = Console::with(vec![judged("a", Level::Ok), judged("b", Level::Ok)]);
    console.types("A");
    let newer = Row { version: crate::domain::interner::Version::of("9"), ..judged("a", Level::Ok) };
    console.dispatch(Event::Watch(WatchMessage::Changes(vec![
        RequestChange::Applied(newer),
        RequestChange::Applied(judged("later", Level::Ok)),
    ])));
    console.yes();
    let (_, pins, _) = console.sent().unwrap();
    assert_eq!(names(&pins), ["a", "b"]);
    assert_eq!(pins[0].resource_version, "1", "the version that was on the sheet");
}

#[test]
fn a_verdict_that_became_worse_is_shown_before_anything_is_decided() {
    let mut console = Console::with(vec![judged("a", Level::Ok), judged("b", Level::Ok)]);
    console.types("A");
    let uid = row("b", 0).uid;
    console.state.cx.requests.index.relevel(vec![(uid, Level::Danger, "admin")]);
    console.yes();
    assert!(console.sent().is_none() && console.screen().contains("1 got a worse verdict"), "{}", console.screen());
    console.yes();
    assert_eq!(names(&console.sent().unwrap().1), ["a"]);
}

#[test]
fn all_that_are_ok_takes_only_those_and_only_what_is_shown() {
    let mut console = Console::with(mixed());
    console.types("/fine");
    console.press(KeyCode::Enter);
    console.types("A");
    console.yes();
    assert_eq!(names(&console.sent().unwrap().1), ["fine-1", "fine-2"]);
}

#[test]
fn a_run_is_stopped_and_says_what_was_not_begun() {
    let mut console = Console::with(vec![judged("a", Level::Ok), judged("b", Level::Ok)]);
    console.types("A");
    console.yes();
    let (id, ..) = console.sent().unwrap();
    console.press(KeyCode::Esc);
    console.press(KeyCode::Esc);
    let stops =
        console.effects.iter().filter(|effect| matches!(effect, Effect::StopDecisions(stopped) if *stopped == id));
    assert_eq!(stops.count(), 1);
    console.dispatch(Event::Bulk(id, BulkResult::Decided(0, DecisionOutcome::Done(RequestState::Approved))));
    console.dispatch(Event::Bulk(id, BulkResult::Ended));
    assert!(console.screen().contains("Stopped: 1 approved, 1 not decided"), "{}", console.screen());
}

#[test]
fn denying_takes_every_level_and_reason_and_message_are_the_admins_own() {
    let mut console = Console::with(mixed());
    console.marks_all();
    console.types("d");
    for _ in 0..5 {
        console.press(KeyCode::Down);
    }
    console.dispatch(Event::Key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL)));
    console.types("NotOurs");
    console.press(KeyCode::Enter);
    console.yes();
    let (_, pins, decision) = console.sent().unwrap();
    assert_eq!((pins.len(), decision.reason.as_str()), (7, "NotOurs"));
}

#[test]
fn nothing_is_decided_where_the_sheet_does_not_fit_and_it_says_so() {
    let mut decided = 0;
    for (width, height) in [(20, 5), (20, 6), (40, 10), (60, 15), (80, 24), (200, 60)] {
        let mut console = Console::with(mixed());
        console.dispatch(Event::Resized(Size::new(width, height)));
        console.marks_all();
        console.types("a");
        let screen = console.screen();
        console.yes();
        let sent = console.sent().is_some();
        decided += usize::from(sent);
        let levels = ["ok", "notice", "warning", "danger", "will fail"].iter().all(|level| screen.contains(level));
        assert!(!sent || (levels && screen.contains("3 of 7 will be approved")), "{width}×{height}: {screen}");
        assert!(sent || height < 6 || screen.contains("Too small"), "{width}×{height}: {screen}");
        assert_eq!(sent, height >= 10, "{width}×{height}: {screen}");
    }
    assert_eq!(decided, 4);
}

#[test]
fn what_the_policy_file_keeps_out_of_bulk_stays_on_the_sheet_and_is_not_decided() {
    let decided = with(judged("old", Level::Notice), |facts| facts.state = RequestState::Denied);
    let all = [judged("fine", Level::Ok), judged("glance", Level::Notice), judged("bad", Level::Danger), decided];
    let mut console = Console::with(all.to_vec());
    let policy = |text| crate::domain::policy_file::PolicyFile::parse(text).unwrap();
    console.state.cx.requests.engine.known.policy = policy("bulk: {levels: [ok]}");
    console.types("fffff");
    console.marks_all();
    console.types("a");
    let sheet = console.screen();
    assert!(
        sheet.contains("1 of 3 will be approved") && sheet.contains("2 of them the policy file keeps out"),
        "{sheet}"
    );
    assert!(!sheet.contains("of a dangerous one"), "no name helps: {sheet}");
    console.press(KeyCode::Down);
    console.types(" ");
    let sheet = console.screen();
    assert!(sheet.contains("lets no bulk decision approve these") && sheet.contains("1 of 3 will"), "{sheet}");
    console.yes();
    let (_, pins, _) = console.sent().unwrap();
    assert_eq!(pins.iter().map(|pin| pin.name.as_str()).collect::<Vec<_>>(), ["fine"]);

    // A signer is kept out at every level, and no one's name changes that.
    let mut console = Console::with(all.to_vec());
    console.state.cx.requests.engine.known.policy = policy("bulk: {signers: ['example.com/*']}");
    console.marks_all();
    console.types("a");
    let sheet = console.screen();
    assert!(sheet.contains("0 of 3 will be approved") && sheet.contains("policy says no"), "{sheet}");
    console.yes();
    assert!(console.sent().is_none() && console.screen().contains("None of these can be approved here"));
    // No field asks for a name that would change nothing.
    console.press(KeyCode::Down);
    console.press(KeyCode::Down);
    console.types(" ");
    let sheet = console.screen();
    assert!(sheet.contains("lets no bulk decision approve these") && !sheet.contains("includes it"), "{sheet}");

    // A denial hands out nothing.
    let mut console = Console::with(all.to_vec());
    console.state.cx.requests.engine.known.policy = policy("bulk: {levels: []}");
    console.marks_all();
    console.types("d");
    assert!(console.screen().contains("3 of 3 will be denied"));
}
