//! Eight hours on a busy cluster, simulated in seconds: a million watch events, new and deleted requests, relists, changed
//! roles, key presses – and the console uses no more memory at the end than early on.
//!
//! A separate test target, because its allocator counts every byte in use.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::alloc::System;
use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use countersign::testing::cluster::WhoAmI;
use countersign::testing::cluster::rbac_watch::{RbacMessage, Reach};
use countersign::testing::cluster::watch::{RequestChange, WatchMessage, WatchStatus};
use countersign::testing::console::core::clock::Clock;
use countersign::testing::console::core::effect::Effect;
use countersign::testing::console::core::event::{Connection, Event, Identified};
use countersign::testing::console::core::state::State;
use countersign::testing::console::core::update::update;
use countersign::testing::console::core::view;
use countersign::testing::console::dialogs;
use countersign::testing::console::panes::requests::Loaded;
use countersign::testing::console::panes::{activity, rbac};
use countersign::testing::console::widgets::theme::Theme;
use countersign::testing::domain::access::object::RbacKind;
use countersign::testing::domain::access::{Binding, Policy, Role};
use countersign::testing::domain::commands;
use countersign::testing::domain::interner::{Interner, Uid, Version};
use countersign::testing::domain::output::shell::Kubectl;
use countersign::testing::domain::request::{
    CLIENT_SIGNER, Pkcs10, PublicKey, Request, RequestState as Stage, RequestVersion, Requester, San,
};
use countersign::testing::domain::row::Row;
use countersign::testing::domain::verdict::{ApiHosts, Level, RequestFacts, Verdict, uid_id};
use countersign::testing::operations::issue::WriteRecord;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use k8s_openapi::api::rbac::v1 as api;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes in use.
fn bytes() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

const EVENTS: usize = 1_000_000;
const HOURS: i64 = 8;
/// Requests that exist at a time; the cluster deletes the older ones.
const LIVE_REQUESTS: usize = 600;
/// Requests that are created between two watch messages.
const CREATED: u64 = 25;
/// Messages between two relists.
const RELIST_INTERVAL: usize = 400;

/// The cluster, as the watch sees it.
#[derive(Default)]
struct Cluster {
    interner: Interner,
    alive: VecDeque<Row>,
    created: u64,
    version: u64,
}

impl Cluster {
    /// A request of a new user with a new key; groups, signers and requesters change more slowly.
    fn create_request(&mut self, now: DateTime<Utc>) -> Row {
        let number = self.created;
        self.created += 1;
        let uid = format!("{number:08x}-0000-4000-8000-{number:012x}");
        let node = number.is_multiple_of(4);
        let signer = match number % 100 {
            0 => format!("example.com/signer-{}", number / 1000),
            _ if node => "kubernetes.io/kubelet-serving".to_owned(),
            _ => CLIENT_SIGNER.to_owned(),
        };
        let interner = &mut self.interner;
        let groups = [format!("team-{}", number / 50), "dev".to_owned()];
        let user = if node { format!("system:node:worker-{}", number / 8) } else { format!("person-{number}") };
        let hosts = [San::Dns(format!("worker-{}", number / 8)), San::Ip(format!("10.0.{}.7", number % 250))];
        let facts = RequestFacts {
            uid: uid_id(&uid),
            name: interner.own(&format!("csr-{number}")),
            state: Stage::Pending,
            created_at: Some(now),
            approved_at: None,
            signer: interner.text(&signer),
            user: interner.own(&user),
            groups: interner.texts(&groups),
            requester: interner.requester(&format!("asker-{}", number / 10), &[format!("askers-{}", number / 30)]),
            // Now and then two have one key.
            key: Some(u128::from(number - number % 20 / 19).to_be_bytes()),
            hosts: if node { hosts.into() } else { Arc::default() },
            expiration_seconds: Some(86_400),
        };
        Row { version: self.next_version(), ..row(facts, Uid::of(&uid)) }
    }

    fn next_version(&mut self) -> Version {
        self.version += 1;
        Version::of(&self.version.to_string())
    }

    /// A request that stood at `place` from the newest becomes something else.
    fn set_stage(&mut self, place: usize, stage: Stage, now: DateTime<Utc>) -> Option<RequestChange> {
        let version = self.next_version();
        let at = self.alive.len().checked_sub(place)?;
        let old = self.alive.get_mut(at)?;
        let approved_at = old.approved_at.or((stage == Stage::Approved).then_some(now));
        let facts = RequestFacts { state: stage, approved_at, ..(*old.facts).clone() };
        *old = Row { version, ..row(facts, old.uid.clone()) };
        Some(RequestChange::Applied(old.clone()))
    }

    /// What happens until the next message.
    fn changes(&mut self, now: DateTime<Utc>) -> Vec<RequestChange> {
        let mut changes = Vec::new();
        for _ in 0..CREATED {
            let row = self.create_request(now);
            self.alive.push_back(row.clone());
            changes.push(RequestChange::Applied(row));
            let denied = self.created.is_multiple_of(9);
            changes.extend(self.set_stage(
                LIVE_REQUESTS / 2,
                if denied { Stage::Denied } else { Stage::Approved },
                now,
            ));
            if !denied {
                changes.extend(self.set_stage(LIVE_REQUESTS / 2 + 1, Stage::Issued, now));
            }
            if self.alive.len() > LIVE_REQUESTS {
                changes.extend(self.alive.pop_front().map(|row| RequestChange::Deleted(row.uid.clone())));
            }
        }
        changes
    }

