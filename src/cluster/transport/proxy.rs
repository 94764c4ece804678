//! The route to a server: direct, or through a proxy.

use http::HeaderValue;
use http::uri::{Scheme, Uri};
use zeroize::Zeroizing;

/// How the server is reached.
#[derive(Debug, Clone)]
pub(in crate::cluster) enum Route {
    /// Without a proxy.
    Direct,
    /// Through a proxy.
    Proxy(Proxy),
}

/// A proxy.
#[derive(Clone)]
pub(in crate::cluster) struct Proxy {
    /// Its scheme (`http`, `https`, `socks5`), host and port.
    pub uri: Uri,
    /// The `Proxy-Authorization` for an HTTP proxy (RFC 7617).
    pub authorization: Option<HeaderValue>,
    /// User name and password for a SOCKS proxy (RFC 1929).
    pub login: Option<(String, Zeroizing<String>)>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("uri", &self.uri).finish_non_exhaustive()
    }
}

/// No connection through the proxy.
#[derive(Debug, thiserror::Error)]
#[error("proxy {}: {reason}", proxy.to_string().trim_end_matches('/'))]
pub(in crate::cluster) struct ProxyFailed {
    pub(super) proxy: Uri,
    pub(super) reason: String,
}

impl Proxy {
    pub(super) fn is_socks(&self) -> bool {
        self.uri.scheme_str().is_some_and(|scheme| scheme.starts_with("socks"))
    }
}

impl Route {
    /// The proxy, formatted as the end of a sentence; empty without one.
    pub(in crate::cluster) fn words(&self) -> String {
        match self {
            Self::Direct => String::new(),
            Self::Proxy(proxy) => format!(" (through the proxy {})", proxy.uri.to_string().trim_end_matches('/')),
        }
    }

    /// Whether requests to `server` are forwarded by an HTTP proxy instead of being tunneled (Go, net/http: only HTTPS
    /// is tunneled).
    pub(super) fn forwards(&self, server: &Uri) -> Option<&Proxy> {
        match self {
            Self::Proxy(proxy) if !proxy.is_socks() && server.scheme() == Some(&Scheme::HTTP) => Some(proxy),
            _ => None,
        }
    }

    /// The `Proxy-Authorization` of requests that a proxy forwards.
    pub(super) fn forward_authorization(&self, server: &Uri) -> Option<HeaderValue> {
        self.forwards(server).and_then(|proxy| proxy.authorization.clone())
    }
}
