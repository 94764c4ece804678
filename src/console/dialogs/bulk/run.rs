//! Progress and results of a bulk decision.

use chrono::{DateTime, TimeDelta, Utc};

use crate::cluster::bulk::DecisionOutcome;
use crate::console::core::effect_id::EffectId;

/// How far a bulk decision has come.
#[derive(Debug)]
pub(crate) enum Phase {
    /// The admin is looking at the sheet.
    Asking,
    /// Decisions are being made.
    Running(Run),
    /// All that were begun have ended.
    Ended(Run),
}

/// Decisions on their way.
#[derive(Debug)]
pub(crate) struct Run {
    /// Whose news are taken in.
    pub id: EffectId,
    /// Places on the sheet of those to be decided, in the order in which the news count them.
    pub items: Vec<usize>,
    /// What came of each; `None`: not yet, or not begun.
    pub outcomes: Vec<Option<DecisionOutcome>>,
    /// When it began.
    pub began: DateTime<Utc>,
    /// When the last news came.
    pub last: DateTime<Utc>,
    /// The admin wants no more to be begun.
    pub stopping: bool,
    /// So many are made, changed, refused, failed.
    pub counts: Counts,
}

/// How many ended in which way.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Made.
    pub done: usize,
    /// Not any more what was on the sheet.
    pub changed: usize,
    /// Not allowed.
    pub refused: usize,
    /// Failed.
    pub failed: usize,
}

impl Counts {
    /// All that have ended.
    pub(crate) const fn ended(self) -> usize {
        self.done + self.changed + self.refused + self.failed
    }
}

impl Run {
    /// Begins.
    pub(crate) fn new(id: EffectId, items: Vec<usize>, now: DateTime<Utc>) -> Self {
        let outcomes = vec![None; items.len()];
        Self { id, items, outcomes, began: now, last: now, stopping: false, counts: Counts::default() }
    }

    /// One has ended.
    pub(crate) fn record(&mut self, at: usize, outcome: DecisionOutcome, now: DateTime<Utc>) {
        let Some(place @ None) = self.outcomes.get_mut(at) else { return };
        let count = match &outcome {
            DecisionOutcome::Done(_) => &mut self.counts.done,
            DecisionOutcome::Changed(_) => &mut self.counts.changed,
            DecisionOutcome::Refused(_) => &mut self.counts.refused,
            DecisionOutcome::Failed(_) => &mut self.counts.failed,
        };
        *count += 1;
        *place = Some(outcome);
        self.last = now;
    }

    /// Decisions a second until now.
    pub(crate) fn rate(&self) -> usize {
        let milliseconds = usize::try_from((self.last - self.began).num_milliseconds()).unwrap_or(0).max(1);
        self.counts.ended() * 1000 / milliseconds
    }

    /// How long it will take, at that rate.
    pub(crate) fn left(&self) -> Option<TimeDelta> {
        let left = i64::try_from(self.items.len() - self.counts.ended()).ok()?;
        let rate = i64::try_from(self.rate()).ok().filter(|rate| *rate > 0)?;
        TimeDelta::try_seconds((left + rate - 1) / rate)
    }

    /// Those that were not made, with the reason; `None`: not begun.
    pub(crate) fn undone(&self) -> impl Iterator<Item = (usize, Option<&crate::cluster::ClusterError>)> {
        self.items.iter().zip(&self.outcomes).filter_map(|(item, outcome)| match outcome {
            Some(DecisionOutcome::Done(_)) => None,
            Some(
                DecisionOutcome::Changed(error) | DecisionOutcome::Refused(error) | DecisionOutcome::Failed(error),
            ) => Some((*item, Some(error))),
            None => Some((*item, None)),
        })
    }
}
