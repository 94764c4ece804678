//! The way to a server: the cluster's `proxy-url`, else the proxy that the environment names.

use http::{HeaderValue, Uri};
use serde_yaml::{Mapping, Value};
use zeroize::Zeroizing;

use super::transport::proxy::{Proxy, Route};
use crate::domain::proxy::{ProxyEnvironment, ProxyScheme, ProxyUrl, for_server};

/// A proxy that cannot be used, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum UnusableProxy {
    /// The one of the kubeconfig.
    Field(String),
    /// The one of the environment.
    Environment(String),
}

/// How a server is reached.
///
/// # Errors
/// Where the proxy cannot be used.
pub(super) fn to(server: &Uri, cluster: &Mapping) -> Result<Route, UnusableProxy> {
    let field = cluster.get("proxy-url").and_then(Value::as_str).filter(|url| !url.is_empty());
    let environment = ProxyEnvironment::from_variables(|name| std::env::var(name).ok());
    let is_field = field.is_some();
    let unusable = |why: String| {
        if is_field { UnusableProxy::Field(format!("proxy-url: {why}")) } else { UnusableProxy::Environment(why) }
    };
    match for_server(field, &environment, &server.to_string()).map_err(|error| unusable(error.to_string()))? {
        None => Ok(Route::Direct),
        Some(url) => proxy(&url).map(Route::Proxy).map_err(unusable),
    }
}

fn proxy(url: &ProxyUrl) -> Result<Proxy, String> {
    let scheme = match url.scheme() {
        ProxyScheme::Http => "http",
        ProxyScheme::Https => "https",
        ProxyScheme::Socks5 => "socks5",
    };
    let host = if url.host().contains(':') { format!("[{}]", url.host()) } else { url.host().to_owned() };
    let uri = format!("{scheme}://{host}:{}", url.port()).parse();
    let authorization = url.authorization().map(|secret| HeaderValue::from_str(secret.expose())).transpose();
    let mut authorization = authorization.map_err(|_| "user or password cannot be sent".to_owned())?;
    if let Some(header) = &mut authorization {
        header.set_sensitive(true);
    }
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| "user or password is not UTF-8".to_owned());
    let login = match url.credentials().filter(|_| url.scheme() == ProxyScheme::Socks5) {
        Some((user, password)) => Some((text(user)?, Zeroizing::new(text(password)?))),
        None => None,
    };
    let uri: Uri = uri.map_err(|_| "the host cannot be used".to_owned())?;
    Ok(Proxy { uri, authorization, login })
}
