//! Live lists of requests, of roles and bindings, and of nodes.
//!
//! All three share the stream of list and watch events ([`stream`]), the pauses between attempts ([`backoff`]) and the
//! status that is reported ([`status`]). Requests are listed by [`crate::cluster::list_reader`] instead of kube's watcher,
//! because a cluster may have a hundred thousand of them.

mod backoff;
pub(crate) mod nodes;
pub(crate) mod rbac;
pub(crate) mod requests;
mod status;
mod stream;

pub use requests::{RequestChange, WatchMessage, watch_requests};
pub use status::WatchStatus;
pub(crate) use status::cut_off;
