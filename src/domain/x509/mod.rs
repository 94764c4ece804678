//! Certificates and certificate requests, read exactly as the API server and the signer read them.
//!
//! kube-apiserver and kube-controller-manager decode with Go's `encoding/pem`, `encoding/asn1`, `crypto/x509` and
//! `golang.org/x/crypto/cryptobyte` (Go 1.26). Whatever those take is read here as the same identity, names and key, and
//! whatever they refuse is refused: a reader that is stricter or more lenient in one place can be shown another person
//! than the one that is issued. Each file names the Go source that it follows; `tests/differential` compares both on
//! mutated requests.
//!
//! Bytes that only some programs read the same way are reported besides, as [`Oddity`](super::pkcs10::Oddity).

pub(crate) mod asn1;
mod canonical;
mod certificate;
pub(crate) mod cryptobyte;
mod extensions;
mod key;
mod name;
mod oid;
pub(crate) mod pem;
pub(crate) mod private_key;
mod request;
mod san;
mod signature;
mod time;

pub(crate) use certificate::{SERVER, public_key, server_authority, verify_issued_by};
pub(crate) use request::READ_BY_GKE;
// For the practice cluster's signer.
#[cfg(feature = "sandbox")]
pub(crate) use {
    name::Attribute,
    request::{RawRequest, first_request},
};

use std::fmt;

/// Why bytes are not what they claim to be. Quotes nothing of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}

impl From<Malformed> for String {
    fn from(malformed: Malformed) -> Self {
        malformed.0.to_owned()
    }
}

/// The result of reading.
pub(crate) type Result<T> = std::result::Result<T, Malformed>;

/// Bytes as lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.extend([byte >> 4, byte & 15].map(|nibble| char::from_digit(nibble.into(), 16).unwrap_or('0')));
    }
    text
}
