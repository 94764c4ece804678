//! HTTP to the API server: connections, TLS and proxies as client-go makes them.
//!
//! kube's own stack is not used: it compares `NO_PROXY` with the proxy's address, accepts no server certificate that is
//! its own CA, and keeps the client certificate of its first connection (docs/adr/0001-own-http-transport.md).

mod connector;
pub(super) mod destination;
pub(super) mod failure;
pub(super) mod proxy;
mod resolver;
pub(super) mod tls;
mod tunnel;
mod verifier;
mod wire;

use std::sync::{Arc, PoisonError, RwLock};

use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION, PROXY_AUTHORIZATION, USER_AGENT};
use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use kube::client::Body;
use rustls::sign::CertifiedKey;
use tower::{BoxError, ServiceExt};
use tower_http::decompression::{Decompression, DecompressionBody};

use crate::domain::output::redact;
use crate::domain::text::printable;
use connector::Connector;
use destination::Destination;

/// Redirects that are followed, as in Go's net/http.
const REDIRECTS: usize = 10;

/// The body of a response, decompressed where a server or proxy compressed it unasked.
pub(super) type Received = DecompressionBody<Incoming>;

/// The server answers, but not as a Kubernetes API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAnApi {
    /// It redirects, usually to the login page of a proxy in front of it.
    #[error("the server redirects to {0}: is there a login page in front of it?")]
    Redirect(String),
    /// It redirects again and again.
    #[error("the server redirects again and again")]
    Redirects,
}

impl NotAnApi {
    /// Whether an error of kube is about this.
    pub(super) fn of(error: &kube::Error) -> Option<&Self> {
        match error {
            kube::Error::Service(error) => error.downcast_ref(),
            _ => None,
        }
    }
}

/// A pool of connections, replaced when the client certificate changes.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    destination: Arc<Destination>,
    pool: Arc<RwLock<Option<Pool>>>,
}

#[derive(Clone, Debug)]
struct Pool {
    certificate: Option<Arc<CertifiedKey>>,
    client: Client<Connector, Body>,
}

impl Transport {
    /// Connects to nothing yet.
    pub(crate) fn new(destination: Destination) -> Self {
        Self { destination: Arc::new(destination), pool: Arc::default() }
    }

