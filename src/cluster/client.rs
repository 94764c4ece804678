//! A connection to one cluster: the client, its request timeout, and whether writes are allowed.

use std::time::Duration;

use kube::Client;
use kube::runtime::watcher;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::watch;

use super::error::ClusterError;
use super::retry::{ThrottleSignal, Wait};
use crate::domain::gate::{Refusal, WriteAccess, WritePermit};
use crate::domain::output::shell::Kubectl;

/// A connection to one cluster as one user.
#[derive(Clone)]
pub struct Cluster {
    pub(super) client: Client,
    /// Name of the context, `in-cluster` inside a pod.
    pub context: String,
    /// Name of the context's cluster entry.
    pub cluster_name: String,
    /// The cluster entry itself, made self-contained, as a new kubeconfig needs it.
    pub cluster_entry: serde_yaml::Mapping,
    /// The namespace in force.
    pub namespace: String,
    /// The server's address.
    pub server: String,
    /// `kubectl` with the flags that select this cluster and this user.
    pub kubectl: Kubectl,
    /// The proxy that it is reached through, formatted as the end of a sentence; empty without one.
    pub(super) through: String,
    pub(super) timeout: Option<Duration>,
    pub(super) pressure: ThrottleSignal,
    pub(super) access: WriteAccess,
}

/// Characters that a path segment may contain unescaped (RFC 3986, pchar).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

/// Escapes an object name for a URL. kube puts names into URLs unescaped, and `x?y` is a valid name.
pub(super) fn segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

impl Cluster {
    /// Awaits one response, no longer than the request timeout.
    ///
    /// # Errors
    /// The server's refusal, or why it cannot be reached.
    pub(super) async fn call<T>(&self, request: impl Future<Output = kube::Result<T>>) -> Result<T, ClusterError> {
        let before = self.pressure.count();
        let answer = match self.timeout {
            None => request.await,
            Some(limit) => tokio::time::timeout(limit, request).await.map_err(|_| {
                // Rounded up, so that half a second is not reported as zero.
                let seconds = limit.as_secs() + u64::from(limit.subsec_nanos() > 0);
                let server = format!("{}{}", self.server, self.through);
                let silent = || ClusterError::Timeout { server, seconds };
                self.pressure.busy(before, seconds).unwrap_or_else(silent)
            })?,
        };
        answer.map_err(|error| self.error(error))
    }

    /// The last time that the server asked this client to wait.
    pub(crate) fn waits(&self) -> watch::Receiver<Option<Wait>> {
        self.pressure.subscribe()
    }

    /// Whether every write is refused: by flag, or because the config file says so of this context.
    pub(crate) fn is_read_only(&self) -> bool {
        self.access.is_read_only()
    }

    /// The permit to write here.
    ///
    /// # Errors
    /// [`Refusal::ReadOnly`].
    pub fn permit(&self) -> Result<WritePermit, Refusal> {
        self.access.permit()
    }

    /// Checks that this connection may write: a [`WritePermit`] may come from another connection.
    ///
    /// # Errors
    /// [`ClusterError::ReadOnly`] in read-only mode.
    pub(super) fn writable(&self) -> Result<(), ClusterError> {
        if self.is_read_only() { Err(ClusterError::ReadOnly) } else { Ok(()) }
    }

    /// The server's version, such as `v1.36.3`.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(crate) async fn version(&self) -> Result<String, ClusterError> {
        self.call(self.client.apiserver_version()).await.map(|info| info.git_version)
    }

    /// Converts an error of a request.
    pub(super) fn error(&self, error: kube::Error) -> ClusterError {
        ClusterError::from_kube(error, &self.server, &self.context)
    }

    /// Converts an error of a watch.
    pub(super) fn watch_error(&self, error: watcher::Error) -> ClusterError {
        match error {
            watcher::Error::InitialListFailed(error)
            | watcher::Error::WatchStartFailed(error)
            | watcher::Error::WatchFailed(error) => self.error(error),
            watcher::Error::WatchError(status) => ClusterError::from_status(&status, &self.server),
            watcher::Error::NoResourceVersion => {
                ClusterError::Server { code: 200, message: "the list has no resourceVersion".to_owned() }
            }
        }
    }
}
