//! Private keys in PEM as Go's `tls.X509KeyPair` reads them, which is what kubectl does with `client-key`: only whose
//! public half they are. Every kind and size that Go takes is read, also where this program could not sign with it.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use elliptic_curve::sec1::{FromEncodedPoint, ModulusSize, ToEncodedPoint};
use elliptic_curve::{AffinePoint, CurveArithmetic, SecretKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use super::cryptobyte::{DerReader, tag};
use super::hex;
use super::key::{Curve, ECDSA, ED25519, RSA, bit_length};
use super::pem::{Block, blocks};

/// Go refuses RSA keys of fewer bits (`crypto/rsa`, `checkKeySize`).
const FEWEST_RSA_BITS: usize = 1024;

/// Why a file holds no key that clients can use. Nothing of it is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    /// There is no block `PRIVATE KEY` in it.
    #[error("it holds no private key in PEM")]
    Missing,
    /// It asks for a password.
    #[error("the key is encrypted, and clients cannot ask for its password")]
    Encrypted,
    /// It is cut off, or of another kind.
    #[error("the key cannot be read (RSA, ECDSA or Ed25519 in PKCS#8, PKCS#1 or SEC 1)")]
    Unreadable,
    /// Go does not use it.
    #[error("the RSA key has fewer than 1024 bits")]
    Short,
}

/// SHA-256 of the public half (`SubjectPublicKeyInfo`) of the first private key in a PEM file, hex, as certificates are
/// compared by. Other blocks, such as `EC PARAMETERS` and `CERTIFICATE`, are passed over.
///
/// # Errors
/// Why clients cannot use it.
pub(crate) fn public_sha256(pem: &[u8]) -> Result<String, Unusable> {
    let is_key = |block: &Block<'_>| block.label == b"PRIVATE KEY" || block.label.ends_with(b" PRIVATE KEY");
    let mut block = blocks(pem).find(is_key).ok_or(Unusable::Missing)?;
    let info = public_half(&block.content);
    block.content.zeroize();
    let encrypted = block.label == b"ENCRYPTED PRIVATE KEY" || block.headers;
    info.map(|info| hex(&Sha256::digest(info))).map_err(|why| match why {
        Unusable::Unreadable if encrypted => Unusable::Encrypted,
        why => why,
    })
}

/// Go tries PKCS#1, PKCS#8 and SEC 1, whatever the block is called.
fn public_half(der: &[u8]) -> Result<Vec<u8>, Unusable> {
    if let Some(rsa) = pkcs1(der) {
        return rsa;
    }
    pkcs8(der).or_else(|| sec1(der, None).map(Ok)).unwrap_or(Err(Unusable::Unreadable))
}

/// `RSAPrivateKey` (RFC 8017, A.1.2).
fn pkcs1(der: &[u8]) -> Option<Result<Vec<u8>, Unusable>> {
    let mut numbers = DerReader(der).inside(tag::SEQUENCE)?;
    numbers.integer()?;
    let mut rest = numbers;
    let modulus = numbers.integer()?.positive()?;
    numbers.integer()?.positive()?;
    let private: Option<Vec<_>> = (0..6).map(|_| numbers.integer()?.positive()).collect();
    private?;
    if bit_length(modulus) < FEWEST_RSA_BITS {
        return Some(Err(Unusable::Short));
    }
    let (modulus, exponent) = (rest.element(tag::INTEGER)?, rest.element(tag::INTEGER)?);
    let key = element(tag::SEQUENCE, &[modulus, exponent]);
    Some(Ok(info(&[&element(tag::OID, &[RSA]), &[5, 0]], &key)))
}

/// `PrivateKeyInfo` (RFC 5208).
fn pkcs8(der: &[u8]) -> Option<Result<Vec<u8>, Unusable>> {
    let mut fields = DerReader(der).inside(tag::SEQUENCE)?;
    fields.integer()?;
    let mut algorithm = fields.inside(tag::SEQUENCE)?;
    let key = fields.read(tag::OCTET_STRING)?;
    match algorithm.oid()? {
        RSA => pkcs1(key),
        ECDSA => sec1(key, algorithm.oid()).map(Ok),
        ED25519 => ed25519(DerReader(key).read(tag::OCTET_STRING)?).map(Ok),
        _ => None,
    }
}

