//! The live list of requests: raw watch events in, small batches of slim rows out.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::stream::BoxStream;
use kube::Api;
use kube::api::ListParams;
use kube::runtime::watcher::{self, Event, watcher};
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::listed::Listed;
use super::{Cluster, Error};
use crate::domain::compact::{Interner, Uid};
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::Request;
use crate::domain::row::Row;
use crate::domain::verdict::{Verdict, judge_alone, rules};

/// Changes that follow each other within this time are sent together; the first after a pause is sent at once.
const GATHER: Duration = Duration::from_millis(40);
/// A batch is sent at this size without further waiting.
const BATCH: usize = 512;
/// The watch is asked to end after so many seconds, and is then gone on with: a dead connection is noticed by that.
const WATCH_SECONDS: u32 = 60;
/// Objects that are asked for first, by themselves: a server takes its time before it begins to stream a large list, and
/// no time for a short one.
const FIRST: u32 = 100;
/// How long those may keep the list waiting.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Objects a page where the server streams no lists (before Kubernetes 1.32, or with `WatchList` off).
const PAGE: u32 = 500;

/// What the watch has to tell.
#[derive(Debug)]
pub enum Message {
    /// A list begins; what it does not mention until [`Message::Listed`] is gone.
    Restarted,
    /// Rows that are new or changed, and those that are gone.
    Changes(Vec<Change>),
    /// The list is complete.
    Listed,
    /// How the watch fares.
    Status(WatchStatus),
}

/// One change.
#[derive(Debug)]
pub enum Change {
    /// A request is there, or is different.
    Applied(Row),
    /// The request with this uid is gone.
    Deleted(Uid),
}

impl Change {
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

/// Watches all requests for as long as somebody listens. Rows come with what `policy` and the request say by themselves.
pub async fn requests(cluster: Cluster, policy: Arc<PolicyFile>, to: Sender<Message>) {
    let (batch, interner) = (Batch::default(), Interner::default());
    let mut watch = Watch { cluster, policy, to, batch, interner, streaming: true, tries: 0, since: None };
    if watch.first_rows().await.is_some() {
        while watch.run().await.is_some() {}
    }
}

struct Watch {
    cluster: Cluster,
    policy: Arc<PolicyFile>,
    to: Sender<Message>,
    batch: Batch,
    interner: Interner,
    streaming: bool,
    tries: u32,
    since: Option<DateTime<Utc>>,
}

type Events = BoxStream<'static, watcher::Result<Event<Listed>>>;

impl Watch {
    /// A few rows at once, so that there is something to look at while the list is read. They are part of that list, or
    /// gone when it is complete. `None`: nobody listens any more.
    async fn first_rows(&mut self) -> Option<()> {
        let api = Api::<Listed>::all(self.cluster.client.clone());
        let few = ListParams::default().limit(FIRST);
        // What goes wrong here goes wrong again with the list, and is told then.
        let Ok(Ok(few)) = timeout(FIRST_WAIT, api.list(&few)).await else { return Some(()) };
        self.send(Message::Restarted).await?;
        few.items.into_iter().for_each(|Listed { request, .. }| self.add(&request));
        self.flush().await
    }

    fn add(&mut self, request: &Request) {
        let row = Row::new(request, &self.glance(request), &mut self.interner);
        self.batch.add(Change::Applied(row));
    }

    /// One list and the watch that follows it, until it breaks. `None`: nobody listens any more.
    async fn run(&mut self) -> Option<()> {
        let mut config = watcher::Config::default().timeout(WATCH_SECONDS).page_size(PAGE);
        if self.streaming {
            config = config.streaming_lists();
        }
        let mut events: Events = watcher(Api::<Listed>::all(self.cluster.client.clone()), config).boxed();
        loop {
            let event = if let Some(due) = self.batch.due {
                if let Ok(event) = timeout_at(due, events.next()).await {
                    event
                } else {
                    self.flush().await?;
                    continue;
                }
            } else {
                tokio::select! {
                    event = events.next() => event,
                    () = self.to.closed() => return None,
                }
            };
            match event {
                Some(Ok(event)) => self.take(event).await?,
                Some(Err(error)) => return self.broken(error).await,
                None => return Some(()),
            }
        }
    }

    async fn take(&mut self, event: Event<Listed>) -> Option<()> {
        match event {
            Event::Init => {
                self.flush().await?;
                // What no row of the new list has is not kept for ever.
                self.interner = Interner::default();
                self.send(Message::Restarted).await
            }
            Event::InitApply(Listed { request, .. }) | Event::Apply(Listed { request, .. }) => {
                self.add(&request);
                self.flush_if_full().await
            }
            Event::Delete(Listed { request, .. }) => {
                self.batch.add(Change::Deleted(Uid::of(&request.pin.uid)));
                self.flush_if_full().await
            }
            Event::InitDone => {
                self.flush().await?;
                (self.tries, self.since) = (0, None);
                self.send(Message::Listed).await?;
                self.send(Message::Status(WatchStatus::Live)).await
            }
        }
    }

