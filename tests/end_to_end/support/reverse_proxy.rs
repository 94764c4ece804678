//! A reverse proxy in front of the API server, with its own certificate. A handler decides about each request.

use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::{Arc, Mutex, OnceLock};

use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::Client;
use kube::client::Body;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

use super::plane::Plane;
use crate::control_plane::ADMIN_TOKEN;

/// A request that the proxy received.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedRequest {
    /// The path and the query.
    pub target: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The client certificate of the connection, DER.
    pub certificate: Option<Vec<u8>>,
}

impl ReceivedRequest {
    /// The value of a header, or an empty string.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// How a request is handled.
pub(crate) enum Action {
    /// Sent to the API server with this path and query, and this `Authorization` header.
    Forward(String, String),
    /// As [`Action::Forward`], but the body of the response is compressed with gzip.
    ForwardCompressed(String, String),
    /// The proxy responds.
    Respond(Response<Body>),
    /// The proxy closes the connection.
    CloseConnection,
}

/// Decides how requests are handled.
pub(crate) type Handler = dyn Fn(&ReceivedRequest) -> Action + Send + Sync;

/// A running reverse proxy. It serves until the process ends.
pub(crate) struct ReverseProxy {
    /// The address on which it listens.
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<ReceivedRequest>>>,
    close: Arc<Notify>,
}

struct Inner {
    client: Client,
    tls: Option<TlsAcceptor>,
    handler: Box<Handler>,
    received: Arc<Mutex<Vec<ReceivedRequest>>>,
    close: Arc<Notify>,
}

/// The runtime of all servers in the tests.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
}

/// A listener on loopback, registered with [`runtime`].
pub(crate) fn listener() -> (TcpListener, SocketAddr) {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let _inside = runtime().enter();
    let listener = TcpListener::from_std(listener).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

impl ReverseProxy {
    /// Starts the proxy, without TLS if no configuration is given.
    pub(crate) fn start(
        plane: &dyn Plane,
        tls: Option<ServerConfig>,
        handler: impl Fn(&ReceivedRequest) -> Action + Send + Sync + 'static,
    ) -> Self {
        let (listener, address) = listener();
        let received = Arc::new(Mutex::new(Vec::new()));
        let client = runtime().block_on(async { client(plane) });
        let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        let close = Arc::new(Notify::new());
        let (own_received, own_close) = (Arc::clone(&received), Arc::clone(&close));
        let inner =
            Arc::new(Inner { client, tls, handler: Box::new(handler), received: own_received, close: own_close });
        runtime().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inner = Arc::clone(&inner);
                tokio::spawn(async move {
                    let Some(tls) = &inner.tls else { return serve(stream, None, Arc::clone(&inner)).await };
                    if let Ok(stream) = tls.accept(stream).await {
                        let chain = stream.get_ref().1.peer_certificates();
                        let certificate = chain.and_then(|chain| chain.first()).map(|first| first.to_vec());
                        serve(stream, certificate, Arc::clone(&inner)).await;
                    }
                });
            }
        });
        Self { address, received, close }
    }

    /// The requests received so far.
    pub(crate) fn requests(&self) -> Vec<ReceivedRequest> {
        self.received.lock().unwrap().clone()
    }

    /// Closes all open connections.
    pub(crate) fn close_connections(&self) {
        self.close.notify_waiters();
    }

    /// The `server` for a kubeconfig.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}

/// Forwards a request unchanged.
pub(crate) fn forward(seen: &ReceivedRequest) -> Action {
    Action::Forward(seen.target.clone(), seen.header("authorization").to_owned())
}

/// Forwards anonymous requests as the admin, and rejects requests with credentials.
pub(crate) fn as_admin(seen: &ReceivedRequest) -> Action {
    if seen.headers.contains_key(header::AUTHORIZATION) {
        return respond(400, "text/plain", "credentials over plain HTTP");
    }
    Action::Forward(seen.target.clone(), format!("Bearer {ADMIN_TOKEN}"))
}

/// Responds with this status code, content type and body.
pub(crate) fn respond(code: u16, kind: &str, body: &str) -> Action {
    let answer = Response::builder().status(code).header(header::CONTENT_TYPE, kind);
    Action::Respond(answer.body(Body::from(body.as_bytes().to_vec())).unwrap())
}

/// The response of the API server to an invalid token.
pub(crate) fn unauthorized() -> Action {
    let status = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#;
    respond(401, "application/json", status)
}

/// A client without credentials.
fn client(plane: &dyn Plane) -> Client {
    let mut config = kube::Config::new(plane.server().parse().unwrap());
    let authority = std::fs::read(plane.path("ca.crt")).unwrap();
    let authority = x509_parser::pem::Pem::iter_from_buffer(&authority).map(|pem| pem.unwrap().contents);
    config.root_cert = Some(authority.collect());
    Client::try_from(config).unwrap()
}

async fn serve<S>(stream: S, certificate: Option<Vec<u8>>, inner: Arc<Inner>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let close = Arc::clone(&inner.close);
    let service = service_fn(move |request| handle(request, certificate.clone(), Arc::clone(&inner)));
    let serving = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // An error means that the client closed the connection.
        _ = serving => {}
        () = close.notified() => {}
    }
}

async fn handle(
    request: Request<Incoming>,
    certificate: Option<Vec<u8>>,
    inner: Arc<Inner>,
) -> Result<Response<Body>, std::io::Error> {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let seen = ReceivedRequest { target, headers: head.headers.clone(), certificate };
    inner.received.lock().unwrap().push(seen.clone());
    let (target, token, compress) = match (inner.handler)(&seen) {
        Action::Respond(answer) => return Ok(answer),
        Action::CloseConnection => return Err(std::io::Error::other("closed by the test")),
        Action::Forward(target, token) => (target, token, false),
        Action::ForwardCompressed(target, token) => (target, token, true),
    };
    let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    let mut request = Request::builder().method(head.method).uri(target).body(Body::from(body.to_vec())).unwrap();
    *request.headers_mut() = head.headers;
    for own in [header::HOST, header::CONNECTION, header::ACCEPT_ENCODING, header::CONTENT_LENGTH] {
        request.headers_mut().remove(own);
    }
    request.headers_mut().remove(header::AUTHORIZATION);
    if !token.is_empty() {
        request.headers_mut().insert(header::AUTHORIZATION, token.parse().unwrap());
    }
    let answer = inner.client.send(request).await.map_err(std::io::Error::other)?;
    if compress && answer.status() == StatusCode::OK { compressed(answer).await } else { Ok(answer) }
}

async fn compressed(answer: Response<Body>) -> Result<Response<Body>, std::io::Error> {
    let (mut head, body) = answer.into_parts();
    let plain = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
    Ok(Response::from_parts(head, Body::from(gzip(&plain))))
}

/// A gzip file (RFC 1952) with uncompressed blocks (RFC 1951, 3.2.4).
fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    for block in plain.chunks(65535) {
        let length = u16::try_from(block.len()).unwrap();
        file.push(0);
        file.extend(length.to_le_bytes());
        file.extend((!length).to_le_bytes());
        file.extend(block);
    }
    file.extend([1, 0, 0, 0xff, 0xff]);
    let sum = !plain.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 })
    });
    file.extend(sum.to_le_bytes());
    file.extend(u32::try_from(plain.len()).unwrap().to_le_bytes());
    file
}
