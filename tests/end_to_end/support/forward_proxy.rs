//! HTTP, HTTPS and SOCKS5 proxies on loopback that record their requests. Each proxy connects to one fixed address,
//! whatever target a client requests, so that no name is resolved.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::certificates::Issued;
use super::reverse_proxy::{listener, runtime};

/// The protocol of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProxyProtocol {
    /// HTTP with CONNECT (RFC 9110, 9.3.6) and requests in absolute form.
    Http,
    /// The same over TLS.
    Https,
    /// SOCKS5 (RFC 1928) with host names and passwords (RFC 1929).
    Socks,
}

/// How a proxy responds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProxyBehavior {
    /// Connects each client.
    Forward,
    /// Connects clients with the user name `user` and the password `s3cret-word`.
    RequirePassword,
    /// Responds with this status code (HTTP), or refuses the connection (SOCKS5).
    Reject(u16),
    /// Responds with text of another protocol.
    Garbage,
    /// Never responds.
    Hang,
}

/// A running proxy. It serves until the process ends.
pub(crate) struct Proxy {
    /// The address on which it listens.
    pub address: SocketAddr,
    requested: Arc<Mutex<Vec<String>>>,
}

struct Inner {
    protocol: ProxyProtocol,
    behavior: ProxyBehavior,
    tls: Option<TlsAcceptor>,
    upstream: SocketAddr,
    requested: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts a proxy that connects to `upstream`. `tls` is its certificate, used by [`ProxyProtocol::Https`].
    pub(crate) fn start(protocol: ProxyProtocol, behavior: ProxyBehavior, tls: &Issued, upstream: SocketAddr) -> Self {
        let (listener, address) = listener();
        let requested = Arc::new(Mutex::new(Vec::new()));
        let tls = (protocol == ProxyProtocol::Https)
            .then(|| TlsAcceptor::from(Arc::new(tls.server_config(rustls::ALL_VERSIONS))));
        let inner = Arc::new(Inner { protocol, behavior, tls, upstream, requested: Arc::clone(&requested) });
        runtime().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inner = Arc::clone(&inner);
                tokio::spawn(async move {
                    // An error means that the client closed the connection.
                    let _ = match &inner.tls {
                        None => inner.serve(stream).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => inner.serve(stream).await,
                            Err(error) => Err(error),
                        },
                    };
                });
            }
        });
        Self { address, requested }
    }

    /// The targets requested so far, `host:port`.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.requested.lock().unwrap().clone()
    }
}

impl Inner {
    async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
        match (self.behavior, self.protocol) {
            (ProxyBehavior::Garbage, _) => self.respond_with_garbage(stream).await,
            (ProxyBehavior::Hang, _) => self.hang(stream).await,
            (_, ProxyProtocol::Socks) => self.socks(stream).await,
            _ => self.http(stream).await,
        }
    }

    fn record(&self, target: &str) {
        self.requested.lock().unwrap().push(target.to_owned());
    }

    async fn respond_with_garbage(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
        self.record("garbage");
        let mut some = [0; 1024];
        let _ = stream.read(&mut some).await?;
        stream.write_all(b"\x1b[2J\x1b]0;220 mail.test ESMTP\x07\r\n\r\n").await
    }

    async fn hang(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
        self.record("hang");
        let mut some = [0; 1024];
        while stream.read(&mut some).await? > 0 {}
        Ok(())
    }

    async fn http(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
            // The first byte of a TLS handshake (RFC 8446, 5.1).
            if head[0] == 22 {
                return stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            }
        }
        let text = String::from_utf8_lossy(&head).into_owned();
        let mut words = text.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        self.record(target);
        let expected = format!("proxy-authorization: basic {}", STANDARD.encode("user:s3cret-word")).to_lowercase();
        let refusal = match self.behavior {
            ProxyBehavior::Reject(code) => Some(code),
            ProxyBehavior::RequirePassword if !text.to_lowercase().contains(&expected) => Some(407),
            _ => None,
        };
        if let Some(code) = refusal {
            let page = "<html>error page</html>";
            let answer = format!("HTTP/1.1 {code} Rejected\r\nContent-Length: {}\r\n\r\n{page}", page.len());
            return stream.write_all(answer.as_bytes()).await;
        }
        let mut server = TcpStream::connect(self.upstream).await?;
        if method == "CONNECT" {
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
        } else {
            server.write_all(&head).await?;
        }
        copy_bidirectional(&mut stream, &mut server).await.map(|_| ())
    }

    async fn socks(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
        let refused = || std::io::Error::other("refused");
        let (_version, count) = (stream.read_u8().await?, stream.read_u8().await?);
        let mut methods = vec![0; count.into()];
        stream.read_exact(&mut methods).await?;
        let method = if self.behavior == ProxyBehavior::RequirePassword { 2 } else { 0 };
        if !methods.contains(&method) {
            self.record("rejected: no password");
            stream.write_all(&[5, 0xff]).await?;
            return Err(refused());
        }
        stream.write_all(&[5, method]).await?;
        if method == 2 {
            let _version = stream.read_u8().await?;
            let given = (read_prefixed(&mut stream).await?, read_prefixed(&mut stream).await?);
            let valid = given == (b"user".to_vec(), b"s3cret-word".to_vec());
            stream.write_all(&[1, u8::from(!valid)]).await?;
            if !valid {
                self.record("rejected: wrong password");
                return Err(refused());
            }
        }
        let mut request = [0; 4];
        stream.read_exact(&mut request).await?;
        let host = match request[3] {
            1 => {
                let mut address = [0; 4];
                stream.read_exact(&mut address).await?;
                std::net::Ipv4Addr::from(address).to_string()
            }
            3 => String::from_utf8_lossy(&read_prefixed(&mut stream).await?).into_owned(),
            _ => return Err(refused()),
        };
        let port = stream.read_u16().await?;
        self.record(&format!("{host}:{port}"));
        if self.behavior != ProxyBehavior::Forward && self.behavior != ProxyBehavior::RequirePassword {
            return stream.write_all(&[5, 2, 0, 1, 0, 0, 0, 0, 0, 0]).await;
        }
        let mut server = TcpStream::connect(self.upstream).await?;
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
        copy_bidirectional(&mut stream, &mut server).await.map(|_| ())
    }
}

/// Reads bytes that follow a byte with their number.
async fn read_prefixed(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; stream.read_u8().await?.into()];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}
