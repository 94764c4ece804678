//! The adapter to Kubernetes: client, watches, decisions, applies, reviews.
//!
//! Everything that leaves this module is in our own words: [`ClusterError`] for what went wrong, rows and requests for what
//! is there. A write takes what the gate gives out ([`crate::domain::gate`]), and passes [`Cluster::writable`] besides.

pub(crate) mod access;
mod budget;
pub(crate) mod bulk;
pub(crate) mod connect;
mod context;
pub(crate) mod context_loader;
pub(crate) mod discovery;
pub(crate) mod error;
mod heartbeat;
mod impersonation;
mod in_cluster;
pub(crate) mod list_reader;
pub(crate) mod login;
pub(crate) mod nodes_watch;
pub(crate) mod probe;
mod quoted;
pub(crate) mod rbac;
pub(crate) mod rbac_watch;
pub(crate) mod requests;
pub(crate) mod reviews;
mod route;
pub(crate) mod slim_request;
mod transport;
pub(crate) mod wait;
pub(crate) mod watch;

use std::fmt::Debug;
use std::time::Duration;

use kube::{Api, Client};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;

use crate::domain::gate::{Refusal, WriteAccess, WritePermit};
use crate::domain::output::shell::Kubectl;

pub use crate::domain::decision::Decision;
pub use crate::domain::gate::Verb;
pub(crate) use budget::may_keep_more;
pub use connect::Target;
pub(crate) use connect::contexts;
pub use error::ClusterError;
pub(crate) use heartbeat::heartbeat;
pub use login::Prompt;
pub(crate) use reviews::AccessReview;
pub use reviews::WhoAmI;

/// Objects a page of a list.
const PAGE: u32 = 500;

/// A connection to one cluster as one user.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
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
    /// `kubectl` with the flags that mean this cluster and this user.
    pub kubectl: Kubectl,
    /// By which proxy it is reached, as the end of a sentence.
    through: String,
    timeout: Option<Duration>,
    pressure: bulk::ThrottleSignal,
    access: WriteAccess,
}

/// What may stand in a path's segment as it is (RFC 3986, pchar).
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

/// An object's name as a part of a URL. The client puts names into URLs as they are, and `x?y` is a valid name.
fn segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

impl Cluster {
    /// Waits for one answer, no longer than the request timeout.
    ///
    /// # Errors
    /// What the server refused, or why it cannot be reached.
    async fn call<T>(&self, request: impl Future<Output = kube::Result<T>>) -> Result<T, ClusterError> {
        let before = self.pressure.count();
        let answer = match self.timeout {
            None => request.await,
            Some(limit) => tokio::time::timeout(limit, request).await.map_err(|_| {
                // Rounded up: half a second is not none.
                let seconds = limit.as_secs() + u64::from(limit.subsec_nanos() > 0);
                let server = format!("{}{}", self.server, self.through);
                let silent = || ClusterError::Timeout { server, seconds };
                self.pressure.busy(before, seconds).unwrap_or_else(silent)
            })?,
        };
        answer.map_err(|error| self.error(error))
    }

    /// All objects that `api` lists, page by page.
    ///
    /// # Errors
    /// Why they cannot be read, or that there are too many.
    async fn all_pages<K>(&self, api: &Api<K>) -> Result<Vec<K>, ClusterError>
    where
        K: Clone + Debug + DeserializeOwned,
    {
        let exceeded = |limit: budget::Exceeded| self.error(limit.into());
        let (mut paging, mut all) = (budget::Paging::new(PAGE), Vec::new());
        loop {
            let page = self.call(api.list(&paging.params())).await?;
            for object in page.items {
                paging.object().map_err(exceeded)?;
                all.push(object);
            }
            if !paging.page(page.metadata.continue_).map_err(exceeded)? {
                return Ok(all);
            }
        }
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

    /// A permit that was given out for another connection opens nothing here.
    ///
    /// # Errors
    /// [`ClusterError::ReadOnly`] in read-only mode.
    fn writable(&self) -> Result<(), ClusterError> {
        if self.is_read_only() { Err(ClusterError::ReadOnly) } else { Ok(()) }
    }

    /// The server's version, such as `v1.36.3`.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(crate) async fn version(&self) -> Result<String, ClusterError> {
        self.call(self.client.apiserver_version()).await.map(|info| info.git_version)
    }
}
