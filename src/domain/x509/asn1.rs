//! ASN.1 as Go's `encoding/asn1` reads it (`parseTagAndLength`, `parseField`), which is what PKCS#10 requests are read with.
//!
//! It takes tag numbers of several bytes, every class, and further elements at the end of a SEQUENCE.

use super::time;
use super::{Malformed, Result};

/// Tag numbers of the universal class (X.680, table 1).
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u32 = 1;
    pub(crate) const INTEGER: u32 = 2;
    pub(crate) const BIT_STRING: u32 = 3;
    pub(crate) const OCTET_STRING: u32 = 4;
    pub(crate) const OID: u32 = 6;
    pub(crate) const UTF8_STRING: u32 = 12;
    pub(crate) const SEQUENCE: u32 = 16;
    pub(crate) const SET: u32 = 17;
    pub(crate) const NUMERIC_STRING: u32 = 18;
    pub(crate) const PRINTABLE_STRING: u32 = 19;
    pub(crate) const T61_STRING: u32 = 20;
    pub(crate) const IA5_STRING: u32 = 22;
    pub(crate) const UTC_TIME: u32 = 23;
    pub(crate) const GENERALIZED_TIME: u32 = 24;
    pub(crate) const BMP_STRING: u32 = 30;
}

const UNIVERSAL: u8 = 0;
const CONTEXT: u8 = 2;

const TRUNCATED: Malformed = Malformed("an element is cut off");
const MISMATCH: Malformed = Malformed("an element has an unexpected type");

/// A tag with its length.
#[derive(Debug, Clone, Copy)]
struct Header {
    class: u8,
    constructed: bool,
    tag: u32,
    length: usize,
}

/// An element: its tag, its content, and all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    class: u8,
    constructed: bool,
    tag: u32,
    pub content: &'a [u8],
    pub full: &'a [u8],
}

impl Element<'_> {
    fn is(&self, class: u8, constructed: bool, tag: u32) -> bool {
        (self.class, self.constructed, self.tag) == (class, constructed, tag)
    }

    /// The tag's number, where the class is universal and the content is primitive.
    pub(crate) fn primitive(&self) -> Option<u32> {
        (self.class == UNIVERSAL && !self.constructed).then_some(self.tag)
    }
}

/// `parseTagAndLength`.
fn header(input: &[u8]) -> Result<(Header, &[u8])> {
    let (&first, mut rest) = input.split_first().ok_or(TRUNCATED)?;
    let mut number = u32::from(first & 0x1f);
    if number == 0x1f {
        number = base128(&mut rest)?;
        if number < 0x1f {
            return Err(Malformed("a tag is not encoded in its shortest form"));
        }
    }
    let (&first_length, mut rest) = rest.split_first().ok_or(TRUNCATED)?;
    let mut length = usize::from(first_length & 0x7f);
    if first_length & 0x80 != 0 {
        let bytes = length;
        if bytes == 0 {
            return Err(Malformed("a length is indefinite"));
        }
        length = 0;
        for _ in 0..bytes {
            let (&byte, after) = rest.split_first().ok_or(TRUNCATED)?;
            rest = after;
            if length >= 1 << 23 {
                return Err(Malformed("a length is too large"));
            }
            length = length << 8 | usize::from(byte);
            if length == 0 {
                return Err(Malformed("a length has leading zeros"));
            }
        }
        if length < 0x80 {
            return Err(Malformed("a length is not encoded in its shortest form"));
        }
    }
    let header = Header { class: first >> 6, constructed: first & 0x20 != 0, tag: number, length };
    Ok((header, rest))
}

/// `parseBase128Int`: at most 31 bits in at most five bytes.
fn base128(input: &mut &[u8]) -> Result<u32> {
    let mut value: u64 = 0;
    for shifted in 0..5 {
        let (&byte, rest) = input.split_first().ok_or(TRUNCATED)?;
        if shifted == 0 && byte == 0x80 {
            return Err(Malformed("a number is not encoded in its shortest form"));
        }
        *input = rest;
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return match u32::try_from(value) {
                Ok(value) if value <= 0x7fff_ffff => Ok(value),
                _ => Err(Malformed("a number is too large")),
            };
        }
    }
    // Go looks at the count before it looks for a sixth byte.
    Err(Malformed("a number is too large"))
}

/// Reads any element, and moves `input` behind it.
pub(crate) fn any<'a>(input: &mut &'a [u8]) -> Result<Element<'a>> {
    let before = *input;
    let (Header { class, constructed, tag, length }, rest) = header(before)?;
    let (content, after) = rest.split_at_checked(length).ok_or(TRUNCATED)?;
    *input = after;
    Ok(Element { class, constructed, tag, content, full: &before[..before.len() - after.len()] })
}

fn expect<'a>(input: &mut &'a [u8], class: u8, constructed: bool, tag: u32) -> Result<Element<'a>> {
    let element = any(input)?;
    if element.is(class, constructed, tag) { Ok(element) } else { Err(MISMATCH) }
}

