//! The cluster's certificate authority: it makes the server's certificate and signs approved requests, as
//! kube-controller-manager does (`pkg/controller/certificates/authority`).

use std::net::IpAddr;

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use der::asn1::{Any, BitString, GeneralizedTime, ObjectIdentifier, OctetString, SetOfVec, UtcTime, Utf8StringRef};
use der::{DateTime as DerTime, Decode, Encode, EncodePem, Sequence};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, SigningKey,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use x509_cert::Version;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints as Constraints, ExtendedKeyUsage};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

use crate::domain::key_type::KeyType;
use crate::domain::secret::Secret;
use crate::domain::x509::{Attribute, RawRequest, first_request};
use crate::keys::{PrivateKey, certification_request};

/// Object identifiers (RFC 5280, RFC 4519).
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const ALTERNATIVE_NAMES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const AUTHORITY_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const PURPOSES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

/// `--cluster-signing-duration`, by default.
const LONGEST_LIFE: TimeDelta = TimeDelta::days(365);
/// Clocks that go wrong by less do no harm.
const BACKDATE: TimeDelta = TimeDelta::minutes(5);
/// Lives below it are not cut by [`BACKDATE`].
const SHORT: TimeDelta = TimeDelta::hours(8);

/// Why a certificate cannot be made. Never quotes key material.
#[derive(Debug, thiserror::Error)]
#[error("the certificate cannot be made: {0}")]
pub struct AuthorityError(String);

fn failed(error: impl std::fmt::Display) -> AuthorityError {
    AuthorityError(error.to_string())
}

/// `TBSCertificate` (RFC 5280, 4.1).
#[derive(Sequence)]
struct Content {
    #[asn1(context_specific = "0", default = "Default::default")]
    version: Version,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: Validity,
    subject: Name,
    subject_public_key_info: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

/// `Certificate` (RFC 5280, 4.1).
#[derive(Sequence)]
struct Signed {
    content: Content,
    algorithm: AlgorithmIdentifierOwned,
    bits: BitString,
}

impl der::pem::PemLabel for Signed {
    const PEM_LABEL: &'static str = "CERTIFICATE";
}

/// A certificate authority with its key.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    name: Name,
    pem: String,
    der: CertificateDer<'static>,
    not_after: DateTime<Utc>,
}

/// A certificate and its key, PEM.
pub struct Credentials {
    /// The certificate.
    pub certificate: String,
    /// The key, zeroised when dropped.
    pub key: Secret,
}

