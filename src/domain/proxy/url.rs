//! The address of a proxy, and what is wrong with one.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::no_proxy::to_ascii;
use crate::domain::go_url::{GoUrl, Userinfo};
use crate::domain::output::redact::REDACTED;
use crate::domain::secret::Secret;
use crate::domain::text::printable;

/// What is spoken with a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyScheme {
    /// HTTP: `CONNECT` for https servers.
    Http,
    /// HTTP inside TLS.
    Https,
    /// SOCKS 5 (RFC 1928). The proxy resolves the server's name.
    Socks5,
}

impl ProxyScheme {
    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
        }
    }
}

/// A proxy: where it is, and who we are there. `Display` and `Debug` leave user and password out.
#[derive(Clone)]
pub struct ProxyUrl {
    scheme: ProxyScheme,
    host: String,
    port: u16,
    user: Option<Userinfo>,
}

impl ProxyUrl {
    /// What is spoken with it.
    pub fn scheme(&self) -> ProxyScheme {
        self.scheme
    }

    /// The name or address to connect to: ASCII where IDNA allows it, an IPv6 address without brackets, perhaps with a zone.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port to connect to, never 0.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// User and password, percent-decoded: bytes, which need not be UTF-8. For SOCKS 5 (RFC 1929), which allows 255 bytes
    /// of each and no empty user; an HTTP proxy takes [`Self::authorization`]. The password is empty where there is none.
    pub fn credentials(&self) -> Option<(&[u8], &[u8])> {
        self.user.as_ref().map(|user| (&user.name[..], &user.password[..]))
    }

    /// The value of `Proxy-Authorization` (RFC 7617).
    pub(crate) fn authorization(&self) -> Option<Secret> {
        const BASIC: &str = "Basic ";
        let (name, password) = self.credentials()?;
        let pair = Zeroizing::new([name, b":", password].concat());
        // Encoded in place: a buffer that had to grow would leave a copy behind.
        let mut text = String::with_capacity(BASIC.len() + pair.len().div_ceil(3) * 4);
        text.push_str(BASIC);
        STANDARD.encode_string(&pair, &mut text);
        Some(Secret::new(text))
    }

    pub(super) fn from_url(url: GoUrl) -> Result<Self, ProxyError> {
        let (scheme, default_port) = match url.scheme.as_str() {
            "http" => (ProxyScheme::Http, Some(80)),
            "https" => (ProxyScheme::Https, Some(443)),
            "socks5" | "socks5h" => (ProxyScheme::Socks5, Some(1080)),
            _ => (ProxyScheme::Http, None),
        };
        let (host, port) = url.host_and_port();
        if host.is_empty() && (port.is_empty() || scheme == ProxyScheme::Https) {
            return Err(ProxyError::NoHost);
        }
        let port = if port.is_empty() { default_port } else { port.parse().ok() };
        let port = port.filter(|port| *port != 0).ok_or(ProxyError::Port)?;
        let host = str::from_utf8(host).ok().filter(|host| !host.contains(['[', ']'])).ok_or(ProxyError::Malformed)?;
        // Go connects to this host where an address has only a port (`net.Dial`).
        let host = if host.is_empty() { "localhost".to_owned() } else { to_ascii(host).into_owned() };
        Ok(Self { scheme, host, port, user: url.user })
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme.name())?;
        if self.user.is_some() {
            write!(f, "{REDACTED}@")?;
        }
        let host = printable(&self.host);
        if host.contains(':') { write!(f, "[{host}]:{}", self.port) } else { write!(f, "{host}:{}", self.port) }
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyUrl({self})")
    }
}

/// Why a proxy cannot be used. Quotes nothing of its URL, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// Go's `url.Parse` fails, or the host is not UTF-8.
    #[error("the proxy is not a valid URL: use one such as http://proxy.example:3128")]
    Malformed,
    /// A `proxy-url` with a scheme that client-go refuses.
    #[error("the proxy URL must start with http://, https:// or socks5:// (socks5h:// is none of them)")]
    Scheme,
    /// A URL without a host. Go would connect to this host, at the default port.
    #[error("the proxy URL names no host: use one such as http://proxy.example:3128")]
    NoHost,
    /// No port from 1 to 65535, or none where the scheme has no default.
    #[error("the proxy URL needs a port from 1 to 65535")]
    Port,
    /// `HTTP_PROXY` in a CGI program could come from a header of the request (<https://golang.org/s/cgihttpproxy>).
    #[error("HTTP_PROXY is not used in a CGI environment (REQUEST_METHOD is set)")]
    Cgi,
}
