//! Subject alternative names as Go reads them (`parseSANExtension`).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::cryptobyte::{DerReader, tag};
use super::{Malformed, Result};
use crate::domain::go_url;
use crate::domain::pkcs10::San;

const EMAIL: u8 = tag::context(1);
const DNS: u8 = tag::context(2);
const DIRECTORY: u8 = tag::constructed(4);
const URI: u8 = tag::context(6);
const IP: u8 = tag::context(7);
const REGISTERED_ID: u8 = tag::context(8);

/// The names in the extension's value. Of kinds that Go does not know only the kind is given.
pub(super) fn names(value: &[u8]) -> Result<Vec<San>> {
    const INVALID: Malformed = Malformed("the subject alternative names are invalid");
    let mut rest = DerReader(value).inside(tag::SEQUENCE).ok_or(INVALID)?;
    let mut names = Vec::new();
    while !rest.is_empty() {
        let (kind, content, _) = rest.any().ok_or(INVALID)?;
        names.push(match kind {
            EMAIL => San::Email(ascii(content)?.to_owned()),
            DNS => San::Dns(ascii(content)?.to_owned()),
            URI => San::Uri(uri(ascii(content)?)?.to_owned()),
            IP => San::Ip(ip(content)?),
            DIRECTORY => San::Other("directory name".to_owned()),
            REGISTERED_ID => San::Other("registered id".to_owned()),
            _ => San::Other("name".to_owned()),
        });
    }
    Ok(names)
}

fn ascii(content: &[u8]) -> Result<&str> {
    let text = str::from_utf8(content).ok().filter(|text| text.is_ascii());
    text.ok_or(Malformed("a subject alternative name is not ASCII"))
}

fn uri(text: &str) -> Result<&str> {
    let url = go_url::parse(text).ok_or(Malformed("a URI among the subject alternative names is invalid"))?;
    let host = url.host;
    if host.is_empty() || is_domain(&host, false) {
        return Ok(text);
    }
    Err(Malformed("a URI among the subject alternative names has an invalid host"))
}

/// `domainNameValid`: labels of visible ASCII without an empty one; a constraint may begin with a dot.
pub(super) fn is_domain(name: &[u8], constraint: bool) -> bool {
    if name.is_empty() {
        return true;
    }
    let name = name.strip_prefix(b".").filter(|_| constraint).unwrap_or(name);
    // Go counts the first label from the start only until it has seen a dot, which is the same.
    name.iter().all(u8::is_ascii_graphic) && name.split(|byte| *byte == b'.').all(|label| !label.is_empty())
}

fn ip(content: &[u8]) -> Result<String> {
    if let Ok(four) = <[u8; 4]>::try_from(content) {
        Ok(Ipv4Addr::from(four).to_string())
    } else if let Ok(sixteen) = <[u8; 16]>::try_from(content) {
        Ok(Ipv6Addr::from(sixteen).to_string())
    } else {
        Err(Malformed("an IP address among the subject alternative names has an invalid length"))
    }
}
