//! What all requests to a server have in common.

use std::time::Duration;

use http::uri::Uri;
use http::{HeaderMap, HeaderValue};

use super::proxy::Route;
use super::tls::Trust;

/// The target of requests, and the headers that they carry besides the credentials.
#[derive(Debug)]
pub(in crate::cluster) struct Destination {
    /// The server's URL; its path is a prefix of every request's path.
    pub server: Uri,
    /// How it is reached.
    pub route: Route,
    /// How its certificate is verified.
    pub trust: Trust,
    /// How long a connection may be silent while a response is awaited; `None` without a limit.
    pub read_timeout: Option<Duration>,
    /// User and password of the server's URL, which have precedence over other credentials (Go's net/http sets the header
    /// before client-go does).
    pub authorization: Option<HeaderValue>,
    /// Headers of every request, such as those of impersonation.
    pub headers: HeaderMap,
}
