//! HTTPS on a socket: rustls and hyper, a task a connection.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, crypto};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::api::status::Failure;
use super::api::{Api, Body, LONGEST_BODY};
use super::authentication::AnyCertificate;

/// How long a client may take to shake hands.
const PATIENCE: Duration = Duration::from_secs(10);

/// The cryptography of the whole program.
pub fn provider() -> Arc<crypto::CryptoProvider> {
    Arc::new(crypto::aws_lc_rs::default_provider())
}

/// What TLS needs to know.
///
/// # Errors
/// Where key and certificate do not fit.
pub fn tls(
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
pub async fn serve(listener: TcpListener, tls: ServerConfig, api: Arc<Api>) {
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection(stream, acceptor.clone(), api.clone()))),
                // Out of file descriptors: they come back as connections end.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, api: Arc<Api>) {
    // Small events shall not wait for more; a socket that refuses works all the same.
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await else { return };
    let certificates: Arc<[CertificateDer<'static>]> =
        stream.get_ref().1.peer_certificates().unwrap_or_default().iter().map(|own| own.clone().into_owned()).collect();
    let service = service_fn(move |request| answer(api.clone(), certificates.clone(), request));
    // A client that goes away is no error of ours.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    api: Arc<Api>,
    certificates: Arc<[CertificateDer<'static>]>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let (parts, body) = request.into_parts();
    Ok(api.answer(&parts, &certificates, whole(body)).await)
}

async fn whole(body: Incoming) -> Result<Bytes, Failure> {
    match Limited::new(body, LONGEST_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(_) => Err(Failure::too_large()),
    }
}
