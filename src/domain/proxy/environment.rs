//! The proxy that the environment names, as Go's `net/http.ProxyFromEnvironment` reads it, which is
//! `golang.org/x/net/http/httpproxy`, with client-go's addition about CIDRs.

use super::no_proxy::{HostPort, NoProxy};
use super::url::{ProxyError, ProxyUrl};
use crate::domain::go_url::{self, GoUrl};

/// What the environment says of proxies.
///
/// `HTTPS_PROXY` is for https servers, `HTTP_PROXY` for http ones. `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` win over the same
/// names in lower case unless they are empty. A value without a scheme is an HTTP proxy. One that Go
/// does not read is ignored, and the server is reached directly, as kubectl does it. `ALL_PROXY` is not read.
#[derive(Clone, Debug, Default)]
pub struct ProxyEnvironment {
    http: Option<Result<ProxyUrl, ProxyError>>,
    https: Option<Result<ProxyUrl, ProxyError>>,
    no_proxy: NoProxy,
    cgi: bool,
}

impl ProxyEnvironment {
    /// From the variables that `get` finds; `None` where one is not set.
    pub fn from_variables(get: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| get(name).filter(|value| !value.is_empty());
        let either = |name: &str| set(name).or_else(|| set(&name.to_ascii_lowercase())).unwrap_or_default();
        let proxy = |name: &str| parse(&either(name)).map(|url| url.and_then(ProxyUrl::from_url));
        Self {
            http: proxy("HTTP_PROXY"),
            https: proxy("HTTPS_PROXY"),
            no_proxy: NoProxy::parse(&either("NO_PROXY")),
            // A web server sets it for the CGI programs that it runs.
            cgi: set("REQUEST_METHOD").is_some(),
        }
    }

    /// The proxy for a server, by its URL. `None` where it is reached directly: without a proxy for its scheme, where
    /// `NO_PROXY` names it, and for `localhost` (in lower case) and loopback addresses.
    ///
    /// # Errors
    /// [`ProxyError::Cgi`], and where Go would fail to connect to the proxy.
    pub(crate) fn proxy_for(&self, server: &str) -> Result<Option<ProxyUrl>, ProxyError> {
        let Some(server) = go_url::parse(server) else { return Ok(None) };
        let (proxy, default_port) = match server.scheme.as_str() {
            "https" => (&self.https, "443"),
            "http" => (&self.http, "80"),
            _ => return Ok(None),
        };
        let Some(proxy) = proxy else { return Ok(None) };
        let (host, port) = server.host_and_port();
        let host = String::from_utf8_lossy(host);
        let port = if port.is_empty() { default_port } else { port };
        // client-go asks this before Go is asked.
        if self.no_proxy.has_network_of(&host) {
            return Ok(None);
        }
        if self.cgi && server.scheme == "http" {
            return Err(ProxyError::Cgi);
        }
        if HostPort::new(&host, port).is_none_or(|target| self.no_proxy.matches(&target)) {
            return Ok(None);
        }
        proxy.clone().map(Some)
    }
}

/// `parseProxy`: `None` where there is none, and where Go ignores it.
///
/// Go takes an invalid URL for a host and a path, and looks for a proxy that is called `http`. That is never intended, so it is an
/// error here.
fn parse(value: &str) -> Option<Result<GoUrl, ProxyError>> {
    if value.is_empty() {
        return None;
    }
    let url = go_url::parse(value);
    let is_complete = url.as_ref().is_some_and(|url| !url.scheme.is_empty() && !url.host.is_empty());
    let url = if is_complete { url } else { go_url::parse(&format!("http://{value}")).or(url) }?;
    let host_is_scheme = value
        .split_once("://")
        .is_some_and(|(scheme, _)| url.host.strip_suffix(b":").is_some_and(|host| host == scheme.as_bytes()));
    Some(if host_is_scheme { Err(ProxyError::Malformed) } else { Ok(url) })
}
