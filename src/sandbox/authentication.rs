//! Authentication: client certificates, tokens of service accounts, and anonymous requests (`apiserver/pkg/authentication`).

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::Utc;
use http::HeaderMap;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, SignatureScheme};

use crate::domain::access::{AUTHENTICATED, Principal};
use crate::domain::certificate::Certificate;
use crate::sandbox::status::ApiFailure;
use crate::sandbox::tokens::{Tokens, bearer};
use crate::sandbox::user::{CREDENTIAL, User};

/// Accepts any client certificate in the handshake, which proves only possession of the key. The chain is verified with
/// every request, so that a wrong certificate gets 401 instead of a broken connection.
#[derive(Debug)]
pub struct AnyCertificate(Arc<dyn ClientCertVerifier>);

impl AnyCertificate {
    /// A verifier for one authority.
    ///
    /// # Errors
    /// Where the certificate is not that of an authority.
    pub fn of(authority: &CertificateDer<'static>, provider: Arc<CryptoProvider>) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone()).map_err(|error| error.to_string())?;
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.build().map(Self).map_err(|error| error.to_string())
    }

    /// The user of a connection's client certificates at this time; `None` where there are none.
    fn user(&self, certificates: &[CertificateDer<'_>]) -> Result<Option<User>, ApiFailure> {
        let Some((own, chain)) = certificates.split_first() else { return Ok(None) };
        self.0.verify_client_cert(own, chain, UnixTime::now()).map_err(|_| ApiFailure::unauthorized())?;
        let certificate = Certificate::from_der(own).map_err(|_| ApiFailure::unauthorized())?;
        if certificate.identity.user.is_empty() {
            return Err(ApiFailure::unauthorized());
        }
        let mut groups = certificate.identity.groups;
        groups.push(AUTHENTICATED.to_owned());
        let credential = format!("X509SHA256={}", certificate.sha256);
        Ok(Some(User {
            who: Principal { user: certificate.identity.user, groups },
            uid: String::new(),
            extra: BTreeMap::from([(CREDENTIAL.to_owned(), vec![credential])]),
        }))
    }
}

/// The user of a request: by certificate, else by token, else anonymous (`authentication/request/union`).
///
/// # Errors
/// 401 where there are credentials, and none is valid.
pub(crate) fn authenticate(
    clients: &AnyCertificate,
    tokens: &Tokens,
    certificates: &[CertificateDer<'_>],
    headers: &HeaderMap,
) -> Result<User, ApiFailure> {
    let by_certificate = clients.user(certificates);
    if let Ok(Some(user)) = by_certificate {
        return Ok(user);
    }
    let Some(token) = bearer(headers) else { return by_certificate.map(|_| User::anonymous()) };
    let by_token = tokens.authenticate(token, &Tokens::api_audiences(), Utc::now());
    by_token.map(|authenticated| authenticated.user).map_err(|_| ApiFailure::unauthorized())
}

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
