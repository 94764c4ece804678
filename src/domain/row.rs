//! The slim line of a request that the list keeps: what the columns, filters and sorts need and nothing more.
//!
//! Everything else is fetched when somebody looks at it, so that a hundred thousand requests fit on a bastion host.

use chrono::{DateTime, Utc};

use super::request::{Identity, Pin, Request, State};
use super::verdict::{Level, Verdict};

/// One request in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What a decision is pinned to.
    pub pin: Pin,
    /// Where it stands.
    pub state: State,
    /// Creation.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was approved, to tell a request that is stuck without a signer.
    pub approved_at: Option<DateTime<Utc>>,
    /// Who the certificate would log in as; empty where the request cannot be decoded.
    pub identity: Identity,
    /// Signer, in full.
    pub signer_name: String,
    /// Who asked.
    pub requester: String,
    /// Life asked for, in seconds.
    pub expiration_seconds: Option<i32>,
    /// The verdict's level.
    pub level: Level,
    /// The verdict in a word or two, such as `ok` or `node id`.
    pub headline: &'static str,
}

impl Row {
    /// The line of `request`, judged as `verdict`.
    pub fn new(request: &Request, verdict: &Verdict) -> Self {
        Self {
            pin: request.pin.clone(),
            state: request.state(),
            created_at: request.created_at,
            approved_at: request.approved_at(),
            identity: request.identity(),
            signer_name: request.signer_name.clone(),
            requester: request.requester.username.clone(),
            expiration_seconds: request.expiration_seconds,
            level: verdict.level(),
            headline: verdict.headline(),
        }
    }
}