/// A SEQUENCE.
pub(crate) fn sequence<'a>(input: &mut &'a [u8]) -> Result<Element<'a>> {
    expect(input, UNIVERSAL, true, tag::SEQUENCE)
}

/// A SET.
pub(crate) fn set<'a>(input: &mut &'a [u8]) -> Result<Element<'a>> {
    expect(input, UNIVERSAL, true, tag::SET)
}

/// A constructed element of the context-specific class, such as `[0]`.
pub(crate) fn context<'a>(input: &mut &'a [u8], tag: u32) -> Result<Element<'a>> {
    expect(input, CONTEXT, true, tag)
}

/// Skips the header of an explicit tag, as `parseField` does: how long the tag says that its child is, is not held
/// against the child. `Ok(false)`, with nothing read, where the tag is another.
pub(crate) fn explicit(input: &mut &[u8], tag: u32) -> Result<bool> {
    if input.is_empty() {
        return Ok(false);
    }
    let (header, rest) = header(input)?;
    if rest.is_empty() {
        return Err(Malformed("an explicit tag has no child"));
    }
    if header.class != CONTEXT || header.tag != tag || (header.length > 0 && !header.constructed) {
        return Ok(false);
    }
    if header.length == 0 {
        return Err(Malformed("an explicit tag has no child"));
    }
    *input = rest;
    Ok(true)
}

/// An OBJECT IDENTIFIER: its bytes, which are the same for the same identifier.
pub(crate) fn oid<'a>(input: &mut &'a [u8]) -> Result<&'a [u8]> {
    let content = expect(input, UNIVERSAL, false, tag::OID)?.content;
    check_oid(content)?;
    Ok(content)
}

/// `parseObjectIdentifier`.
pub(crate) fn check_oid(mut content: &[u8]) -> Result<()> {
    if content.is_empty() {
        return Err(Malformed("an object identifier is empty"));
    }
    while !content.is_empty() {
        base128(&mut content)?;
    }
    Ok(())
}

/// An INTEGER of at most 64 bits.
pub(crate) fn int64(input: &mut &[u8]) -> Result<i64> {
    parse_int64(expect(input, UNIVERSAL, false, tag::INTEGER)?.content)
}

/// `parseInt64`.
fn parse_int64(content: &[u8]) -> Result<i64> {
    check_integer(content)?;
    if content.len() > 8 {
        return Err(Malformed("a number is too large"));
    }
    let negative = content.first().is_some_and(|byte| byte & 0x80 != 0);
    let start = if negative { -1 } else { 0 };
    Ok(content.iter().fold(start, |value: i64, byte| value << 8 | i64::from(*byte)))
}

/// `checkInteger`.
fn check_integer(content: &[u8]) -> Result<()> {
    match content {
        [] => Err(Malformed("a number is empty")),
        [0, second, ..] if second & 0x80 == 0 => Err(Malformed("a number is not encoded in its shortest form")),
        [0xff, second, ..] if second & 0x80 != 0 => Err(Malformed("a number is not encoded in its shortest form")),
        _ => Ok(()),
    }
}

/// A BIT STRING, moved to the right so that no bit is left over (`BitString.RightAlign`).
pub(crate) fn bit_string(input: &mut &[u8]) -> Result<Vec<u8>> {
    bits(expect(input, UNIVERSAL, false, tag::BIT_STRING)?.content)
}

/// `parseBitString`, right-aligned.
pub(crate) fn bits(content: &[u8]) -> Result<Vec<u8>> {
    let (&padding, bytes) = content.split_first().ok_or(Malformed("a bit string is empty"))?;
    let left_over = bytes.last().is_some_and(|last| u16::from(*last) & ((1 << padding.min(8)) - 1) != 0);
    if padding > 7 || (bytes.is_empty() && padding > 0) || left_over {
        return Err(Malformed("a bit string has invalid padding"));
    }
    if padding == 0 || bytes.is_empty() {
        return Ok(bytes.to_vec());
    }
    let mut before = 0;
    let shift = |byte: &u8| {
        let moved = before << (8 - padding) | byte >> padding;
        before = *byte;
        moved
    };
    Ok(bytes.iter().map(shift).collect())
}

/// An OPTIONAL BOOLEAN: `false`, with nothing read, where the next element is none.
pub(crate) fn optional_bool(input: &mut &[u8]) -> Result<bool> {
    if input.is_empty() {
        return Ok(false);
    }
    let (header, _) = header(input)?;
    if (header.class, header.constructed, header.tag) != (UNIVERSAL, false, tag::BOOLEAN) {
        return Ok(false);
    }
    parse_bool(any(input)?.content)
}

fn parse_bool(content: &[u8]) -> Result<bool> {
    match content {
        [0] => Ok(false),
        [0xff] => Ok(true),
        _ => Err(Malformed("a boolean is neither 0 nor 255")),
    }
}

/// An OCTET STRING.
pub(crate) fn octets<'a>(input: &mut &'a [u8]) -> Result<&'a [u8]> {
    Ok(expect(input, UNIVERSAL, false, tag::OCTET_STRING)?.content)
}

