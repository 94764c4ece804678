//! The console as its user sees it: events in, screens out. No terminal, no cluster, no clock.

mod documents;
mod fake_cluster;
mod harness;
mod kubeconfig;
mod login;
mod random;
mod rbac;
mod reached;
mod screens;
mod ways;
mod wizard;

use chrono::TimeDelta;
use crossterm::event::KeyCode;
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier};

use crate::cluster::Verb;
use crate::cluster::watch::{WatchMessage, WatchStatus};
use crate::console::core::clock::Clock;
use crate::console::core::effect::Effect;
use crate::console::core::event::Event;
use crate::console::core::state::State;
use crate::console::panes::requests::testing::{noon, request};
use crate::console::widgets::theme::Theme;
use crate::domain::request::{Condition, Request};
use crate::domain::verdict::{Context, judge};
use crate::error::UserError;
use harness::{TestConsole, three};

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
fn every_size_shows_the_context() {
    let requests = three();
    for (width, height) in [(1, 1), (20, 6), (40, 10), (60, 15), (80, 24), (120, 40), (200, 60), (400, 100)] {
        let mut console = TestConsole::with(&requests);
        console.dispatch(Event::Resized(Size::new(width, height)));
        // Below 40 columns the header has no space for all of it.
        let is_fine = |screen: &str| screen.contains("prod") || (width < 40 && screen.contains(char::is_alphabetic));
        assert!(is_fine(&console.screen()), "{width}×{height}");
        for keys in ["a", "\u{1b}x", "\u{1b}4", "1n", "zo"] {
            for c in keys.chars() {
                console.press(if c == '\u{1b}' { KeyCode::Esc } else { KeyCode::Char(c) });
                assert!(is_fine(&console.screen()), "{width}×{height} after {c:?}\n{}", console.screen());
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