impl Authority {
    /// Makes one that lives for ten years from `now`.
    ///
    /// # Errors
    /// Where the cryptographic library refuses.
    pub fn new(now: DateTime<Utc>) -> Result<Self, AuthorityError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "countersign-practice-cluster");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        let not_after = now + TimeDelta::days(3650);
        let month_and_day = |part: u32| u8::try_from(part).unwrap_or(1);
        let (month, day) = (month_and_day(not_after.month()), month_and_day(not_after.day()));
        params.not_after = rcgen::date_time_ymd(not_after.year(), month, day);
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.self_signed(&key).map_err(failed)?;
        let own = x509_cert::Certificate::from_der(certificate.der()).map_err(failed)?;
        Ok(Self {
            name: own.tbs_certificate().subject().clone(),
            pem: certificate.pem(),
            der: certificate.der().clone(),
            issuer: Issuer::new(params, key),
            not_after,
        })
    }

    /// The authority's own certificate, PEM.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// The authority's own certificate.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// A certificate for a server at these addresses.
    ///
    /// # Errors
    /// Where the cryptographic library refuses.
    pub(crate) fn serving(
        &self,
        addresses: &[IpAddr],
    ) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), AuthorityError> {
        let names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];
        let mut params = CertificateParams::new(names.map(ToOwned::to_owned)).map_err(failed)?;
        params.subject_alt_names.extend(addresses.iter().map(|address| SanType::IpAddress(*address)));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok((certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
    }

    /// A key and a certificate to log in with.
    ///
    /// # Errors
    /// Where the cryptographic library refuses.
    pub fn credentials(
        &self,
        user: &str,
        groups: &[String],
        now: DateTime<Utc>,
    ) -> Result<Credentials, AuthorityError> {
        let key = PrivateKey::generate(KeyType::EcdsaP256).map_err(failed)?;
        let request = certification_request(&key, user, groups).map_err(failed)?;
        let usages = ["digital signature".to_owned(), "client auth".to_owned()];
        let certificate = self.sign(request.as_bytes(), &usages, None, now)?;
        Ok(Credentials { certificate, key: key.to_pem() })
    }

    /// Signs a PKCS#10 request as kube-controller-manager does: the subject rebuilt, SANs taken over, the usages asked
    /// for, the life asked for but at most a year and at most the authority's own. PEM.
    ///
    /// # Errors
    /// Where the request cannot be read.
    pub(crate) fn sign(
        &self,
        request: &[u8],
        usages: &[String],
        expiration_seconds: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<String, AuthorityError> {
        let block = first_request(request).map_err(failed)?;
        let raw = RawRequest::parse(&block.content).map_err(failed)?;
        let signature = AlgorithmIdentifierOwned { oid: ECDSA_SHA256, parameters: None };
        let content = Content {
            version: Version::V3,
            serial_number: serial()?,
            signature: signature.clone(),
            issuer: self.name.clone(),
            validity: self.validity(expiration_seconds, now)?,
            subject: rebuilt(&raw.subject)?,
            subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(raw.public_key()).map_err(failed)?,
            extensions: self.extensions(&raw, usages)?,
        };
        let bytes = content.to_der().map_err(failed)?;
        let signed = self.issuer.key().sign(&bytes).map_err(failed)?;
        let signed = BitString::from_bytes(&signed).map_err(failed)?;
        let certificate = Signed { content, algorithm: signature, bits: signed };
        certificate.to_pem(der::pem::LineEnding::LF).map_err(failed)
    }

    fn validity(&self, expiration_seconds: Option<i32>, now: DateTime<Utc>) -> Result<Validity, AuthorityError> {
        let asked = expiration_seconds.map_or(LONGEST_LIFE, |seconds| TimeDelta::seconds(seconds.into()));
        let life = asked.clamp(TimeDelta::minutes(10), LONGEST_LIFE);
        let end = now + if life < SHORT { life } else { life - BACKDATE };
        Ok(Validity::new(x509_time(now - BACKDATE)?, x509_time(end.min(self.not_after))?))
    }

    fn extensions(&self, request: &RawRequest<'_>, usages: &[String]) -> Result<Vec<Extension>, AuthorityError> {
        let mut extensions = Vec::new();
        let bits = usages.iter().filter_map(|usage| key_usage(usage)).fold(0u16, |all, bit| all | bit);
        if bits != 0 {
            extensions.push(extension(KEY_USAGE, true, &named_bits(bits)?)?);
        }
        let purposes: Vec<_> = usages.iter().filter_map(|usage| purpose(usage)).collect();
        if !purposes.is_empty() {
            extensions.push(extension(PURPOSES, false, &ExtendedKeyUsage(purposes))?);
        }
        extensions.push(extension(CONSTRAINTS, true, &Constraints { ca: false, path_len_constraint: None })?);
        // rcgen names a key by the first bytes of its SHA-256 (RFC 7093).
        let spki = x509_cert::Certificate::from_der(&self.der).map_err(failed)?;
        let key = spki.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes();
        let identifier = OctetString::new(&Sha256::digest(key)[..20]).map_err(failed)?;
        let authority = AuthorityKeyIdentifier { key_identifier: Some(identifier), ..Default::default() };
        extensions.push(extension(AUTHORITY_KEY, false, &authority)?);
        extensions.extend(alternative_names(request)?);
        Ok(extensions)
    }
}

/// `UTCTime` until 2049, `GeneralizedTime` after (RFC 5280, 4.1.2.5).
fn x509_time(time: DateTime<Utc>) -> Result<Time, AuthorityError> {
    let seconds = u64::try_from(time.timestamp()).map_err(failed)?;
    let moment = DerTime::from_unix_duration(std::time::Duration::from_secs(seconds)).map_err(failed)?;
    if time.year() < 2050 {
        return UtcTime::from_date_time(moment).map(Time::from).map_err(failed);
    }
    Ok(GeneralizedTime::from_date_time(moment).into())
}

fn serial() -> Result<SerialNumber, AuthorityError> {
    let mut bytes = *uuid::Uuid::new_v4().as_bytes();
    bytes[0] &= 0x7f; // a serial number is positive
    SerialNumber::new(&bytes).map_err(failed)
}

/// The subject as Go writes a parsed one: the values of each kind together, one common name and serial number, the last.
fn rebuilt(subject: &[Attribute<'_>]) -> Result<Name, AuthorityError> {
    // `pkix.Name.ToRDNSequence`: C, O, OU, L, ST, STREET, postal code, CN, serial number.
    let order = ["2.5.4.6", "2.5.4.10", "2.5.4.11", "2.5.4.7", "2.5.4.8", "2.5.4.9", "2.5.4.17", "2.5.4.3", "2.5.4.5"];
    let text = |value: &String| Utf8StringRef::new(value).map(Any::from).map_err(failed);
    let mut rdns = Vec::new();
    for oid in order.map(ObjectIdentifier::new_unwrap) {
        let of_it = subject.iter().filter(|attribute| attribute.oid == oid.as_bytes());
        let mut values = of_it.filter_map(|attribute| attribute.text.as_ref()).collect::<Vec<_>>();
        if [COMMON_NAME, SERIAL_NUMBER].contains(&oid) {
            // An empty one is not written.
            values = values.pop().filter(|value| !value.is_empty()).into_iter().collect();
        }
        let mut set = SetOfVec::new();
        for value in values {
            // The same group twice is one group; a set does not hold it twice.
            let _ = set.insert(AttributeTypeAndValue { oid, value: text(value)? });
        }
        if !set.is_empty() {
            rdns.push(RelativeDistinguishedName::try_from(Vec::from(set)).map_err(failed)?);
        }
    }
    Ok(Name::hazmat_from_rdn_sequence(RdnSequence::from(rdns)))
}

fn extension(extn_id: ObjectIdentifier, critical: bool, value: &impl Encode) -> Result<Extension, AuthorityError> {
    let value = OctetString::new(value.to_der().map_err(failed)?).map_err(failed)?;
    Ok(Extension { extn_id, critical, extn_value: value })
}

fn alternative_names(request: &RawRequest<'_>) -> Result<Option<Extension>, AuthorityError> {
    let Some((critical, value)) = request.alternative_names else { return Ok(None) };
    let extn_value = OctetString::new(value).map_err(failed)?;
    Ok(Some(Extension { extn_id: ALTERNATIVE_NAMES, critical, extn_value }))
}

/// Bits of `KeyUsage`, the first one being the highest (RFC 5280, 4.2.1.3).
fn key_usage(usage: &str) -> Option<u16> {
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

fn named_bits(bits: u16) -> Result<BitString, AuthorityError> {
    let unused = bits.trailing_zeros();
    let bytes = bits.to_be_bytes();
    let length = if unused >= 8 { 1 } else { 2 };
    BitString::new(u8::try_from(unused % 8).unwrap_or(0), &bytes[..length]).map_err(failed)
}

fn purpose(usage: &str) -> Option<ObjectIdentifier> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::certificate::Certificate;

    fn sign(groups: &[&str], seconds: Option<i32>) -> (Certificate, DateTime<Utc>) {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let authority = Authority::new(now).unwrap();
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
        let request = certification_request(&key, "jane", &groups).unwrap();
        let usages = ["client auth".to_owned(), "key encipherment".to_owned()];
        let pem = authority.sign(request.as_bytes(), &usages, seconds, now).unwrap();
        (Certificate::from_pem(pem.as_bytes()).unwrap(), now)
    }

    #[test]
    fn every_group_comes_before_the_name() {
        let (certificate, _) = sign(&["qa", "dev"], None);
        assert_eq!(certificate.identity.user, "jane");
        assert_eq!(certificate.subject, "O=qa+O=dev,CN=jane");
    }

    #[test]
    fn life_is_what_was_asked_for_within_limits() {
        let life = |seconds| {
            let (certificate, now) = sign(&[], seconds);
            assert_eq!(now - certificate.not_before, BACKDATE);
            (certificate.not_after - now).num_seconds()
        };
        assert_eq!(life(Some(600)), 600);
        assert_eq!(life(Some(28_799)), 28_799);
        assert_eq!(life(Some(28_800)), 28_500);
        assert_eq!(life(Some(2_000_000_000)), LONGEST_LIFE.num_seconds() - 300);
        assert_eq!(life(None), LONGEST_LIFE.num_seconds() - 300);
    }
}
