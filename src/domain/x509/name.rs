//! Distinguished names: what Go's `crypto/x509/pkix` makes of them (`FillFromRDNSequence`), and a text for people.

use std::borrow::Cow;

use super::asn1::{self, Element, tag};
use super::cryptobyte::{self, DerReader};
use super::{Malformed, Result};

/// DER of the two identifiers that count for logging in (RFC 4519): 2.5.4.3 and 2.5.4.10.
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];

/// RFC 4514's short names and a few others in use, by the identifier's DER.
static SHORT_NAMES: [(&[u8], &str); 11] = [
    (COMMON_NAME, "CN"),
    (ORGANIZATION, "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "STREET"),
    (&[0x55, 4, 5], "serialNumber"),
    (&[9, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], "DC"),
    (&[9, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1], "UID"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1], "emailAddress"),
];

/// One attribute of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute<'a> {
    /// The type's DER.
    pub oid: &'a [u8],
    /// The text, where Go takes the value for one; else the value counts for nothing.
    pub text: Option<String>,
    /// The value's tag number where it is universal and primitive.
    tag: Option<u32>,
    /// The value's bytes.
    content: &'a [u8],
    /// Whether it is of the same RDN as the one before.
    joined: bool,
}

/// A name, read in the order in which it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Subject {
    /// As `CN=jane,O=dev`; a multi-valued RDN as `O=a+O=b`.
    pub text: String,
    /// Every CN.
    pub common_names: Vec<String>,
    /// Every O.
    pub organizations: Vec<String>,
    /// CNs and Os in string types that programs read differently, such as `CN as T61String`.
    pub odd_strings: Vec<String>,
}

/// The attributes of a request's name: `asn1.Unmarshal` into a `pkix.RDNSequence`.
pub(super) fn of_request(mut input: &[u8]) -> Result<Vec<Attribute<'_>>> {
    let mut rdns = asn1::sequence(&mut input)?.content;
    if !input.is_empty() {
        return Err(Malformed("bytes follow the subject"));
    }
    let mut attributes = Vec::new();
    while !rdns.is_empty() {
        let mut rdn = asn1::set(&mut rdns)?.content;
        let mut joined = false;
        while !rdn.is_empty() {
            // Further elements are read over.
            let mut pair = asn1::sequence(&mut rdn)?.content;
            let oid = asn1::oid(&mut pair)?;
            let element = asn1::any(&mut pair)?;
            attributes.push(Attribute { oid, text: asn1::value(&element)?, ..Attribute::of(&element, joined) });
            joined = true;
        }
    }
    Ok(attributes)
}

/// The attributes of a certificate's name: `parseName`. Every value has to be a string.
pub(super) fn of_certificate(name: &[u8]) -> Result<Vec<Attribute<'_>>> {
    const INVALID: Malformed = Malformed("a name is invalid");
    let mut rdns = DerReader(name).inside(cryptobyte::tag::SEQUENCE).ok_or(INVALID)?;
    let mut attributes = Vec::new();
    while !rdns.is_empty() {
        let mut rdn = rdns.inside(cryptobyte::tag::SET).ok_or(INVALID)?;
        let mut joined = false;
        while !rdn.is_empty() {
            let mut pair = rdn.inside(cryptobyte::tag::SEQUENCE).ok_or(INVALID)?;
            let oid = pair.oid().ok_or(INVALID)?;
            let (number, content, _) = pair.any().ok_or(INVALID)?;
            // A tag of another class or form is no string.
            let tag = u32::from(number);
            let text = asn1::text(tag, content).ok_or(INVALID)??;
            attributes.push(Attribute { oid, text: Some(text), tag: Some(tag), content, joined });
            joined = true;
        }
    }
    Ok(attributes)
}

impl<'a> Attribute<'a> {
    fn of(element: &Element<'a>, joined: bool) -> Self {
        Self { oid: &[], text: None, tag: element.primitive(), content: element.content, joined }
    }

    /// The text for people: where Go takes the value for none, its bytes as well as they can be read.
    fn shown(&self) -> Cow<'_, str> {
        self.text.as_deref().map_or_else(|| String::from_utf8_lossy(self.content), Cow::Borrowed)
    }
}

impl Subject {
    /// What the attributes say.
    pub(super) fn new(attributes: Vec<Attribute<'_>>) -> Self {
        let mut subject = Self::default();
        for attribute in attributes {
            let name = short_name(attribute.oid);
            let separator = match (subject.text.is_empty(), attribute.joined) {
                (true, _) => "",
                (false, true) => "+",
                (false, false) => ",",
            };
            subject.text.extend([separator, &name, "="]);
            push_escaped(&mut subject.text, &attribute.shown());
            let values = match attribute.oid {
                COMMON_NAME => &mut subject.common_names,
                ORGANIZATION => &mut subject.organizations,
                _ => continue,
            };
            if let Some(kind) = string_type(attribute.tag) {
                let ignored = if attribute.text.is_none() { ", which Kubernetes ignores" } else { "" };
                subject.odd_strings.push(format!("{name} as {kind}{ignored}"));
            }
            values.extend(attribute.text);
        }
        subject
    }
}

/// The name of a string type that is unusual in a subject (RFC 5280, 4.1.2.4).
const fn string_type(number: Option<u32>) -> Option<&'static str> {
    match number {
        Some(tag::UTF8_STRING | tag::PRINTABLE_STRING) => None,
        Some(tag::NUMERIC_STRING) => Some("NumericString"),
        Some(tag::T61_STRING) => Some("T61String"),
        Some(tag::IA5_STRING) => Some("IA5String"),
        Some(tag::BMP_STRING) => Some("BMPString"),
        Some(26) => Some("VisibleString"),
        Some(27) => Some("GeneralString"),
        Some(28) => Some("UniversalString"),
        _ => Some("no usual text"),
    }
}

/// RFC 4514's short name where there is one, else the object identifier.
fn short_name(oid: &[u8]) -> Cow<'static, str> {
    let known = SHORT_NAMES.iter().find(|(known, _)| *known == oid);
    known.map_or_else(|| asn1::dotted(oid).into(), |(_, name)| Cow::Borrowed(*name))
}

/// A value with RFC 4514's special characters escaped, so that one value cannot look like two.
fn push_escaped(text: &mut String, value: &str) {
    for c in value.chars() {
        if matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=') {
            text.push('\\');
        }
        text.push(c);
    }
}
