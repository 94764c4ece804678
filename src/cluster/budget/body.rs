//! The layer that limits the bodies of responses.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::header::ACCEPT;
use http::{HeaderValue, Request, Response};
use http_body::{Body, Frame, SizeHint};
use tower::{BoxError, Layer, Service};

use super::limits::{ANSWER, EVENT, Exceeded, LIST, PAGE, REFUSAL, STREAM, TOGETHER, too_long_a_wait};

/// The layer around a client.
#[derive(Debug, Clone, Default)]
pub(in crate::cluster) struct Budgets {
    lists: Lists,
    kept: Kept,
}

/// Bytes of the responses that are buffered now.
pub(super) type Kept = Arc<AtomicUsize>;
/// Bytes read of each list so far, by path.
pub(super) type Lists = Arc<Mutex<HashMap<String, usize>>>;

impl<S> Layer<S> for Budgets {
    type Service = Budgeted<S>;

    fn layer(&self, inner: S) -> Budgeted<S> {
        Budgeted { inner, of: self.clone() }
    }
}

/// A client with limits on its responses.
#[derive(Debug, Clone)]
pub(in crate::cluster) struct Budgeted<S> {
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

pub(super) fn bounded<B: Body>(
    answer: Response<B>,
    kind: ResponseKind,
    kept: Kept,
) -> Result<Response<Bounded<B>>, BoxError> {
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
pub(super) enum ResponseKind {
    Ordinary,
    /// A page of a list: its limit in bytes, and the list's path.
    Page(usize, String, Lists),
    Watch,
    Refusal,
}

impl ResponseKind {
    pub(super) fn of<A>(request: &Request<A>, lists: &Lists) -> Self {
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
pub(in crate::cluster) struct Bounded<B> {
    pub(super) inner: B,
    pub(super) kind: ResponseKind,
    pub(super) code: u16,
    /// Bytes so far; of a watch those of the event that is being read.
    pub(super) read: usize,
    pub(super) share: Share,
}

/// What one response adds to the buffered bytes.
pub(super) struct Share {
    pub(super) kept: Kept,
    pub(super) bytes: usize,
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

    pub(super) fn count(&mut self, data: &[u8]) -> Result<(), Exceeded> {
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
