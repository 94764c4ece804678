//! Which proxy leads to a server: as kubectl decides it.
//!
//! 1. The cluster's `proxy-url` in the kubeconfig wins for every server, loopback included, and `NO_PROXY` does not count
//!    (client-go, `tools/clientcmd/client_config.go` and `transport/cache.go`). It must be http, https or socks5
//!    (`tools/clientcmd/helpers.go`, `parseProxyURL`). An empty one is none.
//! 2. Else the environment decides ([`ProxyEnvironment`]).
//!
//! The proxy is then used as Go's `net/http` uses it (`transport.go`, Go 1.26): `socks5` is the same as `socks5h`, the proxy
//! resolves the server's name; a scheme that `net/http` does not know is an HTTP proxy; ports default to 80, 443 and 1080.

mod environment;
mod no_proxy;
mod url;

use super::go_url;

pub use environment::ProxyEnvironment;
pub use url::{ProxyError, ProxyScheme, ProxyUrl};

/// The proxy for requests to `server`, a URL such as `https://host:6443`; `None` where it is reached directly. `proxy_url` is
/// the cluster's field in the kubeconfig.
///
/// # Errors
/// Why the proxy that applies cannot be used.
pub fn for_server(
    proxy_url: Option<&str>,
    environment: &ProxyEnvironment,
    server: &str,
) -> Result<Option<ProxyUrl>, ProxyError> {
    match proxy_url.filter(|url| !url.is_empty()) {
        Some(url) => parse_proxy_url(url).map(Some),
        None => environment.proxy_for(server),
    }
}

/// The `proxy-url` of a kubeconfig.
///
/// # Errors
/// Where client-go refuses it, and where Go could not connect to it.
pub(crate) fn parse_proxy_url(text: &str) -> Result<ProxyUrl, ProxyError> {
    let url = go_url::parse(text).ok_or(ProxyError::Malformed)?;
    if !matches!(url.scheme.as_str(), "http" | "https" | "socks5") {
        return Err(ProxyError::Scheme);
    }
    ProxyUrl::from_url(url)
}

#[cfg(test)]
mod tests;
