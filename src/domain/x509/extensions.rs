//! A certificate's extensions: which Go refuses (`crypto/x509`, `processExtensions`), and the two that state its purpose.

use std::net::IpAddr;

use super::asn1::{bits, dotted};
use super::cryptobyte::{DerReader, Integer, tag};
use super::san::{self, is_domain};
use super::{Malformed, Result};

/// DER of `authorityInfoAccess` (1.3.6.1.5.5.7.1.1).
const AUTHORITY_INFO_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];

/// One extension, unread.
pub(super) struct Extension<'a> {
    pub oid: &'a [u8],
    pub critical: bool,
    pub value: &'a [u8],
}

/// What the extensions say that matters here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Extensions {
    /// Extended key usages, in dots.
    pub purposes: Vec<String>,
    /// Whether it may sign certificates itself.
    pub is_authority: bool,
    /// Whether basic constraints say so at all.
    pub has_constraints: bool,
    /// How many intermediate certificates may follow it, where that is limited.
    pub path_length: Option<u64>,
    /// Whether key usages are given, and the signing of certificates is none of them.
    pub signs_no_certificates: bool,
}

/// Reads them all.
pub(super) fn process(extensions: &[Extension<'_>]) -> Result<Extensions> {
    let mut found = Extensions::default();
    for extension in extensions {
        let value = DerReader(extension.value);
        let read = match extension.oid {
            // 2.5.29.*
            [0x55, 0x1d, 15] => key_usage(value).map(|signs| found.signs_no_certificates = !signs),
            [0x55, 0x1d, 19] => basic_constraints(value).map(|(authority, path_length)| {
                (found.is_authority, found.path_length, found.has_constraints) = (authority, path_length, true);
            }),
            [0x55, 0x1d, 17] => san::names(extension.value).ok().map(drop),
            [0x55, 0x1d, 30] => name_constraints(value),
            [0x55, 0x1d, 31] => distribution_points(value),
            // Go refuses these where they are critical (RFC 5280, 4.2.1.1, 4.2.1.2 and 4.2.2.1).
            [0x55, 0x1d, 14 | 35] | AUTHORITY_INFO_ACCESS if extension.critical => None,
            [0x55, 0x1d, 35] => authority_key_identifier(value),
            [0x55, 0x1d, 36] => policy_constraints(value),
            [0x55, 0x1d, 37] => purposes(value).map(|purposes| found.purposes = purposes),
            [0x55, 0x1d, 14] => one(value, tag::OCTET_STRING),
            [0x55, 0x1d, 32] => policies(value),
            [0x55, 0x1d, 33] => policy_mappings(value),
            [0x55, 0x1d, 54] => any_policy(value),
            AUTHORITY_INFO_ACCESS => authority_info_access(value),
            _ => Some(()),
        };
        read.ok_or(Malformed("an extension is invalid"))?;
    }
    Ok(found)
}

fn one(mut value: DerReader<'_>, tag: u8) -> Option<()> {
    value.read(tag).map(drop)
}

/// Whether certificates may be signed: no usage at all means any (RFC 5280, 4.2.1.3, bit 5).
fn key_usage(mut value: DerReader<'_>) -> Option<bool> {
    let content = value.read(tag::BIT_STRING)?;
    // Checked as Go reads it, which aligns the bits to the right.
    bits(content).ok()?;
    let usages = content.get(1..)?;
    Some(usages.iter().all(|byte| *byte == 0) || usages.first().is_some_and(|first| first & 0x04 != 0))
}

/// Whether it is an authority, and how many intermediate certificates may follow it.
fn basic_constraints(mut value: DerReader<'_>) -> Option<(bool, Option<u64>)> {
    let mut fields = value.inside(tag::SEQUENCE)?;
    let authority = fields.peek(tag::BOOLEAN) && fields.bool()?;
    let mut path_length = None;
    if fields.peek(tag::INTEGER) {
        let number = fields.integer()?;
        is_uint(number, i64::MAX.unsigned_abs()).then_some(())?;
        path_length = Some(uint(number));
    }
    Some((authority, path_length))
}

fn uint(number: Integer<'_>) -> u64 {
    number.positive().unwrap_or_default().iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte))
}

