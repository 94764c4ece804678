//! The live list of requests: raw watch events in, small batches of slim rows out.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use kube::Api;
use kube::api::{WatchEvent, WatchParams};
use tokio::sync::mpsc::Sender;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::budget::Exceeded;
use super::{Cluster, ClusterError};
use crate::cluster::list_reader::ListReader;
use crate::cluster::slim_request::SlimRequest;
use crate::domain::interner::{Interner, Uid};
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::Request;
use crate::domain::row::Row;
use crate::domain::verdict::evaluate_static;

/// Changes that follow each other within this time are sent together; the first after a pause is sent at once.
const GATHER: Duration = Duration::from_millis(40);
/// A batch is sent at this size without further waiting.
const BATCH: usize = 512;
/// The watch is asked to end after so many seconds, and is then gone on with: a dead connection is noticed by that.
const WATCH_SECONDS: u32 = 60;
/// One that has not ended by then is dead.
const SILENCE: Duration = Duration::from_secs(65);
/// How long a watch lasts at least before the next one, and how long a list that was refused is not asked for again.
const AT_LEAST: Duration = Duration::from_secs(1);

/// What the watch has to tell.
#[derive(Debug)]
pub enum Message {
    /// A list begins; what it does not mention until [`Message::Listed`] is gone.
    Restarted,
    /// Rows that are new or changed, and those that are gone.
    Changes(Vec<RequestChange>),
    /// The list is complete.
    Listed,
    /// How the watch fares.
    Status(WatchStatus),
}

/// One change.
#[derive(Debug)]
pub enum RequestChange {
    /// A request is there, or is different.
    Applied(Row),
    /// The request with this uid is gone.
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

/// How a watch fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchStatus {
    /// The first list is being read.
    Loading,
    /// What is shown is what is there.
    Live,
    /// The connection is lost; what is shown is old.
    Degraded {
        /// What happened.
        why: String,
        /// Since when.
        since: DateTime<Utc>,
        /// When it is tried again.
        next_try: DateTime<Utc>,
    },
    /// We may not see it.
    Forbidden {
        /// `list` or `watch`.
        verb: String,
        /// The resource.
        resource: String,
        /// What the server said.
        message: String,
    },
}

/// The status of a watch with more objects than are kept.
pub(crate) fn cut_off(now: DateTime<Utc>) -> WatchStatus {
    WatchStatus::Degraded { why: Exceeded::Objects.to_string(), since: now, next_try: now }
}

/// Watches all requests for as long as somebody listens. Rows come with what `policy` and the request say by themselves.
pub async fn requests(cluster: Cluster, policy: Arc<PolicyFile>, to: Sender<Message>) {
    let (batch, interner) = (Batch::default(), Interner::default());
    let mut watch = RequestWatcher { cluster, policy, to, batch, interner, live: false, tries: 0, since: None };
    while let Err(Stop::Broken(error)) = watch.run().await {
        if watch.broken(error).await.is_err() {
            return;
        }
    }
}

struct RequestWatcher {
    cluster: Cluster,
    policy: Arc<PolicyFile>,
    to: Sender<Message>,
    batch: Batch,
    interner: Interner,
    /// A watch goes on from the list.
    live: bool,
    /// Times in a row that none did.
    tries: u32,
    since: Option<DateTime<Utc>>,
}

/// Why it is not gone on with.
enum Stop {
    /// Nobody listens any more.
    Unheard,
    /// The connection broke, or the server refused.
    Broken(kube::Error),
}

impl From<kube::Error> for Stop {
    fn from(error: kube::Error) -> Self {
        Self::Broken(error)
    }
}

impl RequestWatcher {
    /// One list and the watches that follow it, until one breaks.
    async fn run(&mut self) -> Result<Infallible, Stop> {
        let mut version = self.list().await?;
        loop {
            let began = Instant::now();
            self.follow(&mut version).await?;
            // Whatever ends watches at once must not be asked as fast as it does.
            self.wait(sleep_until(began + AT_LEAST)).await?;
        }
    }

    /// Reads all requests. Gives the resourceVersion that they are of.
    async fn list(&mut self) -> Result<String, Stop> {
        // What no row of the new list has is not kept for ever.
        self.interner = Interner::default();
        self.send(Message::Restarted).await?;
        let mut pages = ListReader::new(self.cluster.client.clone());
        while let Some(request) = self.wait(pages.next()).await?? {
            self.add(&request);
            self.flush_if_full().await?;
        }
        self.flush().await?;
        self.send(Message::Listed).await?;
        Ok(pages.version())
    }

