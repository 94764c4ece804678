//! At which step a connection failed. The connector marks the errors of each step where they arise; those of a connection
//! that is already open are known by their types.

use std::error::Error as StdError;
use std::io;

use tower::BoxError;

/// The step at which a connection failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectFailure {
    /// Name resolution.
    Dns,
    /// The TCP connection was not opened, broke, or timed out.
    Tcp,
    /// TLS: the handshake, or a certificate.
    Tls,
    /// The proxy refused to connect to the server.
    Proxy,
    /// Anything else.
    Other,
}

impl ConnectFailure {
    /// The step that an error belongs to.
    pub(in crate::cluster) fn of(error: &(dyn StdError + 'static)) -> Self {
        Self::find(error).unwrap_or(Self::Other)
    }

    /// The step that follows from the types of an error and its causes.
    pub(super) fn find(error: &(dyn StdError + 'static)) -> Option<Self> {
        if let Some(marked) = error.downcast_ref::<ConnectError>() {
            return Some(marked.step);
        }
        if error.is::<rustls::Error>() {
            return Some(Self::Tls);
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            // The inner error of an io::Error is not among its sources.
            let inner = error.get_ref().and_then(|inner| Self::find(inner));
            return inner.or_else(|| of_kind(error.kind()));
        }
        error.source().and_then(Self::find).or_else(|| {
            let error = error.downcast_ref::<hyper::Error>()?;
            let is_broken = error.is_timeout() || error.is_incomplete_message() || error.is_closed();
            is_broken.then_some(Self::Tcp)
        })
    }
}

fn of_kind(kind: io::ErrorKind) -> Option<ConnectFailure> {
    use io::ErrorKind::{
        AddrNotAvailable, BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable,
        NetworkDown, NetworkUnreachable, NotConnected, TimedOut,
    };
    let is_tcp = matches!(
        kind,
        AddrNotAvailable
            | BrokenPipe
            | ConnectionAborted
            | ConnectionRefused
            | ConnectionReset
            | HostUnreachable
            | NetworkDown
            | NetworkUnreachable
            | NotConnected
            | TimedOut
    );
    is_tcp.then_some(ConnectFailure::Tcp)
}

/// An error of the connector, marked with its step.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub(super) struct ConnectError {
    step: ConnectFailure,
    source: BoxError,
}

impl ConnectError {
    /// Marks an error, unless an earlier step has marked it.
    pub(super) fn mark(step: ConnectFailure, error: impl Into<BoxError>) -> BoxError {
        let error = error.into();
        if error.is::<Self>() { error } else { Self { step, source: error }.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inner_error_of_an_io_error_decides_before_its_kind() {
        let tls = || rustls::Error::General("no".to_owned());
        for (error, step) in [
            (io::Error::new(io::ErrorKind::InvalidData, tls()), ConnectFailure::Tls),
            (io::Error::other(io::Error::new(io::ErrorKind::UnexpectedEof, tls())), ConnectFailure::Tls),
            (io::ErrorKind::ConnectionRefused.into(), ConnectFailure::Tcp),
            (io::Error::new(io::ErrorKind::TimedOut, "elapsed"), ConnectFailure::Tcp),
            (io::Error::other(io::Error::from(io::ErrorKind::ConnectionReset)), ConnectFailure::Tcp),
            (io::Error::other("certificate refused: dns"), ConnectFailure::Other),
        ] {
            assert_eq!(ConnectFailure::of(&error), step, "{error:?}");
        }
    }

    #[test]
    fn the_first_mark_of_an_error_is_kept_and_its_text_too() {
        let marked = ConnectError::mark(ConnectFailure::Dns, io::Error::other("unknown name"));
        let marked = ConnectError::mark(ConnectFailure::Tls, marked);
        assert_eq!(
            (ConnectFailure::of(&*marked), marked.to_string()),
            (ConnectFailure::Dns, "unknown name".to_owned())
        );
        let wrapped = kube::Error::Service(marked);
        assert_eq!(ConnectFailure::of(&wrapped), ConnectFailure::Dns);
    }
}
