//! PKCS#10 requests (RFC 2986) as the API server and the signer read them: the first PEM block
//! (`pkg/apis/certificates/helpers.go`, `ParseCSR`), then Go's `x509.ParseCertificateRequest`.

use super::asn1;
use super::key::KeyInfo;
use super::name::{self, Attribute, Subject};
use super::oid::{ALTERNATIVE_NAMES, EXTENSION_REQUEST};
use super::pem::{self, Block};
use super::signature::Algorithm;
use super::{Malformed, Result, canonical, san};
use crate::domain::pkcs10::{Oddity, Pkcs10, San};

const LABEL: &[u8] = b"CERTIFICATE REQUEST";
/// What openssl before 1.0, keytool and certreq write. The API server refuses it.
const OLD_LABEL: &[u8] = b"NEW CERTIFICATE REQUEST";

/// Blocks that GKE's kubelets put behind their request, to prove which virtual machine they run on.
pub(crate) const READ_BY_GKE: [&str; 4] =
    ["ATTESTATION CERTIFICATE", "ATTESTATION DATA", "ATTESTATION SIGNATURE", "VM IDENTITY"];

/// A request, taken apart and not yet interpreted. The signer copies from it.
#[derive(Debug)]
pub(crate) struct RawRequest<'a> {
    /// What is signed.
    signed: &'a [u8],
    /// The subject's attributes.
    pub subject: Vec<Attribute<'a>>,
    key: KeyInfo<'a>,
    /// The extension `subjectAltName`: whether it is critical, and its value.
    #[cfg_attr(not(feature = "sandbox"), expect(dead_code, reason = "only the practice cluster's signer copies it"))]
    pub alternative_names: Option<(bool, &'a [u8])>,
    sans: Vec<San>,
    algorithm: (&'a [u8], &'a [u8]),
    signature: Vec<u8>,
}

/// The first block of a text, which has to be a request.
pub(crate) fn first_request(pem: &[u8]) -> Result<Block<'_>> {
    let block = pem::decode(pem, 0).ok_or(Malformed("it holds no PEM block"))?;
    if block.label == LABEL {
        return Ok(block);
    }
    Err(Malformed(if block.label == OLD_LABEL {
        "its PEM block is a NEW CERTIFICATE REQUEST; Kubernetes takes a CERTIFICATE REQUEST"
    } else {
        "its first PEM block is not a CERTIFICATE REQUEST"
    }))
}

impl Pkcs10 {
    /// Decodes `spec.request`, and checks its signature.
    ///
    /// # Errors
    /// Why the API server does not take it. Nothing of the input is quoted.
    pub fn from_pem(pem: &[u8]) -> std::result::Result<Self, String> {
        Ok(Self::read(pem, true)?)
    }

    /// [`Self::from_pem`] without checking the signature, which takes longer than all the rest. The API server checked it
    /// when the request was made (`pkg/apis/certificates/validation`).
    ///
    /// # Errors
    /// As [`Self::from_pem`].
    pub(crate) fn decode_unverified(pem: &[u8]) -> std::result::Result<Self, String> {
        Ok(Self::read(pem, false)?)
    }

    fn read(pem: &[u8], verify: bool) -> Result<Self> {
        let block = first_request(pem)?;
        let raw = RawRequest::parse(&block.content)?;
        let key = raw.key.key()?;
        let algorithm = Algorithm::new(raw.algorithm.0, raw.algorithm.1);
        let subject = Subject::new(raw.subject);
        Ok(Self {
            subject: subject.text,
            common_names: subject.common_names,
            organizations: subject.organizations,
            odd_strings: subject.odd_strings,
            sans: raw.sans,
            signature_valid: verify.then(|| algorithm.verify(&key, raw.signed, &raw.signature)),
            key: raw.key.described(&key),
            signature_algorithm: algorithm.name,
            oddities: oddities(pem, &block),
        })
    }
}

impl<'a> RawRequest<'a> {
    /// `asn1.Unmarshal` into Go's `certificateRequest`, then `parseCertificateRequest`. Elements at the end of a SEQUENCE
    /// that has no field for them are read over.
    pub(crate) fn parse(mut der: &'a [u8]) -> Result<Self> {
        let mut outer = asn1::sequence(&mut der)?.content;
        let info = asn1::sequence(&mut outer)?;
        let mut fields = info.content;
        asn1::int64(&mut fields)?;
        let subject = asn1::any(&mut fields)?.full;
        let key = key_info(&mut fields)?;
        let mut attributes = asn1::context(&mut fields, 0)?.content;
        let mut raw_attributes = Vec::new();
        while !attributes.is_empty() {
            raw_attributes.push(asn1::any(&mut attributes)?.full);
        }
        let algorithm = asn1::algorithm(&mut outer)?;
        let signature = asn1::bit_string(&mut outer)?;
        if !der.is_empty() {
            return Err(Malformed("bytes follow the request"));
        }
        key.key()?;
        let subject = name::of_request(subject)?;
        let alternative_names = alternative_names(&raw_attributes)?;
        let sans = alternative_names.map_or(Ok(Vec::new()), |(_, value)| san::names(value))?;
        Ok(Self { signed: info.full, subject, key, alternative_names, sans, algorithm, signature })
    }

