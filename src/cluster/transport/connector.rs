//! From a URL to a connection: TCP, through a proxy or not, then TLS.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, TryFutureExt};
use http::uri::Uri;
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::SocksV5;
use rustls::ClientConfig;
use tower::util::MapErr;
use tower::{BoxError, Service, ServiceExt};

use super::destination::Destination;
use super::failure::{ConnectError, ConnectFailure};
use super::proxy::{Proxy, ProxyFailed, Route};
use super::resolver::Resolver;
use super::tunnel;
use super::wire::ByteStream;

/// How long connecting may take: name resolution, TCP, proxy and TLS together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often an idle connection is probed, as in client-go (`transport/cache.go`).
const KEEP_ALIVE: Duration = Duration::from_secs(30);

type Connecting = BoxFuture<'static, Result<ByteStream, BoxError>>;
/// TLS over a connector, with marked errors.
type Tls<C> = MapErr<HttpsConnector<C>, fn(BoxError) -> BoxError>;

/// TCP, whose errors are marked.
#[derive(Clone)]
struct Tcp(HttpConnector<Resolver>);

impl Tcp {
    fn new() -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver::new());
        tcp.enforce_http(false);
        tcp.set_keepalive(Some(KEEP_ALIVE));
        Self(tcp)
    }
}

impl Service<Uri> for Tcp {
    type Response = <HttpConnector<Resolver> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let connecting = self.0.call(server);
        connecting
            .map_err(|error| {
                let step = ConnectFailure::find(&error).unwrap_or(ConnectFailure::Tcp);
                ConnectError::mark(step, error)
            })
            .boxed()
    }
}

/// Marks an error of TLS; one of the TCP connection below it belongs to that.
fn tls_failed(error: BoxError) -> BoxError {
    let step = ConnectFailure::find(&*error).unwrap_or(ConnectFailure::Tls);
    ConnectError::mark(step, error)
}

/// TCP, through a proxy or not.
#[derive(Clone)]
pub(super) struct Dialer {
    tcp: Tcp,
    tls: Arc<ClientConfig>,
    route: Route,
}

impl Dialer {
    /// TLS to the proxy itself; as in Go's net/http it is verified as the server is.
    fn to_proxy(&self) -> Tls<Tcp> {
        let builder = HttpsConnectorBuilder::new().with_tls_config((*self.tls).clone()).https_or_http().enable_http1();
        builder.wrap_connector(self.tcp.clone()).map_err(tls_failed as fn(BoxError) -> BoxError)
    }

    fn dial(&self, server: Uri) -> Connecting {
        let mut tcp = self.tcp.clone();
        let Route::Proxy(proxy) = &self.route else {
            return tcp.call(server).map_ok(|io| ByteStream::new(io, false)).boxed();
        };
        let uri = proxy.uri.clone();
        let failed = move |error: BoxError| {
            let step = ConnectFailure::find(&*error).unwrap_or(ConnectFailure::Proxy);
            ConnectError::mark(step, ProxyFailed { proxy: uri, reason: words(&*error) })
        };
        if proxy.is_socks() {
            return socks(tcp, proxy.clone(), server).map_err(failed).boxed();
        }
        let connecting = self.to_proxy().call(proxy.uri.clone());
        if self.route.forwards(&server).is_some() {
            return connecting.map_ok(|io| ByteStream::new(io, true)).map_err(failed).boxed();
        }
        let authorization = proxy.authorization.clone();
        let tunneled = async move {
            let io = connecting.await?;
            tunnel::open(io, &server, authorization).await
        };
        tunneled.map_ok(|io| ByteStream::new(io, false)).map_err(failed).boxed()
    }
}

/// A connection through a SOCKS proxy. The TCP connection is made before the handshake, because the handshake's error does
/// not give away its cause.
async fn socks(mut tcp: Tcp, proxy: Proxy, server: Uri) -> Result<ByteStream, BoxError> {
    let mut connected = Some(tcp.call(proxy.uri.clone()).await?);
    let take = tower::service_fn(move |_: Uri| std::future::ready(connected.take().ok_or(io::ErrorKind::NotConnected)));
    let mut socks = SocksV5::new(proxy.uri, take);
    if let Some((user, password)) = &proxy.login {
        socks = socks.with_auth(user.clone(), password.to_string());
    }
    Ok(ByteStream::new(socks.call(server).await?, false))
}

/// The innermost cause of a failure at a proxy.
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
pub(super) struct Connector(TimeoutConnector<Tls<Dialer>>);

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connector")
    }
}

impl Connector {
    /// Connections to a destination.
    pub(crate) fn new(destination: &Destination, tls: ClientConfig) -> Self {
        let dialer = Dialer { tcp: Tcp::new(), tls: Arc::new(tls.clone()), route: destination.route.clone() };
        let mut builder = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
        if let Some(name) = destination.trust.server_name() {
            builder = builder.with_server_name_resolver(FixedServerNameResolver::new(name.clone()));
        }
        let mut connector = TimeoutConnector::new(
            builder.enable_http1().wrap_connector(dialer).map_err(tls_failed as fn(BoxError) -> BoxError),
        );
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.set_read_timeout(destination.read_timeout);
        connector.set_reset_reader_on_write(true);
        Self(connector)
    }
}

impl Service<Uri> for Connector {
    type Response = <TimeoutConnector<Tls<Dialer>> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        self.0.call(server)
    }
}
