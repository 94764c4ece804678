//! Decoding of PKCS#10 requests (RFC 2986), as the API server's and the signer's Go code reads them.

use std::borrow::Cow;

use sha2::{Digest, Sha256};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::der_parser::asn1_rs::{Oid, oid};
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey as ParsedKey;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo, X509Name};

use super::request::{Pkcs10, PublicKey, San};

/// Object identifiers of the two attributes that count for logging in (RFC 4519).
const COMMON_NAME: Oid<'static> = oid!(2.5.4.3);
const ORGANIZATION: Oid<'static> = oid!(2.5.4.10);
/// The extension `subjectAltName` (RFC 5280, 4.2.1.6).
const ALTERNATIVE_NAMES: Oid<'static> = oid!(2.5.29.17);
const ED25519: Oid<'static> = oid!(1.3.101.112);

/// RFC 4514's short names.
static SHORT_NAMES: [(Oid<'static>, &str); 11] = [
    (COMMON_NAME, "CN"),
    (ORGANIZATION, "O"),
    (oid!(2.5.4.11), "OU"),
    (oid!(2.5.4.6), "C"),
    (oid!(2.5.4.7), "L"),
    (oid!(2.5.4.8), "ST"),
    (oid!(2.5.4.9), "STREET"),
    (oid!(2.5.4.5), "serialNumber"),
    (oid!(0.9.2342.19200300.100.1.25), "DC"),
    (oid!(0.9.2342.19200300.100.1.1), "UID"),
    (oid!(1.2.840.113549.1.9.1), "emailAddress"),
];

/// Go's names of signature algorithms (`crypto/x509`, `SignatureAlgorithm.String`).
static SIGNATURES: [(Oid<'static>, &str); 11] = [
    (oid!(1.2.840.113549.1.1.4), "MD5-RSA"),
    (oid!(1.2.840.113549.1.1.5), "SHA1-RSA"),
    (oid!(1.2.840.113549.1.1.11), "SHA256-RSA"),
    (oid!(1.2.840.113549.1.1.12), "SHA384-RSA"),
    (oid!(1.2.840.113549.1.1.13), "SHA512-RSA"),
    (oid!(1.2.840.113549.1.1.10), "RSAPSS"),
    (oid!(1.2.840.10045.4.1), "ECDSA-SHA1"),
    (oid!(1.2.840.10045.4.3.2), "ECDSA-SHA256"),
    (oid!(1.2.840.10045.4.3.3), "ECDSA-SHA384"),
    (oid!(1.2.840.10045.4.3.4), "ECDSA-SHA512"),
    (ED25519, "Ed25519"),
];

/// The sizes of the named curves that Go knows (RFC 5480).
static CURVES: [(Oid<'static>, usize); 4] =
    [(oid!(1.2.840.10045.3.1.7), 256), (oid!(1.3.132.0.34), 384), (oid!(1.3.132.0.35), 521), (oid!(1.3.132.0.33), 224)];

impl Pkcs10 {
    /// Decodes a PEM block `CERTIFICATE REQUEST`.
    ///
    /// # Errors
    /// A sentence that says what cannot be read. It quotes nothing of the input.
    pub fn from_pem(pem: &[u8]) -> Result<Self, String> {
        Self::read(pem, true)
    }

    /// [`Self::from_pem`] for the list: without checking the signature, which would take longer than all the rest. The
    /// API server has checked it when the request was made (`pkg/apis/certificates/validation`), and who looks at a
    /// request or decides about it alone has it checked again.
    ///
    /// # Errors
    /// As [`Self::from_pem`].
    pub fn glimpse(pem: &[u8]) -> Result<Self, String> {
        Self::read(pem, false)
    }

    fn read(pem: &[u8], check: bool) -> Result<Self, String> {
        let mut blocks = Pem::iter_from_buffer(pem).flatten();
        let block = blocks
            .find(|block| matches!(block.label.as_str(), "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST"))
            .ok_or("no PEM block CERTIFICATE REQUEST in it")?;
        Self::from_der(&block.contents, check)
    }

    fn from_der(der: &[u8], check: bool) -> Result<Self, String> {
        let (_, request) = X509CertificationRequest::from_der(der).map_err(|_| "not a PKCS#10 request (RFC 2986)")?;
        let info = &request.certification_request_info;
        let subject = Subject::read(&info.subject);
        let key = public_key(&info.subject_pki);
        let weak = key.algorithm == "RSA" && key.bits < 2048;
        let signature_valid = match check.then(|| request.verify_signature()).transpose() {
            Ok(checked) => checked.map(|()| true),
            // The library checks no RSA key below 2048 bits and says of it what it says of a bad signature.
            Err(x509_parser::error::X509Error::SignatureVerificationError) if !weak => Some(false),
            Err(_) => None,
        };
        Ok(Self {
            subject: subject.text,
            common_names: subject.common_names,
            organizations: subject.organizations,
            odd_strings: subject.odd_strings,
            sans: sans(&request),
            key,
            signature_algorithm: signature_name(&request.signature_algorithm),
            signature_valid,
        })
    }
}

/// A subject, read in the order in which it is written.
#[derive(Default)]
pub(super) struct Subject {
    /// As `CN=jane,O=dev`; a multi-valued RDN as `O=a+O=b`.
    pub text: String,
    /// Every CN.
    pub common_names: Vec<String>,
    /// Every O.
    pub organizations: Vec<String>,
    /// CNs and Os in string types that programs read differently, such as `CN as T61String`.
    pub odd_strings: Vec<String>,
}

impl Subject {
    /// Reads a name as Go's `crypto/x509/pkix` `FillFromRDNSequence` does: every attribute of every RDN in order.
    pub fn read(name: &X509Name<'_>) -> Self {
        let mut subject = Self::default();
        for (at, rdn) in name.iter_rdn().enumerate() {
            for (part, attribute) in rdn.iter().enumerate() {
                let oid = attribute.attr_type();
                let value = text(attribute.attr_value());
                let separator = if part > 0 {
                    "+"
                } else if at > 0 {
                    ","
                } else {
                    ""
                };
                subject.text.extend([separator, &short_name(oid), "=", &escape(&value)]);
                let values = if *oid == COMMON_NAME {
                    &mut subject.common_names
                } else if *oid == ORGANIZATION {
                    &mut subject.organizations
                } else {
                    continue;
                };
                let (odd, counts) = string_type(attribute.attr_value().tag().0);
                if counts {
                    values.push(value);
                }
                let ignored = if counts { "" } else { ", which Kubernetes ignores" };
                subject.odd_strings.extend(odd.map(|kind| format!("{} as {kind}{ignored}", short_name(oid))));
            }
        }
        subject
    }
}

/// The text of an attribute's value: UTF-8 and its subsets, Latin-1 for T61 and UCS-2 for BMP strings, as Go reads
/// them (`encoding/asn1`).
fn text(value: &x509_parser::der_parser::asn1_rs::Any<'_>) -> String {
    const T61_STRING: u32 = 20;
    const BMP_STRING: u32 = 30;
    match value.tag().0 {
        T61_STRING => value.data.iter().map(|byte| char::from(*byte)).collect(),
        BMP_STRING => {
            let (units, _) = value.data.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            String::from_utf16_lossy(&units)
        }
        _ => String::from_utf8_lossy(value.data).into_owned(),
    }
}

/// The name of a string type that is unusual in a subject (RFC 5280, 4.1.2.4), and whether Go takes it for a text at all
/// (`encoding/asn1`, values of any type).
const fn string_type(tag: u32) -> (Option<&'static str>, bool) {
    match tag {
        12 | 19 => (None, true), // UTF8String, PrintableString
        18 => (Some("NumericString"), true),
        20 => (Some("T61String"), true),
        22 => (Some("IA5String"), true),
        30 => (Some("BMPString"), true),
        26 => (Some("VisibleString"), false),
        28 => (Some("UniversalString"), false),
        _ => (Some("no usual text"), false),
    }
}

/// What a table says of an object identifier.
fn named<T: Copy>(table: &[(Oid<'static>, T)], oid: &Oid<'_>) -> Option<T> {
    table.iter().find(|(known, _)| known == oid).map(|(_, name)| *name)
}

/// RFC 4514's short name where there is one, else the object identifier.
fn short_name(oid: &Oid<'_>) -> Cow<'static, str> {
    named(&SHORT_NAMES, oid).map_or_else(|| oid.to_id_string().into(), Cow::Borrowed)
}

/// A value with RFC 4514's special characters escaped, so that one value cannot look like two.
fn escape(value: &str) -> String {
    let special = |c: char| matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=');
    value.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// A public key's kind, strength and fingerprint.
pub(super) fn public_key(spki: &SubjectPublicKeyInfo<'_>) -> PublicKey {
    let (algorithm, bits) = match spki.parsed() {
        Ok(ParsedKey::RSA(key)) => ("RSA".to_owned(), key.key_size()),
        Ok(ParsedKey::EC(_)) => ("ECDSA".to_owned(), curve_bits(&spki.algorithm)),
        Ok(ParsedKey::DSA(_)) => ("DSA".to_owned(), 0),
        _ if spki.algorithm.algorithm == ED25519 => ("Ed25519".to_owned(), 256),
        _ => (spki.algorithm.algorithm.to_id_string(), 0),
    };
    PublicKey { algorithm, bits: u32::try_from(bits).unwrap_or(0), sha256: hex(&Sha256::digest(spki.raw)) }
}

/// The size of a named curve; 0 where it is none of those that Go knows.
fn curve_bits(algorithm: &AlgorithmIdentifier<'_>) -> usize {
    let curve = algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
    curve.and_then(|curve| named(&CURVES, &curve)).unwrap_or(0)
}

/// Bytes as lower-case hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.extend([byte >> 4, byte & 15].map(|nibble| char::from_digit(nibble.into(), 16).unwrap_or('0')));
    }
    text
}

/// Go's name of a signature algorithm, else its object identifier.
fn signature_name(algorithm: &AlgorithmIdentifier<'_>) -> String {
    let oid = &algorithm.algorithm;
    named(&SIGNATURES, oid).map_or_else(|| oid.to_id_string(), ToOwned::to_owned)
}

/// The names of every extension request: Go reads all of them (`crypto/x509`, `parseCSRExtensions`), so that none hides in
/// a second one. Names that cannot be read are there all the same.
fn sans(request: &X509CertificationRequest<'_>) -> Vec<San> {
    let asked = request.certification_request_info.iter_attributes().filter_map(|attribute| {
        match attribute.parsed_attribute() {
            ParsedCriAttribute::ExtensionRequest(asked) => Some(&asked.extensions),
            _ => None,
        }
    });
    let names = asked.flatten().filter(|extension| extension.oid == ALTERNATIVE_NAMES);
    let read = |extension: &X509Extension<'_>| match extension.parsed_extension() {
        ParsedExtension::SubjectAlternativeName(names) => names.general_names.iter().map(san).collect(),
        _ => vec![San::Other("unreadable".into())],
    };
    names.flat_map(read).collect()
}

fn san(name: &GeneralName<'_>) -> San {
    match name {
        GeneralName::DNSName(name) => San::Dns((*name).to_owned()),
        GeneralName::RFC822Name(address) => San::Email((*address).to_owned()),
        GeneralName::URI(uri) => San::Uri((*uri).to_owned()),
        GeneralName::IPAddress(bytes) => San::Ip(ip(bytes)),
        GeneralName::DirectoryName(_) => San::Other("directory name".into()),
        GeneralName::RegisteredID(_) => San::Other("registered id".into()),
        _ => San::Other("name".into()),
    }
}

fn ip(bytes: &[u8]) -> String {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        std::net::Ipv4Addr::from(four).to_string()
    } else if let Ok(sixteen) = <[u8; 16]>::try_from(bytes) {
        std::net::Ipv6Addr::from(sixteen).to_string()
    } else {
        hex(bytes)
    }
}
