//! The live list of requests: raw watch events in, small batches of rows out.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use kube::Api;
use kube::api::{WatchEvent, WatchParams};
use tokio::sync::mpsc::Sender;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::backoff::{Backoff, FORBIDDEN_PAUSE};
use super::status::WatchStatus;
use super::stream::{Stop, WATCH_SECONDS, send};
use crate::cluster::client::Cluster;
use crate::cluster::error::ClusterError;
use crate::cluster::list_reader::ListReader;
use crate::cluster::slim_request::SlimRequest;
use crate::domain::interner::{Interner, Uid};
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::Request;
use crate::domain::row::Row;
use crate::domain::verdict::evaluate_static;

/// Changes that follow each other within this time are sent together; the first after a pause is sent at once.
const DEBOUNCE: Duration = Duration::from_millis(40);
/// A batch is sent at this size without further waiting.
const BATCH: usize = 512;
/// A watch that has not ended by then is dead; a little more than [`WATCH_SECONDS`].
const WATCH_TIMEOUT: Duration = Duration::from_secs(65);
/// The shortest time between the starts of two watches, and the pause before a list after 410 (Gone).
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

/// Output of the watch.
#[derive(Debug)]
pub enum WatchMessage {
    /// A list begins. Requests that it does not contain by [`WatchMessage::Listed`] no longer exist.
    Restarted,
    /// New, changed and deleted requests.
    Changes(Vec<RequestChange>),
    /// The list is complete.
    Listed,
    /// The watch's status changed.
    Status(WatchStatus),
}

/// A change of one request.
#[derive(Debug)]
pub enum RequestChange {
    /// A request was created or changed.
    Applied(Row),
    /// The request with this uid was deleted.
    Deleted(Uid),
}

impl RequestChange {
    fn uid(&self) -> &Uid {
        match self {
            Self::Applied(row) => &row.uid,
            Self::Deleted(uid) => uid,
        }
    }
}

/// Watches all requests until the receiver is dropped. Rows carry the static verdict: of `policy` and the request alone.
pub async fn watch_requests(cluster: Cluster, policy: Arc<PolicyFile>, to: Sender<WatchMessage>) {
    let (batch, interner) = (Batch::default(), Interner::default());
    let mut watch =
        RequestWatcher { cluster, policy, to, batch, interner, is_live: false, backoff: Backoff::default() };
    while let Err(Stop::Broken(error)) = watch.run().await {
        if watch.report_broken(error).await.is_err() {
            return;
        }
    }
}

type RequestStop = Stop<kube::Error>;

struct RequestWatcher {
    cluster: Cluster,
    policy: Arc<PolicyFile>,
    to: Sender<WatchMessage>,
    batch: Batch,
    interner: Interner,
    /// Whether a watch has continued from the list.
    is_live: bool,
    backoff: Backoff,
}

impl RequestWatcher {
    /// One list and the watches that follow it, until one breaks.
    async fn run(&mut self) -> Result<Infallible, RequestStop> {
        let mut version = self.list().await?;
        loop {
            let began = Instant::now();
            self.follow(&mut version).await?;
            // A server that ends every watch at once is not asked in a tight loop.
            self.wait(sleep_until(began + SHORTEST_INTERVAL)).await?;
        }
    }

    /// Reads all requests. Returns the resourceVersion of the list.
    async fn list(&mut self) -> Result<String, RequestStop> {
        // Interned strings that no row of the new list has are dropped.
        self.interner = Interner::default();
        self.send(WatchMessage::Restarted).await?;
        let mut pages = ListReader::new(self.cluster.client.clone());
        while let Some(request) = self.wait(pages.next()).await?? {
            self.add(&request);
            self.flush_if_full().await?;
        }
        self.flush().await?;
        self.send(WatchMessage::Listed).await?;
        Ok(pages.version())
    }

    /// One watch from `version` on; `version` becomes that of the last event.
    async fn follow(&mut self, version: &mut String) -> Result<(), RequestStop> {
        let params = WatchParams::default().timeout(WATCH_SECONDS);
        let api = Api::<SlimRequest>::all(self.cluster.client.clone());
        let end = Instant::now() + WATCH_TIMEOUT;
        let events = timeout_at(end, api.watch(&params, version));
        let mut events = self.wait(events).await?.map_err(timed_out)??.boxed();
        if !self.is_live {
            self.is_live = true;
            self.backoff.reset();
            self.send(WatchMessage::Status(WatchStatus::Live)).await?;
        }
        while let Some(event) = self.wait(timeout_at(end, events.next())).await?.map_err(timed_out)? {
            match event? {
                WatchEvent::Added(SlimRequest { request, .. }) | WatchEvent::Modified(SlimRequest { request, .. }) => {
                    self.add(&request);
                    *version = request.pin.resource_version;
                }
                WatchEvent::Deleted(SlimRequest { request, .. }) => {
                    self.batch.add(RequestChange::Deleted(Uid::of(&request.pin.uid)));
                    *version = request.pin.resource_version;
                }
                WatchEvent::Bookmark(mark) => *version = mark.metadata.resource_version,
                WatchEvent::Error(status) => return Err(kube::Error::Api(status).into()),
            }
            self.flush_if_full().await?;
        }
        Ok(())
    }

