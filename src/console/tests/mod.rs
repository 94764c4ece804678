//! The console as its user sees it: events in, screens out. No terminal, no cluster, no clock.

mod documents;
mod fake_cluster;
mod kubeconfig;
mod login;
mod random;
mod rbac;
mod reached;
mod screens;
mod ways;

use chrono::TimeDelta;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier};

use super::wizard::{WizardResult, WizardTask};
use crate::cluster::watch::{RequestChange, WatchMessage, WatchStatus};
use crate::cluster::{Verb, WhoAmI};
use crate::console::core::clock::Clock;
use crate::console::core::effect::Effect;
use crate::console::core::event::{Connection, Event, Identified};
use crate::console::core::state::State;
use crate::console::core::update::update;
use crate::console::core::view;
use crate::console::panes::requests::Loaded;
use crate::console::panes::requests::testing::{noon, request, row_of};
use crate::console::widgets::theme::Theme;
use crate::domain::gate::Refusal;
use crate::domain::output::shell::Kubectl;
use crate::domain::plan::StepKind;
use crate::domain::request::{Condition, Request};
use crate::domain::verdict::{Context, Finding, Level, Verdict, judge};
use crate::error::UserError;
use crate::operations::issue::preflight::{Note, Severity};
use crate::operations::issue::{PreflightReport, Progress};

/// A console in the reference size, talking to a cluster that these tests play.
struct TestConsole {
    state: State,
    effects: Vec<Effect>,
}

impl TestConsole {
    /// Connected, identified, live, with these requests.
    fn with(requests: &[Request]) -> Self {
        let clock = Clock { now: noon(), utc: true };
        let state = State::new(clock, Size::new(80, 24), Theme::mono(), false);
        let mut console = Self { state, effects: Vec::new() };
        let connection = Connection {
            context: "prod-eu".into(),
            namespace: "default".into(),
            server: "https://10.1.0.5:6443".into(),
            cluster: "prod".into(),
            kubectl: Kubectl::new([("context", "prod-eu".to_owned())]),
            kubeconfig: "/home/alice/.kube/config".into(),
        };
        console.dispatch(Event::Connected(Ok(connection)));
        let who = WhoAmI { username: "alice-admin".into(), ..WhoAmI::default() };
        let api_hosts = crate::domain::verdict::ApiHosts::default();
        console.dispatch(Event::Identified(Ok(Identified {
            who,
            version: "v1.36.3".into(),
            ca_ends: None,
            api_hosts,
        })));
        console.dispatch(Event::Watch(WatchMessage::Restarted));
        console.lists(requests);
        console.dispatch(Event::Watch(WatchMessage::Listed));
        console.dispatch(Event::Watch(WatchMessage::Status(WatchStatus::Live)));
        console.reads(requests);
        console
    }

    fn dispatch(&mut self, event: Event) {
        let now = self.state.cx.clock.now;
        self.effects.extend(update(&mut self.state, event, now));
    }

    fn lists(&mut self, requests: &[Request]) {
        let changes = requests.iter().map(|request| RequestChange::Applied(row_of(request))).collect();
        self.dispatch(Event::Watch(WatchMessage::Changes(changes)));
    }

    /// Answers every reading that was asked for.
    fn reads(&mut self, requests: &[Request]) {
        while let Some(at) = self.effects.iter().position(|effect| matches!(effect, Effect::Read(_))) {
            let Effect::Read(pin) = self.effects.remove(at) else { return };
            let found = requests.iter().find(|request| request.pin.uid == pin.uid).unwrap();
            let yaml = "apiVersion: certificates.k8s.io/v1\nkind: CertificateSigningRequest\n".to_owned();
            let loaded = Loaded { request: found.clone(), verdict: judge(found, &Context::default()), yaml };
            self.dispatch(Event::Read { uid: pin.uid, result: Ok(Box::new(loaded)) });
        }
    }

    fn press(&mut self, code: KeyCode) {
        self.dispatch(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    fn ctrl(&mut self, c: char) {
        self.dispatch(Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)));
    }

    fn types(&mut self, text: &str) {
        for c in text.chars() {
            self.press(KeyCode::Char(c));
        }
    }

    fn passes(&mut self, seconds: i64) {
        let now = self.state.cx.clock.now + TimeDelta::seconds(seconds);
        self.effects.extend(update(&mut self.state, Event::Clock, now));
    }

