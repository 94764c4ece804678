//! The parts alone: decode, verdict, index, access, frame. `tests/perf/run micro`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use countersign::testing::cluster::list_reader::ListItem;
use countersign::testing::cluster::list_reader::protobuf::Decoder;
use countersign::testing::cluster::rbac_watch::RbacMessage;
use countersign::testing::cluster::slim_request::SlimRequest;
use countersign::testing::cluster::watch::{RequestChange, WatchMessage, WatchStatus};
use countersign::testing::console::core::clock::Clock;
use countersign::testing::console::core::event::Event;
use countersign::testing::console::core::state::State;
use countersign::testing::console::core::update::update;
use countersign::testing::console::core::view;
use countersign::testing::console::panes::rbac::RbacResult;
use countersign::testing::console::panes::requests::index::{Index, SortKey};
use countersign::testing::console::widgets::theme::Theme;
use countersign::testing::domain::access::{
    Action, Binding, Policy, Principal, ResourceAction, Role, count_risks, has_near_misses,
};
use countersign::testing::domain::interner::{Interner, Uid};
use countersign::testing::domain::key_type::KeyType;
use countersign::testing::domain::request::{Pkcs10, Request};
use countersign::testing::domain::row::Row;
use countersign::testing::domain::verdict::{Context, RequestFacts, judge, uid_id};
use countersign::testing::keys::{PrivateKey, certification_request};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use divan::{Bencher, black_box_drop};
use k8s_openapi::api::rbac::v1 as rbac;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;

/// Rows of the large list.
const MANY: u32 = 100_000;

fn main() {
    divan::main();
}

/// A watch event's object as the API server sends it, managedFields and all.
fn object() -> String {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let pem = certification_request(&key, "jane", &["dev".to_owned()]).unwrap();
    let fields = serde_json::json!({"f:spec": {
        "f:expirationSeconds": {}, "f:request": {}, "f:signerName": {}, "f:usages": {},
    }});
    let object = serde_json::json!({
        "kind": "CertificateSigningRequest", "apiVersion": "certificates.k8s.io/v1",
        "metadata": {
            "name": "load-000001", "uid": "0b5c1f0e-6f6a-4d5e-9c3b-0123456789ab", "resourceVersion": "812",
            "creationTimestamp": "2026-11-23T17:31:18Z",
            "managedFields": [{
                "manager": "kubectl-create", "operation": "Update", "apiVersion": "certificates.k8s.io/v1",
                "time": "2026-11-23T17:31:18Z", "fieldsType": "FieldsV1", "fieldsV1": fields,
            }],
        },
        "spec": {
            "request": STANDARD.encode(pem), "signerName": "kubernetes.io/kube-apiserver-client",
            "expirationSeconds": 86_400, "usages": ["client auth"], "username": "admin",
            "groups": ["system:masters", "system:authenticated"],
            "extra": {"authentication.kubernetes.io/credential-id": ["X509SHA256=0123456789abcdef0123456789abcdef"]},
        },
        "status": {},
    });
    object.to_string()
}

/// A field of a protobuf message.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    prost::encode_length_delimiter(content.len(), &mut bytes).unwrap();
    bytes.extend_from_slice(content);
    bytes
}

/// A list of so many objects like [`object`], as the API server answers it in protobuf.
fn answer(count: usize) -> Vec<u8> {
    let whole: serde_json::Value = serde_json::from_str(&object()).unwrap();
    let pem = STANDARD.decode(whole["spec"]["request"].as_str().unwrap()).unwrap();
    let fields = whole["metadata"]["managedFields"][0]["fieldsV1"].to_string();
    let managed = [field(1, b"kubectl-create"), field(2, b"Update"), field(7, &field(1, fields.as_bytes()))].concat();
    let metadata = [
        field(1, b"load-000001"),
        field(5, b"0b5c1f0e-6f6a-4d5e-9c3b-0123456789ab"),
        field(6, b"812"),
        field(8, &[0x08, 0xae, 0xc6, 0x8e, 0xd9, 0x06]),
        // managedFields has the number 17, and so a key of two bytes.
        [&[0x8a, 0x01], &field(0, &managed)[1..]].concat(),
    ];
    let spec = [
        field(1, &pem),
        field(2, b"admin"),
        field(4, b"system:masters"),
        field(4, b"system:authenticated"),
        field(5, b"client auth"),
        field(7, b"kubernetes.io/kube-apiserver-client"),
        vec![0x40, 0x80, 0xa3, 0x05],
    ];
    let item = field(2, &[field(1, &metadata.concat()), field(2, &spec.concat())].concat());
    let list = [field(1, &field(2, b"812")), item.repeat(count)].concat();
    [b"k8s\0".to_vec(), field(2, &list), field(3, b""), field(4, b"")].concat()
}

fn request() -> Request {
    serde_json::from_str::<SlimRequest>(&object()).unwrap().request
}

