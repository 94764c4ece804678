//! A server that answers as it likes.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

/// Answers a request for a target.
pub(crate) type Answer = fn(&str, &mut TcpStream) -> std::io::Result<()>;

/// A server of plain HTTP, until the process ends.
pub(crate) struct Hostile(u16);

impl Hostile {
    /// Serves on loopback.
    pub(crate) fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || serve(stream, answer));
            }
        });
        Self(port)
    }

    /// A kubeconfig for it.
    pub(crate) fn kubeconfig(&self) -> String {
        let server = format!("http://127.0.0.1:{}", self.0);
        format!(
            "clusters: [{{name: c, cluster: {{server: '{server}'}}}}]\nusers: [{{name: u, user: {{token: t}}}}]\n\
             contexts: [{{name: hostile, context: {{cluster: c, user: u}}}}]\ncurrent-context: hostile\n"
        )
    }
}

fn serve(stream: TcpStream, answer: Answer) {
    let Ok(mut to) = stream.try_clone() else { return };
    let mut from = BufReader::new(stream);
    loop {
        let (mut first, mut length) = (String::new(), 0);
        if from.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut line = String::new();
            if from.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        let target = first.split(' ').nth(1).unwrap_or_default();
        // The client disconnects at its limit.
        if std::io::Read::read_exact(&mut from, &mut body).is_err() || answer(target, &mut to).is_err() {
            return;
        }
    }
}

/// The head of a JSON response that ends with the connection.
pub(crate) fn head(to: &mut TcpStream, code: u16) -> std::io::Result<()> {
    write!(to, "HTTP/1.1 {code} X\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
}

/// A response in JSON.
pub(crate) fn json(to: &mut TcpStream, text: &str) -> std::io::Result<()> {
    write!(to, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}", text.len())
}
