//! The Kubeconfig pane as its user sees it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::KeyCode;
use ratatui::layout::Size;
use ratatui::style::Color;

use super::{TestConsole, three};
use crate::cluster::probe::{Probe, ProbeFailure, Stage};
use crate::cluster::watch::{WatchMessage, WatchStatus};
use crate::cluster::{ClusterError, WhoAmI};
use crate::console::core::effect::Effect;
use crate::console::core::event::{Connection, Event};
use crate::console::panes::kubeconfig::{
    ChangeOutcome, KubeconfigChange, KubeconfigResult, KubeconfigTask, LoadedKubeconfigs,
};
use crate::console::panes::requests::testing::noon;
use crate::console::widgets::theme::Theme;
use crate::domain::certificate::Certificate;
use crate::domain::kubeconfig::EntryKind;
use crate::domain::kubeconfig::diagnose::{Credential, Diagnosis};
use crate::domain::kubeconfig::edit::Edit;
use crate::domain::output::shell::Kubectl;
use crate::domain::request::Identity;
use crate::error::UserError;

pub(super) fn certificate(subject: &str, user: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> Certificate {
    Certificate {
        serial: "4f2a".into(),
        subject: subject.into(),
        identity: Identity { user: user.into(), groups: vec!["dev".into(), "qa".into()] },
        issuer: "CN=kubernetes".into(),
        not_before: from,
        not_after: until,
        sha256: "ab12".into(),
        public_key_sha256: "cd34".into(),
        purposes: Vec::new(),
        is_authority: false,
    }
}

fn context(name: &str, cluster: &str, user: &str, credential: Credential) -> Diagnosis {
    let file = PathBuf::from("/home/alice/.kube/config");
    Diagnosis {
        name: name.into(),
        current: false,
        file: file.clone(),
        cluster: cluster.into(),
        cluster_file: Some(file.clone()),
        user: user.into(),
        user_file: Some(file),
        namespace: String::new(),
        server: "https://10.1.0.5:6443".into(),
        credentials: vec![credential],
        certificate: None,
        key_fits: None,
        authorities: vec![certificate("CN=kubernetes", "", noon(), noon() + TimeDelta::days(3000))],
        insecure: false,
        ends: None,
        problems: Vec::new(),
        notes: Vec::new(),
    }
}

fn with_certificate(mut context: Diagnosis, hours: i64) -> Diagnosis {
    let until = noon() + TimeDelta::hours(hours);
    let from = until - TimeDelta::days(365);
    context.certificate = Some(certificate(&format!("CN={},O=dev,O=qa", context.user), &context.user, from, until));
    (context.ends, context.key_fits) = (Some(until), Some(true));
    context
}

pub(super) fn holds() -> LoadedKubeconfigs {
    let mut prod = with_certificate(context("prod-eu", "prod-eu", "alice-admin", Credential::Certificate), 24 * 212);
    prod.current = true;
    "default".clone_into(&mut prod.namespace);
    let jane = with_certificate(context("jane", "prod-eu", "jane", Credential::Certificate), 23);
    let mut stage = context("stage", "stage", "alice", Credential::Exec("aws".into()));
    stage.cluster_file = Some("/home/alice/stage.yaml".into());
    let old = with_certificate(context("old-lab", "lab", "root", Credential::Certificate), -30);
    let mut half = context("half", "nowhere", "bob", Credential::Token);
    half.cluster_file = None;
    half.problems.push("its cluster nowhere is nowhere".into());
    LoadedKubeconfigs {
        files: vec![("/home/alice/.kube/config".into(), Some(0o600)), ("/home/alice/stage.yaml".into(), Some(0o644))],
        explicit: None,
        untrusted: BTreeMap::new(),
        contexts: vec![prod, jane, stage, old, half],
        orphans: BTreeMap::from([("jane".to_owned(), vec![(EntryKind::User, "jane".to_owned())])]),
        home: Some("/home/alice".into()),
    }
}

fn pane() -> TestConsole {
    let mut console = TestConsole::with(&three());
    console.press(KeyCode::Char('3'));
    console.dispatch(Event::Kubeconfig(KubeconfigResult::Read(Ok(Box::new(holds())))));
    console
}

impl TestConsole {
    fn last_task(&mut self) -> KubeconfigTask {
        match self.effects.pop() {
            Some(Effect::Kubeconfig(task)) => task,
            other => panic!("no task: {other:?}"),
        }
    }
}

#[test]
fn the_contexts_with_how_they_log_in_and_for_how_long() {
    let mut console = pane();
    console.press(KeyCode::Char('j'));
    insta::assert_snapshot!("kubeconfig", console.screen());
    console.state.cx.size = Size::new(40, 10);
    insta::assert_snapshot!("kubeconfig_small", console.screen());
}

#[test]
fn what_wants_attention_has_a_symbol_and_a_word_and_a_colour_besides() {
    let mut console = pane();
    let screen = console.screen();
    for text in ["! 23h left", "✖ expired", "✖ broken", "✖ nowhere", "★ prod-eu"] {
        assert!(screen.contains(text), "{text}\n{screen}");
    }
    console.state.cx.theme = Theme::sixteen();
    let drawn = console.drawn();
    let buffer = drawn.backend().buffer();
    let at = |text: &str| {
        let cells = (0..24).flat_map(|y| (0..80).map(move |x| (x, y)));
        let row = |x: u16, y: u16| (x..80).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        cells.into_iter().find(|(x, y)| row(*x, *y).starts_with(text)).unwrap()
    };
    assert_eq!(buffer[at("! 23h left")].fg, Color::Yellow);
    assert_eq!(buffer[at("✖ expired")].fg, Color::Red);
}

#[test]
fn using_a_context_writes_at_once_and_reads_again() {
    let mut console = pane();
    console.press(KeyCode::Char('j'));
    console.press(KeyCode::Enter);
    let KubeconfigTask::Change(id, change, consent, _) = console.last_task() else { panic!() };
    assert_eq!((change, consent.comments), (KubeconfigChange::Edit(Edit::Use("jane".into())), false));
    console.dispatch(Event::Kubeconfig(KubeconfigResult::Changed(
        id,
        ChangeOutcome::Done(Vec::new(), vec!["~/.kube/config, backup b".into()]),
    )));
    assert!(matches!(console.last_task(), KubeconfigTask::Read));
    assert!(console.screen().contains("use: ~/.kube/config, backup b"), "{}", console.screen());
    console.press(KeyCode::Char('4'));
    assert!(console.screen().contains("kubectl config use-context -- jane"), "{}", console.screen());
}

#[test]
fn comments_and_locks_are_asked_about_and_nothing_is_lost_unasked() {
    let mut console = pane();
    console.press(KeyCode::Char('j'));
    console.press(KeyCode::Enter);
    let KubeconfigTask::Change(id, ..) = console.last_task() else { panic!() };
    console.dispatch(Event::Kubeconfig(KubeconfigResult::Changed(
        id,
        ChangeOutcome::Comments("/home/alice/.kube/config".into()),
    )));
    assert!(console.screen().contains("has comments, which writing it loses"), "{}", console.screen());
    console.press(KeyCode::Char('y'));
    let KubeconfigTask::Change(id, _, consent, _) = console.last_task() else { panic!() };
    assert!(consent.comments && !consent.lock);
    console.dispatch(Event::Kubeconfig(KubeconfigResult::Changed(
        id,
        ChangeOutcome::Locked("/home/alice/.kube/config.lock".into(), Some(10_800)),
    )));
    assert!(console.screen().contains("config.lock is there, 3h old"), "{}", console.screen());
    console.press(KeyCode::Char('y'));
    let KubeconfigTask::Change(_, _, consent, _) = console.last_task() else { panic!() };
    assert!(consent.comments && consent.lock);
}

#[test]
fn a_deletion_lists_what_is_removed_and_what_stays() {
    let mut console = pane();
    console.press(KeyCode::Char('j'));
    console.press(KeyCode::Char('x'));
    insta::assert_snapshot!("kubeconfig_delete", console.screen());
    console.press(KeyCode::Char('n'));
    assert!(console.effects.iter().all(|effect| !matches!(effect, Effect::Kubeconfig(KubeconfigTask::Change(..)))));
}

#[test]
fn an_import_shows_both_sides_before_anything_is_written() {
    let mut console = pane();
    console.press(KeyCode::Char('i'));
    console.types("colleague.yaml");
    console.press(KeyCode::Enter);
    let KubeconfigTask::Plan(id, path) = console.last_task() else { panic!() };
    assert_eq!(path, PathBuf::from("colleague.yaml"));
    let lines = vec![
        "user admin: another has that name; added as admin-colleague".into(),
        "  token: here (sha256 1a), there (sha256 2b)".into(),
    ];
    console.dispatch(Event::Kubeconfig(KubeconfigResult::Planned(id, Ok(lines))));
    insta::assert_snapshot!("kubeconfig_import", console.screen());
    console.press(KeyCode::Char('y'));
    assert!(matches!(console.last_task(), KubeconfigTask::Change(_, KubeconfigChange::Import(_), ..)));
}

#[test]
fn a_test_says_who_one_is_or_at_which_step_it_failed() {
    let mut console = pane();
    console.press(KeyCode::Char('t'));
    let KubeconfigTask::Test(id, name) = console.last_task() else { panic!() };
    let who = WhoAmI { username: "alice-admin".into(), groups: vec!["ops".into()], ..WhoAmI::default() };
    let probe = Probe { took: Duration::from_millis(42), version: Some("v1.36.3".into()), outcome: Ok(who) };
    console.dispatch(Event::Kubeconfig(KubeconfigResult::Tested(id, name.clone(), Box::new(probe))));
    assert!(console.screen().contains("✔ v1.36.3 says: alice-admin (ops), 0.04 s"), "{}", console.screen());
    for _ in 0..3 {
        console.press(KeyCode::Char('j'));
    }
    console.press(KeyCode::Char('t'));
    let KubeconfigTask::Test(second, name) = console.last_task() else { panic!() };
    let error = ClusterError::Unauthorized { server: "https://lab".into() };
    let failed = |stage| Probe {
        took: Duration::from_millis(42),
        version: None,
        outcome: Err(ProbeFailure { stage, error: error.clone() }),
    };
    // An answer to a question that no one asks any more is ignored.
    console.dispatch(Event::Kubeconfig(KubeconfigResult::Tested(id, name.clone(), Box::new(failed(Stage::Dns)))));
    assert!(console.screen().contains("testing…"));
    console.dispatch(Event::Kubeconfig(KubeconfigResult::Tested(second, name, Box::new(failed(Stage::Login)))));
    assert!(console.screen().contains("401: the certificate expired 1d ago"), "{}", console.screen());
}

#[test]
fn switching_forgets_the_old_cluster_and_keeps_what_is_not_the_clusters() {
    let mut console = TestConsole::with(&three());
    console.dispatch(Event::Kubeconfig(KubeconfigResult::Read(Ok(Box::new(holds())))));
    console.press(KeyCode::Char('c'));
    console.press(KeyCode::Char('j'));
    insta::assert_snapshot!("kubeconfig_switch", console.screen());
    console.press(KeyCode::Enter);
    assert!(
        matches!(console.effects.pop(), Some(Effect::Connect { context: Some(name), login: false }) if name == "jane")
    );
    let screen = console.screen();
    assert!(screen.contains("○ loading") && !screen.contains("jane-7f3k") && !screen.contains("prod-eu ›"), "{screen}");
    let connection = Connection {
        context: "jane".into(),
        kubectl: Kubectl::new([("context", "jane".to_owned())]),
        ..Connection::default()
    };
    console.dispatch(Event::Connected(Ok(connection)));
    console.dispatch(Event::Watch(WatchMessage::Status(WatchStatus::Live)));
    assert!(console.screen().contains("countersign  jane ›"), "{}", console.screen());
}

#[test]
fn a_credential_that_expires_soon_is_reported_at_the_start_and_in_the_header() {
    let mut console = TestConsole::with(&three());
    let mut own = holds();
    own.contexts[0] = with_certificate(context("prod-eu", "prod-eu", "alice-admin", Credential::Certificate), 50);
    console.dispatch(Event::Kubeconfig(KubeconfigResult::Read(Ok(Box::new(own)))));
    assert!(console.screen().contains("what prod-eu logs in with expires in 2d"), "{}", console.screen());
    console.passes(60);
    assert!(console.screen().contains("! 2d left"), "{}", console.screen());
}

#[test]
fn a_bare_401_is_explained_by_the_certificate_that_has_expired() {
    let mut console = TestConsole::with(&three());
    let connection = Connection { context: "old-lab".into(), ..Connection::default() };
    console.state.cx.session.identified = None;
    console.dispatch(Event::Connected(Ok(connection)));
    let refused = UserError::from(ClusterError::Unauthorized { server: "https://lab".into() });
    console.dispatch(Event::Identified(Err(refused)));
    console.dispatch(Event::Kubeconfig(KubeconfigResult::Read(Ok(Box::new(holds())))));
    console.passes(60);
    assert!(console.screen().contains("401: the certificate or token expired 1d ago"), "{}", console.screen());
}

#[test]
fn a_read_only_console_writes_no_kubeconfig() {
    let mut console = pane();
    console.state.cx.session.read_only = true;
    console.effects.clear();
    console.press(KeyCode::Char('j'));
    for key in [KeyCode::Enter, KeyCode::Char('x'), KeyCode::Char('r'), KeyCode::Char('i')] {
        console.press(key);
    }
    assert!(console.effects.is_empty() && console.state.dialogs.is_empty());
    assert!(console.screen().contains("read-only"), "{}", console.screen());
}

#[test]
fn where_nothing_is_seen_no_kubeconfig_is_written() {
    for keys in ["j\r", "jxy", "jr-2\r", "jEy"] {
        let mut console = pane();
        console.dispatch(Event::Resized(Size::new(20, 5)));
        console.effects.clear();
        for c in keys.chars() {
            console.press(if c == '\r' { KeyCode::Enter } else { KeyCode::Char(c) });
        }
        assert!(console.effects.is_empty(), "{keys:?}: {:?}", console.effects);
    }
}

#[test]
fn hostile_names_reach_no_cell() {
    let mut console = pane();
    let mut own = holds();
    own.contexts[0].name = "\u{1b}[2Jx\u{202e}".into();
    own.contexts[0].problems.push("\u{1b}]0;x\u{7}".into());
    console.dispatch(Event::Kubeconfig(KubeconfigResult::Read(Ok(Box::new(own)))));
    for key in ['k', 'x', 'n', 'r'] {
        console.press(KeyCode::Char(key));
        assert!(!console.screen().contains(['\u{1b}', '\u{202e}', '\u{7}']));
    }
}
