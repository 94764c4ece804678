//! Many decisions at once: as many under way as the server takes gladly, each pinned, each told when it has ended.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use http::Response;
use kube::client::retry::RetryPolicy;
use tokio::sync::{oneshot, watch};
use tokio::time::Sleep;
use tower::retry::Policy;

use super::budget::too_long_a_wait;
use super::{Cluster, ClusterError, Decision};
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
                | ClusterError::Gone { .. }
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
    /// When the server last asked us to wait.
    pub(crate) fn waits(&self) -> watch::Receiver<Option<Wait>> {
        self.pressure.last.subscribe()
    }

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

/// How often the server has asked us to wait, and until when it last did.
#[derive(Debug, Clone, Default)]
pub(super) struct ThrottleSignal {
    count: Arc<AtomicU64>,
    last: Arc<watch::Sender<Option<Wait>>>,
}

/// The server asked us to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// HTTP status: 429, 503 or 504.
    pub code: u16,
    /// When it is asked again.
    pub until: DateTime<Utc>,
}

impl ThrottleSignal {
    /// So often until now.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// The error of a request that did not come to its end within so many seconds, if the server put us off meanwhile;
    /// `before` is [`Self::count`] from its beginning.
    pub(crate) fn busy(&self, before: u64, seconds: u64) -> Option<ClusterError> {
        let times = self.count() - before;
        let code = self.last.borrow().map(|wait| wait.code)?;
        (times > 0).then_some(ClusterError::Busy { code, times, seconds })
    }

    fn asked(&self, code: u16, wait: Duration) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let until = Utc::now() + wait;
        self.last.send_if_modified(|last| {
            let later = last.is_none_or(|last| last.until < until);
            if later {
                *last = Some(Wait { code, until });
            }
            later
        });
    }
}

/// The shortest and longest pause before a retry where the server does not send `Retry-After`, and the number of retries.
const PAUSES: [Duration; 2] = [Duration::from_millis(5), Duration::from_secs(5)];
const TRIES: u32 = 15;

/// kube's policy of trying again (429, 503, 504; as long after as Retry-After says), which counts how often it had to.
/// A long `Retry-After` is not waited for but becomes an error (see [`super::budget`]).
#[derive(Clone)]
pub(super) struct CountingRetry {
    policy: RetryPolicy,
    pressure: ThrottleSignal,
}

impl CountingRetry {
    /// Counts into `pressure`.
    pub(crate) fn new(pressure: ThrottleSignal) -> Self {
        let [shortest, longest] = PAUSES;
        let policy = RetryPolicy::new(shortest, longest, TRIES, true);
        Self { policy: policy.unwrap_or_else(|_| RetryPolicy::server_retry()), pressure }
    }
}

impl<Request, Body, Failure> Policy<Request, Response<Body>, Failure> for CountingRetry
where
    RetryPolicy: Policy<Request, Response<Body>, Failure, Future = Sleep>,
{
    type Future = <RetryPolicy as Policy<Request, Response<Body>, Failure>>::Future;

    fn retry(&mut self, request: &mut Request, result: &mut Result<Response<Body>, Failure>) -> Option<Self::Future> {
        if result.as_ref().is_ok_and(|answer| too_long_a_wait(answer.headers()).is_some()) {
            return None;
        }
        let again = self.policy.retry(request, result);
        if let (Some(again), Ok(answer)) = (&again, result.as_ref()) {
            let wait = again.deadline().saturating_duration_since(tokio::time::Instant::now());
            self.pressure.asked(answer.status().as_u16(), wait);
        }
        again
    }

    fn clone_request(&mut self, request: &Request) -> Option<Request> {
        self.policy.clone_request(request)
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
