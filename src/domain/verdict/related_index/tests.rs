//! The index against a plain list, and against itself: whoever is not touched by a change keeps the same verdict.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::domain::interner::RequesterKind;
use crate::domain::request::{CLIENT_SIGNER, RequestState};
use crate::domain::verdict::confusables::{Oddity, oddity, skeleton};
use crate::domain::verdict::related_index::*;
use crate::domain::verdict::{Context, evaluate_in_context};

const SIGNERS: [&str; 4] = [CLIENT_SIGNER, KUBELET_CLIENT, KUBELET_SERVING, "example.com/vpn"];
const USERS: [&str; 12] = [
    "jane",
    "j\u{430}ne",
    "jan\u{435}",
    "pavel",
    "system:node:w1",
    "system:node:w2",
    "",
    "Jane",
    "maria",
    "rnaria",
    "mar1a",
    "marla",
];
const GROUPS: [&[&str]; 6] = [&[], &["ops"], &["0ps"], &["Ops", "dev"], &["ops", "dev"], &["op5", "dev", "dev"]];
const STATES: [RequestState; 5] =
    [RequestState::Pending, RequestState::Approved, RequestState::Issued, RequestState::Denied, RequestState::Failed];

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_500_000, 0).unwrap()
}

fn id(number: u8) -> Id {
    [number; 16]
}

fn facts(uid: u8, name: usize, user: usize, key: u8, signer: usize, state: usize, minutes: i64) -> RequestFacts {
    let groups = GROUPS[usize::from(uid) % GROUPS.len()];
    let names = ["jane", "pavel", "w1", "w2", "csr-a", "csr-b"];
    let user = USERS[user];
    RequestFacts {
        uid: id(uid),
        name: names[name].into(),
        state: STATES[state],
        created_at: Some(noon() + chrono::TimeDelta::minutes(minutes)),
        approved_at: (STATES[state] != RequestState::Pending).then(noon),
        signer: SIGNERS[signer].into(),
        user: user.into(),
        groups: groups.iter().map(|group| (*group).into()).collect(),
        requester: Arc::new(RequesterKind {
            user: if uid.is_multiple_of(2) { user.into() } else { "other".into() },
            groups: Arc::default(),
        }),
        key: (key > 0).then(|| id(key)),
        hosts: Arc::default(),
        expiration_seconds: Some(3600),
    }
}

#[derive(Debug, Clone)]
enum IndexStep {
    Apply(RequestFacts),
    Remove(Id),
    Later(i64),
}

fn steps() -> impl Strategy<Value = Vec<IndexStep>> {
    let apply = (0..9u8, 0..6usize, 0..USERS.len(), 0..4u8, 0..4usize, 0..5usize, 0..3i64).prop_map(
        |(uid, name, user, key, signer, state, minutes)| {
            IndexStep::Apply(facts(uid, name, user, key, signer, state, minutes))
        },
    );
    let remove = (0..9u8).prop_map(|uid| IndexStep::Remove(id(uid)));
    let later = (0..900i64).prop_map(IndexStep::Later);
    proptest::collection::vec(prop_oneof![6 => apply, 2 => remove, 1 => later], 1..60)
}

/// What a plain search says of one request among all.
fn plainly(all: &BTreeMap<Id, RequestFacts>, own: &RequestFacts) -> [bool; 7] {
    let mut others = all.values().filter(|other| other.uid != own.uid).collect::<Vec<_>>();
    let same_key = |other: &&&RequestFacts| own.key.is_some() && other.key == own.key;
    let same_user = others.iter().filter(same_key).any(|other| other.user == own.user);
    let other_user = others.iter().filter(same_key).any(|other| other.user != own.user);
    let noticed = |own: &str, other: &str| {
        own != other && skeleton(own) == skeleton(other) && oddity(other) <= oddity(own).max(Oddity::Pair)
    };
    let alike = others.iter().any(|other| noticed(&own.user, &other.user));
    let asked = || all.values().flat_map(|other| other.groups.iter());
    let alike_group = own.groups.iter().any(|group| asked().any(|other| noticed(group, other)));
    let certified = |user: &str| all.values().any(|other| *other.user == *user && other.state == RequestState::Issued);
    let signing = all.values().any(|other| other.signer == own.signer && other.state == RequestState::Issued);
    let kubelet = own.signer.starts_with("kubernetes.io/kube") && own.signer.as_ref() != CLIENT_SIGNER;
    let like = |other: &&&RequestFacts| {
        (&other.signer, &other.user, &other.requester) == (&own.signer, &own.user, &own.requester)
    };
    others.retain(|other| like(&other) && other.is_pending());
    let newer = |other: &&RequestFacts| (other.created_at, other.uid) > (own.created_at, own.uid);
    let newer = kubelet && own.is_pending() && own.node().is_some() && others.iter().any(newer);
    [same_user, other_user, alike, alike_group, certified(&own.name), signing, newer]
}

