//! HTTPS on a socket: rustls and hyper, a task a connection.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, crypto};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::sandbox::api::{Api, Body, MAX_BODY};
use crate::sandbox::authentication::AnyCertificate;
use crate::sandbox::status::ApiFailure;
use crate::sandbox::usage::Usage;

/// Time limit of the TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Time limit of a request body.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of the headers of a request.
const MAX_HEADER_BYTES: u32 = 64 << 10;
/// Concurrent requests of one connection.
const MAX_STREAMS: u32 = 256;
/// Concurrent connections; others wait.
const MAX_CONNECTIONS: usize = 1024;

/// The cryptographic library of the whole program.
pub fn provider() -> Arc<crypto::CryptoProvider> {
    Arc::new(crypto::aws_lc_rs::default_provider())
}

/// The TLS configuration.
///
/// # Errors
/// Where key and certificate do not fit.
pub(crate) fn tls(
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    clients: Arc<AnyCertificate>,
) -> Result<ServerConfig, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let mut config = builder.with_client_cert_verifier(clients).with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Serves until it is dropped, and every connection with it.
pub(crate) async fn serve(listener: TcpListener, tls: ServerConfig, api: Arc<Api>, idle: Duration) {
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection(stream, acceptor.clone(), api.clone(), idle))),
                // Out of file descriptors: retry when connections have ended.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, api: Arc<Api>, idle: Duration) {
    // Small watch events must not be delayed; a socket without the option works too.
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = timeout(HANDSHAKE_TIMEOUT.min(idle), acceptor.accept(stream)).await else { return };
    let certificates: Arc<[CertificateDer<'static>]> =
        stream.get_ref().1.peer_certificates().unwrap_or_default().iter().map(|own| own.clone().into_owned()).collect();
    let usage = Usage::new(idle);
    let counted = usage.clone();
    let service = service_fn(move |request| {
        let using = counted.begin();
        let answer = answer(api.clone(), certificates.clone(), request);
        async move { answer.await.map(|answer| answer.map(|body| using.until_sent(body))) }
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().max_buf_size(MAX_HEADER_BYTES as usize);
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(HANDSHAKE_TIMEOUT);
    server.http2().max_header_list_size(MAX_HEADER_BYTES).max_concurrent_streams(MAX_STREAMS);
    tokio::select! {
        // A client that disconnects is no error.
        _ = server.serve_connection(TokioIo::new(stream), service) => {}
        // An idle client can connect again.
        () = usage.idle() => {}
    }
}

async fn answer(
    api: Arc<Api>,
    certificates: Arc<[CertificateDer<'static>]>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let (parts, body) = request.into_parts();
    Ok(api.answer(&parts, &certificates, read_body(body)).await)
}

async fn read_body(body: Incoming) -> Result<Bytes, ApiFailure> {
    let body = timeout(BODY_TIMEOUT, Limited::new(body, MAX_BODY).collect()).await;
    match body.map_err(|_| ApiFailure::bad_request("the body did not come in time"))? {
        Ok(body) => Ok(body.to_bytes()),
        Err(_) => Err(ApiFailure::too_large()),
    }
}
