//! The live roles and bindings: four watches, each with a status of its own, and one policy that is built from all.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use k8s_openapi::api::rbac::v1 as rbac;
use kube::api::DynamicObject;
use kube::runtime::watcher::{self, Event, watcher};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use super::budget::{Listing, may_keep_more};
use super::rbac::typed;
use super::watch::{WatchStatus, cut_off};
use super::{Cluster, ClusterError};
use crate::domain::access::object::{Named, RbacKind};
use crate::domain::access::{Binding, Policy, Role};
use crate::panics;

/// Changes are held back this long, so that a burst of them is one new policy.
const GATHER: Duration = Duration::from_millis(60);
/// The watch is asked to end after so many seconds, and is then gone on with: a dead connection is noticed by that.
const WATCH_SECONDS: u32 = 60;
/// Objects a page where the server streams no lists.
const PAGE: u32 = 500;
/// A right that is missing may be given meanwhile.
const FORBIDDEN: Duration = Duration::from_secs(30);

/// What the watches have to tell.
#[derive(Debug)]
pub enum Message {
    /// Roles and bindings as they are now.
    Policy(Arc<Policy>),
    /// How a kind's watch fares.
    Status(RbacKind, Reach),
}

/// How much of a kind is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// How its watch fares.
    pub status: WatchStatus,
    /// The only namespace in which it may be seen; `None`: all of them.
    pub only: Option<String>,
}

/// What one watch tells the collector.
enum WatchedObject {
    Begun(RbacKind),
    Applied(Named, Item),
    Gone(Named),
    Listed(RbacKind),
    Status(RbacKind, Reach),
}

#[derive(Clone)]
enum Item {
    Role(Arc<Role>),
    Binding(Arc<Binding>),
}

/// Watches all four kinds for as long as somebody listens.
pub(crate) async fn rbac(cluster: Cluster, to: Sender<Message>) {
    let (seen, from) = mpsc::channel(512);
    let mut watches = JoinSet::new();
    for kind in RbacKind::ALL {
        watches.spawn(panics::catch_async(follow(kind, cluster.clone(), seen.clone())));
    }
    drop(seen);
    let panicked = async {
        while let Some(ended) = watches.join_next().await {
            if matches!(ended, Ok(Err(panics::Panicked))) {
                return true;
            }
        }
        std::future::pending().await
    };
    let panicked = tokio::select! {
        _ = Collector::default().run(from, to) => false,
        panicked = panicked => panicked,
    };
    if panicked {
        // A panic of one is one of all.
        std::panic::resume_unwind(Box::new(panics::Panicked));
    }
}

/// Everything seen so far.
#[derive(Default)]
struct Collector {
    now: HashMap<Named, Item>,
    /// Lists that are being read: what they do not mention is gone when they are complete.
    lists: HashMap<RbacKind, HashMap<Named, Item>>,
    due: Option<Instant>,
    /// How long the last building took: a large cluster is built less often, so that reading it goes on.
    took: Duration,
    /// Kinds with more objects than are kept.
    cut: HashSet<RbacKind>,
}

impl Collector {
    async fn run(mut self, mut from: Receiver<WatchedObject>, to: Sender<Message>) -> Option<()> {
        loop {
            let seen = match self.due {
                Some(due) => timeout_at(due, from.recv()).await.ok(),
                None => Some(tokio::select! {
                    seen = from.recv() => seen,
                    () = to.closed() => None,
                }),
            };
            match seen {
                None => self.tell(&to).await?,
                Some(None) => return None,
                Some(Some(WatchedObject::Status(kind, reach))) => {
                    // What is called live must be what is shown.
                    self.tell(&to).await?;
                    let reach =
                        if self.cut.contains(&kind) { Reach { status: cut_off(Utc::now()), ..reach } } else { reach };
                    to.send(Message::Status(kind, reach)).await.ok()?;
                }
                Some(Some(WatchedObject::Applied(named, _))) if self.is_too_many(&named) => {
                    if self.cut.insert(named.kind) {
                        to.send(Message::Status(named.kind, Reach { status: cut_off(Utc::now()), only: None }))
                            .await
                            .ok()?;
                    }
                }
                Some(Some(seen)) => self.take(seen),
            }
        }
    }

    fn is_too_many(&self, named: &Named) -> bool {
        let list = self.lists.get(&named.kind).map_or(0, HashMap::len);
        !may_keep_more(self.now.len().max(list)) && !self.now.contains_key(named)
    }

    fn take(&mut self, seen: WatchedObject) {
        match seen {
            WatchedObject::Begun(kind) => {
                self.cut.remove(&kind);
                self.lists.insert(kind, HashMap::new());
                return;
            }
            WatchedObject::Applied(named, item) => {
                if let Some(list) = self.lists.get_mut(&named.kind) {
                    list.insert(named.clone(), item.clone());
                }
                self.now.insert(named, item);
            }
            WatchedObject::Gone(named) => {
                self.now.remove(&named);
            }
            WatchedObject::Listed(kind) => {
                if let Some(list) = self.lists.remove(&kind) {
                    self.now.retain(|named, _| named.kind != kind);
                    self.now.extend(list);
                }
            }
            WatchedObject::Status(..) => return,
        }
        let wait = GATHER.max(self.took * 4);
        self.due.get_or_insert_with(|| Instant::now() + wait);
    }