    fn drawn(&self) -> Terminal<TestBackend> {
        let mut terminal =
            Terminal::new(TestBackend::new(self.state.cx.size.width, self.state.cx.size.height)).unwrap();
        terminal.draw(|frame| view::draw(frame, &self.state)).unwrap();
        terminal
    }

    fn screen(&self) -> String {
        self.drawn().backend().to_string()
    }
}

fn three() -> Vec<Request> {
    vec![
        request("jane-7f3k", 0, "jane", &["dev", "qa"]),
        request("kcm-helper", 60, "system:kube-controller-manager", &[]),
        request("pavel", 300, "pavel", &["payments"]),
    ]
}

#[test]
fn the_list_with_the_detail_of_the_request_under_the_cursor() {
    let mut console = TestConsole::with(&three());
    console.passes(312);
    insta::assert_snapshot!(console.screen());
}

#[test]
fn while_the_first_list_is_read_the_cursor_stays_on_top_until_it_is_moved() {
    let requests = three();
    let clock = Clock { now: noon(), utc: true };
    let state = State::new(clock, Size::new(80, 24), Theme::mono(), false);
    let mut console = TestConsole { state, effects: Vec::new() };
    let under = |console: &TestConsole| {
        console.state.requests.chosen(&console.state.cx.requests).map(|row| row.name.to_string()).unwrap()
    };
    console.lists(&requests[2..]);
    console.lists(&requests[1..2]);
    assert_eq!(under(&console), "kcm-helper", "an older one came");
    assert!(console.screen().contains("2 pending of 2 so far"), "{}", console.screen());
    console.press(KeyCode::Char('j'));
    console.lists(&requests[..1]);
    console.dispatch(Event::Watch(WatchMessage::Listed));
    assert_eq!(under(&console), "pavel", "somebody had moved there");
}

#[test]
fn a_dangerous_decision_says_what_would_be_handed_out_and_enter_alone_does_nothing() {
    let requests = three();
    let mut console = TestConsole::with(&requests);
    console.press(KeyCode::Char('j'));
    console.reads(&requests);
    console.press(KeyCode::Char('a'));
    console.press(KeyCode::Enter);
    insta::assert_snapshot!(console.screen());
    assert!(!console.effects.iter().any(|effect| matches!(effect, Effect::Decide(..))));
    console.types("kcm-helper");
    console.press(KeyCode::Enter);
    let Some(Effect::Decide(_, clearance, _)) = console.effects.pop() else { panic!("nothing was decided") };
    assert_eq!((clearance.pin(), clearance.verb()), (&requests[1].pin, Verb::Approve));
}

#[test]
fn a_name_that_confirms_is_typed_and_not_pasted() {
    let requests = three();
    let mut console = TestConsole::with(&requests);
    console.press(KeyCode::Char('j'));
    console.reads(&requests);
    console.press(KeyCode::Char('a'));
    console.types("kcm");
    console.dispatch(Event::Paste("-helper".into()));
    assert!(console.screen().contains("typed, not pasted"), "{}", console.screen());
    console.press(KeyCode::Enter);
    assert!(!console.effects.iter().any(|effect| matches!(effect, Effect::Decide(..))));
    console.types("kcm-helper");
    console.press(KeyCode::Enter);
    assert!(console.effects.iter().any(|effect| matches!(effect, Effect::Decide(..))));
}

/// The question about `request`, which must be dangerous, with its name to be typed.
pub(crate) fn asks_by_name(state: &mut State, request: &Request) {
    let mut console = TestConsole::with(std::slice::from_ref(request));
    console.press(KeyCode::Char('a'));
    *state = console.state;
}

#[test]
fn enter_answers_no_question_and_says_which_key_does() {
    let requests = three();
    for keys in ["d", "a", "x"] {
        let mut console = TestConsole::with(&requests);
        console.types(keys);
        console.effects.clear();
        console.press(KeyCode::Enter);
        assert!(console.effects.is_empty(), "{keys}: {:?}", console.effects);
        assert!(console.screen().contains("Enter answers nothing here; y does"), "{keys}: {}", console.screen());
        console.press(KeyCode::Char('y'));
        assert_eq!(console.effects.len(), 1, "{keys}");
    }
}

