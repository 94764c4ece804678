//! Whether a request is DER in its one canonical form (X.690, 10 and 11), with the structure of RFC 2986 and nothing besides:
//! then every program reads the same from it.

use super::asn1;
use super::cryptobyte::{DerReader, Integer, tag};
use super::oid::{ALTERNATIVE_NAMES, EXTENSION_REQUEST};

/// Whether `der` is a request in canonical form.
pub(super) fn is_request(der: &[u8]) -> bool {
    request(der).is_some()
}

fn request(der: &[u8]) -> Option<()> {
    let mut input = DerReader(der);
    let mut outer = input.inside(tag::SEQUENCE)?;
    let mut info = outer.inside(tag::SEQUENCE)?;
    // The only version (RFC 2986, 4.1).
    if info.integer()?.int64()? != 0 {
        return None;
    }
    subject(info.inside(tag::SEQUENCE)?)?;
    let mut key = info.inside(tag::SEQUENCE)?;
    algorithm(&mut key)?;
    whole_bytes(&mut key)?;
    let attributes = info.inside(tag::constructed(0))?;
    let ended = input.is_empty() && info.is_empty() && key.is_empty();
    algorithm(&mut outer)?;
    whole_bytes(&mut outer)?;
    requested(attributes)?;
    (ended && outer.is_empty()).then_some(())
}

/// Every RDN holds something, in the order that DER wants; every attribute is a type and a string.
fn subject(rdns: DerReader<'_>) -> Option<()> {
    each(rdns, |mut rdns| {
        let mut set = rdns.inside(tag::SET)?;
        let mut before: Option<&[u8]> = None;
        while !set.is_empty() || before.is_none() {
            let pair = set.element(tag::SEQUENCE)?;
            if before.is_some_and(|before| before >= pair) {
                return None;
            }
            before = Some(pair);
            let mut pair = DerReader(pair).inside(tag::SEQUENCE)?;
            pair.oid()?;
            let (kind, content, _) = pair.any()?;
            asn1::text(kind.into(), content)?.ok().filter(|_| pair.is_empty())?;
        }
        Some(rdns)
    })
}

/// Attributes, each a type and a set of values. Extensions are asked for once.
fn requested(mut attributes: DerReader<'_>) -> Option<()> {
    let mut asked = false;
    while !attributes.is_empty() {
        let mut fields = attributes.inside(tag::SEQUENCE)?;
        let oid = fields.oid()?;
        let mut values = fields.inside(tag::SET)?;
        fields.is_empty().then_some(())?;
        well_formed(values)?;
        if oid == EXTENSION_REQUEST {
            let list = values.inside(tag::SEQUENCE)?;
            (!asked && values.is_empty()).then_some(())?;
            asked = true;
            each(list, extension)?;
        }
    }
    Some(())
}

/// An identifier, whether it is critical, a value. FALSE is the default and not written.
fn extension(mut list: DerReader<'_>) -> Option<DerReader<'_>> {
    let mut fields = list.inside(tag::SEQUENCE)?;
    let oid = fields.oid()?;
    let explicit = fields.peek(tag::BOOLEAN);
    if explicit && !fields.bool()? {
        return None;
    }
    let mut value = DerReader(fields.read(tag::OCTET_STRING)?);
    if oid == ALTERNATIVE_NAMES {
        value.read(tag::SEQUENCE)?;
        value.is_empty().then_some(())?;
    }
    fields.is_empty().then_some(list)
}

/// An identifier, and parameters or none.
fn algorithm(input: &mut DerReader<'_>) -> Option<()> {
    let mut fields = input.inside(tag::SEQUENCE)?;
    fields.oid()?;
    if !fields.is_empty() {
        let (_, _, parameters) = fields.any()?;
        well_formed(DerReader(parameters))?;
    }
    fields.is_empty().then_some(())
}

/// A BIT STRING of whole bytes.
fn whole_bytes(input: &mut DerReader<'_>) -> Option<()> {
    (input.read(tag::BIT_STRING)?.first() == Some(&0)).then_some(())
}

/// Reads with `one` until nothing is left.
fn each<'a>(mut input: DerReader<'a>, one: impl Fn(DerReader<'a>) -> Option<DerReader<'a>>) -> Option<()> {
    while !input.is_empty() {
        input = one(input)?;
    }
    Some(())
}

/// Elements of any kind, each in canonical form as far as its tag shows.
fn well_formed(input: DerReader<'_>) -> Option<()> {
    // No known attribute nests deeper, and the stack is only so deep.
    fn at(mut input: DerReader<'_>, depth: usize) -> Option<()> {
        while !input.is_empty() {
            let (kind, content, _) = input.any()?;
            let fine = match kind {
                tag::BOOLEAN => matches!(content, [0 | 0xff]),
                tag::INTEGER => Integer::new(content).is_some(),
                tag::BIT_STRING => asn1::bits(content).is_ok(),
                tag::OID => asn1::check_oid(content).is_ok(),
                5 => content.is_empty(),
                // Sequences and sets alone are constructed; the other classes as their definitions want.
                0x10 | 0x11 => false,
                0x20..0x40 => matches!(kind, tag::SEQUENCE | tag::SET),
                _ => true,
            };
            if !fine || (kind & 0x20 != 0 && (depth == 0 || at(DerReader(content), depth - 1).is_none())) {
                return None;
            }
        }
        Some(())
    }
    at(input, 16)
}
