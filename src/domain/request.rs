//! A `CertificateSigningRequest` as the console sees it: decoded, with its state.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use k8s_openapi::api::certificates::v1::{CertificateSigningRequest, CertificateSigningRequestCondition};

use super::certificate::Certificate;
use super::time::from_k8s;
use super::x509::Oddity;

/// The signer that issues client certificates for the API server.
pub const CLIENT_SIGNER: &str = "kubernetes.io/kube-apiserver-client";

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

/// Who a certificate made from a subject logs in as.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The LAST common name: kube-controller-manager keeps one, Go's parser keeps the last.
    pub user: String,
    /// Every organisation, in order, multi-valued RDNs included.
    pub groups: Vec<String>,
}

/// A decoded PKCS#10 request (RFC 2986).
#[derive(Debug, Clone, PartialEq)]
pub struct Pkcs10 {
    /// The whole subject in the order written, as `CN=jane,O=dev`.
    pub subject: String,
    /// Every CN in order; the last one counts.
    pub common_names: Vec<String>,
    /// Every O in order.
    pub organizations: Vec<String>,
    /// CNs and Os in string types that programs read differently, such as `CN as T61String`.
    pub odd_strings: Vec<String>,
    /// Subject alternative names.
    pub sans: Vec<San>,
    /// The public key.
    pub key: PublicKey,
    /// The signature's algorithm in Go's words, such as `SHA256-RSA`, or its OID where unknown.
    pub signature_algorithm: String,
    /// Whether the signature fits the key, with Go's result; `None` where it was not looked at
    /// ([`Self::decode_unverified`]).
    pub signature_valid: Option<bool>,
    /// What keeps it from being one canonical block of canonical DER.
    pub oddities: Vec<Oddity>,
}

/// A public key's kind and strength.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// `RSA`, `ECDSA`, `Ed25519`, or an OID.
    pub algorithm: String,
    /// RSA modulus or curve size; 0 where unknown.
    pub bits: u32,
    /// SHA-256 of the `SubjectPublicKeyInfo`, hex.
    pub sha256: String,
}

/// One subject alternative name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum San {
    /// A DNS name.
    Dns(String),
    /// An IP address.
    Ip(String),
    /// An e-mail address.
    Email(String),
    /// A URI.
    Uri(String),
    /// Any other kind, named by its type.
    Other(String),
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

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestState {
    /// Nobody decided yet.
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

    /// Where it stands. Denied and Failed win over Approved, as in kubectl's CONDITION column.
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

impl Pkcs10 {
    /// Who a certificate made from this subject logs in as: the last CN, every O
    /// (kube-controller-manager, `pkg/controller/certificates/signer/signer.go`; Go, `crypto/x509/pkix`).
    pub fn identity(&self) -> Identity {
        Identity { user: self.common_names.last().cloned().unwrap_or_default(), groups: self.organizations.clone() }
    }
}
