//! Idle connections: those without a request or response in progress. They are closed after a while, whether the client
//! sends nothing or never completes its request.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::watch;
use tokio::time::timeout;

/// How long a connection may be idle, as in kube-apiserver (`IdleTimeout`).
pub(super) const IDLE: Duration = Duration::from_secs(90);

/// The requests in progress of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Usage {
    count: watch::Sender<usize>,
    patience: Duration,
}

impl Usage {
    /// For a connection that may be idle for `patience`.
    pub(crate) fn new(patience: Duration) -> Self {
        Self { count: watch::Sender::new(0), patience }
    }

    /// A request begins.
    pub(crate) fn begin(&self) -> Using {
        self.count.send_modify(|count| *count += 1);
        Using(self.count.clone())
    }

    /// Returns when the connection has been idle for too long.
    pub(crate) async fn idle(&self) {
        let mut count = self.count.subscribe();
        loop {
            let busy = *count.borrow_and_update() > 0;
            let changed = count.changed();
            if busy {
                // Cannot fail: `self` holds a sender.
                let _ = changed.await;
            } else if timeout(self.patience, changed).await.is_err() {
                return;
            }
        }
    }
}

/// A request in progress.
#[derive(Debug)]
pub(crate) struct Using(watch::Sender<usize>);

impl Using {
    /// Ends with the response's body.
    pub(crate) const fn until_sent<B>(self, body: B) -> Sending<B> {
        Sending { body, _using: self }
    }
}

impl Drop for Using {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// A response body in progress.
#[derive(Debug)]
pub(crate) struct Sending<B> {
    body: B,
    _using: Using,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Sending<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test]
    async fn connection_is_idle_without_requests_and_responses() {
        let patience = Duration::from_millis(100);
        let usage = Usage::new(patience);
        let began = Instant::now();
        usage.idle().await;
        assert!(began.elapsed() >= patience);
        let (first, second) = (usage.begin(), usage.begin());
        drop(first);
        assert!(timeout(patience * 3, usage.idle()).await.is_err(), "a request is in progress");
        let (began, answer) = (Instant::now(), second.until_sent("answer"));
        assert!(timeout(patience * 3, usage.idle()).await.is_err(), "its response is in progress");
        drop(answer);
        usage.idle().await;
        assert!(began.elapsed() >= patience * 4);
    }
}
