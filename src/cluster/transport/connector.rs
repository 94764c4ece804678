//! From a URL to a connection: TCP, through a proxy or not, then TLS.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, TryFutureExt};
use http::HeaderValue;
use http::uri::{Scheme, Uri};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::SocksV5;
use rustls::ClientConfig;
use tower::{BoxError, Service};
use zeroize::Zeroizing;

use super::wire::ByteStream;
use super::{Destination, tunnel};

/// How long connecting may take: name resolution, TCP, proxy and TLS together.
const CONNECT: Duration = Duration::from_secs(10);
/// How often an idle connection is probed, as in client-go (`transport/cache.go`).
const KEEP_ALIVE: Duration = Duration::from_secs(30);

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
    /// What proves to an HTTP proxy who we are (RFC 7617).
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
    proxy: Uri,
    reason: String,
}

impl Proxy {
    fn is_socks(&self) -> bool {
        self.uri.scheme_str().is_some_and(|scheme| scheme.starts_with("socks"))
    }
}

impl Route {
    /// The proxy, as the end of a sentence.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Direct => String::new(),
            Self::Proxy(proxy) => format!(" (through the proxy {})", proxy.uri.to_string().trim_end_matches('/')),
        }
    }

    /// Whether requests to `server` are forwarded by an HTTP proxy instead of being tunneled (Go, net/http: only HTTPS
    /// is tunneled).
    fn forwards(&self, server: &Uri) -> Option<&Proxy> {
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

type Connecting = BoxFuture<'static, Result<ByteStream, BoxError>>;

/// TCP, through a proxy or not.
#[derive(Clone)]
pub(super) struct Dialer {
    tcp: HttpConnector,
    tls: Arc<ClientConfig>,
    route: Route,
}

impl Dialer {
    /// TLS to the proxy itself; as in Go's net/http it is verified as the server is.
    fn to_proxy(&self) -> HttpsConnector<HttpConnector> {
        HttpsConnectorBuilder::new()
            .with_tls_config((*self.tls).clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(self.tcp.clone())
    }

    fn dial(&self, server: Uri) -> Connecting {
        let mut tcp = self.tcp.clone();
        let Route::Proxy(proxy) = &self.route else {
            return tcp.call(server).map(|done| Ok(ByteStream::new(done?, false))).boxed();
        };
        let uri = proxy.uri.clone();
        let failed = move |reason: String| BoxError::from(ProxyFailed { proxy: uri, reason });
        if proxy.is_socks() {
            let mut socks = SocksV5::new(proxy.uri.clone(), tcp);
            if let Some((user, password)) = &proxy.login {
                socks = socks.with_auth(user.clone(), password.to_string());
            }
            return socks
                .call(server)
                .map_ok(|io| ByteStream::new(io, false))
                .map_err(|error| failed(words(&error)))
                .boxed();
        }
        let mut to_proxy = self.to_proxy();
        if self.route.forwards(&server).is_some() {
            let connecting = to_proxy.call(proxy.uri.clone());
            return connecting
                .map_ok(|io| ByteStream::new(io, true))
                .map_err(move |error| failed(words(&*error)))
                .boxed();
        }
        let (connecting, authorization) = (to_proxy.call(proxy.uri.clone()), proxy.authorization.clone());
        let tunneled = async move {
            let io = connecting.await?;
            tunnel::open(io, &server, authorization).await
        };
        tunneled.map_ok(|io| ByteStream::new(io, false)).map_err(move |error| failed(words(&*error))).boxed()
    }
}

/// What failed at a proxy: the innermost cause.
fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

impl Service<Uri> for Dialer {
    type Response = ByteStream;
    type Error = BoxError;
    type Future = Connecting;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Connecting {
        self.dial(server)
    }
}

/// Connections to one server.
#[derive(Clone)]
pub(super) struct Connector(TimeoutConnector<HttpsConnector<Dialer>>);

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connector")
    }
}

impl Connector {
    /// Connections to a destination.
    pub(crate) fn new(destination: &Destination, tls: ClientConfig) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_keepalive(Some(KEEP_ALIVE));
        let dialer = Dialer { tcp, tls: Arc::new(tls.clone()), route: destination.route.clone() };
        let mut builder = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
        if let Some(name) = destination.trust.server_name() {
            builder = builder.with_server_name_resolver(FixedServerNameResolver::new(name.clone()));
        }
        let mut connector = TimeoutConnector::new(builder.enable_http1().wrap_connector(dialer));
        connector.set_connect_timeout(Some(CONNECT));
        connector.set_read_timeout(destination.patience);
        connector.set_reset_reader_on_write(true);
        Self(connector)
    }
}

impl Service<Uri> for Connector {
    type Response = <TimeoutConnector<HttpsConnector<Dialer>> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        self.0.call(server)
    }
}
