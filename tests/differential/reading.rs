//! Our reading, as a line in the oracle's words.

use countersign::testing::domain::certificate::Certificate;
use countersign::testing::domain::request::{Pkcs10, San};

use crate::oracle::Kind;

pub(crate) fn ours(kind: Kind, text: &[u8]) -> String {
    match kind {
        Kind::Request => Pkcs10::from_pem(text).map_or_else(|_| "refused".to_owned(), |request| of_request(&request)),
        Kind::Certificate => {
            Certificate::from_pem(text).map_or_else(|_| "refused".to_owned(), |leaf| of_certificate(&leaf))
        }
    }
}

fn of_request(request: &Pkcs10) -> String {
    let identity = request.identity();
    let of = |wanted: fn(&San) -> Option<Vec<u8>>| list(request.sans.iter().filter_map(wanted));
    let is_oid = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let key = match request.key.algorithm.as_str() {
        kind @ ("RSA" | "ECDSA") => format!("{kind}/{}", request.key.bits),
        oid if is_oid(oid) => "unknown".to_owned(),
        kind => kind.to_owned(),
    };
    // What Go does not know by a name has one for people here.
    let algorithm = match request.signature_algorithm.as_str() {
        "RSAPSS" | "MD2-RSA" => "unknown",
        oid if is_oid(oid) => "unknown",
        name => name,
    };
    [
        "request",
        &hexed(identity.user.as_bytes()),
        &list(identity.groups.iter().map(|group| group.as_bytes().to_vec())),
        &of(|san| if let San::Dns(name) = san { Some(name.clone().into_bytes()) } else { None }),
        &of(|san| if let San::Email(name) = san { Some(name.clone().into_bytes()) } else { None }),
        &of(|san| if let San::Ip(text) = san { Some(address(text)) } else { None }),
        &of(|san| if let San::Uri(name) = san { Some(name.clone().into_bytes()) } else { None }),
        &key,
        &request.key.sha256,
        algorithm,
        &(request.signature_valid == Some(true)).to_string(),
    ]
    .join(" ")
}

fn of_certificate(leaf: &Certificate) -> String {
    let serial = leaf.serial.trim_start_matches('0');
    let mut purposes = leaf.purposes.clone();
    purposes.sort();
    [
        "certificate",
        &hexed(leaf.identity.user.as_bytes()),
        &list(leaf.identity.groups.iter().map(|group| group.as_bytes().to_vec())),
        if serial.is_empty() { "0" } else { serial },
        &leaf.not_before.timestamp().to_string(),
        &leaf.not_after.timestamp().to_string(),
        &leaf.public_key_sha256,
        &leaf.sha256,
        &format!("[{}]", purposes.join(",")),
        &leaf.is_authority.to_string(),
    ]
    .join(" ")
}

fn address(text: &str) -> Vec<u8> {
    match text.parse().unwrap() {
        std::net::IpAddr::V4(four) => four.octets().to_vec(),
        std::net::IpAddr::V6(six) => six.octets().to_vec(),
    }
}

fn hexed(bytes: &[u8]) -> String {
    bytes.iter().fold("x".to_owned(), |digits, byte| format!("{digits}{byte:02x}"))
}

fn list(texts: impl Iterator<Item = Vec<u8>>) -> String {
    format!("[{}]", texts.map(|text| hexed(&text)).collect::<Vec<_>>().join(","))
}
