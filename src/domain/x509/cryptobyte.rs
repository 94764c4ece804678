//! DER as `golang.org/x/crypto/cryptobyte` reads it, which is what certificates, keys and alternative names are read with.
//!
//! It takes tag numbers below 31 alone, and as long as the next element has the tag that is expected, what follows it.

use super::asn1;

/// Tags, class and form included.
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;

    /// `[number]`, primitive.
    pub(crate) const fn context(number: u8) -> u8 {
        0x80 | number
    }

    /// `[number]`, constructed.
    pub(crate) const fn constructed(number: u8) -> u8 {
        0xa0 | number
    }
}

/// What is still to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DerReader<'a>(pub &'a [u8]);

impl<'a> DerReader<'a> {
    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Any element: its tag, its content, and all of it.
    pub(crate) fn any(&mut self) -> Option<(u8, &'a [u8], &'a [u8])> {
        let (&[tag, first], rest) = self.0.split_first_chunk::<2>()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (length, rest) = if first & 0x80 == 0 {
            (usize::from(first), rest)
        } else {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            if bytes.len() > 4 || bytes.first().is_none_or(|byte| *byte == 0) {
                return None;
            }
            let length = bytes.iter().fold(0_u32, |length, byte| length << 8 | u32::from(*byte));
            // Lengths below 128 have a form of one byte.
            if length < 128 {
                return None;
            }
            (usize::try_from(length).ok()?, rest)
        };
        let (content, after) = rest.split_at_checked(length)?;
        let full = &self.0[..self.0.len() - after.len()];
        self.0 = after;
        Some((tag, content, full))
    }

    /// The content of an element with that tag.
    pub(crate) fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.any().filter(|(found, ..)| *found == tag).map(|(_, content, _)| content)
    }

    /// An element with that tag, header and all.
    pub(crate) fn element(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.any().filter(|(found, ..)| *found == tag).map(|(.., full)| full)
    }

    /// A reader for the content of an element with that tag.
    pub(crate) fn inside(&mut self, tag: u8) -> Option<Self> {
        self.read(tag).map(Self)
    }

    /// Whether an element with that tag is next.
    pub(crate) fn peek(self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// The content of an element with that tag, where one is next.
    #[expect(clippy::option_option, reason = "outside: whether it could be read; inside: whether it is there")]
    pub(crate) fn optional(&mut self, tag: u8) -> Option<Option<&'a [u8]>> {
        if self.peek(tag) { self.read(tag).map(Some) } else { Some(None) }
    }

    /// An OBJECT IDENTIFIER's bytes.
    pub(crate) fn oid(&mut self) -> Option<&'a [u8]> {
        let content = self.read(tag::OID)?;
        asn1::check_oid(content).is_ok().then_some(content)
    }

    /// A BOOLEAN.
    pub(crate) fn bool(&mut self) -> Option<bool> {
        match self.read(tag::BOOLEAN)? {
            [0] => Some(false),
            [0xff] => Some(true),
            _ => None,
        }
    }

    /// An INTEGER of any size, in its shortest form.
    pub(crate) fn integer(&mut self) -> Option<Integer<'a>> {
        self.read(tag::INTEGER).and_then(Integer::new)
    }

    /// A BIT STRING: its bytes and how many bits of the last one are left over.
    pub(crate) fn bit_string(&mut self) -> Option<Vec<u8>> {
        self.read(tag::BIT_STRING).and_then(|content| asn1::bits(content).ok())
    }
}

/// An INTEGER in two's complement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Integer<'a>(&'a [u8]);

impl<'a> Integer<'a> {
    /// `checkASN1Integer`.
    pub(crate) fn new(content: &'a [u8]) -> Option<Self> {
        match content {
            [] => None,
            [0, second, ..] if second & 0x80 == 0 => None,
            [0xff, second, ..] if second & 0x80 != 0 => None,
            _ => Some(Self(content)),
        }
    }

    pub(crate) fn is_negative(self) -> bool {
        self.0.first().is_some_and(|byte| byte & 0x80 != 0)
    }

    /// As a number of 64 bits, where it is one.
    pub(crate) fn int64(self) -> Option<i64> {
        let start = if self.is_negative() { -1 } else { 0 };
        (self.0.len() <= 8).then(|| self.0.iter().fold(start, |value: i64, byte| value << 8 | i64::from(*byte)))
    }

    /// The magnitude without leading zeros, where it is above zero.
    pub(crate) fn positive(self) -> Option<&'a [u8]> {
        let magnitude = self.0.strip_prefix(&[0]).unwrap_or(self.0);
        (!self.is_negative() && !magnitude.is_empty()).then_some(magnitude)
    }
}
