//! PEM as Go's `encoding/pem` reads it (`Decode`), and whether other programs would read it the same way.
//!
//! Go takes the last `-----BEGIN ` line before the first `-----END ` line, skips what does not fit together, ignores header
//! lines, spaces and tabs within the Base64, and line breaks anywhere in it.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";

/// Go's `base64.StdEncoding`: padding is required, the bits that padding leaves over may be anything.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);
const STRICT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// A block, such as a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block<'a> {
    /// Its type, such as `CERTIFICATE REQUEST`. Any bytes.
    pub label: &'a [u8],
    /// Whether there are header lines (RFC 1421).
    pub headers: bool,
    /// What the Base64 says.
    pub content: Vec<u8>,
    /// Whether every program reads this text as the same block: no headers, nothing but Base64 and line breaks between
    /// the two lines, nothing after their dashes, no bit left over.
    pub plain: bool,
    /// The first byte of the block in the input.
    pub start: usize,
    /// The first byte after the line that ends it.
    pub end: usize,
}

/// The first block in `data` at or after byte `from`, as `pem.Decode` finds it.
pub(crate) fn decode(data: &[u8], from: usize) -> Option<Block<'_>> {
    let data = data.get(from..)?;
    // Positions count from the start of `data`, so that none is ever negative as some are in Go.
    let (mut rest, mut after_end) = (0, 0);
    loop {
        // Go skips past an END line that it has seen, and gives up where that lies behind it.
        if after_end < rest || after_end > data.len() {
            return None;
        }
        rest = after_end;
        let end = rest + memmem::find(&data[rest..], END)?;
        after_end = end + END.len();
        let Some(begin) = memmem::rfind(&data[rest..end], BEGIN).map(|at| rest + at) else { continue };
        if begin > rest && data[begin - 1] != b'\n' {
            continue;
        }
        let (line, next) = line(data, begin + BEGIN.len());
        rest = next;
        let Some(label) = line.strip_suffix(DASHES) else { continue };
        let (body, headers) = headers(data, next)?;
        rest = body;
        if headers && end < body {
            continue;
        }
        let trailer = data.get(after_end..)?;
        let whole = label.len() + DASHES.len();
        if trailer.len() < whole || !trailer.starts_with(label) || !trailer[..whole].ends_with(DASHES) {
            continue;
        }
        if !self::line(trailer, whole).0.is_empty() {
            continue;
        }
        let Some((content, plain)) = base64(data.get(body..end).unwrap_or_default()) else { continue };
        let (_, after) = self::line(data, after_end);
        let clean = |line: &[u8]| matches!(line, b"\n" | b"\r\n" | b"");
        let opening = &data[begin + BEGIN.len() + whole..next];
        let closing = &data[after_end + whole..after];
        let plain = plain && !headers && clean(opening) && clean(closing);
        return Some(Block { label, headers, content, plain, start: from + begin, end: from + after });
    }
}

/// Every block, one after the other.
pub(crate) fn blocks(data: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let block = decode(data, from)?;
        from = block.end;
        Some(block)
    })
}

/// Go's `getLine`: the line at `at` without its end and without trailing spaces, and where the next one begins.
fn line(data: &[u8], at: usize) -> (&[u8], usize) {
    let rest = data.get(at..).unwrap_or_default();
    let (end, next) = match memchr::memchr(b'\n', rest) {
        None => (rest.len(), rest.len()),
        Some(newline) if newline > 0 && rest[newline - 1] == b'\r' => (newline - 1, newline + 1),
        Some(newline) => (newline, newline + 1),
    };
    let mut line = &rest[..end];
    while let [before @ .., b' ' | b'\t'] = line {
        line = before;
    }
    (line, at + next)
}

/// Passes over header lines, which are those with a colon; `None` where the input ends with them.
fn headers(data: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let first = at;
    loop {
        if at >= data.len() {
            return None;
        }
        let (line, next) = line(data, at);
        if memchr::memchr(b':', line).is_none() {
            return Some((at, at > first));
        }
        at = next;
    }
}

/// The bytes that a Base64 text says, and whether it says them in the usual way.
fn base64(text: &[u8]) -> Option<(Vec<u8>, bool)> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let digits: Vec<u8> =
        text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n') && !is_space(byte)).collect();
    match STRICT.decode(&digits) {
        Ok(content) => Some((content, !text.iter().any(is_space))),
        Err(_) => Some((LENIENT.decode(&digits).ok()?, false)),
    }
}

/// A block as every program writes it: lines of 64 characters.
pub(crate) fn encode(label: &str, content: &[u8]) -> String {
    let digits = STRICT.encode(content);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        // Base64 is ASCII.
        let (line, after) = rest.split_at(rest.len().min(64));
        text.extend([line, "\n"]);
        rest = after;
    }
    text.extend(["-----END ", label, "-----\n"]);
    text
}

/// A label for people.
pub(crate) fn label(label: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<(String, Vec<u8>)> {
        blocks(text.as_bytes()).map(|block| (label(block.label).into_owned(), block.content)).collect()
    }

    #[test]
    fn a_begin_line_without_an_end_is_skipped() {
        let text =
            "-----BEGIN X-----\n-----BEGIN A-----\nAQ==\n-----END A-----\n-----BEGIN B-----\nAg==\n-----END B-----";
        assert_eq!(labels(text), [("A".to_owned(), vec![1]), ("B".to_owned(), vec![2])]);
    }

    #[test]
    fn headers_and_spaces_are_skipped_and_reported() {
        let text = "-----BEGIN A-----\nk: v\n\nA Q==\n-----END A-----\n";
        let block = decode(text.as_bytes(), 0).unwrap();
        assert_eq!((block.content.as_slice(), block.headers, block.plain), (&[1][..], true, false));
        let plain = decode(b"-----BEGIN A-----\r\nAQ==\r\n-----END A-----\r\n", 0).unwrap();
        assert!(plain.plain);
        assert!(!decode(b"-----BEGIN A-----\nAR==\n-----END A-----\n", 0).unwrap().plain, "a bit is left over");
    }

    #[test]
    fn encoded_values_are_decoded() {
        let content: Vec<u8> = (0..=200).collect();
        let text = encode("X Y", &content);
        let block = decode(text.as_bytes(), 0).unwrap();
        assert_eq!((block.content, block.plain, block.end), (content, true, text.len()));
        assert!(text.lines().all(|line| line.len() <= 64));
    }
}
