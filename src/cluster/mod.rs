//! The adapter to Kubernetes: client, watches, decisions, applies, reviews.
//!
//! No type of kube leaves this module: failures are [`ClusterError`]s, objects are rows and requests. A write requires a
//! permit or a clearance from [`crate::domain::gate`] and is checked by `Cluster::writable` as well.

pub(crate) mod access;
mod budget;
pub(crate) mod bulk;
mod chosen_context;
mod client;
pub(crate) mod connect;
mod context;
pub(crate) mod context_loader;
pub(crate) mod discovery;
pub(crate) mod error;
mod heartbeat;
mod impersonation;
mod in_cluster;
mod list_pages;
pub(crate) mod list_reader;
pub(crate) mod login;
pub(crate) mod probe;
mod quoted;
pub(crate) mod rbac;
pub(crate) mod requests;
mod retry;
pub(crate) mod reviews;
mod route;
pub(crate) mod slim_request;
mod target;
mod transport;
pub(crate) mod wait;
pub(crate) mod watch;

pub use crate::domain::decision::Decision;
pub use crate::domain::gate::Verb;
pub(crate) use budget::may_keep_more;
pub use client::Cluster;
pub(crate) use connect::contexts;
pub use error::ClusterError;
pub(crate) use heartbeat::heartbeat;
pub use login::Prompt;
pub(crate) use retry::Wait;
pub(crate) use reviews::AccessReview;
pub use reviews::WhoAmI;
pub use target::Target;
