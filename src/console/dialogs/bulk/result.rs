//! Results of a bulk decision.

use crate::cluster::bulk::DecisionOutcome;

/// News of a bulk decision.
#[derive(Debug)]
pub enum BulkResult {
    /// The decision counted by this number has ended.
    Decided(usize, DecisionOutcome),
    /// All that were begun have ended.
    Ended,
}