    /// Roles and bindings that come and go.
    fn policy(&self) -> Policy {
        let role = |number: u64| Role {
            name: format!("role-{number}"),
            rules: vec![api::PolicyRule {
                api_groups: Some(vec![String::new()]),
                resources: Some(vec!["pods".into(), "secrets".into()]),
                verbs: vec!["get".into(), "list".into()],
                ..api::PolicyRule::default()
            }],
            ..Role::default()
        };
        let binding = |number: u64| Binding {
            name: format!("binding-{number}"),
            role: api::RoleRef {
                api_group: "rbac.authorization.k8s.io".into(),
                kind: "ClusterRole".into(),
                name: format!("role-{number}"),
            },
            subjects: vec![api::Subject {
                kind: "Group".into(),
                name: format!("team-{number}"),
                api_group: Some("rbac.authorization.k8s.io".into()),
                namespace: None,
            }],
            ..Binding::default()
        };
        let numbers = self.created / 50..self.created / 50 + 40;
        Policy::new(numbers.clone().map(role), numbers.map(binding))
    }

    /// A request in full.
    fn read(&self, pin: &RequestVersion) -> Option<Loaded> {
        let row = self.alive.iter().find(|row| *row.name == *pin.name)?;
        let owned = |texts: &[Arc<str>]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let request = Request {
            pin: row.pin(),
            created_at: row.created_at,
            signer_name: row.signer.to_string(),
            usages: vec!["client auth".into()],
            expiration_seconds: row.expiration_seconds,
            requester: Requester {
                username: row.requester.user.to_string(),
                groups: owned(&row.requester.groups),
                ..Requester::default()
            },
            pkcs10: Ok(Pkcs10 {
                subject: format!("CN={}", row.user),
                common_names: vec![row.user.to_string()],
                organizations: owned(&row.groups),
                odd_strings: Vec::new(),
                sans: row.hosts.to_vec(),
                key: PublicKey { algorithm: "RSA".into(), bits: 2048, sha256: "00".into() },
                signature_algorithm: "SHA256-RSA".into(),
                signature_valid: Some(true),
                oddities: Vec::new(),
            }),
            conditions: Vec::new(),
            certificate: None,
        };
        let yaml = format!("kind: CertificateSigningRequest\nmetadata: {{name: {}}}\n", row.name);
        Some(Loaded { request, verdict: Verdict::default(), yaml })
    }
}

fn row(facts: RequestFacts, uid: Uid) -> Row {
    let alone = (Level::Ok, "ok");
    Row { facts: facts.into(), uid, version: Version::of("1"), alone, level: alone.0, headline: alone.1 }
}

/// The console, its cluster, and the time.
struct Day {
    cluster: Cluster,
    state: State,
    now: DateTime<Utc>,
    events: usize,
    terminal: Terminal<TestBackend>,
}

impl Day {
    fn start() -> Self {
        let now = DateTime::from_timestamp(1_795_500_000, 0).unwrap();
        let state = State::new(Clock { now, utc: true }, Size::new(120, 40), Theme::mono(), false);
        let terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
        let mut day = Self { cluster: Cluster::default(), state, now, events: 0, terminal };
        day.dispatch(Event::Connected(Ok(Connection { context: "prod".into(), ..Connection::default() })));
        let who = WhoAmI { username: "alice-admin".into(), ..WhoAmI::default() };
        let api_hosts = ApiHosts::default();
        day.dispatch(Event::Identified(Ok(Identified { who, version: "v1.36.3".into(), ca_ends: None, api_hosts })));
        for kind in RbacKind::ALL {
            let reach = Reach { status: WatchStatus::Live, only: None };
            day.dispatch(Event::Rbac(rbac::RbacResult::Watch(RbacMessage::Status(kind, reach))));
        }
        day
    }

    /// Handles one event, its effects, and the work that it leaves.
    fn dispatch(&mut self, event: Event) {
        let mut effects = update(&mut self.state, event, self.now);
        while let Some(effect) = effects.pop() {
            effects.extend(self.answer(effect).into_iter().flat_map(|event| update(&mut self.state, event, self.now)));
        }
        while self.state.cx.requests.is_working() {
            effects.extend(update(&mut self.state, Event::Work, self.now));
        }
        for effect in effects {
            if let Some(event) = self.answer(effect) {
                update(&mut self.state, event, self.now);
            }
        }
    }

