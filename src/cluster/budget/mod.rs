//! Limits on what a server may send, for every request of this program.
//!
//! A layer around the whole client counts the bytes of each response; lists also count their pages and objects. A limit
//! that is reached is an error in words.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, Stream, StreamExt};
use http::header::{ACCEPT, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::{Body, Frame, SizeHint};
use kube::api::ListParams;
use kube::runtime::watcher::{self, Event};
use tokio::time::timeout;
use tower::{BoxError, Layer, Service};

use crate::domain::validity;

/// Bytes of a response that is neither a list nor a watch.
const ANSWER: usize = 16 << 20;
/// Bytes of one page of a list that is buffered whole.
const PAGE: usize = 32 << 20;
/// Bytes of one page of a list that is decoded as a stream.
const STREAM: usize = 256 << 20;
/// Bytes of all pages of a list.
const LIST: usize = 1 << 30;
/// Bytes of all responses that are buffered at the same time.
const TOGETHER: usize = 48 << 20;
/// Bytes of an error response.
const REFUSAL: usize = 1 << 20;
/// Bytes of one event of a watch. etcd keeps no object of more than 1.5 MiB unless it is configured to.
const EVENT: usize = 4 << 20;
/// Objects of a list.
const OBJECTS: usize = 250_000;
/// Pages of a list.
const PAGES: usize = 10_000;
/// How long a list may send nothing.
pub(super) const SILENCE: Duration = Duration::from_secs(60);
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
    #[error("no data from the list for {} s", SILENCE.as_secs())]
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
    pub(super) const fn code(self) -> u16 {
        match self {
            Self::Answer { code, .. } | Self::Wait { code, .. } => code,
            _ => 200,
        }
    }

    /// The limit that an error of kube is about, if it is about one.
    pub(super) fn of(error: &kube::Error) -> Option<Self> {
        let mut error: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(this) = error {
            // An error of I/O is in the place of the one that it is made of.
            let made_of = this.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            let made_of = made_of.and_then(|error| error.downcast_ref::<Self>());
            if let Some(found) = this.downcast_ref::<Self>().or(made_of) {
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
pub(super) fn too_long_a_wait(headers: &HeaderMap) -> Option<u64> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    (seconds > LONGEST_WAIT.as_secs()).then_some(seconds)
}

/// The layer around a client.
#[derive(Debug, Clone, Default)]
pub(super) struct Budgets {
    lists: Lists,
    kept: Kept,
}

/// Bytes of the responses that are buffered now.
type Kept = Arc<AtomicUsize>;
/// Bytes read of each list so far, by path.
type Lists = Arc<Mutex<HashMap<String, usize>>>;

impl<S> Layer<S> for Budgets {
    type Service = Budgeted<S>;

    fn layer(&self, inner: S) -> Budgeted<S> {
        Budgeted { inner, of: self.clone() }
    }
}

/// A client with limits on its responses.
#[derive(Debug, Clone)]
pub(super) struct Budgeted<S> {
    inner: S,
    of: Budgets,
}

impl<S, A, B> Service<Request<A>> for Budgeted<S>
where
    S: Service<Request<A>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body<Data = Bytes>,
{
    type Response = Response<Bounded<B>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let (kind, kept) = (ResponseKind::of(&request, &self.of.lists), Arc::clone(&self.of.kept));
        let answer = self.inner.call(request);
        async move { bounded(answer.await.map_err(Into::into)?, kind, kept) }.boxed()
    }
}

fn bounded<B: Body>(answer: Response<B>, kind: ResponseKind, kept: Kept) -> Result<Response<Bounded<B>>, BoxError> {
    let status = answer.status();
    let code = status.as_u16();
    if matches!(code, 429 | 503)
        && let Some(seconds) = too_long_a_wait(answer.headers())
    {
        return Err(Exceeded::Wait { code, seconds }.into());
    }
    let kind = if status.is_success() { kind } else { ResponseKind::Refusal };
    let (head, inner) = answer.into_parts();
    let bounded = Bounded { inner, kind, code, read: 0, share: Share { kept, bytes: 0 } };
    // Content-Length is already too large.
    let length = usize::try_from(bounded.inner.size_hint().lower()).unwrap_or(usize::MAX);
    if length > bounded.most() {
        return Err(bounded.exceeded().into());
    }
    Ok(Response::from_parts(head, bounded))
}

/// The kind of a response, which decides its limit.
#[derive(Debug, Clone)]
enum ResponseKind {
    Ordinary,
    /// A page of a list: its limit in bytes, and the list's path.
    Page(usize, String, Lists),
    Watch,
    Refusal,
}

impl ResponseKind {
    fn of<A>(request: &Request<A>, lists: &Lists) -> Self {
        let (mut page, mut first) = (false, true);
        for parameter in request.uri().query().unwrap_or_default().split('&') {
            match parameter.split_once('=') {
                Some(("watch", "true" | "1")) => return Self::Watch,
                Some(("limit", _)) => page = true,
                Some(("continue", token)) => first = token.is_empty(),
                _ => {}
            }
        }
        if !page {
            return Self::Ordinary;
        }
        let path = request.uri().path().to_owned();
        if first {
            lists.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), 0);
        }
        let accept = request.headers().get(ACCEPT).map_or(&[][..], HeaderValue::as_bytes);
        let most = if accept.starts_with(b"application/vnd.kubernetes.protobuf") { STREAM } else { PAGE };
        Self::Page(most, path, Arc::clone(lists))
    }
}

