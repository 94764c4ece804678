//! Bulk decisions: as many concurrent requests as the server accepts, each for one exact version, each reported when done.

use std::collections::VecDeque;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::oneshot;

use super::client::Cluster;
use super::error::ClusterError;
use crate::domain::decision::Decision;
use crate::domain::gate::Clearance;
use crate::domain::request::RequestState;

/// Concurrent decisions at first.
const FIRST_WIDTH: usize = 8;
/// Concurrent decisions at most.
const MOST_WIDTH: usize = 32;

/// The outcome of one decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecisionOutcome {
    /// Written; the request's state now.
    Done(RequestState),
    /// Not written: the request changed since it was shown, or is already decided.
    Changed(ClusterError),
    /// Not written: refused by the server or by this program.
    Refused(ClusterError),
    /// Not written, or unknown whether it was.
    Failed(ClusterError),
}

impl DecisionOutcome {
    fn of(result: Result<RequestState, ClusterError>) -> Self {
        match result {
            Ok(state) => Self::Done(state),
            Err(
                error @ (ClusterError::Changed { .. }
                | ClusterError::AlreadyDecided { .. }
                | ClusterError::NotFound { .. }
                | ClusterError::Conflict { .. }),
            ) => Self::Changed(error),
            Err(
                error @ (ClusterError::Forbidden { .. }
                | ClusterError::Unauthorized { .. }
                | ClusterError::Invalid { .. }
                | ClusterError::ReadOnly),
            ) => Self::Refused(error),
            Err(error) => Self::Failed(error),
        }
    }
}

impl Cluster {
    /// Decides all cleared requests, each in exactly the version of its clearance, and reports each by its index. When the
    /// sender of `stop` is dropped no further one is started; those that are running are awaited.
    pub(crate) async fn decide_all(
        &self,
        clearances: &[Clearance],
        decision: &Decision,
        mut stop: oneshot::Receiver<()>,
        mut report: impl FnMut(usize, DecisionOutcome),
    ) {
        let mut pending: VecDeque<usize> = (0..clearances.len()).collect();
        let mut running = FuturesUnordered::new();
        let mut limiter = ConcurrencyLimiter::new(self.pressure.count());
        loop {
            while running.len() < limiter.width
                && let Some(at) = pending.pop_front()
            {
                running.push(async move { (at, self.decide_once(&clearances[at], decision).await) });
            }
            tokio::select! {
                biased;
                _ = &mut stop, if !pending.is_empty() => pending.clear(),
                ended = running.next() => {
                    let Some((at, result)) = ended else { return };
                    report(at, DecisionOutcome::of(result));
                    limiter.ended(self.pressure.count());
                }
            }
        }
    }
}

/// The number of concurrent decisions: one more for every round without a rejection, half as many when the server asks to
/// wait (429, 503).
#[derive(Debug)]
struct ConcurrencyLimiter {
    width: usize,
    successes: usize,
    pressure: u64,
}

impl ConcurrencyLimiter {
    fn new(pressure: u64) -> Self {
        Self { width: FIRST_WIDTH, successes: 0, pressure }
    }

    fn ended(&mut self, pressure: u64) {
        if pressure != self.pressure {
            *self = Self { width: (self.width / 2).max(1), successes: 0, pressure };
            return;
        }
        self.successes += 1;
        if self.successes >= self.width {
            (self.width, self.successes) = ((self.width + 1).min(MOST_WIDTH), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concurrency_halves_when_throttled_and_recovers_slowly() {
        let mut limiter = ConcurrencyLimiter::new(0);
        (0..FIRST_WIDTH).for_each(|_| limiter.ended(0));
        assert_eq!(limiter.width, FIRST_WIDTH + 1);
        limiter.ended(3);
        assert_eq!(limiter.width, FIRST_WIDTH.div_ceil(2));
        (4..20).for_each(|pressure| limiter.ended(pressure));
        assert_eq!(limiter.width, 1);
        (0..10_000).for_each(|_| limiter.ended(19));
        assert_eq!(limiter.width, MOST_WIDTH);
    }
}
