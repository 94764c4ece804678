//! The structure of a certificate and the DER encoding of its parts, as kube-controller-manager (Go's `crypto/x509`) writes
//! them.

use chrono::{DateTime, Datelike, Utc};
use der::asn1::{Any, BitString, GeneralizedTime, ObjectIdentifier, OctetString, SetOfVec, UtcTime, Utf8StringRef};
use der::{DateTime as DerTime, Encode, Sequence};
use x509_cert::Version;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::ext::Extension;
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

use super::error::{AuthorityError, failed};
use crate::domain::x509::{Attribute, RawRequest};

/// Object identifiers (RFC 5280, RFC 4519).
pub(super) const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
pub(super) const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");
pub(super) const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
pub(super) const ALTERNATIVE_NAMES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
pub(super) const CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
pub(super) const AUTHORITY_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
pub(super) const PURPOSES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
pub(super) const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

/// `TBSCertificate` (RFC 5280, 4.1).
#[derive(Sequence)]
pub(super) struct TbsCertificate {
    #[asn1(context_specific = "0", default = "Default::default")]
    pub(super) version: Version,
    pub(super) serial_number: SerialNumber,
    pub(super) signature: AlgorithmIdentifierOwned,
    pub(super) issuer: Name,
    pub(super) validity: Validity,
    pub(super) subject: Name,
    pub(super) subject_public_key_info: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    pub(super) extensions: Vec<Extension>,
}

/// `Certificate` (RFC 5280, 4.1).
#[derive(Sequence)]
pub(super) struct SignedCertificate {
    pub(super) content: TbsCertificate,
    pub(super) algorithm: AlgorithmIdentifierOwned,
    pub(super) bits: BitString,
}

impl der::pem::PemLabel for SignedCertificate {
    const PEM_LABEL: &'static str = "CERTIFICATE";
}

/// `UTCTime` until 2049, `GeneralizedTime` after (RFC 5280, 4.1.2.5).
pub(super) fn x509_time(time: DateTime<Utc>) -> Result<Time, AuthorityError> {
    let seconds = u64::try_from(time.timestamp()).map_err(failed)?;
    let moment = DerTime::from_unix_duration(std::time::Duration::from_secs(seconds)).map_err(failed)?;
    if time.year() < 2050 {
        return UtcTime::from_date_time(moment).map(Time::from).map_err(failed);
    }
    Ok(GeneralizedTime::from_date_time(moment).into())
}

pub(super) fn random_serial() -> Result<SerialNumber, AuthorityError> {
    let mut bytes = *uuid::Uuid::new_v4().as_bytes();
    bytes[0] &= 0x7f; // a serial number is positive
    SerialNumber::new(&bytes).map_err(failed)
}

/// The subject as Go writes it after parsing: values grouped by attribute type; of common name and serial number only the
/// last.
pub(super) fn rebuild_subject(subject: &[Attribute<'_>]) -> Result<Name, AuthorityError> {
    // `pkix.Name.ToRDNSequence`: C, O, OU, L, ST, STREET, postal code, CN, serial number.
    let order = ["2.5.4.6", "2.5.4.10", "2.5.4.11", "2.5.4.7", "2.5.4.8", "2.5.4.9", "2.5.4.17", "2.5.4.3", "2.5.4.5"];
    let text = |value: &String| Utf8StringRef::new(value).map(Any::from).map_err(failed);
    let mut rdns = Vec::new();
    for oid in order.map(ObjectIdentifier::new_unwrap) {
        let of_type = subject.iter().filter(|attribute| attribute.oid == oid.as_bytes());
        let mut values = of_type.filter_map(|attribute| attribute.text.as_ref()).collect::<Vec<_>>();
        if [COMMON_NAME, SERIAL_NUMBER].contains(&oid) {
            // Go omits an empty value.
            values = values.pop().filter(|value| !value.is_empty()).into_iter().collect();
        }
        let mut set = SetOfVec::new();
        for value in values {
            // A SET contains a value once; a duplicate group is dropped.
            let _ = set.insert(AttributeTypeAndValue { oid, value: text(value)? });
        }
        if !set.is_empty() {
            rdns.push(RelativeDistinguishedName::try_from(Vec::from(set)).map_err(failed)?);
        }
    }
    Ok(Name::hazmat_from_rdn_sequence(RdnSequence::from(rdns)))
}

/// Whether a client that does not know an extension has to reject the certificate (RFC 5280, 4.2).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Criticality {
    Critical,
    NonCritical,
}

pub(super) fn extension(
    extn_id: ObjectIdentifier,
    criticality: Criticality,
    value: &impl Encode,
) -> Result<Extension, AuthorityError> {
    let value = OctetString::new(value.to_der().map_err(failed)?).map_err(failed)?;
    Ok(Extension { extn_id, critical: criticality == Criticality::Critical, extn_value: value })
}

pub(super) fn alternative_names(request: &RawRequest<'_>) -> Result<Option<Extension>, AuthorityError> {
    let Some((critical, value)) = request.alternative_names else { return Ok(None) };
    let extn_value = OctetString::new(value).map_err(failed)?;
    Ok(Some(Extension { extn_id: ALTERNATIVE_NAMES, critical, extn_value }))
}

/// The bit of `KeyUsage`, bit 0 being the most significant (RFC 5280, 4.2.1.3).
pub(super) fn key_usage_bit(usage: &str) -> Option<u16> {
    let bit = match usage {
        "signing" | "digital signature" => 0,
        "content commitment" => 1,
        "key encipherment" => 2,
        "data encipherment" => 3,
        "key agreement" => 4,
        "cert sign" => 5,
        "crl sign" => 6,
        "encipher only" => 7,
        "decipher only" => 8,
        _ => return None,
    };
    Some(0x8000 >> bit)
}

pub(super) fn named_bits(bits: u16) -> Result<BitString, AuthorityError> {
    let unused = bits.trailing_zeros();
    let bytes = bits.to_be_bytes();
    let length = if unused >= 8 { 1 } else { 2 };
    BitString::new(u8::try_from(unused % 8).unwrap_or(0), &bytes[..length]).map_err(failed)
}

pub(super) fn extended_key_usage(usage: &str) -> Option<ObjectIdentifier> {
    Some(ObjectIdentifier::new_unwrap(match usage {
        "any" => "2.5.29.37.0",
        "server auth" => "1.3.6.1.5.5.7.3.1",
        "client auth" => "1.3.6.1.5.5.7.3.2",
        "code signing" => "1.3.6.1.5.5.7.3.3",
        "email protection" | "s/mime" => "1.3.6.1.5.5.7.3.4",
        "ipsec end system" => "1.3.6.1.5.5.7.3.5",
        "ipsec tunnel" => "1.3.6.1.5.5.7.3.6",
        "ipsec user" => "1.3.6.1.5.5.7.3.7",
        "timestamping" => "1.3.6.1.5.5.7.3.8",
        "ocsp signing" => "1.3.6.1.5.5.7.3.9",
        "microsoft sgc" => "1.3.6.1.4.1.311.10.3.3",
        "netscape sgc" => "2.16.840.1.113730.4.1",
        _ => return None,
    }))
}
