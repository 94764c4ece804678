//! A certificate request as people hand it in: PEM with text around it, an old label, bare DER, base64 of either.
//!
//! Whatever the file looks like, only the request's own DER leaves this module, as one canonical PEM block. A file that
//! holds anything else is refused before anything is sent or written, and nothing of its content is quoted.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::request::Pkcs10;
use super::text::printable;
use super::x509::pem;

/// The label of the block that the API server takes (`k8s.io/kubernetes/pkg/apis/certificates/v1/helpers.go`).
const LABEL: &str = "CERTIFICATE REQUEST";
/// What keytool and certreq write in its place.
const OLD_LABEL: &str = "NEW CERTIFICATE REQUEST";
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// A PKCS#10 request as one PEM block (RFC 7468, strict form), with nothing around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CanonicalRequestPem(String);

impl CanonicalRequestPem {
    /// The PEM text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The PEM text.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// Why a file is not taken as a request. Quotes nothing of it but the label of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RequestFileError {
    /// There is a private key in it.
    PrivateKey,
    /// There is a block of another kind in it.
    OtherBlock(String),
    /// There are several requests in it.
    Several,
    /// There is no request in it.
    Missing,
    /// Its request is damaged.
    Damaged(&'static str),
    /// Its request cannot be read.
    Unreadable(String),
}

impl std::fmt::Display for RequestFileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::PrivateKey => f.write_str(
                "the file contains a private key: this key must be considered compromised, because it left its owner",
            ),
            Self::OtherBlock(label) => {
                write!(f, "the file contains a PEM block {} beside the request", printable(label))
            }
            Self::Several => f.write_str("the file contains several certificate requests"),
            Self::Missing => {
                f.write_str("the file contains no certificate request (PKCS#10 in PEM, DER, or base64 of either)")
            }
            Self::Damaged(why) => write!(f, "the certificate request in the file is damaged: {why}"),
            Self::Unreadable(why) => {
                write!(f, "the certificate request in the file cannot be read: {}", printable(why))
            }
        }
    }
}

impl std::error::Error for RequestFileError {}

impl RequestFileError {
    /// What to do about it.
    pub(crate) const fn advice(&self) -> &'static str {
        match self {
            Self::PrivateKey => {
                "Nothing was sent or written. Make a new key and a request from it, and hand in the request alone: \
                 openssl req -new -newkey rsa:2048 -nodes -keyout new.key -out new.csr. Then delete this file."
            }
            Self::OtherBlock(_) | Self::Several => {
                "Nothing was sent or written. Hand in a file with one block CERTIFICATE REQUEST and no other."
            }
            Self::Missing | Self::Damaged(_) | Self::Unreadable(_) => {
                "Make one with: openssl req -new -key new.key -out new.csr"
            }
        }
    }

    /// Error and advice in one text.
    pub(crate) fn in_full(&self) -> String {
        format!("{self}. {}", self.advice())
    }
}

/// Reads a file that should hold one certificate request.
///
/// # Errors
/// [`RequestFileError`]. A private key is looked for first, wherever it is.
pub(crate) fn read(bytes: &[u8]) -> Result<CanonicalRequestPem, RequestFileError> {
    refuse_keys(bytes)?;
    let der = match blocks(bytes)? {
        Some(der) => der,
        None => without_blocks(bytes)?,
    };
    canonical(&der)
}

/// A file without a PEM block: DER, or base64 of DER or of PEM.
fn without_blocks(bytes: &[u8]) -> Result<Vec<u8>, RequestFileError> {
    if is_one_sequence(bytes) {
        return Ok(bytes.to_vec());
    }
    let packed: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let decoded = STANDARD.decode(&packed).ok().filter(|decoded| !decoded.is_empty());
    let decoded = decoded.ok_or(RequestFileError::Missing)?;
    refuse_keys(&decoded)?;
    match blocks(&decoded)? {
        Some(der) => Ok(der),
        None if is_one_sequence(&decoded) => Ok(decoded),
        None => Err(RequestFileError::Missing),
    }
}

fn canonical(der: &[u8]) -> Result<CanonicalRequestPem, RequestFileError> {
    refuse_key_der(der)?;
    if !is_one_sequence(der) {
        return Err(RequestFileError::Damaged("there is something before or after the request itself"));
    }
    let pem = pem::encode(LABEL, der);
    Pkcs10::from_pem(pem.as_bytes()).map_err(RequestFileError::Unreadable)?;
    Ok(CanonicalRequestPem(pem))
}

