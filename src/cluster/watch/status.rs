//! The status of a watch, as the console shows it.

use chrono::{DateTime, Utc};

use crate::cluster::budget::Exceeded;
use crate::error::UserError;

/// The status of a watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchStatus {
    /// The first list is being read.
    Loading,
    /// What is shown is current.
    Live,
    /// The connection is lost; what is shown is stale.
    Degraded {
        /// The error.
        why: UserError,
        /// The time of the first failure in a row.
        since: DateTime<Utc>,
        /// The time of the next attempt.
        next_try: DateTime<Utc>,
    },
    /// The user may not list or watch the resource (403).
    Forbidden {
        /// `list` or `watch`.
        verb: String,
        /// The resource's plural name.
        resource: String,
        /// The server's message.
        message: String,
    },
}

/// The status of a watch with more objects than are kept.
pub(crate) fn cut_off(now: DateTime<Utc>) -> WatchStatus {
    WatchStatus::Degraded { why: UserError::new(Exceeded::Objects.to_string()), since: now, next_try: now }
}