/// A body that ends with an error at its limit.
pub(super) struct Bounded<B> {
    inner: B,
    kind: ResponseKind,
    code: u16,
    /// Bytes so far; of a watch those of the event that is being read.
    read: usize,
    share: Share,
}

/// What one response adds to the buffered bytes.
struct Share {
    kept: Kept,
    bytes: usize,
}

impl Share {
    fn add(&mut self, bytes: usize) -> Result<(), Exceeded> {
        self.bytes += bytes;
        let before = self.kept.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > TOGETHER { Err(Exceeded::Together) } else { Ok(()) }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.kept.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl<B> Bounded<B> {
    const fn most(&self) -> usize {
        match self.kind {
            ResponseKind::Ordinary => ANSWER,
            ResponseKind::Page(most, ..) => most,
            // Limited by time, and by event.
            ResponseKind::Watch => usize::MAX,
            ResponseKind::Refusal => REFUSAL,
        }
    }

    const fn exceeded(&self) -> Exceeded {
        Exceeded::Answer { code: self.code, most: self.most() }
    }

    fn count(&mut self, data: &[u8]) -> Result<(), Exceeded> {
        self.read = self.read.saturating_add(data.len());
        match &self.kind {
            ResponseKind::Watch => {
                // One event per line. A chunk usually ends with a line, so search from its end.
                if let Some(end) = data.iter().rposition(|byte| *byte == b'\n') {
                    self.read = data.len() - end - 1;
                }
                if self.read > EVENT { Err(Exceeded::Event) } else { Ok(()) }
            }
            _ if self.read > self.most() => Err(self.exceeded()),
            ResponseKind::Page(most, path, lists) => {
                if *most < STREAM {
                    self.share.add(data.len())?;
                }
                let mut lists = lists.lock().unwrap_or_else(PoisonError::into_inner);
                let all = lists.entry(path.clone()).or_default();
                *all = all.saturating_add(data.len());
                if *all > LIST { Err(Exceeded::List) } else { Ok(()) }
            }
            ResponseKind::Ordinary | ResponseKind::Refusal => self.share.add(data.len()),
        }
    }
}

impl<B> Body for Bounded<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(frame) = ready!(Pin::new(&mut self.inner).poll_frame(context)) else { return Poll::Ready(None) };
        let frame = frame.map_err(Into::into).and_then(|frame| {
            self.count(frame.data_ref().map_or(&[], |data| &data[..]))?;
            Ok(frame)
        });
        Poll::Ready(Some(frame))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Progress of a list, page by page.
#[derive(Debug)]
pub(super) struct Paging {
    limit: u32,
    token: Option<String>,
    pages: usize,
    objects: usize,
}

impl Paging {
    /// A list in pages of `limit` objects.
    pub(super) const fn new(limit: u32) -> Self {
        Self { limit, token: None, pages: 0, objects: 0 }
    }

    /// Makes `params` ask for the next page.
    pub(super) fn apply(&self, params: ListParams) -> ListParams {
        let params = params.limit(self.limit);
        match &self.token {
            Some(token) => params.continue_token(token),
            None => params,
        }
    }

    /// Another page size from now on.
    pub(super) const fn resize(&mut self, limit: u32) {
        self.limit = limit;
    }

    /// Counts `count` more objects.
    ///
    /// # Errors
    /// [`Exceeded::Objects`].
    pub(super) fn objects(&mut self, count: usize) -> Result<(), Exceeded> {
        self.objects += count;
        if self.objects > OBJECTS { Err(Exceeded::Objects) } else { Ok(()) }
    }

    /// Counts a page with this continue token; returns whether another page follows.
    ///
    /// # Errors
    /// [`Exceeded::Token`], [`Exceeded::Pages`].
    pub(super) fn page(&mut self, next: Option<String>) -> Result<bool, Exceeded> {
        self.pages += 1;
        let next = next.filter(|token| !token.is_empty());
        match &next {
            Some(_) if next == self.token => return Err(Exceeded::Token),
            Some(_) if self.pages >= PAGES => return Err(Exceeded::Pages),
            _ => {}
        }
        self.token = next;
        Ok(self.token.is_some())
    }
}

/// Progress of the initial list of a [`watcher::watcher`].
#[derive(Debug, Default)]
pub(super) struct Listing {
    complete: bool,
    objects: usize,
}

impl Listing {
    /// The watcher's next event; an error where the list stalls or does not end.
    pub(super) async fn next<S, K>(&mut self, events: &mut S) -> Option<watcher::Result<Event<K>>>
    where
        S: Stream<Item = watcher::Result<Event<K>>> + Unpin,
    {
        let wrong = |exceeded: Exceeded| Some(Err(watcher::Error::InitialListFailed(exceeded.into())));
        let event = if self.complete {
            events.next().await
        } else {
            let Ok(event) = timeout(SILENCE, events.next()).await else { return wrong(Exceeded::Silence) };
            event
        };
        match &event {
            Some(Ok(Event::Init)) => *self = Self::default(),
            Some(Ok(Event::InitApply(_))) if self.objects >= OBJECTS => return wrong(Exceeded::Objects),
            Some(Ok(Event::InitApply(_))) => self.objects += 1,
            Some(Ok(Event::InitDone)) => self.complete = true,
            _ => {}
        }
        event
    }
}

/// Whether one more object may be kept beside so many.
pub(crate) const fn may_keep_more(objects: usize) -> bool {
    objects < OBJECTS
}

#[cfg(test)]
mod tests;
