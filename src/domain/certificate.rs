//! An issued certificate, decoded.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;

use super::pkcs10::{Subject, hex, public_key};
use super::request::Identity;

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
}

impl Certificate {
    /// Decodes the first PEM block `CERTIFICATE`: the leaf, where a chain follows it.
    ///
    /// # Errors
    /// A sentence that says what cannot be read. It quotes nothing of the input.
    pub fn from_pem(pem: &[u8]) -> Result<Self, String> {
        let mut blocks = Pem::iter_from_buffer(pem).flatten();
        let block = blocks.find(|block| block.label == "CERTIFICATE").ok_or("no PEM block CERTIFICATE in it")?;
        Self::from_der(&block.contents)
    }

    /// Every certificate in a text; what is none, or cannot be read, is passed over.
    pub fn all_from_pem(pem: &[u8]) -> impl Iterator<Item = Self> {
        let blocks = Pem::iter_from_buffer(pem).flatten().filter(|block| block.label == "CERTIFICATE");
        blocks.filter_map(|block| Self::from_der(&block.contents).ok())
    }

    /// Decodes a certificate.
    ///
    /// # Errors
    /// As [`Self::from_pem`].
    pub fn from_der(der: &[u8]) -> Result<Self, String> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| "not an X.509 certificate (RFC 5280)")?;
        let subject = Subject::read(certificate.subject());
        let validity = certificate.validity();
        let moment = |time: x509_parser::time::ASN1Time| DateTime::from_timestamp(time.timestamp(), 0);
        Ok(Self {
            serial: hex(certificate.raw_serial()),
            identity: Identity {
                user: subject.common_names.last().cloned().unwrap_or_default(),
                groups: subject.organizations,
            },
            subject: subject.text,
            issuer: Subject::read(certificate.issuer()).text,
            not_before: moment(validity.not_before).ok_or("its begin lies beyond the calendar")?,
            not_after: moment(validity.not_after).ok_or("its end lies beyond the calendar")?,
            sha256: hex(&Sha256::digest(der)),
            public_key_sha256: public_key(certificate.public_key()).sha256,
        })
    }
}
