//! Requests for the tests of this pane.

use chrono::{DateTime, Utc};

use crate::domain::interner::{Interner, Uid, Version};
use crate::domain::request::{CLIENT_SIGNER, Pkcs10, PublicKey, Request, RequestState, RequestVersion, Requester};
use crate::domain::row::Row;
use crate::domain::verdict::{Context, Level, RequestFacts, judge, uid_id};

/// A moment on the day the tests play on.
pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_500_000, 0).unwrap_or_default()
}

/// A pending request of someone for themselves, created `seconds` after [`noon`].
pub(crate) fn row(name: &str, seconds: i64) -> Row {
    let uid = format!("uid-{name}");
    let facts = RequestFacts {
        uid: uid_id(&uid),
        name: name.into(),
        state: RequestState::Pending,
        created_at: Some(noon() + chrono::TimeDelta::seconds(seconds)),
        approved_at: None,
        signer: CLIENT_SIGNER.into(),
        user: name.into(),
        groups: ["dev".into()].into(),
        requester: Interner::default().requester(name, &["dev".to_owned()]),
        key: None,
        hosts: Vec::new().into(),
        expiration_seconds: Some(86400),
    };
    let alone = (Level::Ok, "ok");
    Row { facts: facts.into(), uid: Uid::of(&uid), version: Version::of("1"), alone, level: Level::Ok, headline: "ok" }
}

/// The row with other facts.
pub(crate) fn with(row: Row, change: impl FnOnce(&mut RequestFacts)) -> Row {
    let mut facts = (*row.facts).clone();
    change(&mut facts);
    Row { facts: facts.into(), ..row }
}

/// A pending request for `user` in `groups`, asked for by ci-bot, created `seconds` after [`noon`].
pub(crate) fn request(name: &str, seconds: i64, user: &str, groups: &[&str]) -> Request {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let organizations = groups.iter().map(|group| format!(",O={group}"));
    Request {
        pin: RequestVersion { name: name.into(), uid: format!("uid-{name}"), resource_version: "1".into() },
        created_at: Some(noon() + chrono::TimeDelta::seconds(seconds)),
        signer_name: CLIENT_SIGNER.into(),
        usages: owned(&["client auth"]),
        expiration_seconds: Some(86_400),
        requester: Requester {
            username: "ci-bot".into(),
            groups: owned(&["ci", "system:authenticated"]),
            ..Requester::default()
        },
        pkcs10: Ok(Pkcs10 {
            subject: [format!("CN={user}")].into_iter().chain(organizations).collect(),
            common_names: owned(&[user]),
            organizations: owned(groups),
            odd_strings: Vec::new(),
            sans: Vec::new(),
            key: PublicKey { algorithm: "RSA".into(), bits: 2048, sha256: "00".into() },
            signature_algorithm: "SHA256-RSA".into(),
            signature_valid: Some(true),
            oddities: Vec::new(),
        }),
        conditions: Vec::new(),
        certificate: None,
    }
}

/// Its line.
pub(crate) fn row_of(request: &Request) -> Row {
    Row::new(request, &judge(request, &Context::default()), &mut Interner::default())
}
