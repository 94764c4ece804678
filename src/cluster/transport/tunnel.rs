//! A tunnel through an HTTP proxy (RFC 9110, 9.3.6). hyper-util has one as well, which does not say what a proxy answered.

use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper::upgrade::{self, Upgraded};
use kube::client::Body;
use tower::BoxError;

/// The proxy does not open a tunnel.
#[derive(Debug, thiserror::Error)]
#[error("it answered {}{}", .0.as_str(), words(*.0))]
struct Refused(StatusCode);

fn words(status: StatusCode) -> &'static str {
    match status {
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => ": it wants another user name and password",
        StatusCode::FORBIDDEN => ": it does not let us reach the server",
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            ": it cannot reach the server"
        }
        _ => " to CONNECT",
    }
}

/// Asks a proxy for a tunnel to a server.
///
/// # Errors
/// What the proxy answered, or why it did not.
pub(super) async fn open<T>(io: T, server: &Uri, authorization: Option<HeaderValue>) -> Result<Upgraded, BoxError>
where
    T: Read + Write + Send + Unpin + 'static,
{
    let host = server.host().unwrap_or_default();
    let target = format!("{host}:{}", server.port_u16().unwrap_or(443));
    let mut request =
        Request::builder().method(Method::CONNECT).uri(&target).header(HOST, &target).body(Body::empty())?;
    if let Some(authorization) = authorization {
        request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
    }
    let (mut sender, connection) = http1::handshake(io).await?;
    // Ends with the tunnel, whose reader or writer gets its errors.
    tokio::spawn(connection.with_upgrades());
    let response = sender.send_request(request).await?;
    // As Go's net/http, which takes no other success.
    if response.status() != StatusCode::OK {
        return Err(Refused(response.status()).into());
    }
    Ok(upgrade::on(response).await?)
}