/// A private key however it is written: with spaces or line ends inside its label, in UTF-16.
fn refuse_keys(bytes: &[u8]) -> Result<(), RequestFileError> {
    let is_filler = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    let packed: Vec<u8> = bytes.iter().filter(|byte| !is_filler(byte)).map(u8::to_ascii_uppercase).collect();
    let found = packed.windows(10).any(|window| window == b"PRIVATEKEY");
    if found { Err(RequestFileError::PrivateKey) } else { refuse_key_der(bytes) }
}

/// A private key in DER: PKCS#8 and PKCS#1 begin with a version, 0 or 1, and a request with a sequence; SEC 1 begins
/// with version 1 (RFC 5958, RFC 8017, RFC 5915).
fn refuse_key_der(bytes: &[u8]) -> Result<(), RequestFileError> {
    let Some(content) = sequence(bytes) else { return Ok(()) };
    if content.starts_with(&[2, 1, 0]) || content.starts_with(&[2, 1, 1]) {
        return Err(RequestFileError::PrivateKey);
    }
    Ok(())
}

/// The DER of the only PEM block; `None` where there is none.
fn blocks(bytes: &[u8]) -> Result<Option<Vec<u8>>, RequestFileError> {
    let text = String::from_utf8_lossy(bytes);
    let mut begins = text.match_indices(BEGIN).map(|(at, _)| at);
    let Some(first) = begins.next() else {
        return if text.contains(END.trim_end()) {
            Err(RequestFileError::Damaged("its first line is missing"))
        } else {
            Ok(None)
        };
    };
    let label = label(&text[first + BEGIN.len()..])?;
    for other in std::iter::once(first).chain(begins) {
        let other = self::label(&text[other + BEGIN.len()..])?;
        if other != LABEL && other != OLD_LABEL {
            return Err(RequestFileError::OtherBlock(other.chars().take(40).collect()));
        }
    }
    if text.matches(BEGIN).count() > 1 {
        return Err(RequestFileError::Several);
    }
    let body = &text[first + BEGIN.len() + label.len() + DASHES.len()..];
    let (body, end) = body.split_once(END).ok_or(RequestFileError::Damaged("its last line is missing"))?;
    if !end.starts_with(&format!("{label}{DASHES}")) {
        return Err(RequestFileError::Damaged("its first and its last line differ"));
    }
    if end.contains(END) {
        return Err(RequestFileError::Damaged("it ends twice"));
    }
    let packed: String = body.chars().filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')).collect();
    STANDARD.decode(packed).map(Some).map_err(|_| RequestFileError::Damaged("it is not base64"))
}

/// A block's label: what is between `BEGIN` and the dashes, on one line.
fn label(text: &str) -> Result<&str, RequestFileError> {
    let line = text.lines().next().unwrap_or_default();
    line.split_once(DASHES).map(|(label, _)| label).ok_or(RequestFileError::Damaged("its first line is cut off"))
}

/// Whether the bytes are exactly one SEQUENCE of definite length.
fn is_one_sequence(bytes: &[u8]) -> bool {
    sequence(bytes).is_some()
}