    /// Awaits `next`, and sends the batch in the meantime when it is due.
    async fn wait<T>(&mut self, next: impl Future<Output = T>) -> Result<T, RequestStop> {
        let mut next = pin!(next);
        loop {
            let due = self.batch.due;
            tokio::select! {
                biased;
                next = &mut next => return Ok(next),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.flush().await?,
                () = self.to.closed() => return Err(Stop::ReceiverClosed),
            }
        }
    }

    fn add(&mut self, request: &Request) {
        let verdict = evaluate_static(request, &self.policy);
        self.batch.add(RequestChange::Applied(Row::new(request, &verdict, &mut self.interner)));
    }

    /// Reports that the watch broke, and waits before a new list is read. The rows stay until that is complete.
    async fn report_broken(&mut self, error: kube::Error) -> Result<(), RequestStop> {
        self.flush().await?;
        self.is_live = false;
        if matches!(&error, kube::Error::Api(status) if status.code == 410) {
            // The resourceVersion is too old. The server may answer so again at once.
            return self.wait(sleep(SHORTEST_INTERVAL)).await;
        }
        let error = self.cluster.error(error);
        tracing::warn!(%error, "the watch on certificatesigningrequests broke");
        let (status, wait) = if matches!(error, ClusterError::Forbidden { .. }) {
            let (verb, resource) = ("list and watch".to_owned(), "certificatesigningrequests".to_owned());
            (WatchStatus::Forbidden { verb, resource, message: error.to_string() }, FORBIDDEN_PAUSE)
        } else {
            self.backoff.failed(&error)
        };
        self.send(WatchMessage::Status(status)).await?;
        self.wait(sleep(wait)).await
    }

    async fn flush_if_full(&mut self) -> Result<(), RequestStop> {
        if self.batch.changes.len() >= BATCH { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), RequestStop> {
        let changes = self.batch.drain();
        if changes.is_empty() { Ok(()) } else { self.send(WatchMessage::Changes(changes)).await }
    }

    /// The channel is bounded, so a busy console slows reading down and nothing accumulates.
    async fn send(&mut self, message: WatchMessage) -> Result<(), RequestStop> {
        Ok(send(&self.to, message).await?)
    }
}

/// Pending changes; of several to one object only the last is kept.
#[derive(Default)]
struct Batch {
    changes: Vec<RequestChange>,
    positions: HashMap<Uid, usize>,
    due: Option<Instant>,
    sent: Option<Instant>,
}

impl Batch {
    fn add(&mut self, change: RequestChange) {
        if self.due.is_none() {
            let now = Instant::now();
            self.due = Some(self.sent.map_or(now, |sent| now.max(sent + DEBOUNCE)));
        }
        if let Some(position) = self.positions.get(change.uid()) {
            self.changes[*position] = change;
        } else {
            self.positions.insert(change.uid().clone(), self.changes.len());
            self.changes.push(change);
        }
    }

    fn drain(&mut self) -> Vec<RequestChange> {
        if self.due.take().is_some() {
            self.sent = Some(Instant::now());
        }
        self.positions.clear();
        std::mem::take(&mut self.changes)
    }
}

/// The watch has neither sent an event nor ended.
fn timed_out(_: Elapsed) -> kube::Error {
    kube::Error::ReadEvents(io::Error::new(io::ErrorKind::TimedOut, "the connection is dead"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::verdict::Verdict;

    #[test]
    fn a_batch_keeps_only_the_last_change_of_an_object() {
        let mut batch = Batch::default();
        let request = |version: &str| {
            let text = format!(r#"{{"metadata": {{"uid": "1", "resourceVersion": "{version}"}}, "spec": {{}}}}"#);
            serde_json::from_str::<SlimRequest>(&text).unwrap().request
        };
        let row = |version| Row::new(&request(version), &Verdict::default(), &mut Interner::default());
        for change in
            [RequestChange::Applied(row("1")), RequestChange::Deleted(Uid::of("2")), RequestChange::Applied(row("2"))]
        {
            batch.add(change);
        }
        let sent: Vec<_> = batch.drain();
        assert!(
            matches!(&sent[..], [RequestChange::Applied(row), RequestChange::Deleted(_)] if row.version.to_string() == "2")
        );
    }

    #[test]
    fn sends_the_first_change_after_a_pause_at_once_and_batches_the_next_ones() {
        let mut batch = Batch::default();
        batch.add(RequestChange::Deleted(Uid::of("1")));
        assert!(batch.due.is_some_and(|due| due <= Instant::now()));
        batch.drain();
        batch.add(RequestChange::Deleted(Uid::of("2")));
        assert!(batch.due.is_some_and(|due| due > Instant::now()), "it did not wait for others");
    }
}