/// An `AlgorithmIdentifier`: its identifier, and its parameters with their header, empty where there are none.
pub(crate) fn algorithm<'a>(input: &mut &'a [u8]) -> Result<(&'a [u8], &'a [u8])> {
    let mut fields = sequence(input)?.content;
    let oid = oid(&mut fields)?;
    let parameters = if fields.is_empty() { fields } else { any(&mut fields)?.full };
    Ok((oid, parameters))
}

/// A value of any type, as `parseField` reads one into an `any`: the text, where it is a string of a type that Go knows.
/// Other types are checked, and then count for nothing.
pub(crate) fn value(element: &Element<'_>) -> Result<Option<String>> {
    let content = element.content;
    match element.primitive() {
        Some(tag::BOOLEAN) => parse_bool(content).map(|_| None),
        Some(tag::INTEGER) => parse_int64(content).map(|_| None),
        Some(tag::BIT_STRING) => bits(content).map(|_| None),
        Some(tag::OID) => check_oid(content).map(|()| None),
        Some(tag::UTC_TIME) => time::utc(content, time::TimeFormat::Asn1).map(|_| None),
        Some(tag::GENERALIZED_TIME) => time::generalized(content, time::TimeFormat::Asn1).map(|_| None),
        Some(number) => text(number, content).transpose(),
        None => Ok(None),
    }
}

/// A string's text; `None` where `number` is no type of string that Go knows.
pub(crate) fn text(number: u32, content: &[u8]) -> Option<Result<String>> {
    const UNFIT: Malformed = Malformed("a string holds a character that its type does not have");
    let ascii = |fits: fn(u8) -> bool| {
        if content.iter().all(|byte| fits(*byte)) {
            Ok(content.iter().map(|byte| char::from(*byte)).collect())
        } else {
            Err(UNFIT)
        }
    };
    Some(match number {
        tag::PRINTABLE_STRING => ascii(is_printable),
        tag::NUMERIC_STRING => ascii(|byte| byte.is_ascii_digit() || byte == b' '),
        tag::IA5_STRING => ascii(|byte| byte.is_ascii()),
        tag::T61_STRING => ascii(|_| true),
        tag::UTF8_STRING => String::from_utf8(content.to_vec()).map_err(|_| UNFIT),
        tag::BMP_STRING => bmp(content).ok_or(UNFIT),
        _ => return None,
    })
}

/// The characters of a `PrintableString`, and `*` and `&`, which Go lets pass (`isPrintable`).
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()*+,-./:=?&".contains(&byte)
}

/// `parseBMPString`: one terminator is cut off; surrogates and noncharacters are refused.
fn bmp(content: &[u8]) -> Option<String> {
    let (units, []) = content.as_chunks::<2>() else { return None };
    let units = match units {
        [before @ .., [0, 0]] => before,
        all => all,
    };
    let character = |unit: &[u8; 2]| match u16::from_be_bytes(*unit) {
        0xfffe | 0xffff | 0xfdd0..=0xfdef => None,
        point => char::from_u32(point.into()),
    };
    units.iter().map(character).collect()
}

/// An object identifier in dots, such as `1.3.101.112`. Only for those that have been checked.
pub(crate) fn dotted(mut content: &[u8]) -> String {
    let mut text = String::new();
    while let Ok(number) = base128(&mut content) {
        if !text.is_empty() {
            text.extend([".", &number.to_string()]);
        } else if number < 80 {
            text = format!("{}.{}", number / 40, number % 40);
        } else {
            text = format!("2.{}", number - 80);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_in_dots() {
        assert_eq!(dotted(&[0x2b, 0x65, 0x70]), "1.3.101.112");
        assert_eq!(dotted(&[0x88, 0x37, 0x03]), "2.999.3");
        assert!(check_oid(&[0x2b, 0x80, 0x01]).is_err() && check_oid(&[0x2b, 0x81]).is_err());
    }

    #[test]
    fn lengths_have_one_form() {
        for bytes in [&[0x30, 0x81, 0x01, 0x00][..], &[0x30, 0x80, 0, 0], &[0x30, 0x82, 0x00, 0x80], &[0x30, 0x02, 0]] {
            assert!(any(&mut &bytes[..]).is_err(), "{bytes:?}");
        }
        assert_eq!(any(&mut &[0x1f, 0x1f, 0x01, 0x07][..]).unwrap().content, [7]);
    }

    #[test]
    fn a_bit_string_is_moved_to_the_right() {
        assert_eq!(bits(&[4, 0xab, 0xc0]).unwrap(), [0x0a, 0xbc]);
        assert!(bits(&[4, 0xab, 0xc8]).is_err() && bits(&[1]).is_err() && bits(&[]).is_err());
    }

    #[test]
    fn a_terminator_ends_a_bmp_string_and_a_surrogate_spoils_it() {
        assert_eq!(bmp(&[0, b'a', 0, 0]).as_deref(), Some("a"));
        assert_eq!((bmp(&[0xd8, 0]), bmp(&[0]), bmp(&[0xff, 0xfe])), (None, None, None));
    }
}