/// What the screen shows, without whitespace and borders.
fn words(console: &TestConsole) -> String {
    let screen = console.screen();
    let lines = screen.lines().map(|line| line.trim_matches(['"', '│', ' ']));
    lines.flat_map(str::split_whitespace).collect()
}

#[test]
fn a_decision_counts_only_where_identity_and_verdict_are_on_the_screen_in_full() {
    let long = "n".repeat(900);
    let groups: Vec<String> = (0..40).map(|at| format!("group-number-{at}")).collect();
    let many: Vec<&str> = groups.iter().map(String::as_str).collect();
    let requests = [
        request("pavel", 0, "pavel", &["payments"]),
        request("kcm-helper", 0, "system:kube-controller-manager", &[]),
        request(&long, 0, "jane", &["dev", "qa"]),
        request("crowd", 0, "crowd", &many),
    ];
    let (mut decided, mut refused) = (0, 0);
    for request in &requests {
        for (width, height) in [(20, 5), (20, 6), (24, 8), (40, 10), (50, 14), (60, 15), (80, 24), (120, 40), (200, 60)]
        {
            for verb in ["a", "d"] {
                let mut console = TestConsole::with(std::slice::from_ref(request));
                console.dispatch(Event::Resized(Size::new(width, height)));
                console.types(verb);
                let seen = words(&console);
                let dangerous = console.state.confirming_name().is_some();
                let name = request.pin.name.clone();
                if dangerous {
                    console.types(&name);
                    console.press(KeyCode::Enter);
                } else {
                    console.press(KeyCode::Char('y'));
                }
                let sent = console.effects.iter().any(|effect| matches!(effect, Effect::Decide(..)));
                let identity = request.identity();
                let verdict = judge(request, &Context::default());
                let texts = verdict.findings.iter().map(|finding| finding.text.clone());
                let mut essential = identity.groups.into_iter().chain([identity.user]).chain(texts);
                let whole = essential.all(|text| seen.contains(&text.split_whitespace().collect::<String>()));
                assert!(whole || !sent, "{name} at {width}×{height}: {}", console.screen());
                assert!(sent || (width, height) < (80, 24) || name == "crowd", "{name} at {width}×{height} {verb}");
                assert!(sent || height < 6 || seen.contains("Toosmall"), "{}", console.screen());
                if sent { decided += 1 } else { refused += 1 }
            }
        }
    }
    assert!(decided > 20 && refused > 10, "{decided} {refused}");
}

#[test]
fn a_decision_without_a_question_asks_where_it_would_not_be_seen() {
    let requests = three();
    let mut console = TestConsole::with(&requests);
    console.state.cx.confirm = crate::config::Confirm::Never;
    console.effects.clear();
    console.dispatch(Event::Resized(Size::new(20, 5)));
    for keys in ["a", "\u{1b}d", "\u{1b}x"] {
        for c in keys.chars() {
            console.press(if c == '\u{1b}' { KeyCode::Esc } else { KeyCode::Char(c) });
        }
        assert!(console.effects.is_empty(), "{:?}", console.effects);
    }
}

#[test]
fn what_is_decided_is_what_was_on_the_screen() {
    let requests = three();
    let mut console = TestConsole::with(&requests);
    console.press(KeyCode::Char('a'));
    let mut newer = requests[0].clone();
    newer.pin.resource_version = "2".into();
    console.lists(&[newer]);
    assert!(console.screen().contains("It changed meanwhile"), "{}", console.screen());
    console.press(KeyCode::Char('y'));
    assert!(!console.effects.iter().any(|effect| matches!(effect, Effect::Decide(..))), "it was not what is there now");
    assert!(console.screen().contains("changed since it was judged"), "{}", console.screen());
    console.press(KeyCode::Esc);
    let mut newer = requests.clone();
    newer[0].pin.resource_version = "2".into();
    console.reads(&newer);
    console.types("ay");
    let decided = console.effects.iter().find_map(|effect| match effect {
        Effect::Decide(_, clearance, _) => Some(clearance.pin().clone()),
        _ => None,
    });
    assert_eq!(decided, Some(newer[0].pin.clone()));
}

