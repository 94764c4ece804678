//! Pauses between the attempts of a watch.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::status::WatchStatus;
use crate::cluster::error::ClusterError;

/// The pause after a first failure; it doubles with every further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// The pause after a 403: the missing right may be granted later.
pub(super) const FORBIDDEN_PAUSE: Duration = Duration::from_secs(30);

/// The failures in a row of one watch.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    /// When the first of them was.
    since: Option<DateTime<Utc>>,
}

impl Backoff {
    /// Counts a failure. Returns the status to report and the pause before the next attempt.
    pub(super) fn failed(&mut self, error: &ClusterError) -> (WatchStatus, Duration) {
        let pause = pause(self.failures);
        self.failures += 1;
        let now = Utc::now();
        let since = *self.since.get_or_insert(now);
        (WatchStatus::Degraded { why: error.clone().into(), since, next_try: now + pause }, pause)
    }

    /// Forgets the failures: the watch works again.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

fn pause(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_half_a_second_to_at_most_fifteen_seconds() {
        assert_eq!(pause(0), Duration::from_millis(500));
        assert_eq!(pause(1), Duration::from_secs(1));
        assert_eq!(pause(40), Duration::from_secs(15));
        assert_eq!(pause(u32::MAX), Duration::from_secs(15));
    }

    #[test]
    fn an_outage_is_reported_since_its_first_failure_and_a_reset_starts_over() {
        let error = ClusterError::Timeout { server: "https://s".to_owned(), seconds: 1 };
        let mut backoff = Backoff::default();
        let since = |status: &WatchStatus| match status {
            WatchStatus::Degraded { since, .. } => *since,
            other => panic!("{other:?}"),
        };
        let (first, _) = backoff.failed(&error);
        let (second, pause) = backoff.failed(&error);
        assert_eq!((since(&first), pause), (since(&second), Duration::from_secs(1)));
        backoff.reset();
        assert_eq!(backoff.failed(&error).1, Duration::from_millis(500));
    }
}
