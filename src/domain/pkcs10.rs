//! A certificate request (PKCS#10), decoded.

/// Who a certificate made from a subject logs in as.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The LAST common name: kube-controller-manager keeps one, Go's parser keeps the last.
    pub user: String,
    /// Every organisation, in order, multi-valued RDNs included.
    pub groups: Vec<String>,
}

/// A decoded PKCS#10 request (RFC 2986).
#[derive(Debug, Clone, PartialEq)]
pub struct Pkcs10 {
    /// The whole subject in the order written, as `CN=jane,O=dev`.
    pub subject: String,
    /// Every CN in order; the last one counts.
    pub common_names: Vec<String>,
    /// Every O in order.
    pub organizations: Vec<String>,
    /// CNs and Os in string types that programs read differently, such as `CN as T61String`.
    pub odd_strings: Vec<String>,
    /// Subject alternative names.
    pub sans: Vec<San>,
    /// The public key.
    pub key: PublicKey,
    /// The signature's algorithm in Go's words, such as `SHA256-RSA`, or its OID where unknown.
    pub signature_algorithm: String,
    /// Whether the signature fits the key, with Go's result; `None` where it was not looked at
    /// ([`Self::decode_unverified`]).
    pub signature_valid: Option<bool>,
    /// What keeps it from being one canonical block of canonical DER.
    pub oddities: Vec<Oddity>,
}

/// A public key's kind and strength.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// `RSA`, `ECDSA`, `Ed25519`, or an OID.
    pub algorithm: String,
    /// RSA modulus or curve size; 0 where unknown.
    pub bits: u32,
    /// SHA-256 of the `SubjectPublicKeyInfo`, hex.
    pub sha256: String,
}

/// One subject alternative name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum San {
    /// A DNS name.
    Dns(String),
    /// An IP address.
    Ip(String),
    /// An e-mail address.
    Email(String),
    /// A URI.
    Uri(String),
    /// Any other kind, named by its type.
    Other(String),
}

impl Pkcs10 {
    /// Who a certificate made from this subject logs in as: the last CN, every O
    /// (kube-controller-manager, `pkg/controller/certificates/signer/signer.go`; Go, `crypto/x509/pkix`).
    pub fn identity(&self) -> Identity {
        Identity { user: self.common_names.last().cloned().unwrap_or_default(), groups: self.organizations.clone() }
    }
}

/// What keeps a request from being one canonical PEM block of canonical DER: another program may read it as another
/// request, or something else is in it that everybody can read who may read requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Oddity {
    /// A private key, in any form.
    PrivateKey,
    /// A second request, in a separate block or in one that is not closed.
    SecondRequest,
    /// Another block, by its label.
    OtherBlock(String),
    /// Text outside of the blocks.
    TextAround,
    /// Header lines, spaces or odd line ends within the block.
    OddPem,
    /// DER that is not in its one canonical form.
    OddDer,
}
