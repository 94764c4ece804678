//! Certificates (RFC 5280) as Go reads them (`crypto/x509`, `parseCertificate`).

use chrono::{DateTime, Utc};

use super::cryptobyte::{DerReader, tag};
use super::extensions::{self, Extensions};
use super::key::KeyInfo;
use super::name::{self, Attribute, Subject};
use super::signature::Algorithm;
use super::{Malformed, Result, hex, pem, time};
use crate::domain::certificate::Certificate;
use crate::domain::request::{Identity, PublicKey};

const LABEL: &[u8] = b"CERTIFICATE";
/// The version with extensions.
const VERSION_3: i64 = 3;
/// Purposes that let a certificate identify a server (RFC 5280, 4.2.1.12): server authentication, any.
pub(crate) const SERVER: [&str; 2] = ["1.3.6.1.5.5.7.3.1", "2.5.29.37.0"];

/// A certificate, taken apart.
pub(super) struct RawCertificate<'a> {
    version: i64,
    /// What is signed.
    signed: &'a [u8],
    serial: &'a [u8],
    issuer: &'a [u8],
    issuer_attributes: Vec<Attribute<'a>>,
    validity: (DateTime<Utc>, DateTime<Utc>),
    subject: &'a [u8],
    subject_attributes: Vec<Attribute<'a>>,
    key: KeyInfo<'a>,
    extensions: Extensions,
    algorithm: (&'a [u8], &'a [u8]),
    signature: Vec<u8>,
}

impl<'a> RawCertificate<'a> {
    /// `parseCertificate`, and that nothing follows.
    pub(crate) fn parse(der: &'a [u8]) -> Result<Self> {
        const INVALID: Malformed = Malformed("it is not an X.509 certificate (RFC 5280)");
        let mut input = DerReader(der);
        let mut outer = input.inside(tag::SEQUENCE).ok_or(INVALID)?;
        let signed = outer.element(tag::SEQUENCE).ok_or(INVALID)?;
        let mut fields = DerReader(signed).inside(tag::SEQUENCE).ok_or(INVALID)?;
        let version = version(&mut fields).ok_or(Malformed("its version is invalid"))?;
        let serial = fields.read(tag::INTEGER).filter(|serial| is_serial(serial)).ok_or(INVALID)?;
        let inner = fields.read(tag::SEQUENCE).ok_or(INVALID)?;
        if outer.read(tag::SEQUENCE).ok_or(INVALID)? != inner {
            return Err(Malformed("it names two signature algorithms"));
        }
        let algorithm = algorithm(DerReader(inner)).ok_or(INVALID)?;
        let issuer = fields.element(tag::SEQUENCE).ok_or(INVALID)?;
        let issuer_attributes = name::of_certificate(issuer)?;
        let validity = validity(fields.inside(tag::SEQUENCE).ok_or(INVALID)?)?;
        let subject = fields.element(tag::SEQUENCE).ok_or(INVALID)?;
        let subject_attributes = name::of_certificate(subject)?;
        let key = key_info(fields.element(tag::SEQUENCE).ok_or(INVALID)?).ok_or(INVALID)?;
        key.key()?;
        let extensions =
            if version > 1 { unique_ids_and_extensions(&mut fields, version)? } else { Extensions::default() };
        let signature = outer.bit_string().ok_or(INVALID)?;
        if !input.is_empty() {
            return Err(Malformed("bytes follow the certificate"));
        }
        Ok(Self {
            version,
            signed,
            serial,
            issuer,
            issuer_attributes,
            validity,
            subject,
            subject_attributes,
            key,
            extensions,
            algorithm,
            signature,
        })
    }
}

/// The public key of a certificate in DER, where Go can read it.
pub(crate) fn public_key(der: &[u8]) -> Option<PublicKey> {
    let raw = RawCertificate::parse(der).ok()?;
    let key = raw.key.key().ok()?;
    Some(raw.key.described(&key))
}

impl Certificate {
    /// Decodes the first PEM block `CERTIFICATE`: the leaf, where a chain follows it.
    ///
    /// # Errors
    /// What cannot be read. Nothing of the input is quoted.
    pub fn from_pem(pem: &[u8]) -> std::result::Result<Self, String> {
        let mut blocks = pem::blocks(pem).filter(|block| block.label == LABEL);
        Self::from_der(&blocks.next().ok_or("it holds no PEM block CERTIFICATE")?.content)
    }

    /// Every certificate in a text; other blocks, and what cannot be read, are passed over.
    pub(crate) fn all_from_pem(pem: &[u8]) -> impl Iterator<Item = Self> {
        let blocks = pem::blocks(pem).filter(|block| block.label == LABEL);
        blocks.filter_map(|block| Self::from_der(&block.content).ok())
    }

