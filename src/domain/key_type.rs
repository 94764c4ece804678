//! The kinds of private key that a user certificate can be made for.

use std::fmt;
use std::str::FromStr;

/// A private key's algorithm and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyType {
    /// RSA, 2048 bits: what `openssl genrsa 2048` makes.
    #[default]
    Rsa2048,
    /// RSA, 3072 bits.
    Rsa3072,
    /// RSA, 4096 bits.
    Rsa4096,
    /// ECDSA on the curve P-256.
    EcdsaP256,
    /// ECDSA on the curve P-384.
    EcdsaP384,
    /// Ed25519.
    Ed25519,
}

impl KeyType {
    /// All of them, in the order in which they are offered.
    pub(crate) const ALL: [Self; 6] =
        [Self::Rsa2048, Self::Rsa3072, Self::Rsa4096, Self::EcdsaP256, Self::EcdsaP384, Self::Ed25519];

    /// The name used on the command line and in the journal, such as `rsa-2048`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
            Self::EcdsaP256 => "ecdsa-p256",
            Self::EcdsaP384 => "ecdsa-p384",
            Self::Ed25519 => "ed25519",
        }
    }

    /// Algorithm and bits as a decoded request names them (see [`super::request::PublicKey`]).
    pub(crate) const fn strength(self) -> (&'static str, u32) {
        match self {
            Self::Rsa2048 => ("RSA", 2048),
            Self::Rsa3072 => ("RSA", 3072),
            Self::Rsa4096 => ("RSA", 4096),
            Self::EcdsaP256 => ("ECDSA", 256),
            Self::EcdsaP384 => ("ECDSA", 384),
            Self::Ed25519 => ("Ed25519", 256),
        }
    }
}

/// The name people read, such as `RSA 2048`.
impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa2048 => "RSA 2048",
            Self::Rsa3072 => "RSA 3072",
            Self::Rsa4096 => "RSA 4096",
            Self::EcdsaP256 => "ECDSA P-256",
            Self::EcdsaP384 => "ECDSA P-384",
            Self::Ed25519 => "Ed25519",
        })
    }
}

impl FromStr for KeyType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.name() == text.to_ascii_lowercase()).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|kind| kind.name()).collect();
            format!("unknown key type; one of {}", known.join(", "))
        })
    }
}