fn rows(count: u32) -> Vec<Row> {
    let (request, noon) = (request(), DateTime::from_timestamp(1_795_500_000, 0).unwrap());
    let (verdict, mut interner) = (judge(&request, &Context::default()), Interner::default());
    let row = |number: u32| {
        let row = Row::new(&request, &verdict, &mut interner);
        let uid = format!("0b5c1f0e-6f6a-4d5e-9c3b-{number:012x}");
        let facts = RequestFacts {
            uid: uid_id(&uid),
            name: format!("load-{number:06}").into(),
            user: format!("user-{:06}", number.wrapping_mul(7919) % count).into(),
            created_at: Some(noon + TimeDelta::seconds(i64::from(number / 300))),
            ..(*row.facts).clone()
        };
        Row { facts: facts.into(), uid: Uid::of(&uid), ..row }
    };
    (0..count).map(row).collect()
}

fn index() -> Index {
    let mut index = Index::default();
    for batch in rows(MANY).chunks(512) {
        index.apply(batch.iter().cloned().map(RequestChange::Applied).collect());
    }
    index
}

#[divan::bench]
fn decode_the_object_of_a_watch_event(bencher: Bencher) {
    let text = object();
    bencher.bench(|| serde_json::from_str::<SlimRequest>(black_box(&text)).unwrap());
}

/// As it arrives: in pieces of 16 KiB.
#[divan::bench]
fn decode_a_thousand_objects_of_a_list(bencher: Bencher) {
    let answer = answer(1000);
    bencher.bench(|| {
        let (mut decoder, mut count) = (Decoder::default(), 0);
        for chunk in black_box(&answer).chunks(16 << 10) {
            decoder.push(chunk);
            while let Some(piece) = decoder.piece().unwrap() {
                count += usize::from(matches!(piece, ListItem::Item(_)));
            }
        }
        assert_eq!(count, 1000);
    });
}

#[divan::bench]
fn judge_a_request(bencher: Bencher) {
    let request = request();
    bencher.bench(|| judge(black_box(&request), &Context::default()));
}

#[divan::bench]
fn make_a_row(bencher: Bencher) {
    let (request, mut interner) = (request(), Interner::default());
    let verdict = judge(&request, &Context::default());
    bencher.bench_local(|| Row::new(black_box(&request), &verdict, &mut interner));
}

#[divan::bench(sample_count = 10)]
fn index_takes_in_a_hundred_thousand_rows(bencher: Bencher) {
    bencher.with_inputs(|| rows(MANY)).bench_local_values(|rows| {
        let mut index = Index::default();
        let mut rows = rows.into_iter().map(RequestChange::Applied);
        loop {
            let batch: Vec<_> = rows.by_ref().take(512).collect();
            if batch.is_empty() {
                return index;
            }
            index.apply(batch);
        }
    });
}

#[divan::bench]
fn index_takes_in_four_changes_of_a_hundred_thousand(bencher: Bencher) {
    let mut index = index();
    let rows = rows(MANY);
    let mut turn = 0;
    bencher.bench_local(|| {
        turn = (turn + 7919) % (rows.len() - 4);
        index.apply(rows[turn..turn + 4].iter().cloned().map(RequestChange::Applied).collect());
    });
}

#[divan::bench(args = [SortKey::Age, SortKey::Name, SortKey::Identity, SortKey::Signer, SortKey::Verdict], sample_count = 20)]
fn index_sorts_a_hundred_thousand_rows(bencher: Bencher, column: SortKey) {
    let mut index = index();
    let mut reversed = false;
    bencher.bench_local(|| {
        reversed = !reversed;
        index.set_sort(column, reversed);
        while index.is_working() {
            index.work();
        }
    });
}

#[divan::bench(args = ["load-0001", "nowhere"], sample_count = 20)]
fn index_searches_a_hundred_thousand_rows(bencher: Bencher, text: &str) {
    let mut index = index();
    bencher.bench_local(|| {
        index.set_search("");
        while index.is_working() {
            index.work();
        }
        index.set_search(text);
        while index.is_working() {
            index.work();
        }
    });
}

fn state(width: u16, height: u16) -> (State, DateTime<Utc>) {
    let now = DateTime::from_timestamp(1_795_600_000, 0).unwrap();
    (State::new(Clock { now, utc: true }, Size { width, height }, Theme::sixteen(), false), now)
}

#[divan::bench(args = [(80, 24), (200, 60)])]
fn draw_a_frame_of_a_hundred_thousand(bencher: Bencher, (width, height): (u16, u16)) {
    let (mut state, now) = state(width, height);
    for batch in rows(MANY).chunks(512) {
        let changes = batch.iter().cloned().map(RequestChange::Applied).collect();
        black_box_drop(update(&mut state, Event::Watch(WatchMessage::Changes(changes)), now));
    }
    black_box_drop(update(&mut state, Event::Watch(WatchMessage::Status(WatchStatus::Live)), now));
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    bencher.bench_local(|| terminal.draw(|frame| view::draw(frame, &state)).map(|_| ()));
}