    /// Decodes a certificate.
    ///
    /// # Errors
    /// As [`Self::from_pem`].
    pub(crate) fn from_der(der: &[u8]) -> std::result::Result<Self, String> {
        use sha2::{Digest, Sha256};
        let raw = RawCertificate::parse(der)?;
        let subject = Subject::new(raw.subject_attributes);
        let key = raw.key.described(&raw.key.key()?);
        Ok(Self {
            serial: hex(raw.serial),
            identity: Identity {
                user: subject.common_names.last().cloned().unwrap_or_default(),
                groups: subject.organizations,
            },
            subject: subject.text,
            issuer: Subject::new(raw.issuer_attributes).text,
            not_before: raw.validity.0,
            not_after: raw.validity.1,
            sha256: hex(&Sha256::digest(der)),
            public_key_sha256: key.sha256,
            purposes: raw.extensions.purposes,
            is_authority: raw.extensions.is_authority,
        })
    }
}

/// An authority that may issue certificates of servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ServerAuthority {
    /// How many intermediate certificates may follow it; `None` without a limit.
    pub path_length: Option<u64>,
}

/// What Go takes for an authority of servers (`crypto/x509`, `CheckSignatureFrom` and `checkChainForKeyUsage`); `None` for
/// any other certificate.
pub(crate) fn server_authority(der: &[u8]) -> Option<ServerAuthority> {
    let raw = RawCertificate::parse(der).ok()?;
    let extensions = raw.extensions;
    let is_authority = extensions.is_authority || (raw.version < VERSION_3 && !extensions.has_constraints);
    let serves = extensions.purposes.is_empty() || extensions.purposes.iter().any(|one| SERVER.contains(&one.as_str()));
    (is_authority && serves && !extensions.signs_no_certificates)
        .then_some(ServerAuthority { path_length: extensions.path_length })
}

/// Whether `authority` has signed `certificate`, both DER; `None` where they are not of the same name, cannot be read, or the
/// signature is of a kind that cannot be checked.
pub(crate) fn verify_issued_by(certificate: &[u8], authority: &[u8]) -> Option<bool> {
    let (leaf, authority) = (RawCertificate::parse(certificate).ok()?, RawCertificate::parse(authority).ok()?);
    if leaf.issuer != authority.subject {
        return None;
    }
    let algorithm = Algorithm::new(leaf.algorithm.0, leaf.algorithm.1);
    let key = authority.key.key().ok()?;
    algorithm.is_checked_with(&key).then(|| algorithm.verify(&key, leaf.signed, &leaf.signature))
}

/// The version, from 1; the first is the default.
fn version(fields: &mut DerReader<'_>) -> Option<i64> {
    let Some(explicit) = fields.optional(tag::constructed(0))? else { return Some(1) };
    let mut explicit = DerReader(explicit);
    let number = explicit.integer()?.int64()?;
    (explicit.is_empty() && (0..=2).contains(&number)).then_some(number + 1)
}

/// A number that is not below zero, in its shortest form.
fn is_serial(content: &[u8]) -> bool {
    super::cryptobyte::Integer::new(content).is_some_and(|number| !number.is_negative())
}

/// `parseAI`.
fn algorithm(mut fields: DerReader<'_>) -> Option<(&[u8], &[u8])> {
    let oid = fields.oid()?;
    if fields.is_empty() {
        return Some((oid, &[]));
    }
    fields.any().map(|(_, _, parameters)| (oid, parameters))
}

/// `parseValidity`.
fn validity(mut fields: DerReader<'_>) -> Result<(DateTime<Utc>, DateTime<Utc>)> {
    let mut moment = || {
        let (kind, content, _) = fields.any().ok_or(Malformed("a time is invalid"))?;
        match kind {
            tag::UTC_TIME => time::utc(content, time::TimeFormat::Cryptobyte),
            tag::GENERALIZED_TIME => time::generalized(content, time::TimeFormat::Cryptobyte),
            _ => Err(Malformed("a time is of an unknown type")),
        }
    };
    Ok((moment()?, moment()?))
}

fn key_info(full: &[u8]) -> Option<KeyInfo<'_>> {
    let mut fields = DerReader(full).inside(tag::SEQUENCE)?;
    let (algorithm, parameters) = algorithm(fields.inside(tag::SEQUENCE)?)?;
    Some(KeyInfo { full, algorithm, parameters, bits: fields.bit_string()? })
}

fn unique_ids_and_extensions(fields: &mut DerReader<'_>, version: i64) -> Result<Extensions> {
    const INVALID: Malformed = Malformed("an extension is malformed");
    fields.optional(tag::context(1)).ok_or(INVALID)?;
    fields.optional(tag::context(2)).ok_or(INVALID)?;
    if version < 3 {
        return Ok(Extensions::default());
    }
    let Some(explicit) = fields.optional(tag::constructed(3)).ok_or(INVALID)? else { return Ok(Extensions::default()) };
    let mut list = DerReader(explicit).inside(tag::SEQUENCE).ok_or(INVALID)?;
    let mut read: Vec<extensions::Extension<'_>> = Vec::new();
    while !list.is_empty() {
        let mut fields = list.inside(tag::SEQUENCE).ok_or(INVALID)?;
        let oid = fields.oid().ok_or(INVALID)?;
        let critical = fields.peek(tag::BOOLEAN) && fields.bool().ok_or(INVALID)?;
        let value = fields.read(tag::OCTET_STRING).ok_or(INVALID)?;
        if read.iter().any(|known| known.oid == oid) {
            return Err(Malformed("it has an extension twice"));
        }
        read.push(extensions::Extension { oid, critical, value });
    }
    extensions::process(&read)
}
