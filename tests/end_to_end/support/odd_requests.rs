//! Requests in odd forms of DER and PEM, by the hundred: string types, RDNs with several attributes or with none, several
//! CNs, attributes of all kinds, PEM with headers, with text around it, or with several blocks. The server decides which it
//! accepts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{KeyPair, PublicKeyData, SigningKey};

use super::dice::Dice;
use super::pkcs10::{ecdsa_request, tlv};

const CN: &[u8] = &[0x55, 4, 3];
const O: &[u8] = &[0x55, 4, 10];
/// Attribute types that are no part of the identity, or only look like CN and O.
const OTHERS: [&[u8]; 8] = [
    &[0x55, 4, 11],
    &[0x55, 4, 6],
    &[0x55, 4, 5],
    &[0x55, 4, 3, 1],
    &[0x55, 4, 0x83, 0x0a],
    &[0x55, 5, 3],
    &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1],
];

const NUMERIC: u8 = 18;
const PRINTABLE: u8 = 19;
const T61: u8 = 20;
const IA5: u8 = 22;
const VISIBLE: u8 = 26;
const UNIVERSAL: u8 = 28;
const BMP: u8 = 30;
const TAGS: [u8; 12] = [12, 12, 12, PRINTABLE, PRINTABLE, IA5, T61, BMP, NUMERIC, VISIBLE, UNIVERSAL, 2];

/// A request as `spec.request` has it, by its number: the same number gives the same form.
pub(crate) fn odd_request(number: u64, key: &KeyPair) -> String {
    let mut dice = Dice::new(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let subject = subject(&mut dice, number);
    let der = request(key, &subject, &attributes(&mut dice));
    let other = request(key, &tlv(0x30, &rdn(&[attribute(CN, 12, b"another-name")])), &[]);
    pem(&mut dice, &der, &other)
}

fn request(key: &KeyPair, subject: &[u8], attributes: &[u8]) -> Vec<u8> {
    let version = tlv(2, &[0]);
    let info = tlv(0x30, &[&version, subject, &key.subject_public_key_info(), &tlv(0xa0, attributes)].concat());
    let signature = key.sign(&info).unwrap();
    ecdsa_request(&info, &signature)
}

fn subject(dice: &mut Dice, number: u64) -> Vec<u8> {
    let mut rdns = Vec::new();
    for at in 0..=dice.below(5) {
        let several = if dice.one_in(4) { 1 + dice.below(3) } else { 1 };
        let mut attributes: Vec<_> =
            (0..several).map(|part| any_attribute(dice, &format!("{number}-{at}-{part}"))).collect();
        // DER wants them sorted; Go does not look.
        if !dice.one_in(6) {
            attributes.sort();
        }
        rdns.push(rdn(&attributes));
        if dice.one_in(8) {
            rdns.push(rdn(&[]));
        }
    }
    if dice.one_in(12) {
        rdns.insert(0, rdn(&[]));
    }
    tlv(0x30, &rdns.concat())
}

fn rdn(attributes: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x31, &attributes.concat())
}

fn any_attribute(dice: &mut Dice, mark: &str) -> Vec<u8> {
    let kind = match dice.below(10) {
        0..4 => CN,
        4..8 => O,
        _ => dice.pick(&OTHERS),
    };
    let tag = *dice.pick(&TAGS);
    let value = value(dice, tag, mark);
    attribute(kind, tag, &value)
}

fn attribute(kind: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(6, kind), tlv(tag, value)].concat())
}

fn value(dice: &mut Dice, tag: u8, mark: &str) -> Vec<u8> {
    let text = match dice.below(12) {
        0 => String::new(),
        1 => format!("{mark}\0"),
        2 => format!("a*b&c {mark}"),
        3 => format!("{mark}@example.com"),
        4 => format!(" {mark} "),
        5 => format!("jos\u{e9} {mark}"),
        6 => format!("{mark},CN=other"),
        _ => format!("name-{mark}"),
    };
    match tag {
        BMP => {
            let mut units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            if dice.one_in(4) {
                units.extend([0, 0]);
            }
            units
        }
        UNIVERSAL => text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect(),
        NUMERIC => format!("{}", mark.len() * 1000 + dice.below(1000)).into_bytes(),
        2 => vec![1, u8::try_from(dice.below(100)).unwrap()],
        T61 => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
        _ => text.into_bytes(),
    }
}

fn attributes(dice: &mut Dice) -> Vec<u8> {
    let challenge = || set(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 7], &tlv(12, b"secret"));
    let unknown = || set(&[0x2a, 3, 4], &tlv(0x30, &tlv(2, &[5])));
    let email = || {
        let names = tlv(0x30, &tlv(0x81, b"a@b.example"));
        let extension = tlv(0x30, &[tlv(6, &[0x55, 0x1d, 0x11]), tlv(4, &names)].concat());
        set(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 14], &tlv(0x30, &extension))
    };
    match dice.below(10) {
        0 => challenge(),
        1 => unknown(),
        2 => email(),
        3 => [challenge(), unknown(), email()].concat(),
        4 => set(&[0x2a, 3, 5], &[]),
        5 => [unknown(), unknown()].concat(),
        _ => Vec::new(),
    }
}

/// An attribute of a request: a type and a set of values.
fn set(kind: &[u8], values: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(6, kind), tlv(0x31, values)].concat())
}

fn pem(dice: &mut Dice, der: &[u8], other: &[u8]) -> String {
    let (own, other) = (block(der, 64, "\n", ""), block(other, 64, "\n", ""));
    match dice.below(20) {
        0 => block(der, 76, "\n", ""),
        1 => block(der, 4096, "\n", ""),
        2 => block(der, 64, "\r\n", ""),
        3 => block(der, 61, "\n", ""),
        4 => block(der, 64, "\n", "Comment: mine\n\n"),
        5 => block(der, 64, "\n", "Proc-Type: 4,ENCRYPTED\nDEK-Info: none\n\n"),
        6 => block(der, 64, "\n", "Comment: mine\n"),
        7 => block(der, 64, " \n\t", ""),
        8 => format!("Certificate Request:\n    Data: CN=harmless\n{own}"),
        9 => format!("{own}trailing text\n"),
        10 => format!("{own}{other}"),
        11 => format!("-----BEGIN CERTIFICATE REQUEST-----\n{own}{other}"),
        12 => format!("-----BEGIN CERTIFICATE REQUEST-----\n{other}{own}"),
        13 => format!("-----BEGIN NOTHING-----\nno base64!\n-----END NOTHING-----\n{own}"),
        14 => format!("-----BEGIN CERTIFICATE REQUEST-----\nX: y\n\n!!!!\n-----END CERTIFICATE REQUEST-----\n{own}"),
        15 => own.replace("-----\n", "-----  \n"),
        16 => own.trim_end().to_owned(),
        17 => format!("\n\n{own}\n\n"),
        _ => own,
    }
}

fn block(der: &[u8], width: usize, end: &str, headers: &str) -> String {
    let encoded = STANDARD.encode(der);
    let lines: Vec<_> = encoded.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let lines = lines.join(end);
    format!("-----BEGIN CERTIFICATE REQUEST-----\n{headers}{lines}\n-----END CERTIFICATE REQUEST-----\n")
}
