//! URLs as Go's `net/url` parses them (`Parse`, Go 1.26): those in certificate requests, of servers and of proxies.
//!
//! Errors have no text: Go's quote the URL, which may hold a password.

use std::net::Ipv6Addr;

use zeroize::Zeroizing;

/// Where in a URI a text is, which decides what may be escaped and what must be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Host,
    Zone,
    Other,
}

/// A URL as `url.Parse` takes it apart. Path, query and fragment are checked and dropped.
pub(crate) struct GoUrl {
    /// In lower case; empty where there is none.
    pub scheme: String,
    /// The part before the `@`, unescaped.
    pub user: Option<Userinfo>,
    /// The host with its port, unescaped; empty where there is none. Not always UTF-8.
    pub host: Vec<u8>,
}

/// The name and password of a URL. It has no `Debug`.
#[derive(Clone)]
pub(crate) struct Userinfo {
    pub name: Vec<u8>,
    /// Empty where there is none: Go's clients make no difference.
    pub password: Zeroizing<Vec<u8>>,
}

impl GoUrl {
    /// The host without its brackets, and the port, empty where there is none (`URL.Hostname`, `URL.Port`).
    pub(crate) fn host_and_port(&self) -> (&[u8], &str) {
        let (mut host, mut port) = (&self.host[..], "");
        if let Some(colon) = memchr::memrchr(b':', host)
            && let Ok(text) = str::from_utf8(&host[colon..])
            && is_port(text)
        {
            (host, port) = (&host[..colon], &text[1..]);
        }
        let bare = host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]"));
        (bare.unwrap_or(host), port)
    }
}

/// `url.Parse`; `None` where Go does not parse the URL.
pub(crate) fn parse(uri: &str) -> Option<GoUrl> {
    let (rest, fragment) = uri.split_once('#').unwrap_or((uri, ""));
    let url = parse_reference(rest)?;
    unescape(fragment, Part::Other)?;
    Some(url)
}

fn parse_reference(uri: &str) -> Option<GoUrl> {
    if uri.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return None;
    }
    let without_authority = |scheme: &str| GoUrl { scheme: scheme.to_owned(), user: None, host: Vec::new() };
    if uri == "*" {
        return Some(without_authority(""));
    }
    let (scheme, rest) = scheme(uri)?;
    let scheme = scheme.to_ascii_lowercase();
    let rest = rest.split_once('?').map_or(rest, |(before, _)| before);
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            return Some(without_authority(&scheme));
        }
        if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return None;
        }
    }
    let has_authority = (!scheme.is_empty() || !rest.starts_with("///")) && rest.starts_with("//");
    let (url, path) = if has_authority {
        let authority = &rest[2..];
        let end = authority.find('/').unwrap_or(authority.len());
        let (user, host) = parse_authority(&scheme, &authority[..end])?;
        (GoUrl { scheme, user, host }, &authority[end..])
    } else {
        (without_authority(&scheme), rest)
    };
    unescape(path, Part::Other)?;
    Some(url)
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

/// `parseAuthority`: name and password, and the host.
fn parse_authority(scheme: &str, authority: &str) -> Option<(Option<Userinfo>, Vec<u8>)> {
    let Some((user, host)) = authority.rsplit_once('@') else { return Some((None, parse_host(scheme, authority)?)) };
    let host = parse_host(scheme, host)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
    if !user.bytes().all(fits) {
        return None;
    }
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let (name, password) = (unescape(name, Part::Other)?, Zeroizing::new(unescape(password, Part::Other)?));
    Some((Some(Userinfo { name, password }), host))
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
        let at = if matches!(scheme, "http" | "https") { first } else { host.rfind(':').unwrap_or(first) };
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
