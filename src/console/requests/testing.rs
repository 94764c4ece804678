//! Requests for the tests of this room.

use chrono::{DateTime, Utc};

use crate::domain::request::{CLIENT_SIGNER, Identity, Pin, State};
use crate::domain::row::Row;
use crate::domain::verdict::Level;

/// A moment on the day the tests play on.
pub fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_500_000, 0).unwrap_or_default()
}

/// A pending request, created `seconds` after [`noon`].
pub fn row(name: &str, seconds: i64) -> Row {
    Row {
        pin: Pin { name: name.into(), uid: format!("uid-{name}"), resource_version: "1".into() },
        state: State::Pending,
        created_at: Some(noon() + chrono::TimeDelta::seconds(seconds)),
        approved_at: None,
        identity: Identity { user: name.into(), groups: vec!["dev".into()] },
        signer_name: CLIENT_SIGNER.into(),
        requester: "ci-bot".into(),
        expiration_seconds: Some(86400),
        level: Level::Ok,
        headline: "ok",
    }
}
