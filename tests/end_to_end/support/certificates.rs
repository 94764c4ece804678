//! Certificate authorities and certificates for tests, valid and invalid ones.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

/// A certificate and its key, both PEM.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    /// The certificate, or a chain of certificates.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

impl Issued {
    /// Reads both from files.
    pub(crate) fn read(certificate: &Path, key: &Path) -> Self {
        let text = |path: &Path| std::fs::read_to_string(path).unwrap();
        Self { certificate: text(certificate), key: text(key) }
    }

    /// A self-signed certificate.
    pub(crate) fn self_signed(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        Self { certificate: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
    }

    /// The configuration of an HTTP/1.1 server with this certificate and these TLS versions.
    pub(crate) fn server_config(&self, versions: &[&'static rustls::SupportedProtocolVersion]) -> ServerConfig {
        let config = builder(versions).with_no_client_auth();
        let mut config = config.with_cert_resolver(Arc::new(self.without_validation()));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config
    }

    /// [`Self::server_config`] that requires client certificates of this CA (PEM).
    pub(crate) fn server_config_with_client_ca(&self, authority: &str) -> ServerConfig {
        let mut roots = rustls::RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(authority.as_bytes()) {
            roots.add(root.unwrap()).unwrap();
        }
        let clients = rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), provider());
        let config = builder(rustls::ALL_VERSIONS).with_client_cert_verifier(clients.build().unwrap());
        let mut config = config.with_single_cert(self.chain(), self.private_key()).unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config
    }

    /// Without validation, because clients must reject invalid certificates.
    fn without_validation(&self) -> SingleCertAndKey {
        let key = provider().key_provider.load_private_key(self.private_key()).unwrap();
        SingleCertAndKey::from(CertifiedKey::new(self.chain(), key))
    }

    fn chain(&self) -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_slice_iter(self.certificate.as_bytes()).map(Result::unwrap).collect()
    }

    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap()
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn builder(
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    ServerConfig::builder_with_provider(provider()).with_protocol_versions(versions).unwrap()
}

/// A certificate authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// The CA certificate, PEM.
    pub certificate: String,
}

impl Authority {
    /// A CA with an ECDSA P-256 key.
    pub(crate) fn new() -> Self {
        Self::with(authority(), KeyPair::generate().unwrap())
    }

    /// A CA with this certificate and key.
    pub(crate) fn with(params: CertificateParams, key: KeyPair) -> Self {
        let certificate = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// Issues a certificate for this key.
    pub(crate) fn issue_for(&self, params: &CertificateParams, key: &KeyPair) -> Issued {
        let certificate = params.signed_by(key, &self.issuer).unwrap().pem();
        Issued { certificate, key: key.serialize_pem() }
    }

    /// Issues a certificate for a new key.
    pub(crate) fn issue(&self, params: &CertificateParams) -> Issued {
        self.issue_for(params, &KeyPair::generate().unwrap())
    }

    /// Issues the certificate of an intermediate CA.
    pub(crate) fn intermediate(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }
}

/// The parameters of a CA certificate.
pub(crate) fn authority() -> CertificateParams {
    let mut params = named("connects-test-ca");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params
}

/// The parameters of a server certificate for 127.0.0.1.
pub(crate) fn server() -> CertificateParams {
    server_at(&[SanType::IpAddress("127.0.0.1".parse().unwrap())])
}

/// The parameters of a server certificate for these names.
pub(crate) fn server_at(names: &[SanType]) -> CertificateParams {
    let mut params = named("connects-test-server");
    params.subject_alt_names = names.to_vec();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}

/// The parameters of a certificate with only a common name.
pub(crate) fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// Runs a shell script of openssl commands in a folder.
pub(crate) fn openssl(folder: &Path, script: &str) {
    let output = Command::new("sh").args(["-ec", script]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
}
