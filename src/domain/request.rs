//! A `CertificateSigningRequest` as the console sees it: decoded, with its state.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use k8s_openapi::api::certificates::v1::{CertificateSigningRequest, CertificateSigningRequestCondition};

use super::certificate::Certificate;
use super::time::from_k8s;

pub use super::pkcs10::{Identity, Pkcs10, PublicKey, San};
pub use super::signer::CLIENT_SIGNER;

/// A `CertificateSigningRequest` with everything in it decoded. Texts are as the cluster gave them: hostile until
/// they have passed [`super::text::printable`].
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Name, uid and resourceVersion: what a decision on this request is pinned to.
    pub pin: RequestVersion,
    /// When the server created it.
    pub created_at: Option<DateTime<Utc>>,
    /// `spec.signerName`, in full.
    pub signer_name: String,
    /// `spec.usages`, as written.
    pub usages: Vec<String>,
    /// `spec.expirationSeconds`, if asked for.
    pub expiration_seconds: Option<i32>,
    /// Who asked, as filled in by the server.
    pub requester: Requester,
    /// The decoded `spec.request`, or why it cannot be decoded.
    pub pkcs10: Result<Pkcs10, String>,
    /// `status.conditions`.
    pub conditions: Vec<Condition>,
    /// The decoded `status.certificate` (the first block, the leaf), or why it cannot be decoded.
    pub certificate: Option<Result<Certificate, String>>,
}

/// Exactly one version of one object: what was on screen is what gets decided, or the server answers 409.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestVersion {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion`.
    pub resource_version: String,
}

/// Who created a request (`spec.username`, `uid`, `groups`, `extra`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requester {
    /// User name.
    pub username: String,
    /// User id, mostly empty.
    pub uid: String,
    /// Groups, `system:authenticated` among them.
    pub groups: Vec<String>,
    /// Extra attributes from the authenticator.
    pub extra: BTreeMap<String, Vec<String>>,
}

/// One entry of `status.conditions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// `Approved`, `Denied`, `Failed`, or anything a controller wrote.
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// One word for machines.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
    /// `lastUpdateTime`.
    pub last_update: Option<DateTime<Utc>>,
}

/// The state of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestState {
    /// Not decided yet.
    Pending,
    /// Approved, no certificate yet.
    Approved,
    /// Approved, and the certificate is there.
    Issued,
    /// Denied. Final.
    Denied,
    /// The signer refused it. Final.
    Failed,
}

impl RequestState {
    /// The word for machines and for columns: `pending`, `approved`, `issued`, `denied`, `failed`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Issued => "issued",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }

    /// What completes "NAME is …" in a notice.
    pub(crate) const fn phrase(self) -> &'static str {
        match self {
            Self::Issued => "approved and issued",
            Self::Failed => "failed at the signer",
            Self::Pending | Self::Approved | Self::Denied => self.word(),
        }
    }

    /// What completes "NAME is already …" in an error.
    pub(crate) const fn outcome(self) -> &'static str {
        match self {
            Self::Failed => "refused by the signer",
            _ => self.phrase(),
        }
    }
}

/// The last segment of a signer's or resource's qualified name: `kube-apiserver-client`.
pub(crate) fn short_signer(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

impl Request {
    /// Decodes an object. What cannot be decoded is an error inside, so that it can be shown.
    pub fn from_object(csr: &CertificateSigningRequest) -> Self {
        let (meta, spec) = (&csr.metadata, &csr.spec);
        let status = csr.status.as_ref();
        let conditions = status.and_then(|status| status.conditions.as_deref()).unwrap_or_default();
        let certificate = status.and_then(|status| status.certificate.as_ref()).filter(|bytes| !bytes.0.is_empty());
        Self {
            pin: RequestVersion::of(csr),
            created_at: meta.creation_timestamp.as_ref().and_then(from_k8s),
            signer_name: spec.signer_name.clone(),
            usages: spec.usages.clone().unwrap_or_default(),
            expiration_seconds: spec.expiration_seconds,
            requester: Requester {
                username: spec.username.clone().unwrap_or_default(),
                uid: spec.uid.clone().unwrap_or_default(),
                groups: spec.groups.clone().unwrap_or_default(),
                extra: spec.extra.clone().unwrap_or_default(),
            },
            pkcs10: Pkcs10::from_pem(&spec.request.0),
            conditions: conditions.iter().map(Condition::of).collect(),
            certificate: certificate.map(|bytes| Certificate::from_pem(&bytes.0)),
        }
    }

    /// The state. Denied and Failed win over Approved, as in kubectl's CONDITION column.
    pub fn state(&self) -> RequestState {
        let has = |kind: &str| self.conditions.iter().any(|condition| condition.kind == kind);
        if has("Denied") {
            RequestState::Denied
        } else if has("Failed") {
            RequestState::Failed
        } else if self.certificate.is_some() {
            RequestState::Issued
        } else if has("Approved") {
            RequestState::Approved
        } else {
            RequestState::Pending
        }
    }

    /// When it was approved.
    pub(crate) fn approved_at(&self) -> Option<DateTime<Utc>> {
        self.conditions.iter().find(|condition| condition.kind == "Approved")?.last_update
    }

    /// Who the certificate logs in as; empty where the request cannot be decoded.
    pub fn identity(&self) -> Identity {
        self.pkcs10.as_ref().map(Pkcs10::identity).unwrap_or_default()
    }
}

impl RequestVersion {
    /// The version of `csr` at hand.
    pub fn of(csr: &CertificateSigningRequest) -> Self {
        Self {
            name: csr.metadata.name.clone().unwrap_or_default(),
            uid: csr.metadata.uid.clone().unwrap_or_default(),
            resource_version: csr.metadata.resource_version.clone().unwrap_or_default(),
        }
    }
}

impl Condition {
    fn of(condition: &CertificateSigningRequestCondition) -> Self {
        Self {
            kind: condition.type_.clone(),
            status: condition.status.clone(),
            reason: condition.reason.clone().unwrap_or_default(),
            message: condition.message.clone().unwrap_or_default(),
            last_update: condition.last_update_time.as_ref().and_then(from_k8s),
        }
    }
}