/// Whether it fits into an unsigned number of 64 bits that is at most `most`.
fn is_uint(number: Integer<'_>, most: u64) -> bool {
    if number.is_negative() {
        return false;
    }
    number.positive().unwrap_or_default().len() <= 8 && uint(number) <= most
}

fn purposes(mut value: DerReader<'_>) -> Option<Vec<String>> {
    let mut list = value.inside(tag::SEQUENCE)?;
    let mut found = Vec::new();
    while !list.is_empty() {
        found.push(dotted(list.oid()?));
    }
    Some(found)
}

fn authority_key_identifier(mut value: DerReader<'_>) -> Option<()> {
    let mut fields = value.inside(tag::SEQUENCE)?;
    fields.optional(tag::context(0)).map(drop)
}

fn policy_constraints(mut value: DerReader<'_>) -> Option<()> {
    let mut fields = value.inside(tag::SEQUENCE)?;
    for number in [0, 1] {
        if let Some(content) = fields.optional(tag::context(number))? {
            Integer::new(content)?.int64()?;
        }
    }
    Some(())
}

/// Policies, each once. Their identifiers may be of any size (`newOIDFromDER`).
fn policies(mut value: DerReader<'_>) -> Option<()> {
    let mut list = value.inside(tag::SEQUENCE)?;
    let mut seen: Vec<&[u8]> = Vec::new();
    while !list.is_empty() {
        let oid = list.inside(tag::SEQUENCE)?.read(tag::OID)?;
        let parts = oid.split_inclusive(|byte| byte & 0x80 == 0);
        let shortest = parts.clone().all(|part| part.first() != Some(&0x80));
        let ended = oid.last().is_some_and(|byte| byte & 0x80 == 0);
        if seen.contains(&oid) || !shortest || !ended {
            return None;
        }
        seen.push(oid);
    }
    Some(())
}

fn policy_mappings(mut value: DerReader<'_>) -> Option<()> {
    let mut list = value.inside(tag::SEQUENCE)?;
    while !list.is_empty() {
        let mut pair = list.inside(tag::SEQUENCE)?;
        pair.read(tag::OID)?;
        pair.read(tag::OID)?;
    }
    Some(())
}

fn any_policy(mut value: DerReader<'_>) -> Option<()> {
    value.integer()?.int64().map(drop)
}

fn authority_info_access(mut value: DerReader<'_>) -> Option<()> {
    let mut list = value.inside(tag::SEQUENCE)?;
    while !list.is_empty() {
        let mut fields = list.inside(tag::SEQUENCE)?;
        fields.oid()?;
        fields.optional(tag::context(6))?;
    }
    Some(())
}

fn distribution_points(mut value: DerReader<'_>) -> Option<()> {
    let mut list = value.inside(tag::SEQUENCE)?;
    while !list.is_empty() {
        let mut point = list.inside(tag::SEQUENCE)?;
        let Some(name) = point.optional(tag::constructed(0))? else { continue };
        let mut names = DerReader(name).inside(tag::constructed(0))?;
        while names.peek(tag::context(6)) {
            names.read(tag::context(6))?;
        }
    }
    Some(())
}

fn name_constraints(mut value: DerReader<'_>) -> Option<()> {
    let mut top = value.inside(tag::SEQUENCE)?;
    let permitted = top.optional(tag::constructed(0))?;
    let excluded = top.optional(tag::constructed(1))?;
    let empty = permitted.unwrap_or_default().is_empty() && excluded.unwrap_or_default().is_empty();
    if !value.is_empty() || !top.is_empty() || empty {
        return None;
    }
    [permitted, excluded].into_iter().flatten().try_for_each(|subtrees| constraints(DerReader(subtrees)))
}

