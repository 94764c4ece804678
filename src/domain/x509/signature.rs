//! Signatures on requests and certificates, with Go's result for each (`crypto/x509` `getSignatureAlgorithmFromAI`,
//! `checkSignature`; `crypto/rsa`; `crypto/ecdsa`).
//!
//! What the cryptographic library checks quickly it checks. The rest (short and odd RSA keys, P-224, rare pairs of curve and
//! digest) is checked here: everything in it is public, so that nothing has to be constant in time.

use aws_lc_rs::signature::{self as fast, UnparsedPublicKey, VerificationAlgorithm};
use ecdsa::hazmat::{VerifyPrimitive, verify_prehashed};
use elliptic_curve::sec1::{FromEncodedPoint, ModulusSize, ToEncodedPoint};
use elliptic_curve::{CurveArithmetic, FieldBytes};
use num_bigint::BigUint;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::asn1::{self, dotted};
use super::cryptobyte::{DerReader, tag};
use super::key::{Curve, ParsedKey, bit_length};

/// DER of RSASSA-PSS, whose digest is in its parameters, and of MGF1.
const PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
const MGF1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const NULL: &[u8] = &[5, 0];

/// The shortest RSA modulus that Go checks signatures with, in bits.
const SHORTEST_RSA: usize = 1024;

/// A digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// What a signature is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Pkcs1(Hash),
    Pss(Hash),
    Ecdsa(Hash),
    Ed25519,
    /// One that Go knows and does not check.
    Refused,
}

/// A signature algorithm as Go knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Algorithm {
    /// Go's name (`SignatureAlgorithm.String`), such as `SHA256-RSA`; the object identifier of one that it does not know.
    pub name: String,
    scheme: Scheme,
}

/// Go's table, by the identifier's DER.
static KNOWN: [(&[u8], &str, Scheme); 14] = [
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4], "MD5-RSA", Scheme::Refused),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5], "SHA1-RSA", Scheme::Pkcs1(Hash::Sha1)),
    (&[0x2b, 0x0e, 3, 2, 29], "SHA1-RSA", Scheme::Pkcs1(Hash::Sha1)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11], "SHA256-RSA", Scheme::Pkcs1(Hash::Sha256)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12], "SHA384-RSA", Scheme::Pkcs1(Hash::Sha384)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13], "SHA512-RSA", Scheme::Pkcs1(Hash::Sha512)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3], "DSA-SHA1", Scheme::Refused),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 2], "DSA-SHA256", Scheme::Refused),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1], "ECDSA-SHA1", Scheme::Ecdsa(Hash::Sha1)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2], "ECDSA-SHA256", Scheme::Ecdsa(Hash::Sha256)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3], "ECDSA-SHA384", Scheme::Ecdsa(Hash::Sha384)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4], "ECDSA-SHA512", Scheme::Ecdsa(Hash::Sha512)),
    (ED25519, "Ed25519", Scheme::Ed25519),
    // Not Go's, but better than a number for people.
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 2], "MD2-RSA", Scheme::Refused),
];

impl Algorithm {
    /// From an `AlgorithmIdentifier`: the identifier's DER, and the parameters with their header.
    pub(crate) fn new(oid: &[u8], parameters: &[u8]) -> Self {
        let unknown = || Self { name: dotted(oid), scheme: Scheme::Refused };
        if oid == PSS {
            return match pss_hash(parameters) {
                Some(hash) => Self { name: format!("{}-RSAPSS", hash.name()), scheme: Scheme::Pss(hash) },
                None => Self { name: "RSAPSS".to_owned(), scheme: Scheme::Refused },
            };
        }
        if oid == ED25519 && !parameters.is_empty() {
            return unknown();
        }
        let known = KNOWN.iter().find(|(known, ..)| *known == oid);
        known.map_or_else(unknown, |(_, name, scheme)| Self { name: (*name).to_owned(), scheme: *scheme })
    }