    /// Sends one request with these credentials.
    ///
    /// # Errors
    /// Why there is no response: hyper's error, or [`NotAnApi`].
    pub(crate) async fn send(
        &self,
        mut request: Request<Body>,
        certificate: Option<&Arc<CertifiedKey>>,
    ) -> Result<Response<Received>, BoxError> {
        let destination = &self.destination;
        *request.uri_mut() = joined(&destination.server, request.uri())?;
        let client = self.client(certificate)?;
        let headers = request.headers_mut();
        headers.extend(destination.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        // Compressing costs an API server more than the local network of a bastion host saves.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers
            .entry(USER_AGENT)
            .or_insert(HeaderValue::from_static(concat!("countersign/", env!("CARGO_PKG_VERSION"))));
        headers.remove(HOST);
        if let Some(authorization) = &destination.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        if let Some(authorization) = destination.route.forward_authorization(&destination.server) {
            headers.insert(PROXY_AUTHORIZATION, authorization);
        }
        let mut again = redirectable(&request);
        let mut redirect = None;
        for _ in 0..=REDIRECTS {
            let (here, response) = (request.uri().clone(), Decompression::new(client.clone()).oneshot(request).await?);
            if !is_redirect(response.status()) {
                let page = redirect.filter(|_| is_page(response.headers()));
                return page.map_or(Ok(response), |redirect: NotAnApi| Err(redirect.into()));
            }
            redirect = Some(redirected(response.headers()));
            let Some(to) = elsewhere(&here, response.headers()) else {
                return Err(redirected(response.headers()).into());
            };
            let Some(mut next) = again else { return Err(redirected(response.headers()).into()) };
            *next.uri_mut() = to;
            again = redirectable(&next);
            request = next;
        }
        Err(NotAnApi::Redirects.into())
    }

    /// The pool for a client certificate. Requests that are in flight on the previous one finish there.
    fn client(&self, certificate: Option<&Arc<CertifiedKey>>) -> Result<Client<Connector, Body>, rustls::Error> {
        let fits = |pool: &Pool| same(pool.certificate.as_ref(), certificate);
        if let Some(pool) = self.pool.read().unwrap_or_else(PoisonError::into_inner).as_ref().filter(|pool| fits(pool))
        {
            return Ok(pool.client.clone());
        }
        let mut pool = self.pool.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pool.as_ref().filter(|pool| fits(pool)) {
            return Ok(pool.client.clone());
        }
        let tls = self.destination.trust.client_config(certificate)?;
        let connector = Connector::new(&self.destination, tls);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        *pool = Some(Pool { certificate: certificate.cloned(), client: client.clone() });
        Ok(client)
    }
}

fn same(one: Option<&Arc<CertifiedKey>>, other: Option<&Arc<CertifiedKey>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// The server's URL with its path before that of the request (client-go, `rest/request.go`).
fn joined(server: &Uri, request: &Uri) -> Result<Uri, http::Error> {
    let prefix = server.path().trim_end_matches('/');
    let path = request.path_and_query().map_or("/", PathAndQuery::as_str);
    let mut parts = server.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{prefix}{path}"))?);
    Ok(Uri::from_parts(parts)?)
}

/// A request that changes nothing, to be sent to where the server redirects.
fn redirectable(request: &Request<Body>) -> Option<Request<Body>> {
    if request.method() != Method::GET {
        return None;
    }
    let mut copy = Request::new(Body::empty());
    copy.uri_mut().clone_from(request.uri());
    copy.headers_mut().clone_from(request.headers());
    Some(copy)
}

/// Another path of the same server that a response redirects to. Credentials go nowhere else.
fn elsewhere(here: &Uri, headers: &HeaderMap) -> Option<Uri> {
    let location: Uri = headers.get(LOCATION)?.to_str().ok()?.parse().ok()?;
    let is_same = match location.authority() {
        None => true,
        Some(authority) => Some(authority) == here.authority() && location.scheme() == here.scheme(),
    };
    let mut parts = here.clone().into_parts();
    parts.path_and_query = location.path_and_query().cloned();
    Uri::from_parts(parts)
        .ok()
        .filter(|_| is_same && location.path().starts_with('/') && !location.path().starts_with("//"))
}

/// Whether a response is a page for people.
fn is_page(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn redirected(headers: &HeaderMap) -> NotAnApi {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("another address");
    let location: String = location.chars().take(200).collect();
    NotAnApi::Redirect(printable(&redact::url(&location)).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_server_is_a_prefix_of_every_path() {
        let joined = |server: &str, path: &str| joined(&server.parse().unwrap(), &path.parse().unwrap()).unwrap();
        assert_eq!(joined("https://s:6443", "/api?limit=1"), "https://s:6443/api?limit=1");
        assert_eq!(joined("https://s/k8s/c/", "/api"), "https://s/k8s/c/api");
        assert_eq!(joined("https://s/k8s/c?x=1", "/api"), "https://s/k8s/c/api");
    }

    #[test]
    fn a_redirect_is_followed_only_on_the_same_server() {
        let here: Uri = "https://s:6443/api?limit=1".parse().unwrap();
        let to = |location: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(LOCATION, location.parse().unwrap());
            elsewhere(&here, &headers).map(|uri| uri.to_string())
        };
        assert_eq!(to("/other?limit=1").as_deref(), Some("https://s:6443/other?limit=1"));
        assert_eq!(to("https://s:6443/other").as_deref(), Some("https://s:6443/other"));
        for location in
            ["http://s:6443/other", "https://s/other", "https://t:6443/other", "//t/other", "https://s:6443@t/"]
        {
            assert_eq!(to(location), None, "{location}");
        }
    }

    #[test]
    fn a_redirect_shows_neither_secrets_nor_escape_sequences() {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_static("https://u:s3cret@login.example/?code=s3cret"));
        let text = redirected(&headers).to_string();
        assert!(text.contains("login.example") && !text.contains("s3cret"), "{text}");
    }
}
