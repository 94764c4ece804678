//! A server in front of the API server: it has its own TLS, sees every request, and passes on what it likes.

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

/// A request as the front sees it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Path and query.
    pub target: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// The client's certificate on this connection, DER.
    pub certificate: Option<Vec<u8>>,
}

impl Seen {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// What becomes of a request.
pub enum Step {
    /// It goes to the API server, with this path and query and this token.
    Forward(String, String),
    /// As [`Step::Forward`], and the body comes back compressed.
    Compress(String, String),
    /// It is answered here.
    Answer(Response<Body>),
    /// The connection ends.
    Close,
}

/// Decides about requests.
pub type Decide = dyn Fn(&Seen) -> Step + Send + Sync;

/// A running front; it serves until the process ends.
pub struct Front {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    cut: Arc<Notify>,
}

struct Inner {
    client: Client,
    tls: Option<TlsAcceptor>,
    decide: Box<Decide>,
    seen: Arc<Mutex<Vec<Seen>>>,
    cut: Arc<Notify>,
}

/// The threads of all servers of the tests.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
}

/// A listener on loopback, for [`runtime`].
pub fn listener() -> (TcpListener, SocketAddr) {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let _inside = runtime().enter();
    let listener = TcpListener::from_std(listener).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

impl Front {
    /// Serves; without TLS if there is none.
    pub fn start(
        plane: &dyn Plane,
        tls: Option<ServerConfig>,
        decide: impl Fn(&Seen) -> Step + Send + Sync + 'static,
    ) -> Self {
        let (listener, address) = listener();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let client = runtime().block_on(async { client(plane) });
        let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        let cut = Arc::new(Notify::new());
        let (own_seen, own_cut) = (Arc::clone(&seen), Arc::clone(&cut));
        let inner = Arc::new(Inner { client, tls, decide: Box::new(decide), seen: own_seen, cut: own_cut });
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
        Self { address, seen, cut }
    }

    /// What was asked so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Ends all connections that are open now.
    pub fn cut(&self) {
        self.cut.notify_waiters();
    }

    /// Its address as a kubeconfig says it.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}

/// The request goes on as it is.
pub fn forward(seen: &Seen) -> Step {
    Step::Forward(seen.target.clone(), seen.header("authorization").to_owned())
}

/// Anonymous requests go on as those of the admin; those that bring credentials are refused.
pub fn as_admin(seen: &Seen) -> Step {
    if seen.headers.contains_key(header::AUTHORIZATION) {
        return answer(400, "text/plain", "credentials in the clear");
    }
    Step::Forward(seen.target.clone(), format!("Bearer {ADMIN_TOKEN}"))
}

/// A small answer.
pub fn answer(code: u16, kind: &str, body: &str) -> Step {
    let answer = Response::builder().status(code).header(header::CONTENT_TYPE, kind);
    Step::Answer(answer.body(Body::from(body.as_bytes().to_vec())).unwrap())
}

/// The API server's own words for a token that it does not know.
pub fn unauthorized() -> Step {
    let status = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#;
    answer(401, "application/json", status)
}

/// A client of the plane that says nothing of who it is.
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
    let cut = Arc::clone(&inner.cut);
    let service = service_fn(move |request| handle(request, certificate.clone(), Arc::clone(&inner)));
    let serving = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // The client goes away when it likes.
        _ = serving => {}
        () = cut.notified() => {}
    }
}

async fn handle(
    request: Request<Incoming>,
    certificate: Option<Vec<u8>>,
    inner: Arc<Inner>,
) -> Result<Response<Body>, std::io::Error> {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let seen = Seen { target, headers: head.headers.clone(), certificate };
    inner.seen.lock().unwrap().push(seen.clone());
    let (target, token, compress) = match (inner.decide)(&seen) {
        Step::Answer(answer) => return Ok(answer),
        Step::Close => return Err(std::io::Error::other("as the test wants")),
        Step::Forward(target, token) => (target, token, false),
        Step::Compress(target, token) => (target, token, true),
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

/// A gzip file (RFC 1952) of stored blocks (RFC 1951, 3.2.4): every reader of compressed data reads it.
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