/// `ECPrivateKey` (RFC 5915, 3); the curve is in it or around it.
fn sec1(der: &[u8], curve: Option<&[u8]>) -> Option<Vec<u8>> {
    let mut fields = DerReader(der).inside(tag::SEQUENCE)?;
    fields.integer()?;
    let scalar = fields.read(tag::OCTET_STRING)?;
    let named = fields.optional(tag::constructed(0))?;
    let curve = curve.or_else(|| DerReader(named?).oid())?;
    let point = match Curve::of(curve)? {
        Curve::P224 => point::<p224::NistP224>(scalar),
        Curve::P256 => point::<p256::NistP256>(scalar),
        Curve::P384 => point::<p384::NistP384>(scalar),
        Curve::P521 => point::<p521::NistP521>(scalar),
    }?;
    Some(info(&[&element(tag::OID, &[ECDSA]), &element(tag::OID, &[curve])], &point))
}

/// The point of a scalar, which may have zeros before it or lack some.
fn point<C>(scalar: &[u8]) -> Option<Vec<u8>>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromEncodedPoint<C> + ToEncodedPoint<C>,
    C::FieldBytesSize: ModulusSize,
{
    let mut bytes = elliptic_curve::FieldBytes::<C>::default();
    let zeros = scalar.iter().take_while(|byte| **byte == 0).count();
    let scalar = &scalar[zeros..];
    let begin = bytes.len().checked_sub(scalar.len())?;
    bytes[begin..].copy_from_slice(scalar);
    let key = SecretKey::<C>::from_bytes(&bytes).ok();
    bytes.as_mut_slice().zeroize();
    Some(key?.public_key().to_encoded_point(false).as_bytes().to_vec())
}

fn ed25519(seed: &[u8]) -> Option<Vec<u8>> {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
    Some(info(&[&element(tag::OID, &[ED25519])], pair.public_key().as_ref()))
}

/// A `SubjectPublicKeyInfo` (RFC 5280, 4.1).
fn info(algorithm: &[&[u8]], key: &[u8]) -> Vec<u8> {
    element(tag::SEQUENCE, &[&element(tag::SEQUENCE, algorithm), &element(tag::BIT_STRING, &[&[0], key])])
}

fn element(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut out = vec![tag];
    match (content.len(), u8::try_from(length.len())) {
        (0..128, _) | (_, Err(_)) => out.extend(&length[length.len().saturating_sub(1)..]),
        (_, Ok(count)) => {
            out.push(0x80 | count);
            out.extend(length);
        }
    }
    if content.is_empty() {
        out.push(0);
    }
    out.extend(content);
    out
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn openssl(arguments: &str, input: &[u8]) -> Vec<u8> {
        use std::io::Write;
        let mut command = Command::new("openssl");
        command.args(arguments.split(' ')).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap().stdout
    }

    #[test]
    fn every_kind_of_key_in_every_form_has_the_public_half_that_openssl_gives() {
        for (make, traditional) in [
            ("genrsa -traditional 1024", "rsa -traditional"),
            ("genrsa 2048", "rsa -traditional"),
            ("ecparam -name prime256v1 -genkey", "ec"),
            ("ecparam -name secp384r1 -genkey", "ec"),
            ("ecparam -name secp521r1 -genkey", "ec"),
            ("ecparam -name secp224r1 -genkey", "ec"),
            ("genpkey -algorithm ed25519", ""),
        ] {
            let made = openssl(make, b"");
            let wanted = hex(&Sha256::digest(openssl("pkey -pubout -outform DER", &made)));
            assert_eq!(public_sha256(&made).as_ref(), Ok(&wanted), "{make}");
            let pkcs8 = openssl("pkcs8 -topk8 -nocrypt", &made);
            assert_eq!(public_sha256(&pkcs8).as_ref(), Ok(&wanted), "{make}");
            let encrypted = openssl("pkcs8 -topk8 -passout pass:x", &made);
            assert_eq!(public_sha256(&encrypted), Err(Unusable::Encrypted), "{make}");
            if !traditional.is_empty() {
                let encrypted = openssl(&format!("{traditional} -aes128 -passout pass:x"), &made);
                assert_eq!(public_sha256(&encrypted), Err(Unusable::Encrypted), "{make}");
            }
            // Certificates and parameters before it.
            let around = [b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", made.as_slice()].concat();
            assert_eq!(public_sha256(&around).as_ref(), Ok(&wanted), "{make}");
            // Cut off within.
            let cut = pkcs8.len() / 2;
            assert!(public_sha256(&pkcs8[..cut]).is_err());
        }
        assert_eq!(public_sha256(&openssl("genrsa 512", b"")), Err(Unusable::Short));
        assert_eq!(public_sha256(b"no PEM"), Err(Unusable::Missing));
        assert_eq!(public_sha256(&openssl("dsaparam -genkey 1024", b"")), Err(Unusable::Unreadable));
    }
}
