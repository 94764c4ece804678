//! Public keys as Go's `crypto/x509` reads them (`parsePublicKey`): which it refuses, and what they are.

use sha2::{Digest, Sha256};

use super::cryptobyte::{DerReader, tag};
use super::{Malformed, Result, asn1, hex};
use crate::domain::pkcs10::PublicKey;

/// DER of the algorithms that Go knows (`getPublicKeyAlgorithmFromOID`).
pub(super) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1];
pub(super) const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
pub(super) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// DER of NULL.
const NULL: &[u8] = &[5, 0];

/// A curve (RFC 5480, 2.1.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P224,
    P256,
    P384,
    P521,
}

/// A key that Go can check signatures with, or whose kind it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ParsedKey<'a> {
    /// Modulus without leading zeros, and exponent.
    Rsa(&'a [u8], i64),
    /// A point on the curve, uncompressed.
    Ecdsa(Curve, &'a [u8]),
    Ed25519(&'a [u8]),
    Dsa,
    /// Of a kind that Go does not know, and so takes unread.
    Unknown,
}

/// A `SubjectPublicKeyInfo`, taken apart.
#[derive(Debug, Clone)]
pub(super) struct KeyInfo<'a> {
    /// All of it.
    pub full: &'a [u8],
    pub algorithm: &'a [u8],
    /// The parameters with their header; empty where there are none.
    pub parameters: &'a [u8],
    /// The key itself.
    pub bits: Vec<u8>,
}

impl KeyInfo<'_> {
    /// Reads the key, and refuses what Go refuses.
    pub(crate) fn key(&self) -> Result<ParsedKey<'_>> {
        match self.algorithm {
            RSA => rsa(self.parameters, &self.bits).ok_or(Malformed("the RSA key is invalid")),
            ECDSA => ecdsa(self.parameters, &self.bits).ok_or(Malformed("the ECDSA key is invalid")),
            ED25519 if self.parameters.is_empty() && self.bits.len() == 32 => Ok(ParsedKey::Ed25519(&self.bits)),
            ED25519 => Err(Malformed("the Ed25519 key is invalid")),
            DSA => dsa(self.parameters, &self.bits).ok_or(Malformed("the DSA key is invalid")),
            _ => Ok(ParsedKey::Unknown),
        }
    }

    /// The key's kind, strength and fingerprint.
    pub(crate) fn described(&self, key: &ParsedKey<'_>) -> PublicKey {
        let (algorithm, bits) = match key {
            ParsedKey::Rsa(modulus, _) => ("RSA".to_owned(), bit_length(modulus)),
            ParsedKey::Ecdsa(curve, _) => ("ECDSA".to_owned(), curve.bits()),
            ParsedKey::Ed25519(_) => ("Ed25519".to_owned(), 256),
            ParsedKey::Dsa => ("DSA".to_owned(), 0),
            ParsedKey::Unknown => (asn1::dotted(self.algorithm), 0),
        };
        PublicKey { algorithm, bits: u32::try_from(bits).unwrap_or(0), sha256: hex(&Sha256::digest(self.full)) }
    }
}

/// How many bits a number has.
pub(super) fn bit_length(magnitude: &[u8]) -> usize {
    let first = magnitude.first().map_or(0, |byte| byte.leading_zeros());
    magnitude.len() * 8 - usize::try_from(first).unwrap_or(0)
}

impl Curve {
    pub(crate) fn of(oid: &[u8]) -> Option<Self> {
        Some(match oid {
            [0x2b, 0x81, 4, 0, 33] => Self::P224,
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7] => Self::P256,
            [0x2b, 0x81, 4, 0, 34] => Self::P384,
            [0x2b, 0x81, 4, 0, 35] => Self::P521,
            _ => return None,
        })
    }

    /// The order's size in bits.
    pub(crate) const fn bits(self) -> usize {
        match self {
            Self::P224 => 224,
            Self::P256 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }

    /// Whether it is a point of the curve, uncompressed (`ecdsa.ParseUncompressedPublicKey`).
    fn has(self, point: &[u8]) -> bool {
        use elliptic_curve::sec1::{FromEncodedPoint, ModulusSize, ToEncodedPoint};
        fn has<C>(point: &[u8]) -> bool
        where
            C: elliptic_curve::CurveArithmetic,
            C::AffinePoint: FromEncodedPoint<C> + ToEncodedPoint<C>,
            C::FieldBytesSize: ModulusSize,
        {
            elliptic_curve::PublicKey::<C>::from_sec1_bytes(point).is_ok()
        }
        if point.first() != Some(&4) {
            return false;
        }
        match self {
            Self::P224 => has::<p224::NistP224>(point),
            Self::P256 => has::<p256::NistP256>(point),
            Self::P384 => has::<p384::NistP384>(point),
            Self::P521 => has::<p521::NistP521>(point),
        }
    }
}

fn rsa<'a>(parameters: &[u8], bits: &'a [u8]) -> Option<ParsedKey<'a>> {
    if parameters != NULL {
        return None;
    }
    let mut numbers = DerReader(bits).inside(tag::SEQUENCE)?;
    let modulus = numbers.integer()?.positive()?;
    let exponent = numbers.integer()?.int64()?;
    (exponent > 0).then_some(ParsedKey::Rsa(modulus, exponent))
}

fn ecdsa<'a>(parameters: &[u8], bits: &'a [u8]) -> Option<ParsedKey<'a>> {
    let curve = Curve::of(DerReader(parameters).oid()?)?;
    curve.has(bits).then_some(ParsedKey::Ecdsa(curve, bits))
}

fn dsa<'a>(parameters: &[u8], bits: &[u8]) -> Option<ParsedKey<'a>> {
    let y = DerReader(bits).integer()?;
    let mut numbers = DerReader(parameters).inside(tag::SEQUENCE)?;
    let domain = [numbers.integer()?, numbers.integer()?, numbers.integer()?];
    let positive = domain.into_iter().chain([y]).all(|number| number.positive().is_some());
    positive.then_some(ParsedKey::Dsa)
}
