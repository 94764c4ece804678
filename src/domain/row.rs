//! The slim line of a request that the list keeps: what the columns, filters, sorts and a second look of the verdict
//! need, and nothing more.
//!
//! Everything else is fetched when somebody looks at it, so that a hundred thousand requests fit on a bastion host.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::compact::{Interner, Texts, Uid, Version, sha256};
use super::request::{Pin, Request, San, State};
use super::verdict::{Level, Verdict};

/// One request in the list. Cloning it copies no text.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// `metadata.name`.
    pub name: Arc<str>,
    /// `metadata.uid`.
    pub uid: Uid,
    /// `metadata.resourceVersion`.
    pub version: Version,
    /// Where it stands.
    pub state: State,
    /// Creation.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was approved, to tell a request that is stuck without a signer.
    pub approved_at: Option<DateTime<Utc>>,
    /// The user that the certificate would log in as; empty where the request cannot be decoded.
    pub user: Arc<str>,
    /// The groups that it would log in with.
    pub groups: Texts,
    /// Signer, in full.
    pub signer_name: Arc<str>,
    /// `spec.usages`.
    pub usages: Texts,
    /// Subject alternative names.
    pub sans: Arc<[San]>,
    /// Who asked.
    pub requester: Arc<str>,
    /// Life asked for, in seconds.
    pub expiration_seconds: Option<i32>,
    /// SHA-256 of the public key (its `SubjectPublicKeyInfo`).
    pub key: Option<[u8; 32]>,
    /// The verdict's level.
    pub level: Level,
    /// The verdict in a word or two, such as `ok` or `node id`.
    pub headline: &'static str,
}

impl Row {
    /// The line of `request`, judged as `verdict`.
    pub fn new(request: &Request, verdict: &Verdict, interner: &mut Interner) -> Self {
        let pkcs10 = request.pkcs10.as_ref().ok();
        let identity = request.identity();
        let requester = interner.text(&request.requester.username);
        Self {
            name: interner.own(&request.pin.name),
            uid: Uid::of(&request.pin.uid),
            version: Version::of(&request.pin.resource_version),
            state: request.state(),
            created_at: request.created_at,
            approved_at: request.approved_at(),
            user: interner.own(&identity.user),
            groups: interner.texts(&identity.groups),
            signer_name: interner.text(&request.signer_name),
            usages: interner.texts(&request.usages),
            sans: pkcs10.map(|pkcs10| pkcs10.sans.as_slice().into()).unwrap_or_default(),
            requester,
            expiration_seconds: request.expiration_seconds,
            key: pkcs10.and_then(|pkcs10| sha256(&pkcs10.key.sha256)),
            level: verdict.level(),
            headline: verdict.headline(),
        }
    }

    /// What a decision on exactly this version is pinned to.
    pub fn pin(&self) -> Pin {
        Pin { name: self.name.to_string(), uid: self.uid.to_string(), resource_version: self.version.to_string() }
    }

    /// Whether `pin` means exactly this version.
    pub fn is(&self, pin: &Pin) -> bool {
        *self.name == *pin.name && self.uid == Uid::of(&pin.uid) && self.version == Version::of(&pin.resource_version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_stays_slim() {
        assert!(size_of::<Row>() <= 240, "{} bytes, a hundred thousand times", size_of::<Row>());
    }
}