#[test]
fn a_failed_decision_says_why_and_the_activity_keeps_it() {
    let mut console = TestConsole::with(&three());
    console.press(KeyCode::Char('d'));
    console.press(KeyCode::Char('y'));
    let Some(Effect::Decide(id, ..)) = console.effects.pop() else { panic!("nothing was decided") };
    let failure =
        UserError::new("you may not update certificatesigningrequests/approval (403)").with_hint("Ask for it.");
    console.dispatch(Event::Decided(id, Err(failure)));
    insta::assert_snapshot!("failed_decision", console.screen());
    console.press(KeyCode::Esc);
    console.press(KeyCode::Char('4'));
    insta::assert_snapshot!("activity_after_failure", console.screen());
}

#[test]
fn a_late_answer_to_a_dropped_question_is_ignored() {
    let requests = three();
    let mut console = TestConsole::with(&requests);
    console.dispatch(Event::Decided(4711, Ok(Box::new(requests[0].clone()))));
    assert!(console.state.activity.records().is_empty() && console.state.cx.notice.is_none());
}

#[test]
fn a_lost_connection_keeps_the_rows_and_says_that_they_are_old() {
    let mut console = TestConsole::with(&three());
    let status = WatchStatus::Degraded {
        why: UserError::new("https://10.1.0.5:6443 cannot be reached: Connection refused"),
        since: noon(),
        next_try: noon() + TimeDelta::seconds(8),
    };
    console.dispatch(Event::Watch(WatchMessage::Status(status)));
    console.passes(5);
    insta::assert_snapshot!(console.screen());
}

#[test]
fn an_approved_request_without_a_certificate_is_explained_after_a_while() {
    let mut stuck = request("stuck", 0, "jane", &[]);
    stuck.conditions = vec![Condition {
        kind: "Approved".into(),
        status: "True".into(),
        reason: "ReviewedByAdmin".into(),
        message: "approved".into(),
        last_update: Some(noon()),
    }];
    let mut console = TestConsole::with(std::slice::from_ref(&stuck));
    console.types("fffff");
    console.reads(&[stuck]);
    console.passes(9);
    assert!(console.screen().contains("waiting for the signer"), "{}", console.screen());
    let due = console.state.next_change().unwrap();
    assert!(due <= noon() + TimeDelta::seconds(10), "the screen would not be drawn when it gets stuck");
    console.passes(1);
    let screen = console.screen();
    assert!(screen.contains("no certificate yet. Likely:") && screen.contains("(EKS"), "{screen}");
}

#[test]
fn with_only_a_name_typed_the_wizard_reaches_the_review_and_runs() {
    let mut console = TestConsole::with(&three());
    console.press(KeyCode::Char('n'));
    console.types("zoe");
    insta::assert_snapshot!("wizard_who", console.screen());
    console.ctrl('n');
    insta::assert_snapshot!("wizard_cert", console.screen());
    console.ctrl('n');
    insta::assert_snapshot!("wizard_access", console.screen());
    console.ctrl('n');
    insta::assert_snapshot!("wizard_kubeconfig", console.screen());
    console.ctrl('r');
    let Some(Effect::Wizard(WizardTask::Rehearse(id, order))) = console.effects.pop() else { panic!("no rehearsal") };
    assert_eq!((order.user.as_str(), order.expiration_seconds), ("zoe", 86_400));
    let notes = [
        Note { step: StepKind::Request, weight: Severity::Fine, text: "the server would take it".into() },
        Note { step: StepKind::Approve, weight: Severity::Notice, text: "you may not approve it yourself".into() },
    ];
    console.dispatch(Event::Wizard(WizardResult::Rehearsed(
        id,
        Ok(PreflightReport { notes: notes.to_vec(), verdict: Some(Verdict::default()), ..PreflightReport::default() }),
    )));
    insta::assert_snapshot!("wizard_review", console.screen());
    console.press(KeyCode::Enter);
    assert!(console.screen().contains("Enter answers nothing here; y does"), "{}", console.screen());
    console.press(KeyCode::Char('y'));
    let Some(Effect::Wizard(WizardTask::Begin(id, ..))) = console.effects.pop() else { panic!("it does not run") };
    for progress in [
        Progress::Started(StepKind::Key),
        Progress::Done(StepKind::Key, "made".into(), std::time::Duration::from_millis(160)),
        Progress::Started(StepKind::Request),
        Progress::Failed(
            StepKind::Request,
            UserError::new("a request zoe is there already").with_hint("Take another name."),
        ),
    ] {
        console.dispatch(Event::Wizard(WizardResult::Progress(id, progress)));
    }
    insta::assert_snapshot!("wizard_run_failed", console.screen());
}

