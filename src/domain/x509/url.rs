//! Which URIs Go's `net/url` parses (`Parse`), and the host of each: a request with any other in it is refused.

use std::net::Ipv6Addr;

/// Where in a URI a text stands, which decides what may be escaped and what must be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Host,
    Zone,
    Other,
}

/// The host with its port, unescaped; empty where there is none. `None` where Go does not parse the URI.
pub(super) fn host(uri: &str) -> Option<Vec<u8>> {
    let (rest, fragment) = uri.split_once('#').unwrap_or((uri, ""));
    let host = parse(rest)?;
    unescape(fragment, Part::Other)?;
    Some(host)
}

fn parse(uri: &str) -> Option<Vec<u8>> {
    if uri.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return None;
    }
    if uri == "*" {
        return Some(Vec::new());
    }
    let (scheme, rest) = scheme(uri)?;
    let rest = rest.split_once('?').map_or(rest, |(before, _)| before);
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            return Some(Vec::new());
        }
        if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return None;
        }
    }
    let has_authority = (!scheme.is_empty() || !rest.starts_with("///")) && rest.starts_with("//");
    let (host, path) = if has_authority {
        let authority = &rest[2..];
        let end = authority.find('/').unwrap_or(authority.len());
        (authority_host(scheme, &authority[..end])?, &authority[end..])
    } else {
        (Vec::new(), rest)
    };
    unescape(path, Part::Other)?;
    Some(host)
}

/// `getScheme`: the scheme, empty where there is none, and what follows it.
fn scheme(uri: &str) -> Option<(&str, &str)> {
    for (at, byte) in uri.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return None,
            b':' => return Some((&uri[..at], &uri[at + 1..])),
            _ => break,
        }
    }
    Some(("", uri))
}

/// `parseAuthority`.
fn authority_host(scheme: &str, authority: &str) -> Option<Vec<u8>> {
    let Some((user, host)) = authority.rsplit_once('@') else { return parse_host(scheme, authority) };
    let parsed = parse_host(scheme, host)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
    if !user.bytes().all(fits) {
        return None;
    }
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    unescape(name, Part::Other)?;
    unescape(password, Part::Other)?;
    Some(parsed)
}

/// `parseHost`.
fn parse_host(scheme: &str, host: &str) -> Option<Vec<u8>> {
    match host.rfind('[') {
        Some(0) => return parse_literal(host),
        Some(_) => return None,
        None => {}
    }
    if let Some(first) = host.find(':') {
        // Several colons are for addresses of some databases alone.
        let strict = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        let at = if strict { first } else { host.rfind(':').unwrap_or(first) };
        if !is_port(&host[at..]) {
            return None;
        }
    }
    unescape(host, Part::Host)
}

/// An address in brackets (RFC 3986, 3.2.2; RFC 6874).
fn parse_literal(host: &str) -> Option<Vec<u8>> {
    let close = host.rfind(']')?;
    let port = &host[close + 1..];
    if !is_port(port) {
        return None;
    }
    let port = unescape(port, Part::Host)?;
    let name = &host[1..close];
    let name = match name.find("%25") {
        Some(zone) => [unescape(&name[..zone], Part::Host)?, unescape(&name[zone..], Part::Zone)?].concat(),
        None => unescape(name, Part::Host)?,
    };
    if !is_ipv6(&name) {
        return None;
    }
    Some([&b"["[..], &name, b"]", &port].concat())
}

/// `netip.ParseAddr`, for addresses that are not IPv4.
fn is_ipv6(name: &[u8]) -> bool {
    // What comes first decides which kind it is.
    if name.iter().find(|byte| matches!(byte, b'.' | b':' | b'%')) != Some(&b':') {
        return false;
    }
    let (address, zone) = match memchr::memchr(b'%', name) {
        Some(at) => (&name[..at], Some(&name[at + 1..])),
        None => (name, None),
    };
    let valid = str::from_utf8(address).is_ok_and(|address| address.parse::<Ipv6Addr>().is_ok());
    valid && zone != Some(b"")
}

fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `unescape`.
fn unescape(text: &str, part: Part) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%' {
            let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
            let value = u8::try_from(digit(at + 1)? * 16 + digit(at + 2)?).ok()?;
            let percent = bytes[at..at + 3] == *b"%25";
            let allowed = match part {
                Part::Host => percent || value >= 0x80,
                Part::Zone => percent || value == b' ' || is_host_byte(value),
                Part::Other => true,
            };
            if !allowed {
                return None;
            }
            out.push(value);
            at += 3;
            continue;
        }
        if part != Part::Other && byte < 0x80 && !is_host_byte(byte) {
            return None;
        }
        out.push(byte);
        at += 1;
    }
    Some(out)
}

/// What need not be escaped in a host (`shouldEscape`).
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!$&'()*+,;=:[]<>\"-_.~".contains(&byte)
}