    /// What a request says by itself. Signatures are left to the API server, which checked each when it was created, and
    /// to the detail: a hundred thousand of them take seconds.
    fn glance(&self, request: &Request) -> Verdict {
        let mut verdict = judge_alone(request, &self.policy);
        verdict.findings.retain(|finding| finding.rule != rules::SIGNATURE_UNCHECKED.id);
        verdict
    }

    /// The connection broke. A new list is read after a while; the rows stay until it is complete.
    async fn broken(&mut self, error: watcher::Error) -> Option<()> {
        self.flush().await?;
        let expired = matches!(&error, watcher::Error::WatchError(status) if status.code == 410);
        let error = in_our_words(error, &self.cluster.server);
        if expired {
            return Some(());
        }
        // A server without streaming lists refuses the parameter (422, 400 or 403 by its words), before any object.
        if self.streaming && matches!(error, Error::Invalid { .. }) {
            self.streaming = false;
            return Some(());
        }
        tracing::warn!(%error, "the watch on certificatesigningrequests broke");
        let wait = if matches!(error, Error::Forbidden { .. }) { Duration::from_secs(30) } else { backoff(self.tries) };
        self.tries += 1;
        let now = Utc::now();
        let since = *self.since.get_or_insert(now);
        let status = match &error {
            Error::Forbidden { .. } => WatchStatus::Forbidden {
                verb: "list and watch".to_owned(),
                resource: "certificatesigningrequests".to_owned(),
                message: error.to_string(),
            },
            other => WatchStatus::Degraded { why: other.to_string(), since, next_try: now + wait },
        };
        self.send(Message::Status(status)).await?;
        tokio::select! {
            () = sleep(wait) => Some(()),
            () = self.to.closed() => None,
        }
    }

    async fn flush_if_full(&mut self) -> Option<()> {
        if self.batch.changes.len() >= BATCH { self.flush().await } else { Some(()) }
    }

    async fn flush(&mut self) -> Option<()> {
        let changes = self.batch.drain();
        if changes.is_empty() { Some(()) } else { self.send(Message::Changes(changes)).await }
    }

    /// The channel is bounded: a console that is busy slows the reading down and nothing piles up.
    async fn send(&mut self, message: Message) -> Option<()> {
        self.to.send(message).await.ok()
    }
}

/// Half a second, doubled with every try in a row, to at most fifteen.
fn backoff(tries: u32) -> Duration {
    Duration::from_millis(500 << tries.min(5)).min(Duration::from_secs(15))
}

/// Changes gathered; of several to one object only the last is kept.
#[derive(Default)]
struct Batch {
    changes: Vec<Change>,
    places: HashMap<Uid, usize>,
    due: Option<Instant>,
    sent: Option<Instant>,
}

impl Batch {
    fn add(&mut self, change: Change) {
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

    fn drain(&mut self) -> Vec<Change> {
        if self.due.take().is_some() {
            self.sent = Some(Instant::now());
        }
        self.places.clear();
        std::mem::take(&mut self.changes)
    }
}

/// A watcher's error in our words.
pub(super) fn in_our_words(error: watcher::Error, server: &str) -> Error {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => Error::from_kube(error, server),
        watcher::Error::WatchError(status) => Error::from_status(&status, server),
        watcher::Error::NoResourceVersion => {
            Error::Server { code: 200, message: "the list has no resourceVersion".to_owned() }
        }
    }
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
            serde_json::from_str::<Listed>(&text).unwrap().request
        };
        let row = |version| Row::new(&request(version), &Verdict::default(), &mut Interner::default());
        for change in [Change::Applied(row("1")), Change::Deleted(Uid::of("2")), Change::Applied(row("2"))] {
            batch.add(change);
        }
        let sent: Vec<_> = batch.drain();
        assert!(matches!(&sent[..], [Change::Applied(row), Change::Deleted(_)] if row.version.to_string() == "2"));
    }

    #[test]
    fn the_first_change_after_a_pause_is_sent_at_once_and_those_that_follow_together() {
        let mut batch = Batch::default();
        batch.add(Change::Deleted(Uid::of("1")));
        assert!(batch.due.is_some_and(|due| due <= Instant::now()));
        batch.drain();
        batch.add(Change::Deleted(Uid::of("2")));
        assert!(batch.due.is_some_and(|due| due > Instant::now()), "it did not wait for others");
    }

    #[test]
    fn a_server_that_stays_away_is_not_asked_more_often_than_every_fifteen_seconds() {
        assert_eq!(backoff(0), Duration::from_millis(500));
        assert_eq!(backoff(40), Duration::from_secs(15));
    }
}
