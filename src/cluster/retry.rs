//! Retries of requests that the server rejects because it is busy (429, 503, 504), and how often that happened.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::Response;
use kube::client::retry::RetryPolicy;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until};
use tower::retry::Policy;

use super::budget::too_long_a_wait;
use super::error::ClusterError;

/// How often the server has asked this client to wait, and until when.
#[derive(Debug, Clone, Default)]
pub(super) struct ThrottleSignal {
    count: Arc<AtomicU64>,
    last: Arc<watch::Sender<Option<Wait>>>,
}

/// The server asked this client to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// HTTP status: 429, 503 or 504.
    pub code: u16,
    /// The time of the retry.
    pub until: DateTime<Utc>,
}

impl ThrottleSignal {
    /// How often so far.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Option<Wait>> {
        self.last.subscribe()
    }

    /// The error of a request that did not complete within `seconds`, if the server asked to wait in that time. `before` is
    /// [`Self::count`] from its start.
    pub(super) fn busy(&self, before: u64, seconds: u64) -> Option<ClusterError> {
        let times = self.count() - before;
        let code = self.last.borrow().map(|wait| wait.code)?;
        (times > 0).then_some(ClusterError::Busy { code, times, seconds })
    }

    fn record(&self, code: u16, wait: Duration) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let until = Utc::now() + wait;
        self.last.send_if_modified(|last| {
            let is_later = last.is_none_or(|last| last.until < until);
            if is_later {
                *last = Some(Wait { code, until });
            }
            is_later
        });
    }
}

/// The longest extra pause.
const LONGEST_JITTER: Duration = Duration::from_secs(2);
/// 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Spreads the retries of requests that were rejected at the same time: if all were sent again at once, the server would
/// reject all but one of them again. The values are multiples of the golden ratio modulo 1, which are evenly spread however
/// many are taken; the random start keeps two processes apart.
#[derive(Debug, Clone)]
struct Jitter(Arc<AtomicU64>);

impl Jitter {
    fn starting_at(start: u64) -> Self {
        Self(Arc::new(AtomicU64::new(start)))
    }

    /// An extra pause after a pause of `wait`: shorter than `wait` and than [`LONGEST_JITTER`].
    fn after(&self, wait: Duration) -> Duration {
        let longest = wait.min(LONGEST_JITTER).as_nanos();
        let fraction = u128::from(self.0.fetch_add(GOLDEN, Ordering::Relaxed));
        // Less than two seconds in nanoseconds, which fits.
        Duration::from_nanos(u64::try_from((longest * fraction) >> 64).unwrap_or_default())
    }
}

/// The shortest and the longest pause before a retry where the server sends no `Retry-After`.
const PAUSES: [Duration; 2] = [Duration::from_millis(5), Duration::from_secs(5)];
const MOST_RETRIES: u32 = 15;

/// kube's retry policy (429, 503, 504; not before `Retry-After`) with jitter, which counts the retries. A long `Retry-After`
/// is not waited for but becomes an error (see [`super::budget`]).
#[derive(Clone)]
pub(super) struct CountingRetry {
    policy: RetryPolicy,
    pressure: ThrottleSignal,
    jitter: Jitter,
}

impl CountingRetry {
    /// Counts into `pressure`.
    pub(super) fn new(pressure: ThrottleSignal) -> Self {
        let [shortest, longest] = PAUSES;
        let policy = RetryPolicy::new(shortest, longest, MOST_RETRIES, true);
        let policy = policy.unwrap_or_else(|_| RetryPolicy::server_retry());
        Self { policy, pressure, jitter: Jitter::starting_at(RandomState::new().hash_one(0)) }
    }
}

impl<Request, Body, Failure> Policy<Request, Response<Body>, Failure> for CountingRetry
where
    RetryPolicy: Policy<Request, Response<Body>, Failure, Future = Sleep>,
{
    type Future = Sleep;

    fn retry(&mut self, request: &mut Request, result: &mut Result<Response<Body>, Failure>) -> Option<Sleep> {
        if result.as_ref().is_ok_and(|answer| too_long_a_wait(answer.headers()).is_some()) {
            return None;
        }
        let retry = self.policy.retry(request, result)?;
        let Ok(answer) = result.as_ref() else { return Some(retry) };
        let now = Instant::now();
        let wait = retry.deadline().saturating_duration_since(now);
        let wait = wait + self.jitter.after(wait);
        self.pressure.record(answer.status().as_u16(), wait);
        Some(sleep_until(now + wait))
    }

    fn clone_request(&mut self, request: &Request) -> Option<Request> {
        self.policy.clone_request(request)
    }
}

#[cfg(test)]
mod tests {
    use kube::client::Body;
    use tower::BoxError;

    use super::*;

    #[test]
    fn jitter_is_shorter_than_the_pause_and_than_two_seconds_and_evenly_spread() {
        for (wait, longest) in [(1000, 1000), (200, 200), (10_000, 2000)]
            .map(|(wait, longest)| (Duration::from_millis(wait), Duration::from_millis(longest)))
        {
            let jitter = Jitter::starting_at(u64::MAX - 5);
            let mut pauses: Vec<_> = (0..32).map(|_| jitter.after(wait)).collect();
            pauses.sort();
            assert!(pauses.iter().all(|pause| *pause < longest), "{pauses:?}");
            let gaps: Vec<_> = pauses.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
            assert!(gaps.iter().all(|gap| *gap > longest / 100 && *gap < longest / 10), "{gaps:?}");
        }
        assert_eq!(Jitter::starting_at(7).after(Duration::ZERO), Duration::ZERO);
    }

    #[tokio::test]
    async fn requests_that_are_rejected_together_are_retried_apart_and_not_before_the_server_asked() {
        let pressure = ThrottleSignal::default();
        let policy = CountingRetry::new(pressure.clone());
        let now = Instant::now();
        let mut deadlines: Vec<_> = (0..8)
            .map(|_| {
                let answer = Response::builder().status(429).header("Retry-After", "1").body(Body::empty()).unwrap();
                let mut result: Result<_, BoxError> = Ok(answer);
                let retry = policy.clone().retry(&mut http::Request::new(Body::empty()), &mut result).unwrap();
                retry.deadline() - now
            })
            .collect();
        deadlines.sort();
        assert!(deadlines[0] >= Duration::from_secs(1) && deadlines[7] < Duration::from_millis(2100), "{deadlines:?}");
        assert!(
            deadlines.windows(2).all(|pair| pair[1].saturating_sub(pair[0]) > Duration::from_millis(30)),
            "{deadlines:?}"
        );
        assert_eq!(pressure.count(), 8);
    }
}