    async fn tell(&mut self, to: &Sender<Message>) -> Option<()> {
        if self.due.take().is_none() {
            return Some(());
        }
        let started = Instant::now();
        let (mut roles, mut bindings) = (Vec::new(), Vec::new());
        for item in self.now.values() {
            match item {
                Item::Role(role) => roles.push(role.clone()),
                Item::Binding(binding) => bindings.push(binding.clone()),
            }
        }
        let policy = Policy::new(roles, bindings);
        self.took = started.elapsed();
        tracing::debug!(objects = self.now.len(), took = ?self.took, "built the policy");
        to.send(Message::Policy(Arc::new(policy))).await.ok()
    }
}

/// One watch.
struct RbacWatcher {
    kind: RbacKind,
    cluster: Cluster,
    to: Sender<WatchedObject>,
    streaming: bool,
    only: Option<String>,
    tries: u32,
    since: Option<DateTime<Utc>>,
}

/// Watches one kind for as long as the collector listens.
async fn follow(kind: RbacKind, cluster: Cluster, to: Sender<WatchedObject>) {
    let mut watch = RbacWatcher { kind, cluster, to, streaming: true, only: None, tries: 0, since: None };
    while watch.run().await.is_some() {}
}

impl RbacWatcher {
    /// One list and the watch that follows it, until it breaks. `None`: nobody listens any more.
    async fn run(&mut self) -> Option<()> {
        let mut config = watcher::Config::default().timeout(WATCH_SECONDS).page_size(PAGE);
        if self.streaming {
            config = config.streaming_lists();
        }
        let mut events = watcher(self.cluster.rbac_api(self.kind, self.only.as_deref()), config).boxed();
        let mut listing = Listing::default();
        loop {
            let event = tokio::select! {
                event = listing.next(&mut events) => event,
                () = self.to.closed() => return None,
            };
            match event {
                Some(Ok(event)) => self.take(event).await?,
                Some(Err(error)) => return self.broken(error).await,
                None => return Some(()),
            }
        }
    }

    async fn take(&mut self, event: Event<DynamicObject>) -> Option<()> {
        match event {
            Event::Init => self.send(WatchedObject::Begun(self.kind)).await,
            Event::InitApply(object) | Event::Apply(object) => match item(self.kind, &object) {
                Some(item) => self.send(WatchedObject::Applied(self.named(&object), item)).await,
                None => Some(()),
            },
            Event::Delete(object) => self.send(WatchedObject::Gone(self.named(&object))).await,
            Event::InitDone => {
                (self.tries, self.since) = (0, None);
                self.send(WatchedObject::Listed(self.kind)).await?;
                self.tell(WatchStatus::Live).await
            }
        }
    }

    fn named(&self, object: &DynamicObject) -> Named {
        let meta = &object.metadata;
        Named { kind: self.kind, scope: meta.namespace.clone(), name: meta.name.clone().unwrap_or_default() }
    }

    /// The connection broke, or a right is missing. What was seen stays until a new list is complete.
    async fn broken(&mut self, error: watcher::Error) -> Option<()> {
        if matches!(&error, watcher::Error::WatchError(status) if status.code == 410) {
            return Some(());
        }
        let listing = matches!(error, watcher::Error::InitialListFailed(_));
        let error = self.cluster.watch_error(error);
        // A server without streaming lists refuses the parameter; who may list and not watch is refused the watch.
        if self.streaming && matches!(error, ClusterError::Invalid { .. } | ClusterError::Forbidden { .. }) {
            self.streaming = false;
            return Some(());
        }
        if let ClusterError::Forbidden { message, .. } = &error {
            if self.kind.namespaced() && self.only.is_none() {
                self.only = Some(self.cluster.namespace.clone());
                return Some(());
            }
            let verb = if listing { "list" } else { "watch" }.to_owned();
            let (resource, message) = (self.kind.plural().to_owned(), message.clone());
            self.tell(WatchStatus::Forbidden { verb, resource, message }).await?;
            self.only = None;
            return self.pause(FORBIDDEN).await;
        }
        tracing::warn!(%error, kind = self.kind.plural(), "a watch broke");
        let wait = Duration::from_millis(500 << self.tries.min(5)).min(Duration::from_secs(15));
        self.tries += 1;
        let now = Utc::now();
        let since = *self.since.get_or_insert(now);
        self.tell(WatchStatus::Degraded { why: error.to_string(), since, next_try: now + wait }).await?;
        self.pause(wait).await
    }

    async fn pause(&self, wait: Duration) -> Option<()> {
        tokio::select! {
            () = sleep(wait) => Some(()),
            () = self.to.closed() => None,
        }
    }

    async fn tell(&self, status: WatchStatus) -> Option<()> {
        self.send(WatchedObject::Status(self.kind, Reach { status, only: self.only.clone() })).await
    }

    async fn send(&self, seen: WatchedObject) -> Option<()> {
        self.to.send(seen).await.ok()
    }
}

/// The object as the policy takes it; one that is broken counts for nothing, as an informer would see it.
fn item(kind: RbacKind, object: &DynamicObject) -> Option<Item> {
    let role = |role: Role| Item::Role(Arc::new(role));
    let binding = |binding: Binding| Item::Binding(Arc::new(binding));
    match kind {
        RbacKind::ClusterRole => typed::<rbac::ClusterRole>(object).map(|object| role(object.into())),
        RbacKind::Role => typed::<rbac::Role>(object).map(|object| role(object.into())),
        RbacKind::ClusterRoleBinding => typed::<rbac::ClusterRoleBinding>(object).map(|object| binding(object.into())),
        RbacKind::RoleBinding => typed::<rbac::RoleBinding>(object).map(|object| binding(object.into())),
    }
}