/// The wizard's review of an order for zoe, with this verdict.
fn reviewed(refusal: Option<Refusal>, level: Level) -> TestConsole {
    let mut console = TestConsole::with(&[]);
    console.press(KeyCode::Char('n'));
    console.types("zoe");
    console.ctrl('r');
    let Some(Effect::Wizard(WizardTask::Rehearse(id, _))) = console.effects.pop() else { panic!("no rehearsal") };
    let finding = Finding {
        rule: "policy-name",
        level,
        text: "It logs in as zoe: the policy forbids z*.".into(),
        todo: "Ask.",
        headline: "policy",
    };
    let verdict = Some(Verdict { findings: vec![finding] });
    console.dispatch(Event::Wizard(WizardResult::Rehearsed(
        id,
        Ok(PreflightReport { verdict, refusal, ..PreflightReport::default() }),
    )));
    console
}

fn begins(console: &mut TestConsole) -> Option<Vec<String>> {
    console.effects.drain(..).find_map(|effect| match effect {
        Effect::Wizard(WizardTask::Begin(_, _, _, confirmed)) => Some(confirmed),
        _ => None,
    })
}

#[test]
fn a_dangerous_order_is_run_by_the_users_name_alone_typed_and_not_pasted() {
    let mut console = reviewed(Some(Refusal::Dangerous { name: "zoe".into() }), Level::Danger);
    let screen = console.screen();
    assert!(screen.contains("the policy forbids z*") && screen.contains("type the user's name"), "{screen}");
    insta::assert_snapshot!("wizard_review_danger", screen);
    console.press(KeyCode::Enter);
    console.types("y");
    console.press(KeyCode::Enter);
    assert_eq!(begins(&mut console), None);
    assert!(console.screen().contains("not the user's name"), "{}", console.screen());
    console.ctrl('u');
    console.dispatch(Event::Paste("zoe\n".into()));
    console.press(KeyCode::Enter);
    assert_eq!(begins(&mut console), None);
    console.dispatch(Event::Paste("zoe".into()));
    assert!(console.screen().contains("typed, not pasted"), "{}", console.screen());
    console.types("zoe");
    console.dispatch(Event::Resized(Size::new(20, 5)));
    console.press(KeyCode::Enter);
    assert_eq!(begins(&mut console), None, "at 20×5 nothing is seen");
    console.dispatch(Event::Resized(Size::new(80, 24)));
    console.press(KeyCode::Enter);
    assert_eq!(begins(&mut console), Some(vec!["zoe".to_owned()]));
}

#[test]
fn what_the_gate_refuses_for_another_reason_is_not_run_by_the_wizard() {
    let mut console = reviewed(Some(Refusal::Changed), Level::Warning);
    console.types("y");
    console.press(KeyCode::Enter);
    assert_eq!(begins(&mut console), None);
    let mut console = reviewed(None, Level::Warning);
    assert!(console.screen().contains("policy-name"), "the review has no verdict: {}", console.screen());
    console.types("y");
    assert_eq!(begins(&mut console), Some(Vec::new()));
}

#[test]
fn a_plan_with_a_problem_cannot_be_run() {
    let mut console = TestConsole::with(&[]);
    console.press(KeyCode::Char('n'));
    console.types("zoe");
    console.ctrl('r');
    let Some(Effect::Wizard(WizardTask::Rehearse(id, _))) = console.effects.pop() else { panic!("no rehearsal") };
    let problem =
        Note { step: StepKind::Kubeconfig, weight: Severity::Problem, text: "config has a user zoe already".into() };
    console.dispatch(Event::Wizard(WizardResult::Rehearsed(
        id,
        Ok(PreflightReport { notes: vec![problem], ..PreflightReport::default() }),
    )));
    console.press(KeyCode::Char('y'));
    assert!(console.effects.iter().all(|effect| !matches!(effect, Effect::Wizard(WizardTask::Begin(..)))));
    assert!(console.screen().contains("has a user zoe already"));
}

#[test]
fn a_wrong_field_is_named_and_gets_the_keyboard() {
    let mut console = TestConsole::with(&[]);
    console.press(KeyCode::Char('n'));
    console.types("system:admin");
    console.ctrl('r');
    assert!(console.screen().contains("✖ User name: names with system: belong"), "{}", console.screen());
    console.press(KeyCode::Esc);
    assert!(console.screen().contains("Leave the wizard?"));
    console.press(KeyCode::Char('y'));
    assert!(console.state.wizard.is_none());
}

