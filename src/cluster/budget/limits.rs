//! The limits, and the error of each.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;

use crate::domain::validity;

/// Bytes of a response that is neither a list nor a watch.
pub(super) const ANSWER: usize = 16 << 20;
/// Bytes of one page of a list that is buffered whole.
pub(super) const PAGE: usize = 32 << 20;
/// Bytes of one page of a list that is decoded as a stream.
pub(super) const STREAM: usize = 256 << 20;
/// Bytes of all pages of a list.
pub(super) const LIST: usize = 1 << 30;
/// Bytes of all responses that are buffered at the same time.
pub(super) const TOGETHER: usize = 48 << 20;
/// Bytes of an error response.
pub(super) const REFUSAL: usize = 1 << 20;
/// Bytes of one event of a watch. etcd keeps no object of more than 1.5 MiB unless it is configured to.
pub(super) const EVENT: usize = 4 << 20;
/// Objects of a list.
pub(super) const OBJECTS: usize = 250_000;
/// Pages of a list.
pub(super) const PAGES: usize = 10_000;
/// How long a list may send nothing.
pub(in crate::cluster) const LIST_IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest `Retry-After` that is waited for.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A limit that a response has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Exceeded {
    /// A response is too large.
    #[error("the response is larger than {} MiB; the rest was not read", most >> 20)]
    Answer {
        /// HTTP status.
        code: u16,
        /// The limit in bytes.
        most: usize,
    },
    /// All responses that are being read are too large in total.
    #[error("its responses are larger than {} MiB in total; the rest was not read", TOGETHER >> 20)]
    Together,
    /// All pages of a list are too large in total.
    #[error("the list is larger than {} MiB; the rest was not read", LIST >> 20)]
    List,
    /// An event of a watch is too large.
    #[error("a watch event is larger than {} MiB; the rest was not read", EVENT >> 20)]
    Event,
    /// A list has too many objects.
    #[error("the list has more than {OBJECTS} objects; the rest was not read")]
    Objects,
    /// A list has too many pages.
    #[error("the list has more than {PAGES} pages; the rest was not read")]
    Pages,
    /// A page is its own next page.
    #[error("the list does not end: a page has its own continue token")]
    Token,
    /// A list has sent nothing for too long.
    #[error("no data from the list for {} s", LIST_IDLE_TIMEOUT.as_secs())]
    Silence,
    /// A page of a list is too slow.
    #[error("a page of the list did not arrive in time")]
    Slow,
    /// `Retry-After` is too long.
    #[error("it accepts another request only after {} (Retry-After)", validity::age(i64::try_from(*seconds).unwrap_or(i64::MAX)))]
    Wait {
        /// HTTP status.
        code: u16,
        /// `Retry-After`.
        seconds: u64,
    },
}

impl Exceeded {
    /// The HTTP status.
    pub(in crate::cluster) const fn code(self) -> u16 {
        match self {
            Self::Answer { code, .. } | Self::Wait { code, .. } => code,
            _ => 200,
        }
    }

    /// The limit that an error of kube reports, if any.
    pub(in crate::cluster) fn of(error: &kube::Error) -> Option<Self> {
        let mut error: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(this) = error {
            // The inner error of an io::Error is not among its sources.
            let inner = this.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            let inner = inner.and_then(|error| error.downcast_ref::<Self>());
            if let Some(found) = this.downcast_ref::<Self>().or(inner) {
                return Some(*found);
            }
            error = this.source();
        }
        None
    }
}

impl From<Exceeded> for kube::Error {
    fn from(exceeded: Exceeded) -> Self {
        Self::Service(Box::new(exceeded))
    }
}

/// `Retry-After` in seconds, where it is too long to wait for.
pub(in crate::cluster) fn too_long_a_wait(headers: &HeaderMap) -> Option<u64> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    (seconds > LONGEST_WAIT.as_secs()).then_some(seconds)
}
