//! TLS as client-go configures it (`transport/transport.go`, `TLSConfigFor`): the kubeconfig's certificate authority or
//! the system's, the client certificate, the name to verify.

use std::error::Error as StdError;
use std::sync::Arc;

use chrono::DateTime;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer, ServerName, UnixTime,
};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls::{CertificateError, ClientConfig, Error as TlsError, InvalidMessage};
use sha2::Digest;

use super::verifier::{Unverified, Verifier};
use crate::domain::certificate::Certificate;
use crate::domain::x509::{hex, pem};

/// The text of the TLS error behind an error, if there is one.
pub(in crate::cluster) fn error_text(error: &(dyn StdError + 'static)) -> Option<String> {
    if let Some(found) = error.downcast_ref::<TlsError>() {
        return Some(words(found));
    }
    // The inner error of an io::Error is not among its sources.
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    inner.and_then(|inner| error_text(inner)).or_else(|| error.source().and_then(error_text))
}

/// How the server's certificate is verified.
#[derive(Debug, Clone)]
pub(in crate::cluster) struct Trust {
    verified: Verified,
    server_name: Option<ServerName<'static>>,
}

#[derive(Debug, Clone)]
enum Verified {
    /// `insecure-skip-tls-verify: true`.
    Not,
    By(Arc<Verifier>),
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

impl Trust {
    /// Verifies with the certificate authority of a kubeconfig, in PEM; with those of the system where there is none.
    ///
    /// # Errors
    /// Which field cannot be used, and why.
    pub(crate) fn new(authority: Option<&[u8]>, server_name: &str) -> Result<Self, String> {
        let verifier = match authority {
            Some(pem) => Verifier::from_pem(pem, provider()).map_err(|why| format!("certificate-authority: {why}"))?,
            None => Verifier::system(provider())?,
        };
        Ok(Self { verified: Verified::By(Arc::new(verifier)), server_name: name(server_name)? })
    }

    /// Verifies nothing.
    ///
    /// # Errors
    /// Which field cannot be used, and why.
    pub(crate) fn none(server_name: &str) -> Result<Self, String> {
        Ok(Self { verified: Verified::Not, server_name: name(server_name)? })
    }

    /// The name that is verified in place of the URL's host.
    pub(super) fn server_name(&self) -> Option<&ServerName<'static>> {
        self.server_name.as_ref()
    }

    /// The configuration of connections with this client certificate.
    ///
    /// # Errors
    /// None that a library without TLS 1.2 or 1.3 would not have.
    pub(super) fn client_config(&self, certificate: Option<&Arc<CertifiedKey>>) -> Result<ClientConfig, TlsError> {
        let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
        let builder = builder.dangerous();
        let builder = match &self.verified {
            Verified::Not => builder.with_custom_certificate_verifier(Arc::new(Unverified(provider()))),
            Verified::By(verifier) => builder.with_custom_certificate_verifier(verifier.clone()),
        };
        Ok(match certificate {
            Some(certificate) => {
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certificate.clone())))
            }
            None => builder.with_no_client_auth(),
        })
    }
}

fn name(server_name: &str) -> Result<Option<ServerName<'static>>, String> {
    if server_name.is_empty() {
        return Ok(None);
    }
    ServerName::try_from(server_name.to_owned()).map(Some).map_err(|_| "tls-server-name: not a host name".to_owned())
}

/// A client certificate with its key, both in PEM, read as Go reads them (crypto/tls, `X509KeyPair`): of the
/// certificates all, of the keys the first, and anything else is skipped.
///
/// # Errors
/// Which of the two cannot be used, and why; nothing of the key.
pub(in crate::cluster) fn key_pair(certificate: &[u8], key: &[u8]) -> Result<Arc<CertifiedKey>, PairError> {
    let chain: Vec<_> = pem::blocks(certificate)
        .filter(|block| block.label == b"CERTIFICATE")
        .map(|block| CertificateDer::from(block.content))
        .collect();
    let Some(leaf) = chain.first() else {
        return Err(PairError::Certificate(without_block(certificate, "CERTIFICATE")));
    };
    let leaf = Certificate::from_der(leaf).map_err(PairError::Certificate)?;
    let key = private_key(key).map_err(PairError::Key)?;
    let public = key.public_key().map(|public| sha2::Sha256::digest(&*public));
    let fits = public.is_none_or(|digest| leaf.public_key_sha256 == hex(&digest));
    if !fits {
        return Err(PairError::Key("the key does not belong to the client certificate".to_owned()));
    }
    Ok(Arc::new(CertifiedKey::new(chain, key)))
}