    /// One watch from `version` on, which is that of the last event afterwards.
    async fn follow(&mut self, version: &mut String) -> Result<(), Stop> {
        let params = WatchParams::default().timeout(WATCH_SECONDS);
        let api = Api::<SlimRequest>::all(self.cluster.client.clone());
        let end = Instant::now() + SILENCE;
        let events = timeout_at(end, api.watch(&params, version));
        let mut events = self.wait(events).await?.map_err(silent)??.boxed();
        if !self.live {
            (self.live, self.tries, self.since) = (true, 0, None);
            self.send(Message::Status(WatchStatus::Live)).await?;
        }
        while let Some(event) = self.wait(timeout_at(end, events.next())).await?.map_err(silent)? {
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

    /// Waits for what comes next. What has been gathered is sent when it is due meanwhile.
    async fn wait<T>(&mut self, next: impl Future<Output = T>) -> Result<T, Stop> {
        let mut next = pin!(next);
        loop {
            let due = self.batch.due;
            tokio::select! {
                biased;
                next = &mut next => return Ok(next),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.flush().await?,
                () = self.to.closed() => return Err(Stop::Unheard),
            }
        }
    }

    fn add(&mut self, request: &Request) {
        let alone = evaluate_static(request, &self.policy);
        self.batch.add(RequestChange::Applied(Row::new(request, &alone, &mut self.interner)));
    }

    /// The connection broke. A new list is read after a while; the rows stay until it is complete.
    async fn broken(&mut self, error: kube::Error) -> Result<(), Stop> {
        self.flush().await?;
        self.live = false;
        if matches!(&error, kube::Error::Api(status) if status.code == 410) {
            // So old is what it was asked to go on from. It may say so again at once.
            return self.wait(sleep(AT_LEAST)).await;
        }
        let error = self.cluster.error(error);
        tracing::warn!(%error, "the watch on certificatesigningrequests broke");
        let wait =
            if matches!(error, ClusterError::Forbidden { .. }) { Duration::from_secs(30) } else { backoff(self.tries) };
        self.tries += 1;
        let now = Utc::now();
        let since = *self.since.get_or_insert(now);
        let status = match &error {
            ClusterError::Forbidden { .. } => WatchStatus::Forbidden {
                verb: "list and watch".to_owned(),
                resource: "certificatesigningrequests".to_owned(),
                message: error.to_string(),
            },
            other => WatchStatus::Degraded { why: other.to_string(), since, next_try: now + wait },
        };
        self.send(Message::Status(status)).await?;
        self.wait(sleep(wait)).await
    }

    async fn flush_if_full(&mut self) -> Result<(), Stop> {
        if self.batch.changes.len() >= BATCH { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), Stop> {
        let changes = self.batch.drain();
        if changes.is_empty() { Ok(()) } else { self.send(Message::Changes(changes)).await }
    }

    /// The channel is bounded: a console that is busy slows the reading down and nothing piles up.
    async fn send(&mut self, message: Message) -> Result<(), Stop> {
        self.to.send(message).await.map_err(|_| Stop::Unheard)
    }
}

/// Half a second, doubled with every try in a row, to at most fifteen.
fn backoff(tries: u32) -> Duration {
    Duration::from_millis(500 << tries.min(5)).min(Duration::from_secs(15))
}

/// Changes gathered; of several to one object only the last is kept.
#[derive(Default)]
struct Batch {
    changes: Vec<RequestChange>,
    places: HashMap<Uid, usize>,
    due: Option<Instant>,
    sent: Option<Instant>,
}

impl Batch {
    fn add(&mut self, change: RequestChange) {
        if self.due.is_none() {
            let now = Instant::now();
            self.due = Some(self.sent.map_or(now, |sent| now.max(sent + GATHER)));
        }
        if let Some(place) = self.places.get(change.uid()) {
            self.changes[*place] = change;
        } else {
            self.places.insert(change.uid().clone(), self.changes.len());
            self.changes.push(change);
        }
    }

    fn drain(&mut self) -> Vec<RequestChange> {
        if self.due.take().is_some() {
            self.sent = Some(Instant::now());
        }
        self.places.clear();
        std::mem::take(&mut self.changes)
    }
}

/// It has neither told anything nor ended.
fn silent(_: Elapsed) -> kube::Error {
    kube::Error::ReadEvents(io::Error::new(io::ErrorKind::TimedOut, "the connection is dead"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::verdict::Verdict;

    #[test]
    fn of_several_changes_to_one_object_only_the_last_is_sent() {
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
    fn the_first_change_after_a_pause_is_sent_at_once_and_those_that_follow_together() {
        let mut batch = Batch::default();
        batch.add(RequestChange::Deleted(Uid::of("1")));
        assert!(batch.due.is_some_and(|due| due <= Instant::now()));
        batch.drain();
        batch.add(RequestChange::Deleted(Uid::of("2")));
        assert!(batch.due.is_some_and(|due| due > Instant::now()), "it did not wait for others");
    }

    #[test]
    fn a_server_that_stays_away_is_not_asked_more_often_than_every_fifteen_seconds() {
        assert_eq!(backoff(0), Duration::from_millis(500));
        assert_eq!(backoff(40), Duration::from_secs(15));
    }
}