fn indexed(index: &RelatedIndex, own: &RequestFacts) -> [bool; 7] {
    [
        index.same_key_same_user(own).is_some(),
        index.same_key_other_user(own).is_some(),
        index.look_alike(own).is_some(),
        own.groups.iter().any(|group| index.look_alike_group(group).is_some()),
        index.has_certificate(&own.name),
        index.is_signing(&own.signer),
        index.newer_of_node(own).is_some(),
    ]
}

/// The rules that fire; texts may name another example.
fn verdict(
    index: &RelatedIndex,
    own: &RequestFacts,
    now: DateTime<Utc>,
) -> Vec<(&'static str, crate::domain::verdict::Level)> {
    let context = Context { others: Some(index), now: Some(now), ..Context::default() };
    evaluate_in_context(own, &context).findings.iter().map(|finding| (finding.rule, finding.level)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn index_agrees_with_linear_search_and_untouched_requests_keep_their_verdict(steps in steps()) {
        let (mut index, mut all, mut known) = (RelatedIndex::default(), BTreeMap::new(), BTreeMap::new());
        let mut now = noon();
        for step in steps {
            let touched = match step {
                IndexStep::Apply(facts) => {
                    all.insert(facts.uid, facts.clone());
                    index.apply(facts)
                }
                IndexStep::Remove(uid) => {
                    all.remove(&uid);
                    known.remove(&uid);
                    index.remove(uid)
                }
                IndexStep::Later(minutes) => {
                    now += chrono::TimeDelta::minutes(minutes);
                    HashSet::new()
                }
            };
            for uid in touched.into_iter().chain(index.due(now)) {
                let own = &all[&uid];
                known.insert(uid, verdict(&index, own, now));
            }
            prop_assert_eq!(index.len(), all.len());
            for own in all.values() {
                prop_assert_eq!(index.get(own.uid), Some(own));
                prop_assert_eq!(indexed(&index, own), plainly(&all, own), "{:?}", own);
                prop_assert_eq!(&known[&own.uid], &verdict(&index, own, now), "{:?}", own);
            }
        }
        for uid in all.into_keys() {
            index.remove(uid);
        }
        let empty = index.keys.is_empty() && index.users.is_empty() && index.look_alikes.is_empty() && index.names.is_empty();
        prop_assert!(empty && index.nodes.is_empty() && index.signed.is_empty() && index.due_times.is_empty());
        prop_assert!(index.certified.is_empty() && index.groups.is_empty());
    }
}

#[test]
fn ten_thousand_requests_with_one_key_touch_each_other_twice_at_most() {
    let mut index = RelatedIndex::default();
    let mut touched = 0;
    for number in 0..10_000u128 {
        let user = format!("user-{number}");
        let facts = RequestFacts {
            uid: number.to_be_bytes(),
            user: user.as_str().into(),
            name: user.into(),
            ..facts(0, 0, 0, 1, 0, 0, 0)
        };
        touched += index.apply(facts).len();
    }
    assert!(touched < 10_010, "{touched}");
}

#[test]
fn ten_thousand_look_alikes_touch_each_other_twice_at_most() {
    let mut index = RelatedIndex::default();
    let mut touched = 0;
    for number in 0..1_u128 << 13 {
        // Every way to write thirteen letters as a digit or not.
        let user: String = (0..13).map(|bit| if number >> bit & 1 == 0 { "l-" } else { "1-" }).collect();
        let group: Arc<str> = format!("team-{user}").into();
        let groups: Arc<[Arc<str>]> = Arc::new([group]);
        let facts = RequestFacts {
            uid: number.to_be_bytes(),
            user: user.as_str().into(),
            name: user.into(),
            groups,
            ..facts(0, 0, 0, 0, 0, 0, 0)
        };
        touched += index.apply(facts).len();
    }
    assert!(touched < (1 << 13) + 10, "{touched}");
}

#[test]
fn an_imitation_is_noticed_and_casts_no_doubt_on_the_name_that_it_imitates() {
    for (name, imitation) in [("jane", "Jane"), ("alice", "a1ice"), ("jane", "j\u{430}ne"), ("ops-a", "ops;a")] {
        let of = |uid: u8, user: &str| RequestFacts { user: user.into(), ..facts(uid, 0, 0, 0, 0, 0, 0) };
        let mut index = RelatedIndex::default();
        let (own, other) = (of(0, name), of(6, imitation));
        index.apply(own.clone());
        index.apply(other.clone());
        assert!(index.look_alike(&own).is_none(), "{name} {imitation}");
        assert_eq!(index.look_alike(&other), Some(&own), "{name} {imitation}");
    }
}

#[test]
fn facts_stay_slim() {
    assert!(size_of::<RequestFacts>() <= 160, "{} bytes, a hundred thousand times", size_of::<RequestFacts>());
}
