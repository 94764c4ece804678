//! Server certificates, accepted where Go's crypto/x509 accepts them.

use std::fmt::Debug;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::domain::certificate::Certificate;
use crate::domain::x509::{SERVER, pem, server_authority};

/// Verifies chains with the `webpki` library. Besides, it accepts what Go accepts and `webpki` does not: a server
/// certificate that is itself among the authorities (crypto/x509, `Verify`: `opts.Roots.contains(c)`). And it refuses
/// what Go refuses: certificates that Go cannot parse, and authorities that are none, which `webpki` does not look at.
#[derive(Debug)]
pub(super) struct Verifier {
    chains: Option<Arc<WebPkiServerVerifier>>,
    /// With the authorities after which no intermediate certificate may come.
    without_intermediates: Option<Arc<WebPkiServerVerifier>>,
    authorities: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    /// With these authorities.
    ///
    /// # Errors
    /// Where none can be used.
    pub(crate) fn from_pem(pem: &[u8], provider: Arc<CryptoProvider>) -> Result<Self, String> {
        if pem.is_empty() {
            // As in client-go, where an empty file trusts no certificate.
            return Ok(Self::new(Vec::new(), provider));
        }
        let blocks = pem::blocks(pem).filter(|block| block.label == b"CERTIFICATE" && !block.headers);
        let ders: Vec<_> = blocks.map(|block| CertificateDer::from(block.content)).collect();
        if ders.is_empty() {
            let der = if pem.first() == Some(&0x30) { "; it is DER, and clients read PEM" } else { "" };
            return Err(format!("no PEM block CERTIFICATE in it{der}"));
        }
        // Go skips what it cannot parse, and refuses an authority that has expired.
        let parsed = ders.into_iter().filter_map(|der| Some((Certificate::from_der(&der).ok()?, der)));
        let (valid, expired): (Vec<_>, Vec<_>) = parsed.partition(|(parsed, _)| is_valid(parsed, Utc::now()));
        match (valid.is_empty(), expired.first()) {
            (true, None) => Err("no certificate in it can be read".to_owned()),
            (true, Some((parsed, _))) if parsed.not_after < Utc::now() => {
                Err(format!("the certificate expired on {}", parsed.not_after.format("%Y-%m-%d")))
            }
            (true, Some(_)) => Err("the certificate is not valid yet".to_owned()),
            (false, _) => Ok(Self::new(valid.into_iter().map(|(_, der)| der).collect(), provider)),
        }
    }

    /// With the authorities of the system; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others, as in Go.
    ///
    /// # Errors
    /// Where there are none.
    pub(crate) fn system(provider: Arc<CryptoProvider>) -> Result<Self, String> {
        let found = rustls_native_certs::load_native_certs().certs;
        if found.is_empty() {
            return Err("the cluster has no certificate-authority, and this system has none either".to_owned());
        }
        Ok(Self::new(found, provider))
    }

    fn new(authorities: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Self {
        let with = |limited: bool| {
            let mut roots = RootCertStore::empty();
            let wanted = authorities.iter().filter(|der| {
                server_authority(der).is_some_and(|authority| (authority.path_length == Some(0)) == limited)
            });
            roots.add_parsable_certificates(wanted.cloned());
            // Where none is an authority, one of them may still be the server's own certificate.
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().ok()
        };
        Self { chains: with(false), without_intermediates: with(true), authorities, provider }
    }

    fn verify_chain(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let unknown = || Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let verify = |verifier: &Option<Arc<WebPkiServerVerifier>>, intermediates: &[CertificateDer<'_>]| {
            let verifier = verifier.as_ref().ok_or_else(unknown)?;
            verifier.verify_server_cert(end_entity, intermediates, name, &[], now)
        };
        verify(&self.chains, intermediates).or_else(|error| {
            verify(&self.without_intermediates, &[]).map_err(|other| if other == unknown() { error } else { other })
        })
    }

    /// A certificate that is itself trusted needs no issuer; everything else is verified as always.
    fn verify_pinned(
        &self,
        end_entity: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        let bad = |error: CertificateError| Error::InvalidCertificate(error);
        if !self.authorities.iter().any(|one| one.as_ref() == end_entity.as_ref()) {
            return Err(bad(CertificateError::UnknownIssuer));
        }
        let parsed = Certificate::from_der(end_entity).map_err(|_| bad(CertificateError::BadEncoding))?;
        let now = i64::try_from(now.as_secs()).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        let now = now.ok_or(bad(CertificateError::Expired))?;
        if !is_valid(&parsed, now) {
            let early = parsed.not_before > now;
            return Err(bad(if early { CertificateError::NotValidYet } else { CertificateError::Expired }));
        }
        let serves = |purpose: &String| SERVER.contains(&purpose.as_str());
        if !parsed.purposes.is_empty() && !parsed.purposes.iter().any(serves) {
            return Err(bad(CertificateError::InvalidPurpose));
        }
        verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)
    }
}

fn is_valid(certificate: &Certificate, now: DateTime<Utc>) -> bool {
    certificate.not_before <= now && now <= certificate.not_after
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if [end_entity].into_iter().chain(intermediates).any(|der| Certificate::from_der(der).is_err()) {
            return Err(Error::InvalidCertificate(CertificateError::BadEncoding));
        }
        let chain = self.verify_chain(end_entity, intermediates, server_name, now);
        let Err(error) = chain else { return chain };
        match self.verify_pinned(end_entity, server_name, now) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => Err(error),
            Err(pinned) => Err(pinned),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Unverified(self.provider.clone()).verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Unverified(self.provider.clone()).verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Accepts every certificate whose key the server holds: `insecure-skip-tls-verify: true`.
#[derive(Debug)]
pub(super) struct Unverified(pub Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