#[test]
fn a_pasted_newline_confirms_nothing() {
    let requests = three();
    let mut console = TestConsole::with(&requests);
    console.press(KeyCode::Char('a'));
    let before = console.screen();
    console.dispatch(Event::Paste("y\n".into()));
    assert_eq!(console.screen(), before, "it changed a field that nobody edits");
    assert!(!console.effects.iter().any(|effect| matches!(effect, Effect::Decide(..))));
}

/// FINDINGS A7: lines of a paste are never joined.
#[test]
fn several_pasted_lines_are_list_entries_or_refused_with_the_reason() {
    let mut console = TestConsole::with(&three());
    console.press(KeyCode::Char('n'));
    console.dispatch(Event::Paste("petra\nbob\n".into()));
    let screen = console.screen();
    assert!(screen.contains("not pasted: it is several lines") && !screen.contains("petra"), "{screen}");
    console.dispatch(Event::Paste("petra\n".into()));
    console.press(KeyCode::Tab);
    console.dispatch(Event::Paste("dev\nqa\n".into()));
    let screen = console.screen();
    assert!(screen.contains("petra") && screen.contains("dev, qa"), "{screen}");
    assert_eq!(console.state.wizard.as_ref().unwrap().order().0.groups, ["dev", "qa"]);
    // Search lines, the palette, a text's search: one line each.
    let mut console = TestConsole::with(&three());
    for open in [":", "/"] {
        console.press(KeyCode::Char(open.chars().next().unwrap()));
        console.dispatch(Event::Paste("ap\nprove".into()));
        assert!(console.screen().contains("not pasted: it is several lines"), "{}", console.screen());
        console.dispatch(Event::Paste("jan".into()));
        assert!(console.screen().contains("jan"), "{}", console.screen());
        console.press(KeyCode::Esc);
    }
}

#[test]
fn every_size_is_drawn_without_a_panic() {
    let requests = three();
    for (width, height) in [(1, 1), (20, 6), (40, 10), (60, 15), (80, 24), (120, 40), (200, 60), (400, 100)] {
        let mut console = TestConsole::with(&requests);
        console.dispatch(Event::Resized(Size::new(width, height)));
        console.drawn();
        for keys in ["a", "\u{1b}x", "\u{1b}4", "1n", "zo"] {
            for c in keys.chars() {
                console.press(if c == '\u{1b}' { KeyCode::Esc } else { KeyCode::Char(c) });
                console.drawn();
            }
        }
    }
}

#[test]
fn a_wide_screen_has_the_detail_beside_the_list() {
    let mut console = TestConsole::with(&three());
    console.dispatch(Event::Resized(Size::new(160, 30)));
    insta::assert_snapshot!(console.screen());
}

#[test]
fn colours_carry_meaning_only_beside_words() {
    let mut console = TestConsole::with(&three());
    console.state.cx.theme = Theme::sixteen();
    let terminal = console.drawn();
    let buffer = terminal.backend().buffer();
    let danger = buffer.content().iter().find(|cell| cell.symbol() == "✖").unwrap();
    assert_eq!(danger.fg, Color::Red);
    let cursor =
        buffer.content().iter().find(|cell| cell.symbol() == "›" && cell.modifier.contains(Modifier::REVERSED));
    assert!(cursor.is_some());
    console.state.cx.theme = Theme::mono();
    let colours = |cell: &ratatui::buffer::Cell| cell.fg != Color::Reset || cell.bg != Color::Reset;
    assert!(!console.drawn().backend().buffer().content().iter().any(colours));
}

#[test]
fn the_screen_wakes_only_when_something_on_it_reads_differently() {
    let mut console = TestConsole::with(&[request("old", 0, "jane", &[])]);
    console.passes(3 * 3600 + 10);
    for _ in 0..5 {
        let (before, due) = (console.screen(), console.state.next_change().unwrap());
        let wait = due - console.state.cx.clock.now;
        console.state.cx.clock.now = due - TimeDelta::milliseconds(1);
        assert_eq!(console.screen(), before, "it changed before it was due");
        console.state.cx.clock.now = due;
        assert_ne!(console.screen(), before, "it was due and nothing changed");
        assert!(wait >= TimeDelta::seconds(40), "{wait}");
    }
}
