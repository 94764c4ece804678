//! The cluster's certificate authority: it makes the server's certificate and signs approved requests, as
//! kube-controller-manager does (`pkg/controller/certificates/authority`).

mod error;
mod x509;

use std::net::IpAddr;

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use der::asn1::{BitString, OctetString};
use der::{Decode, Encode, EncodePem};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, SigningKey,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use x509_cert::Version;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints as Constraints, ExtendedKeyUsage};
use x509_cert::name::Name;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::Validity;

use crate::domain::key_type::KeyType;
use crate::domain::secret::Secret;
use crate::domain::x509::{RawRequest, first_request};
use crate::keys::{PrivateKey, certification_request};
pub(crate) use error::AuthorityError;
use error::failed;
use x509::Criticality::{Critical, NonCritical};
use x509::{SignedCertificate, TbsCertificate};

/// `--cluster-signing-duration`, by default.
const MAX_LIFETIME: TimeDelta = TimeDelta::days(365);
/// `notBefore` lies this far in the past, for clients whose clocks are slow.
const BACKDATE: TimeDelta = TimeDelta::minutes(5);
/// Only lifetimes from here on are shortened by [`BACKDATE`].
const NOT_SHORTENED_BELOW: TimeDelta = TimeDelta::hours(8);

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
    /// Makes an authority that is valid for ten years from `now`.
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

    /// Signs a PKCS#10 request as kube-controller-manager does: the subject rebuilt, SANs copied, the requested
    /// usages, the requested lifetime but at most a year and at most the authority's own. PEM.
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
        let signature = AlgorithmIdentifierOwned { oid: x509::ECDSA_SHA256, parameters: None };
        let content = TbsCertificate {
            version: Version::V3,
            serial_number: x509::random_serial()?,
            signature: signature.clone(),
            issuer: self.name.clone(),
            validity: self.validity(expiration_seconds, now)?,
            subject: x509::rebuild_subject(&raw.subject)?,
            subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(raw.public_key()).map_err(failed)?,
            extensions: self.extensions(&raw, usages)?,
        };
        let bytes = content.to_der().map_err(failed)?;
        let signed = self.issuer.key().sign(&bytes).map_err(failed)?;
        let signed = BitString::from_bytes(&signed).map_err(failed)?;
        let certificate = SignedCertificate { content, algorithm: signature, bits: signed };
        certificate.to_pem(der::pem::LineEnding::LF).map_err(failed)
    }

    fn validity(&self, expiration_seconds: Option<i32>, now: DateTime<Utc>) -> Result<Validity, AuthorityError> {
        let requested = expiration_seconds.map_or(MAX_LIFETIME, |seconds| TimeDelta::seconds(seconds.into()));
        let lifetime = requested.clamp(TimeDelta::minutes(10), MAX_LIFETIME);
        let end = now + if lifetime < NOT_SHORTENED_BELOW { lifetime } else { lifetime - BACKDATE };
        Ok(Validity::new(x509::x509_time(now - BACKDATE)?, x509::x509_time(end.min(self.not_after))?))
    }

    fn extensions(&self, request: &RawRequest<'_>, usages: &[String]) -> Result<Vec<Extension>, AuthorityError> {
        let mut extensions = Vec::new();
        let bits = usages.iter().filter_map(|usage| x509::key_usage_bit(usage)).fold(0u16, |all, bit| all | bit);
        if bits != 0 {
            extensions.push(x509::extension(x509::KEY_USAGE, Critical, &x509::named_bits(bits)?)?);
        }
        let purposes: Vec<_> = usages.iter().filter_map(|usage| x509::extended_key_usage(usage)).collect();
        if !purposes.is_empty() {
            extensions.push(x509::extension(x509::PURPOSES, NonCritical, &ExtendedKeyUsage(purposes))?);
        }
        extensions.push(x509::extension(
            x509::CONSTRAINTS,
            Critical,
            &Constraints { ca: false, path_len_constraint: None },
        )?);
        // rcgen names a key by the first bytes of its SHA-256 (RFC 7093).
        let spki = x509_cert::Certificate::from_der(&self.der).map_err(failed)?;
        let key = spki.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes();
        let identifier = OctetString::new(&Sha256::digest(key)[..20]).map_err(failed)?;
        let authority = AuthorityKeyIdentifier { key_identifier: Some(identifier), ..Default::default() };
        extensions.push(x509::extension(x509::AUTHORITY_KEY, NonCritical, &authority)?);
        extensions.extend(x509::alternative_names(request)?);
        Ok(extensions)
    }
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
    fn subject_has_groups_before_the_common_name() {
        let (certificate, _) = sign(&["qa", "dev"], None);
        assert_eq!(certificate.identity.user, "jane");
        assert_eq!(certificate.subject, "O=qa+O=dev,CN=jane");
    }

    #[test]
    fn lifetime_is_as_requested_within_limits() {
        let life = |seconds| {
            let (certificate, now) = sign(&[], seconds);
            assert_eq!(now - certificate.not_before, BACKDATE);
            (certificate.not_after - now).num_seconds()
        };
        assert_eq!(life(Some(600)), 600);
        assert_eq!(life(Some(28_799)), 28_799);
        assert_eq!(life(Some(28_800)), 28_500);
        assert_eq!(life(Some(2_000_000_000)), MAX_LIFETIME.num_seconds() - 300);
        assert_eq!(life(None), MAX_LIFETIME.num_seconds() - 300);
    }
}
