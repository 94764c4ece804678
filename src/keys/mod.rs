//! Private keys and PKCS#10 requests (RFC 2986), zeroised after use.
//!
//! rcgen makes and uses the keys. Its own requests keep one value per attribute, which would lose every group but the
//! last, so the request is encoded here and rcgen's key signs it.

pub(crate) mod process;

use crate::domain::key_type::KeyType;
use crate::domain::secret::Secret;
use crate::error::UserError;
use der::asn1::{Any, BitString, ObjectIdentifier, SetOfVec, Utf8StringRef};
use der::{Decode, Encode, EncodePem};
use rcgen::{KeyPair, PublicKeyData, RsaKeySize, SigningKey};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::request::{CertReq, CertReqInfo, Version};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

/// Why a key or request could not be made. Never quotes key material.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key could not be made.
    #[error("the private key could not be made")]
    Generate,
    /// The text is no private key that this program can use.
    #[error("not a private key in PEM that can be used (PKCS#8; RSA, ECDSA P-256 or P-384, Ed25519)")]
    Read,
    /// The request could not be encoded or signed.
    #[error("the certificate request could not be made: {0}")]
    Request(String),
}

impl From<KeyError> for UserError {
    fn from(error: KeyError) -> Self {
        Self::new(error.to_string())
    }
}

/// A private key. It has no textual form but [`Self::to_pem`], so that it cannot slip into a message.
pub struct PrivateKey(KeyPair);

impl PrivateKey {
    /// Makes a key. RSA takes from a tenth of a second to some seconds: call it off the loop.
    ///
    /// # Errors
    /// [`KeyError::Generate`] where the cryptographic library refuses.
    pub fn generate(kind: KeyType) -> Result<Self, KeyError> {
        let pair = match kind {
            KeyType::Rsa2048 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048),
            KeyType::Rsa3072 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_3072),
            KeyType::Rsa4096 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_4096),
            KeyType::EcdsaP256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256),
            KeyType::EcdsaP384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384),
            KeyType::Ed25519 => KeyPair::generate_for(&rcgen::PKCS_ED25519),
        };
        pair.map(Self).map_err(|_| KeyError::Generate)
    }

    /// Reads a key.
    ///
    /// # Errors
    /// [`KeyError::Read`].
    pub(crate) fn from_pem(pem: &str) -> Result<Self, KeyError> {
        KeyPair::from_pem(pem).map(Self).map_err(|_| KeyError::Read)
    }

    /// The key as PKCS#8 PEM, zeroised when dropped.
    pub(crate) fn to_pem(&self) -> Secret {
        Secret::new(self.0.serialize_pem())
    }
}

/// The request for `CN=user` and one `O` per group, as `openssl req -new -subj "/CN=user/O=group"` makes it: each
/// attribute in a separate RDN, in this order, values as `UTF8String`. PEM.
///
/// # Errors
/// [`KeyError::Request`].
pub fn certification_request(key: &PrivateKey, user: &str, groups: &[String]) -> Result<String, KeyError> {
    const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
    const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
    let mut rdns = vec![rdn(COMMON_NAME, user)?];
    for group in groups {
        rdns.push(rdn(ORGANIZATION, group)?);
    }
    certification_request_for(key, Name::hazmat_from_rdn_sequence(RdnSequence::from(rdns)))
}

/// The request for any subject. PEM.
///
/// # Errors
/// [`KeyError::Request`].
pub(crate) fn certification_request_for(key: &PrivateKey, subject: Name) -> Result<String, KeyError> {
    let spki = key.0.subject_public_key_info();
    let info = CertReqInfo {
        version: Version::V1,
        subject,
        public_key: SubjectPublicKeyInfoOwned::from_der(&spki).map_err(failed)?,
        attributes: SetOfVec::new(),
    };
    let signature = key.0.sign(&info.to_der().map_err(failed)?).map_err(failed)?;
    let request = CertReq {
        info,
        algorithm: signature_algorithm(key.0.algorithm()),
        signature: BitString::from_bytes(&signature).map_err(failed)?,
    };
    request.to_pem(der::pem::LineEnding::LF).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> KeyError {
    KeyError::Request(error.to_string())
}

/// An RDN with one attribute.
fn rdn(oid: ObjectIdentifier, value: &str) -> Result<RelativeDistinguishedName, KeyError> {
    let value = Any::from(Utf8StringRef::new(value).map_err(failed)?);
    let mut attributes = SetOfVec::new();
    attributes.insert(AttributeTypeAndValue { oid, value }).map_err(failed)?;
    RelativeDistinguishedName::try_from(Vec::from(attributes)).map_err(failed)
}

/// What rcgen signs with for a kind of key: RFC 4055 wants NULL parameters for RSA, RFC 5758 and 8410 want none.
fn signature_algorithm(algorithm: &rcgen::SignatureAlgorithm) -> AlgorithmIdentifierOwned {
    let (oid, parameters) = if *algorithm == rcgen::PKCS_ECDSA_P256_SHA256 {
        ("1.2.840.10045.4.3.2", None)
    } else if *algorithm == rcgen::PKCS_ECDSA_P384_SHA384 {
        ("1.2.840.10045.4.3.3", None)
    } else if *algorithm == rcgen::PKCS_ED25519 {
        ("1.3.101.112", None)
    } else {
        ("1.2.840.113549.1.1.11", Some(Any::null()))
    };
    AlgorithmIdentifierOwned { oid: ObjectIdentifier::new_unwrap(oid), parameters }
}

#[cfg(test)]
mod tests;