    /// The cluster reads and deletes as requested, and answers every decision with a conflict.
    fn answer(&mut self, effect: Effect) -> Option<Event> {
        let trouble = || countersign::testing::error::UserError::new("it changed meanwhile");
        Some(match effect {
            Effect::Read(pin) => {
                let result = self.cluster.read(&pin).map(Box::new).ok_or_else(trouble);
                Event::Read { uid: pin.uid, result }
            }
            Effect::Decide(id, ..) => Event::Decided(id, Err(trouble())),
            Effect::Delete(id, _) => Event::Deleted(id, Ok(())),
            Effect::DecideAll(id, ..) => Event::Bulk(id, dialogs::bulk::result::BulkResult::Ended),
            _ => return None,
        })
    }

    fn changes(&mut self, changes: Vec<RequestChange>) {
        self.events += changes.len();
        self.dispatch(Event::Watch(WatchMessage::Changes(changes)));
    }

    /// The watch is lost for a minute, in which some requests are deleted: a relist follows.
    fn relist(&mut self) {
        let status = WatchStatus::Degraded {
            why: countersign::testing::error::UserError::new("gone"),
            since: self.now,
            next_try: self.now,
        };
        self.dispatch(Event::Watch(WatchMessage::Status(status)));
        self.advance_clock(TimeDelta::seconds(60));
        self.dispatch(Event::Watch(WatchMessage::Restarted));
        self.cluster.alive.drain(..15);
        let rows: Vec<Row> = self.cluster.alive.iter().cloned().collect();
        for rows in rows.chunks(512) {
            self.changes(rows.iter().cloned().map(RequestChange::Applied).collect());
        }
        self.dispatch(Event::Watch(WatchMessage::Listed));
        self.dispatch(Event::Watch(WatchMessage::Status(WatchStatus::Live)));
        self.dispatch(Event::Rbac(rbac::RbacResult::Watch(RbacMessage::Policy(Arc::new(self.cluster.policy())))));
        assert_eq!(self.state.cx.requests.index.total(), self.cluster.alive.len());
    }

    fn advance_clock(&mut self, time: TimeDelta) {
        self.now += time;
        self.dispatch(Event::Clock);
    }

    /// Keys: `⎋` Esc, `⏎` Enter, `⇥` Tab, `☑` Ctrl-A.
    fn type_text(&mut self, keys: &str) {
        for key in keys.chars() {
            let (code, modifiers) = match key {
                '⎋' => (KeyCode::Esc, KeyModifiers::NONE),
                '⏎' => (KeyCode::Enter, KeyModifiers::NONE),
                '⇥' => (KeyCode::Tab, KeyModifiers::NONE),
                '☑' => (KeyCode::Char('a'), KeyModifiers::CONTROL),
                key => (KeyCode::Char(key), KeyModifiers::NONE),
            };
            self.dispatch(Event::Key(KeyEvent::new(code, modifiers)));
        }
    }

    fn draw(&mut self) {
        let state = &self.state;
        self.terminal.draw(|frame| view::draw(frame, state)).unwrap();
    }
}

/// Key sequences of a day's work; each returns to the list.
const KEY_SEQUENCES: [&str; 16] = [
    "jjjj",
    "G",
    "g  ",
    "s",
    "S",
    "f",
    "/person-⎋",
    "⏎⇥⇥⇥⎋",
    "☑",
    "ay⏎⎋",
    "dy⎋⎋",
    "Cjj J⎋",
    "2⏎⏎⏎⏎v1",
    "4j1",
    "?⎋:⎋",
    "U/team⏎⎋",
];

#[test]
fn memory_does_not_grow_over_a_million_events() {
    let mut day = Day::start();
    // Long before, a thousand things were done here: the pane of what was done is as full as it gets.
    for number in 0..=activity::KEPT {
        let object = format!("csr/csr-{number}");
        let command = commands::approve(&Kubectl::plain(), &format!("csr-{number}"));
        day.state
            .activity
            .add(day.now, WriteRecord { what: "approve", object, outcome: Ok("approved".into()), command });
    }
    let step = TimeDelta::hours(HOURS) / i32::try_from(EVENTS / 100).unwrap();
    let (mut early, mut late, mut lists) = (0, 0, 0);
    for message in 0.. {
        let changes = day.cluster.changes(day.now);
        day.changes(changes);
        day.advance_clock(step);
        if message % 16 == 0 {
            day.type_text(KEY_SEQUENCES[message / 16 % KEY_SEQUENCES.len()]);
        }
        if message % 100 == 0 {
            day.draw();
        }
        if message % RELIST_INTERVAL == RELIST_INTERVAL - 1 {
            day.relist();
            day.draw();
            lists += 1;
            match day.events {
                200_000..400_000 => early = early.max(bytes()),
                800_000.. => late = late.max(bytes()),
                _ => {}
            }
        }
        if day.events >= EVENTS {
            break;
        }
    }
    let hours = (day.now - DateTime::from_timestamp(1_795_500_000, 0).unwrap()).as_seconds_f64() / 3600.0;
    println!("{} events, {lists} lists, {hours:.1} hours: {early} bytes early, {late} late", day.events);
    assert!(lists > 15 && early > 0 && late > 0);
    assert!(day.state.activity.records().len() == activity::KEPT && day.state.activity.count() > activity::KEPT);
    // A table that grows by doubling may do so late; what grows with the events would have trebled.
    assert!(late < early + early / 20, "{early} bytes early, {late} late");
}
