//! Many decisions at once: as many under way as the server takes gladly, each pinned, each told when it has ended.

use std::collections::VecDeque;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::oneshot;

use super::client::Cluster;
use super::error::ClusterError;
use super::requests::Decision;
use crate::domain::gate::Clearance;
use crate::domain::request::RequestState;

/// Decisions under way at first.
const FIRST: usize = 8;
/// Decisions under way at most.
const MOST: usize = 32;

/// What became of one decision among many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecisionOutcome {
    /// Made; the request stands so now.
    Done(RequestState),
    /// Not made: it is not any more what was on the screen, or somebody else has decided it.
    Changed(ClusterError),
    /// Not made: the server or this program does not let us.
    Refused(ClusterError),
    /// Not made, or nobody knows whether it was.
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
    /// Decides all that were cleared, each exactly in the version that its clearance names, and tells of each by its place. When the other
    /// end of `stop` is dropped none is begun any more; those under way are waited for.
    pub(crate) async fn decide_all(
        &self,
        clearances: &[Clearance],
        decision: &Decision,
        mut stop: oneshot::Receiver<()>,
        mut tell: impl FnMut(usize, DecisionOutcome),
    ) {
        let mut left: VecDeque<usize> = (0..clearances.len()).collect();
        let mut under_way = FuturesUnordered::new();
        let mut pace = ConcurrencyLimiter::new(self.pressure.count());
        loop {
            while under_way.len() < pace.width
                && let Some(at) = left.pop_front()
            {
                under_way.push(async move { (at, self.decide_once(&clearances[at], decision).await) });
            }
            tokio::select! {
                biased;
                _ = &mut stop, if !left.is_empty() => left.clear(),
                ended = under_way.next() => {
                    let Some((at, result)) = ended else { return };
                    tell(at, DecisionOutcome::of(result));
                    pace.ended(self.pressure.count());
                }
            }
        }
    }
}

/// How many decisions are under way: one more for every round that went well, half as many when the server asked us to
/// wait (429, 503).
#[derive(Debug)]
struct ConcurrencyLimiter {
    width: usize,
    well: usize,
    pressure: u64,
}

impl ConcurrencyLimiter {
    fn new(pressure: u64) -> Self {
        Self { width: FIRST, well: 0, pressure }
    }

    fn ended(&mut self, pressure: u64) {
        if pressure != self.pressure {
            *self = Self { width: (self.width / 2).max(1), well: 0, pressure };
            return;
        }
        self.well += 1;
        if self.well >= self.width {
            (self.width, self.well) = ((self.width + 1).min(MOST), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_slower_when_the_server_asks_for_it_and_faster_again_when_all_goes_well() {
        let mut pace = ConcurrencyLimiter::new(0);
        (0..FIRST).for_each(|_| pace.ended(0));
        assert_eq!(pace.width, FIRST + 1);
        pace.ended(3);
        assert_eq!(pace.width, FIRST.div_ceil(2));
        (4..20).for_each(|pressure| pace.ended(pressure));
        assert_eq!(pace.width, 1);
        (0..10_000).for_each(|_| pace.ended(19));
        assert_eq!(pace.width, MOST);
    }
}