#[divan::bench]
fn decode_a_pkcs10_request_and_check_its_signature(bencher: Bencher) {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let pem = certification_request(&key, "jane", &["dev".to_owned()]).unwrap();
    bencher.bench(|| Pkcs10::from_pem(black_box(pem.as_bytes())));
}

/// 1,000 roles of five rules each.
fn roles() -> Vec<Arc<Role>> {
    let rule = |number: usize| rbac::PolicyRule {
        verbs: vec!["get".into(), "list".into()],
        api_groups: Some(vec![String::new()]),
        resources: Some(vec![format!("things{}", number % 97), "pods".into()]),
        ..rbac::PolicyRule::default()
    };
    let role =
        |at: usize| Role { name: format!("role-{at}"), rules: (at..at + 5).map(rule).collect(), ..Role::default() };
    (0..1000).map(role).map(Arc::new).collect()
}

/// 5,000 bindings, a tenth of them in the whole cluster, of 3,000 users and 200 groups.
fn bindings() -> Vec<Arc<Binding>> {
    let subject = |kind: &str, name: String| rbac::Subject { kind: kind.into(), name, ..rbac::Subject::default() };
    let binding = |at: usize| Binding {
        scope: (!at.is_multiple_of(10)).then(|| format!("ns-{}", at % 50)),
        name: format!("b-{at}"),
        role: rbac::RoleRef {
            kind: "ClusterRole".into(),
            name: format!("role-{}", at % 1000),
            ..rbac::RoleRef::default()
        },
        subjects: vec![subject("User", format!("user-{}", at % 3000)), subject("Group", format!("group-{}", at % 200))],
    };
    (0..5000).map(binding).map(Arc::new).collect()
}

fn policy() -> Policy {
    Policy::new(roles(), bindings())
}

fn user() -> Principal {
    Principal { user: "user-1".into(), groups: vec!["group-1".into(), "group-2".into()] }
}

/// On pods in the namespace ns-1.
fn action(verb: &str) -> Action {
    Action::Resource(ResourceAction {
        verb: verb.into(),
        resource: "pods".into(),
        namespace: "ns-1".into(),
        ..ResourceAction::default()
    })
}

#[divan::bench]
fn index_a_thousand_roles_and_five_thousand_bindings(bencher: Bencher) {
    bencher.with_inputs(|| (roles(), bindings())).bench_values(|(roles, bindings)| Policy::new(roles, bindings));
}

#[divan::bench]
fn list_who_can(bencher: Bencher) {
    let (policy, action) = (policy(), action("get"));
    assert!(policy.who_can(&action).len() > 300);
    bencher.bench(|| policy.who_can(black_box(&action)).len());
}

#[divan::bench]
fn list_subjects(bencher: Bencher) {
    let policy = policy();
    assert_eq!(policy.subjects().len(), 3200);
    bencher.bench(|| policy.subjects().len());
}

#[divan::bench]
fn find_the_risks_of_a_user(bencher: Bencher) {
    let (policy, user) = (policy(), user());
    bencher.bench(|| count_risks(black_box(&policy), &user));
}

#[divan::bench]
fn explain_a_denied_action(bencher: Bencher) {
    let (policy, user, action) = (policy(), user(), action("delete"));
    assert!(has_near_misses(&policy, &user, &action));
    bencher.bench(|| has_near_misses(black_box(&policy), &user, &action));
}

/// Keys in the RBAC pane, one step after the other; each step ends with a drawn screen.
const RBAC_STEPS: [&str; 7] = ["2", "v", "v", "vpods\r", "G", "\r", "jl"];

#[divan::bench(args = 0..RBAC_STEPS.len(), sample_count = 20)]
fn open_pages_of_the_rbac_pane(bencher: Bencher, step: usize) {
    let policy = Arc::new(policy());
    let type_keys = |state: &mut State, now: DateTime<Utc>, keys: &str| {
        for c in keys.chars() {
            let code = if c == '\r' { KeyCode::Enter } else { KeyCode::Char(c) };
            black_box_drop(update(state, Event::Key(KeyEvent::new(code, KeyModifiers::NONE)), now));
        }
        let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
        terminal.draw(|frame| view::draw(frame, state)).unwrap();
        terminal
    };
    let at_step = || {
        let (mut state, now) = state(120, 40);
        let message = RbacMessage::Policy(Arc::clone(&policy));
        black_box_drop(update(&mut state, Event::Rbac(RbacResult::Watch(message)), now));
        for keys in &RBAC_STEPS[..step] {
            black_box_drop(type_keys(&mut state, now, keys));
        }
        (state, now)
    };
    let (mut first, now) = at_step();
    assert!(type_keys(&mut first, now, RBAC_STEPS[step]).backend().to_string().contains("[2 RBAC]"));
    bencher.with_inputs(at_step).bench_local_refs(|(state, now)| type_keys(state, *now, RBAC_STEPS[step]));
}