    /// Whether a signature of that kind by that key can be checked at all.
    pub(crate) fn is_checked_with(&self, key: &ParsedKey<'_>) -> bool {
        match (self.scheme, key) {
            (Scheme::Pkcs1(_) | Scheme::Pss(_), ParsedKey::Rsa(modulus, exponent)) => is_usable(modulus, *exponent),
            (Scheme::Ecdsa(_), ParsedKey::Ecdsa(..)) | (Scheme::Ed25519, ParsedKey::Ed25519(_)) => true,
            _ => false,
        }
    }

    /// Whether `signature` is the key's on `signed`.
    pub(crate) fn verify(&self, key: &ParsedKey<'_>, signed: &[u8], signature: &[u8]) -> bool {
        match (self.scheme, key) {
            (Scheme::Pkcs1(hash), ParsedKey::Rsa(modulus, exponent)) => {
                is_usable(modulus, *exponent)
                    && (fast_rsa(hash, bit_length(modulus), false)
                        .is_some_and(|algorithm| rsa_passes(algorithm, modulus, *exponent, signed, signature))
                        || pkcs1(hash, modulus, *exponent, signed, signature))
            }
            (Scheme::Pss(hash), ParsedKey::Rsa(modulus, exponent)) => {
                is_usable(modulus, *exponent)
                    && (fast_rsa(hash, bit_length(modulus), true)
                        .is_some_and(|algorithm| rsa_passes(algorithm, modulus, *exponent, signed, signature))
                        || pss(hash, modulus, *exponent, signed, signature).is_some())
            }
            (Scheme::Ecdsa(hash), ParsedKey::Ecdsa(curve, point)) => match fast_ecdsa(*curve, hash) {
                Some(algorithm) => UnparsedPublicKey::new(algorithm, point).verify(signed, signature).is_ok(),
                None => ecdsa(*curve, hash, point, signed, signature),
            },
            (Scheme::Ed25519, ParsedKey::Ed25519(key)) => {
                UnparsedPublicKey::new(&fast::ED25519, key).verify(signed, signature).is_ok()
            }
            _ => false,
        }
    }
}

impl Hash {
    const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
        }
    }

    fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(bytes).to_vec(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    /// The bytes before the digest in an `EMSA-PKCS1-v1_5` block (RFC 8017, 9.2).
    const fn prefix(self) -> &'static [u8] {
        match self {
            Self::Sha1 => &[0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 0x14],
            Self::Sha256 => &[0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20],
            Self::Sha384 => &[0x30, 0x41, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2, 5, 0, 4, 0x30],
            Self::Sha512 => &[0x30, 0x51, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3, 5, 0, 4, 0x40],
        }
    }
}

/// The digest of PSS parameters that Go takes: the same for MGF1, a salt of its size, the usual trailer.
fn pss_hash(mut parameters: &[u8]) -> Option<Hash> {
    let mut fields = asn1::sequence(&mut parameters).ok()?.content;
    let (hash, hash_parameters) = tagged(&mut fields, 0)?;
    let (generator, generator_parameters) = tagged(&mut fields, 1)?;
    let salt = asn1::explicit(&mut fields, 2).ok()?.then(|| asn1::int64(&mut fields).ok())??;
    let trailer = if asn1::explicit(&mut fields, 3).ok()? { asn1::int64(&mut fields).ok()? } else { 1 };
    let (inner, inner_parameters) = asn1::algorithm(&mut &*generator_parameters).ok()?;
    let none_or_null = |parameters: &[u8]| parameters.is_empty() || parameters == NULL;
    let usual = none_or_null(hash_parameters) && none_or_null(inner_parameters);
    if !usual || generator != MGF1 || inner != hash || trailer != 1 {
        return None;
    }
    match (hash, salt) {
        ([0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1], 32) => Some(Hash::Sha256),
        ([0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2], 48) => Some(Hash::Sha384),
        ([0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3], 64) => Some(Hash::Sha512),
        _ => None,
    }
}

/// An `AlgorithmIdentifier` behind an explicit tag.
fn tagged<'a>(input: &mut &'a [u8], tag: u32) -> Option<(&'a [u8], &'a [u8])> {
    asn1::explicit(input, tag).ok()?.then(|| asn1::algorithm(input).ok())?
}