fn constraints(mut subtrees: DerReader<'_>) -> Option<()> {
    const EMAIL: u8 = tag::context(1);
    const DNS: u8 = tag::context(2);
    const URI: u8 = tag::context(6);
    const IP: u8 = tag::context(7);
    while !subtrees.is_empty() {
        let (kind, value, _) = subtrees.inside(tag::SEQUENCE)?.any()?;
        let fits = match kind {
            EMAIL if value.contains(&b'@') => value.is_ascii() && is_mailbox(value),
            EMAIL | DNS => value.is_ascii() && is_domain(value, true),
            URI => value.is_ascii() && !is_address(value) && is_domain(value, true),
            IP => matches!(value.len(), 8 | 32) && is_mask(&value[value.len() / 2..]),
            _ => true,
        };
        fits.then_some(())?;
    }
    Some(())
}

/// `net.ParseIP`.
fn is_address(text: &[u8]) -> bool {
    str::from_utf8(text).is_ok_and(|text| text.parse::<IpAddr>().is_ok())
}

/// Ones, then zeros.
fn is_mask(mask: &[u8]) -> bool {
    let mut rest = mask.iter().skip_while(|byte| **byte == 0xff);
    let edge = rest.next().is_none_or(|byte| byte.leading_ones() + byte.trailing_zeros() >= 8);
    edge && rest.all(|byte| *byte == 0)
}

/// `parseRFC2821Mailbox`: a local part, quoted or of dotted atoms, and a domain.
fn is_mailbox(address: &[u8]) -> bool {
    let rest = if let Some(quoted) = address.strip_prefix(b"\"") { after_quoted(quoted) } else { after_atoms(address) };
    let Some([b'@', domain @ ..]) = rest else { return false };
    // The domain may be anything that is one (`domainNameValid`).
    is_domain(domain, false)
}

/// What follows a quoted local part.
fn after_quoted(mut text: &[u8]) -> Option<&[u8]> {
    loop {
        let (&byte, rest) = text.split_first()?;
        text = rest;
        match byte {
            b'"' => return Some(text),
            b'\\' => {
                let (&escaped, rest) = text.split_first()?;
                // Any character but NUL, LF, CR and what is not ASCII (RFC 2822, 3.2.2).
                matches!(escaped, 1..=9 | 11 | 12 | 14..=127).then_some(())?;
                text = rest;
            }
            // RFC 2822, 3.2.5: qtext, and the space that Go lets pass.
            1..=8 | 11 | 12 | 14..=31 | 127 | b' ' | 33 | 35..=91 | 93..=126 => {}
            _ => return None,
        }
    }
}

/// What follows a local part of atoms with dots between them.
fn after_atoms(text: &[u8]) -> Option<&[u8]> {
    let mut local = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if byte == b'\\' {
            at += 1;
            local.push(*text.get(at)?);
        } else if byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte) {
            local.push(byte);
        } else {
            break;
        }
        at += 1;
    }
    let dots = local.starts_with(b".") || local.ends_with(b".") || local.windows(2).any(|pair| pair == b"..");
    (!local.is_empty() && !dots).then(|| &text[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_ones_and_then_zeros() {
        let masks =
            [([255, 255, 0, 0], true), ([255, 128, 0, 0], true), ([255, 0, 255, 0], false), ([1, 0, 0, 0], false)];
        for (mask, valid) in masks {
            assert_eq!(is_mask(&mask), valid, "{mask:?}");
        }
    }

    #[test]
    fn mailboxes_have_a_local_part_and_a_domain() {
        for (address, valid) in
            [("a@b.c", true), ("\"a b\"@c", true), ("a..b@c", false), ("@c", false), ("a@b.", false)]
        {
            assert_eq!(is_mailbox(address.as_bytes()), valid, "{address}");
        }
    }
}