/// Which half of a certificate with its key cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cluster) enum PairError {
    /// The certificate.
    Certificate(String),
    /// The key.
    Key(String),
}

fn private_key(pem: &[u8]) -> Result<Arc<dyn SigningKey>, String> {
    let Some(block) = pem::blocks(pem).find(|block| block.label.ends_with(b"PRIVATE KEY")) else {
        return Err(without_block(pem, "PRIVATE KEY"));
    };
    if block.label == b"ENCRYPTED PRIVATE KEY" || block.headers {
        return Err("the key is encrypted, which clients do not support; decrypt it first".to_owned());
    }
    // As Go: the label says little, so every encoding is tried.
    let encodings = [
        PrivateKeyDer::from(PrivatePkcs8KeyDer::from(block.content.clone())),
        PrivateKeyDer::from(PrivatePkcs1KeyDer::from(block.content.clone())),
        PrivateKeyDer::from(PrivateSec1KeyDer::from(block.content)),
    ];
    let provider = provider();
    let loaded = encodings.into_iter().find_map(|der| provider.key_provider.load_private_key(der).ok());
    loaded.ok_or_else(|| {
        "not a key of a supported type (RSA from 2048 bits, ECDSA P-256, P-384 or P-521, Ed25519)".to_owned()
    })
}

fn without_block(text: &[u8], label: &str) -> String {
    let der = if text.first() == Some(&0x30) { "; it is DER, and clients read PEM" } else { "" };
    format!("no PEM block {label} in it{der}")
}

/// What is wrong with TLS, in words.
fn words(error: &TlsError) -> String {
    match error {
        TlsError::InvalidCertificate(error) => format!("TLS: the server's certificate {}", certificate_problem(error)),
        TlsError::AlertReceived(alert) => {
            format!("TLS: the server ended the handshake ({alert:?}): it may not accept the client certificate")
        }
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "TLS: the server does not speak TLS on this port".to_owned()
        }
        TlsError::PeerIncompatible(why) => format!("TLS: no common version or algorithm ({why:?})"),
        other => format!("TLS: {other}"),
    }
}

fn certificate_problem(error: &CertificateError) -> String {
    let day = |time: &UnixTime| {
        let at = i64::try_from(time.as_secs()).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        at.map(|at| at.format("%Y-%m-%d").to_string()).unwrap_or_default()
    };
    match error {
        CertificateError::UnknownIssuer => {
            "is not signed by the certificate-authority of the kubeconfig's cluster (UnknownIssuer)".to_owned()
        }
        CertificateError::ExpiredContext { not_after, .. } => format!("expired on {}", day(not_after)),
        CertificateError::Expired => "has expired".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => format!("is not valid before {}", day(not_before)),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names: Vec<_> =
                presented.iter().take(5).map(|name| name.chars().take(80).collect::<String>()).collect();
            let names = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
            format!("is not valid for {}, but for {names} (tls-server-name sets the name to verify)", expected.to_str())
        }
        CertificateError::BadEncoding => "is not a valid certificate".to_owned(),
        CertificateError::BadSignature => "has a wrong signature".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "is not for servers".to_owned()
        }
        CertificateError::UnhandledCriticalExtension => "has a critical extension that is not known here".to_owned(),
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "is signed with an algorithm that is not accepted, such as SHA-1".to_owned()
        }
        other => format!("cannot be used ({})", other.to_string().chars().take(100).collect::<String>()),
    }
}