/// Whether Go checks signatures with that RSA key (`checkPublicKeySize`, `checkPublicKey`).
fn is_usable(modulus: &[u8], exponent: i64) -> bool {
    let odd = modulus.last().is_some_and(|byte| byte & 1 == 1);
    bit_length(modulus) >= SHORTEST_RSA && odd && exponent >= 2 && exponent & 1 == 1 && i32::try_from(exponent).is_ok()
}

/// The library's algorithm for a digest, where it knows keys of that size.
fn fast_rsa(hash: Hash, bits: usize, pss: bool) -> Option<&'static fast::RsaParameters> {
    if !(2048..=8192).contains(&bits) {
        return None;
    }
    Some(match (hash, pss) {
        (Hash::Sha1, false) => &fast::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (Hash::Sha256, false) => &fast::RSA_PKCS1_2048_8192_SHA256,
        (Hash::Sha384, false) => &fast::RSA_PKCS1_2048_8192_SHA384,
        (Hash::Sha512, false) => &fast::RSA_PKCS1_2048_8192_SHA512,
        (Hash::Sha256, true) => &fast::RSA_PSS_2048_8192_SHA256,
        (Hash::Sha384, true) => &fast::RSA_PSS_2048_8192_SHA384,
        (Hash::Sha512, true) => &fast::RSA_PSS_2048_8192_SHA512,
        (Hash::Sha1, true) => return None,
    })
}

fn rsa_passes(
    algorithm: &'static fast::RsaParameters,
    modulus: &[u8],
    exponent: i64,
    signed: &[u8],
    signature: &[u8],
) -> bool {
    let exponent = exponent.to_be_bytes();
    let zeros = exponent.iter().take_while(|byte| **byte == 0).count();
    let key = fast::RsaPublicKeyComponents { n: modulus, e: &exponent[zeros..] };
    key.verify(algorithm, signed, signature).is_ok()
}

/// `signature` to the power of the exponent, as long as the modulus.
fn opened(modulus: &[u8], exponent: i64, signature: &[u8]) -> Option<Vec<u8>> {
    let (n, s) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(signature));
    // As long as the modulus and below it, in value too.
    if signature.len() != modulus.len() || s >= n {
        return None;
    }
    let opened = s.modpow(&BigUint::from(u64::try_from(exponent).ok()?), &n).to_bytes_be();
    let mut block = vec![0; modulus.len().checked_sub(opened.len())?];
    block.extend(opened);
    Some(block)
}

/// RSASSA-PKCS1-v1_5 (RFC 8017, 8.2.2).
fn pkcs1(hash: Hash, modulus: &[u8], exponent: i64, signed: &[u8], signature: &[u8]) -> bool {
    let end = [hash.prefix(), &hash.digest(signed)].concat();
    // At least eight bytes of padding.
    let Some(padding) = modulus.len().checked_sub(end.len() + 3).filter(|padding| *padding >= 8) else { return false };
    let expected = [&[0, 1][..], &vec![0xff; padding], &[0], &end].concat();
    opened(modulus, exponent, signature).is_some_and(|block| block == expected)
}

/// RSASSA-PSS with a salt as long as the digest (RFC 8017, 8.1.2 and 9.1.2).
fn pss(hash: Hash, modulus: &[u8], exponent: i64, signed: &[u8], signature: &[u8]) -> Option<()> {
    let mut block = opened(modulus, exponent, signature)?;
    let bits = bit_length(modulus) - 1;
    if bits.div_ceil(8) < block.len() {
        // The modulus begins at a byte boundary.
        if block.remove(0) != 0 {
            return None;
        }
    }
    let digest = hash.digest(signed);
    let length = digest.len();
    let padding = block.len().checked_sub(2 * length + 2)?;
    let (masked, end) = block.split_at_checked(block.len() - length - 1)?;
    let (seed, [0xbc]) = end.split_at_checked(length)? else { return None };
    let unused = 0xff_u8.checked_shr(u32::try_from(8 * block.len() - bits).ok()?)?;
    if masked.first()? & !unused != 0 {
        return None;
    }
    let mask = (0_u32..).flat_map(|counter| hash.digest(&[seed, &counter.to_be_bytes()[..]].concat()));
    let mut data: Vec<u8> = masked.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    *data.first_mut()? &= unused;
    let (zeros, salt) = data.split_at_checked(padding)?;
    let (1, salt) = salt.split_first().map(|(one, salt)| (*one, salt))? else { return None };
    let expected = hash.digest(&[&[0; 8], &digest[..], salt].concat());
    (zeros.iter().all(|byte| *byte == 0) && seed == expected).then_some(())
}