    /// The `SubjectPublicKeyInfo`, DER.
    #[cfg(feature = "sandbox")]
    pub(crate) fn public_key(&self) -> &'a [u8] {
        self.key.full
    }
}

/// A `SubjectPublicKeyInfo`.
fn key_info<'a>(input: &mut &'a [u8]) -> Result<KeyInfo<'a>> {
    let element = asn1::sequence(input)?;
    let mut fields = element.content;
    let (algorithm, parameters) = asn1::algorithm(&mut fields)?;
    Ok(KeyInfo { full: element.full, algorithm, parameters, bits: asn1::bit_string(&mut fields)? })
}

/// `parseCSRExtensions`, and of those the alternative names. An extension that is asked for twice refuses the request.
fn alternative_names<'a>(attributes: &[&'a [u8]]) -> Result<Option<(bool, &'a [u8])>> {
    let mut seen: Vec<&[u8]> = Vec::new();
    let mut names = None;
    for attribute in attributes {
        // Attributes of another shape are read over.
        let Ok((oid, first)) = first_value(attribute) else { continue };
        if oid != EXTENSION_REQUEST {
            continue;
        }
        let mut extensions = asn1::sequence(&mut &*first)?.content;
        while !extensions.is_empty() {
            let mut fields = asn1::sequence(&mut extensions)?.content;
            let oid = asn1::oid(&mut fields)?;
            let critical = asn1::optional_bool(&mut fields)?;
            let value = asn1::octets(&mut fields)?;
            if seen.contains(&oid) {
                return Err(Malformed("an extension is asked for twice"));
            }
            seen.push(oid);
            if oid == ALTERNATIVE_NAMES {
                names = Some((critical, value));
            }
        }
    }
    Ok(names)
}

/// An attribute's type, and the first of its values.
fn first_value(mut attribute: &[u8]) -> Result<(&[u8], &[u8])> {
    let mut fields = asn1::sequence(&mut attribute)?.content;
    let oid = asn1::oid(&mut fields)?;
    let mut values = asn1::set(&mut fields)?.content;
    let first = asn1::any(&mut values)?.full;
    while !values.is_empty() {
        asn1::any(&mut values)?;
    }
    Ok((oid, first))
}

/// What is odd about a text whose first block is `block`.
fn oddities(pem: &[u8], block: &Block<'_>) -> Vec<Oddity> {
    let mut found = Vec::new();
    let is_space = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_whitespace);
    let alone = block.start == 0 && is_space(&pem[block.end..]);
    if !(alone && block.plain) && memchr::memmem::find(pem, b"PRIVATE KEY").is_some() {
        found.push(Oddity::PrivateKey);
    }
    if !alone {
        around(pem, block, &mut found);
    }
    if !block.plain {
        found.push(Oddity::OddPem);
    }
    if !canonical::is_request(&block.content) {
        found.push(Oddity::OddDer);
    }
    found
}

/// What is around the first block.
fn around(pem: &[u8], first: &Block<'_>, found: &mut Vec<Oddity>) {
    // The first one has the words in two lines.
    if memchr::memmem::find_iter(pem, b"CERTIFICATE REQUEST-----").count() > 2 {
        found.push(Oddity::SecondRequest);
    }
    let mut end = first.end;
    let mut text = !pem[..first.start].iter().all(u8::is_ascii_whitespace);
    while let Some(block) = pem::decode(pem, end) {
        text |= !pem[end..block.start].iter().all(u8::is_ascii_whitespace);
        let label = pem::label(block.label).into_owned();
        let is_request = [LABEL, OLD_LABEL].contains(&block.label);
        if !is_request && !found.iter().any(|known| matches!(known, Oddity::OtherBlock(other) if *other == label)) {
            found.push(Oddity::OtherBlock(label));
        }
        end = block.end;
    }
    text |= !pem[end..].iter().all(u8::is_ascii_whitespace);
    if text {
        found.push(Oddity::TextAround);
    }
}
