//! An issued certificate, decoded.

use chrono::{DateTime, Utc};

use super::pkcs10::Identity;

/// What an X.509 certificate (RFC 5280) says that an admin wants to know.
#[derive(Debug, Clone, PartialEq)]
pub struct Certificate {
    /// Serial number, hex.
    pub serial: String,
    /// The whole subject, as `O=dev,CN=jane`.
    pub subject: String,
    /// Who logs in with it.
    pub identity: Identity,
    /// The whole issuer.
    pub issuer: String,
    /// First moment of validity.
    pub not_before: DateTime<Utc>,
    /// Last moment of validity.
    pub not_after: DateTime<Utc>,
    /// SHA-256 of the DER, hex.
    pub sha256: String,
    /// SHA-256 of the `SubjectPublicKeyInfo`, hex: equal to the request's where they belong together.
    pub public_key_sha256: String,
    /// Extended key usages as object identifiers in dots, such as `1.3.6.1.5.5.7.3.2` for client auth.
    pub purposes: Vec<String>,
    /// Whether it may sign certificates itself (basic constraints).
    pub is_authority: bool,
}