/// The library's algorithm for a curve and a digest, where it has one.
fn fast_ecdsa(curve: Curve, hash: Hash) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (curve, hash) {
        (Curve::P256, Hash::Sha1) => &fast::ECDSA_P256_SHA1_ASN1,
        (Curve::P256, Hash::Sha256) => &fast::ECDSA_P256_SHA256_ASN1,
        (Curve::P256, Hash::Sha384) => &fast::ECDSA_P256_SHA384_ASN1,
        (Curve::P256, Hash::Sha512) => &fast::ECDSA_P256_SHA512_ASN1,
        (Curve::P384, Hash::Sha256) => &fast::ECDSA_P384_SHA256_ASN1,
        (Curve::P384, Hash::Sha384) => &fast::ECDSA_P384_SHA384_ASN1,
        (Curve::P384, Hash::Sha512) => &fast::ECDSA_P384_SHA512_ASN1,
        (Curve::P521, Hash::Sha1) => &fast::ECDSA_P521_SHA1_ASN1,
        (Curve::P521, Hash::Sha256) => &fast::ECDSA_P521_SHA256_ASN1,
        (Curve::P521, Hash::Sha384) => &fast::ECDSA_P521_SHA384_ASN1,
        (Curve::P521, Hash::Sha512) => &fast::ECDSA_P521_SHA512_ASN1,
        (Curve::P224, _) | (Curve::P384, Hash::Sha1) => return None,
    })
}

fn ecdsa(curve: Curve, hash: Hash, point: &[u8], signed: &[u8], signature: &[u8]) -> bool {
    let digest = hash.digest(signed);
    let passes = match curve {
        Curve::P224 => passes::<p224::NistP224>(point, &digest, signature),
        Curve::P384 => passes::<p384::NistP384>(point, &digest, signature),
        // The library has these with every digest.
        Curve::P256 | Curve::P521 => None,
    };
    passes.is_some()
}

fn passes<C>(point: &[u8], digest: &[u8], signature: &[u8]) -> Option<()>
where
    C: ecdsa::PrimeCurve + CurveArithmetic,
    C::AffinePoint: FromEncodedPoint<C> + ToEncodedPoint<C> + VerifyPrimitive<C>,
    C::FieldBytesSize: ModulusSize,
    ecdsa::SignatureSize<C>: elliptic_curve::generic_array::ArrayLength<u8>,
{
    let (r, s) = numbers(signature)?;
    let signature = ecdsa::Signature::<C>::from_scalars(padded::<C>(r)?, padded::<C>(s)?).ok()?;
    let key = elliptic_curve::PublicKey::<C>::from_sec1_bytes(point).ok()?;
    let size = FieldBytes::<C>::default().len();
    let number = padded::<C>(&digest[..digest.len().min(size)])?;
    verify_prehashed(&key.to_projective(), &number, &signature).ok()
}

/// A number as long as the curve's field.
fn padded<C: elliptic_curve::Curve>(number: &[u8]) -> Option<FieldBytes<C>> {
    let mut bytes = FieldBytes::<C>::default();
    let start = bytes.len().checked_sub(number.len())?;
    bytes[start..].copy_from_slice(number);
    Some(bytes)
}

/// The two numbers of an ECDSA signature (`parseSignature`).
fn numbers(signature: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut input = DerReader(signature);
    let mut pair = input.inside(tag::SEQUENCE)?;
    let (r, s) = (pair.integer()?.positive()?, pair.integer()?.positive()?);
    (input.is_empty() && pair.is_empty()).then_some((r, s))
}
