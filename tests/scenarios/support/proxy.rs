//! Proxies on loopback that count: HTTP and HTTPS with CONNECT, and SOCKS5. Whatever host a client asks for, the
//! connection goes to one server of the test's, so that no name has to be resolved.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::certificates::Issued;
use super::front::{listener, runtime};

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP with CONNECT (RFC 9110, 9.3.6), and requests with a whole address.
    Http,
    /// The same inside TLS.
    Https,
    /// SOCKS 5 (RFC 1928) with names that the proxy resolves, and passwords (RFC 1929).
    Socks,
}

/// How a proxy treats those who come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It connects them.
    Connects,
    /// It connects those who say `user` and `s3cret-word`.
    Asks,
    /// It answers with this status code (HTTP).
    Refuses(u16),
    /// It answers something else.
    Babbles,
    /// It never answers.
    Hangs,
}

/// A running proxy; it serves until the process ends.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

struct Inner {
    speaks: Speaks,
    manner: Manner,
    tls: Option<TlsAcceptor>,
    to: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Serves; `tls` is its certificate if it speaks HTTPS, `to` is where all connections go.
    pub fn start(speaks: Speaks, manner: Manner, tls: &Issued, to: SocketAddr) -> Self {
        let (listener, address) = listener();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let tls = (speaks == Speaks::Https).then(|| TlsAcceptor::from(Arc::new(tls.serves(rustls::ALL_VERSIONS))));
        let inner = Arc::new(Inner { speaks, manner, tls, to, asked: Arc::clone(&asked) });
        runtime().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inner = Arc::clone(&inner);
                tokio::spawn(async move {
                    // A client that goes away is no matter.
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
        Self { address, asked }
    }

    /// The hosts and ports that were asked for so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Inner {
    async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
        match (self.manner, self.speaks) {
            (Manner::Babbles, _) => self.babbles(stream).await,
            (Manner::Hangs, _) => self.hangs(stream).await,
            (_, Speaks::Socks) => self.socks(stream).await,
            _ => self.http(stream).await,
        }
    }

    fn record(&self, target: &str) {
        self.asked.lock().unwrap().push(target.to_owned());
    }

    async fn babbles(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
        self.record("babble");
        let mut some = [0; 1024];
        let _ = stream.read(&mut some).await?;
        stream.write_all(b"\x1b[2J\x1b]0;220 mail.test ESMTP\x07\r\n\r\n").await
    }

    async fn hangs(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
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
        let wanted = format!("proxy-authorization: basic {}", STANDARD.encode("user:s3cret-word")).to_lowercase();
        let refusal = match self.manner {
            Manner::Refuses(code) => Some(code),
            Manner::Asks if !text.to_lowercase().contains(&wanted) => Some(407),
            _ => None,
        };
        if let Some(code) = refusal {
            let page = "<html>s3cret page</html>";
            let answer = format!("HTTP/1.1 {code} No\r\nContent-Length: {}\r\n\r\n{page}", page.len());
            return stream.write_all(answer.as_bytes()).await;
        }
        let mut server = TcpStream::connect(self.to).await?;
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
        let method = if self.manner == Manner::Asks { 2 } else { 0 };
        if !methods.contains(&method) {
            self.record("without a password");
            stream.write_all(&[5, 0xff]).await?;
            return Err(refused());
        }
        stream.write_all(&[5, method]).await?;
        if method == 2 {
            let _version = stream.read_u8().await?;
            let given = (sized(&mut stream).await?, sized(&mut stream).await?);
            let right = given == (b"user".to_vec(), b"s3cret-word".to_vec());
            stream.write_all(&[1, u8::from(!right)]).await?;
            if !right {
                self.record("with another password");
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
            3 => String::from_utf8_lossy(&sized(&mut stream).await?).into_owned(),
            _ => return Err(refused()),
        };
        let port = stream.read_u16().await?;
        self.record(&format!("{host}:{port}"));
        if self.manner != Manner::Connects && self.manner != Manner::Asks {
            return stream.write_all(&[5, 2, 0, 1, 0, 0, 0, 0, 0, 0]).await;
        }
        let mut server = TcpStream::connect(self.to).await?;
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
        copy_bidirectional(&mut stream, &mut server).await.map(|_| ())
    }
}

/// Bytes behind a byte that says how many.
async fn sized(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; stream.read_u8().await?.into()];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}