/// The content of the one SEQUENCE that the bytes are.
fn sequence(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(&[0x30])?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match *first {
        short if short < 0x80 => (usize::from(short), rest),
        long => {
            let count = usize::from(long & 0x7f);
            let digits = rest.get(..count).filter(|digits| !digits.is_empty() && digits.len() <= 4)?;
            (digits.iter().fold(0, |length, digit| (length << 8) | usize::from(*digit)), rest.get(count..)?)
        }
    };
    (rest.len() == length).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key_type::KeyType;
    use crate::keys::{PrivateKey, certification_request};

    fn request() -> (String, String) {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let pem = certification_request(&key, "jane", &["dev".to_owned()]).unwrap();
        (pem, key.to_pem().expose().to_owned())
    }

    fn der(pem: &str) -> Vec<u8> {
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        STANDARD.decode(body).unwrap()
    }

    fn refused(text: &str) -> RequestFileError {
        read(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn reads_one_request_with_any_text_around_it() {
        let (pem, _) = request();
        let text = format!("Certificate Request:\n    Data: Subject: CN = jane\n{pem}\nthank you\n");
        let indented = pem.replace('\n', "\r\n    ");
        let old = pem.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST");
        let unbroken = format!("-----BEGIN {LABEL}-----{}-----END {LABEL}-----", STANDARD.encode(der(&pem)));
        for given in [pem.as_str(), &text, &indented, &old, &unbroken, pem.trim_end(), &STANDARD.encode(&pem)] {
            assert_eq!(read(given.as_bytes()).unwrap().as_str(), pem, "{given}");
        }
        assert_eq!(read(&der(&pem)).unwrap().as_str(), pem);
        assert_eq!(read(STANDARD.encode(der(&pem)).as_bytes()).unwrap().into_string(), pem);
    }

    #[test]
    fn a_private_key_anywhere_in_the_file_is_refused_and_never_quoted() {
        let (pem, key) = request();
        let utf16: Vec<u8> = format!("{pem}{key}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let inside = pem.replace("-----END", &format!("{key}-----END"));
        let joined = format!("{}{key}", pem.trim_end());
        let indented = key.replace('\n', "\n  ");
        let rsa = key.replace("PRIVATE KEY", "RSA PRIVATE KEY");
        let files = [
            format!("{pem}{key}"),
            format!("{key}{pem}"),
            joined,
            inside,
            format!("{pem}{indented}"),
            format!("{pem}{rsa}"),
            key.clone(),
            key.replace('\n', "\r\n"),
            key.replace("PRIVATE KEY", "ENCRYPTED  PRIVATE\nKEY"),
            key.replace("-----END", "").to_lowercase(),
            STANDARD.encode(format!("{pem}{key}")),
            STANDARD.encode(der(&key)),
            pem.replace(&STANDARD.encode(der(&pem))[..64], &STANDARD.encode(der(&key))[..64]),
        ];
        let secret = key.lines().nth(1).unwrap();
        for file in &files[..12] {
            assert_eq!(refused(file), RequestFileError::PrivateKey, "{file}");
            assert!(!refused(file).in_full().contains(&secret[..12]));
        }
        assert!(read(files[12].as_bytes()).is_err());
        assert_eq!(read(&utf16).unwrap_err(), RequestFileError::PrivateKey);
        assert_eq!(read(&der(&key)).unwrap_err(), RequestFileError::PrivateKey);
        let labelled = format!("-----BEGIN {LABEL}-----\n{}\n-----END {LABEL}-----\n", STANDARD.encode(der(&key)));
        assert_eq!(refused(&labelled), RequestFileError::PrivateKey);
    }

    #[test]
    fn any_other_block_and_a_second_request_are_refused() {
        let (pem, _) = request();
        let block = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n";
        for file in [format!("{pem}{block}"), format!("{block}{pem}"), format!("{}{block}", pem.trim_end())] {
            assert_eq!(refused(&file), RequestFileError::OtherBlock("CERTIFICATE".to_owned()), "{file}");
        }
        assert_eq!(refused(&format!("{pem}{pem}")), RequestFileError::Several);
        assert_eq!(refused("-----BEGIN \u{1b}[2J-----\n"), RequestFileError::OtherBlock("\u{1b}[2J".to_owned()));
        assert!(!refused("-----BEGIN \u{1b}[2J-----\n").to_string().contains('\u{1b}'));
    }

    #[test]
    fn damaged_entries_are_named() {
        let (pem, _) = request();
        for file in [
            pem.replace("-----END CERTIFICATE REQUEST-----", ""),
            pem.replace("-----BEGIN CERTIFICATE REQUEST-----", ""),
            pem.replace("-----END CERTIFICATE", "-----END NEW CERTIFICATE"),
            pem.replacen('\n', "\nProc-Type: 4,ENCRYPTED\n\n", 1),
            format!("{pem}-----END CERTIFICATE REQUEST-----\n"),
            format!(
                "-----BEGIN {LABEL}-----\n{}\n-----END {LABEL}-----\n",
                STANDARD.encode([der(&pem), vec![0]].concat())
            ),
            "-----BEGIN ".to_owned(),
        ] {
            assert!(matches!(refused(&file), RequestFileError::Damaged(_)), "{file}: {:?}", refused(&file));
        }
        for file in ["", "hello", "\u{0}", "MAA="] {
            assert!(read(file.as_bytes()).is_err(), "{file:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_give_a_canonical_request_or_an_error(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), at in 0usize..600) {
            let _ = read(&bytes);
            let (pem, _) = request();
            let at = at.min(pem.len());
            let mixed = [&pem.as_bytes()[..at], &bytes, &pem.as_bytes()[at..]].concat();
            if let Ok(read) = read(&mixed) {
                proptest::prop_assert_eq!(read.as_str().matches("-----BEGIN").count(), 1);
                proptest::prop_assert!(super::read(read.as_str().as_bytes()).is_ok());
            }
        }
    }
}
