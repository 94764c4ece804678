//! The list of requests, as every pane and dialog may read it.

use super::columns::Columns;
use super::index::Index;
use super::judging::VerdictEngine;
use crate::cluster::watch::WatchStatus;

/// Seconds after which an approved request without a certificate is called stuck.
pub(crate) const STUCK_SECONDS: i64 = 10;

/// The list of requests with their verdicts.
#[derive(Debug)]
pub struct RequestList {
    /// All rows, filtered and sorted.
    pub index: Index,
    /// The verdicts, as far as they depend on other objects.
    pub engine: VerdictEngine,
    pub watch: WatchStatus,
    /// Whether a complete list has been seen yet.
    pub complete: bool,
    /// The columns that are shown.
    pub columns: Columns,
}

impl Default for RequestList {
    fn default() -> Self {
        Self {
            index: Index::default(),
            engine: VerdictEngine::default(),
            watch: WatchStatus::Loading,
            complete: false,
            columns: Columns::default(),
        }
    }
}

impl RequestList {
    /// Whether a list or verdicts are being worked out.
    pub fn is_working(&self) -> bool {
        self.index.is_working() || self.engine.is_working()
    }
}
