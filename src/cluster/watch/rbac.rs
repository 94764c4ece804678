//! The live roles and bindings: one watch per kind, each with its own status, and one policy that is built from all four.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use k8s_openapi::api::rbac::v1 as rbac;
use kube::api::DynamicObject;
use kube::runtime::watcher::{self, Event};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::backoff::{Backoff, FORBIDDEN_PAUSE};
use super::status::{WatchStatus, cut_off};
use super::stream::{EventStream, ReceiverClosed, Stop, pause, send};
use crate::cluster::budget::may_keep_more;
use crate::cluster::client::Cluster;
use crate::cluster::error::ClusterError;
use crate::cluster::list_pages::PAGE;
use crate::cluster::rbac::typed;
use crate::domain::access::object::{Named, RbacKind};
use crate::domain::access::{Binding, Policy, Role};
use crate::panics;

/// Changes are collected for this long, so that a burst of them makes one new policy.
const DEBOUNCE: Duration = Duration::from_millis(60);
/// Output of the watches.
#[derive(Debug)]
pub enum RbacMessage {
    /// The current roles and bindings.
    Policy(Arc<Policy>),
    /// The status of a kind's watch changed.
    Status(RbacKind, Reach),
}

/// How much of a kind is visible to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The status of the kind's watch.
    pub status: WatchStatus,
    /// The only namespace whose objects the user may list; `None`: all namespaces.
    pub only: Option<String>,
}

/// What one watch sends to the collector.
enum KindEvent {
    ListStarted(RbacKind),
    Applied(Named, Item),
    Deleted(Named),
    Listed(RbacKind),
    Status(RbacKind, Reach),
}

#[derive(Clone)]
enum Item {
    Role(Arc<Role>),
    Binding(Arc<Binding>),
}

/// Watches all four kinds until the receiver is dropped.
pub(crate) async fn watch_rbac(cluster: Cluster, to: Sender<RbacMessage>) {
    let (events, from) = mpsc::channel(512);
    let mut watches = JoinSet::new();
    for kind in RbacKind::ALL {
        watches.spawn(panics::catch_async(watch_kind(kind, cluster.clone(), events.clone())));
    }
    drop(events);
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
        // A panic of one watch ends all of them.
        std::panic::resume_unwind(Box::new(panics::Panicked));
    }
}

/// All objects seen so far.
#[derive(Default)]
struct Collector {
    objects: HashMap<Named, Item>,
    /// Lists that are being read. Objects that a complete list does not contain no longer exist.
    lists: HashMap<RbacKind, HashMap<Named, Item>>,
    due: Option<Instant>,
    /// How long building the last policy took. That of a large cluster is built less often, so that reading continues.
    took: Duration,
    /// Kinds with more objects than are kept.
    cut: HashSet<RbacKind>,
}

impl Collector {
    async fn run(mut self, mut from: Receiver<KindEvent>, to: Sender<RbacMessage>) -> Result<(), ReceiverClosed> {
        loop {
            let event = match self.due {
                Some(due) => timeout_at(due, from.recv()).await.ok(),
                None => Some(tokio::select! {
                    event = from.recv() => event,
                    () = to.closed() => None,
                }),
            };
            match event {
                None => self.send_policy(&to).await?,
                Some(None) => return Ok(()),
                Some(Some(KindEvent::Status(kind, reach))) => {
                    // A kind is reported live only after its objects were sent.
                    self.send_policy(&to).await?;
                    let reach =
                        if self.cut.contains(&kind) { Reach { status: cut_off(Utc::now()), ..reach } } else { reach };
                    send(&to, RbacMessage::Status(kind, reach)).await?;
                }
                Some(Some(KindEvent::Applied(named, _))) if self.is_too_many(&named) => {
                    if self.cut.insert(named.kind) {
                        let reach = Reach { status: cut_off(Utc::now()), only: None };
                        send(&to, RbacMessage::Status(named.kind, reach)).await?;
                    }
                }
                Some(Some(event)) => self.apply(event),
            }
        }
    }

    fn is_too_many(&self, named: &Named) -> bool {
        let list = self.lists.get(&named.kind).map_or(0, HashMap::len);
        !may_keep_more(self.objects.len().max(list)) && !self.objects.contains_key(named)
    }

    fn apply(&mut self, event: KindEvent) {
        match event {
            KindEvent::ListStarted(kind) => {
                self.cut.remove(&kind);
                self.lists.insert(kind, HashMap::new());
                return;
            }
            KindEvent::Applied(named, item) => {
                if let Some(list) = self.lists.get_mut(&named.kind) {
                    list.insert(named.clone(), item.clone());
                }
                self.objects.insert(named, item);
            }
            KindEvent::Deleted(named) => {
                self.objects.remove(&named);
            }
            KindEvent::Listed(kind) => {
                if let Some(list) = self.lists.remove(&kind) {
                    self.objects.retain(|named, _| named.kind != kind);
                    self.objects.extend(list);
                }
            }
            KindEvent::Status(..) => return,
        }
        let wait = DEBOUNCE.max(self.took * 4);
        self.due.get_or_insert_with(|| Instant::now() + wait);
    }

    async fn send_policy(&mut self, to: &Sender<RbacMessage>) -> Result<(), ReceiverClosed> {
        if self.due.take().is_none() {
            return Ok(());
        }
        let started = Instant::now();
        let (mut roles, mut bindings) = (Vec::new(), Vec::new());
        for item in self.objects.values() {
            match item {
                Item::Role(role) => roles.push(role.clone()),
                Item::Binding(binding) => bindings.push(binding.clone()),
            }
        }
        let policy = Policy::new(roles, bindings);
        self.took = started.elapsed();
        tracing::debug!(objects = self.objects.len(), took = ?self.took, "built the policy");
        send(to, RbacMessage::Policy(Arc::new(policy))).await
    }
}

/// The watch of one kind.
struct KindWatcher {
    kind: RbacKind,
    cluster: Cluster,
    to: Sender<KindEvent>,
    /// Whether the server may support streaming lists.
    has_streaming_lists: bool,
    /// See [`Reach::only`].
    only: Option<String>,
    backoff: Backoff,
}

/// Watches one kind until the collector is dropped.
async fn watch_kind(kind: RbacKind, cluster: Cluster, to: Sender<KindEvent>) {
    let mut watch =
        KindWatcher { kind, cluster, to, has_streaming_lists: true, only: None, backoff: Backoff::default() };
    while watch.run().await.is_ok() {}
}

impl KindWatcher {
    /// One list and the watch that follows it, until it breaks.
    async fn run(&mut self) -> Result<(), ReceiverClosed> {
        let mut config = watcher::Config::default().page_size(PAGE);
        if self.has_streaming_lists {
            config = config.streaming_lists();
        }
        let mut events = EventStream::new(self.cluster.rbac_api(self.kind, self.only.as_deref()), config);
        loop {
            match events.next(&self.to).await {
                Ok(Some(event)) => self.take(event).await?,
                Ok(None) => return Ok(()),
                Err(Stop::Broken(error)) => return self.report_broken(error).await,
                Err(Stop::ReceiverClosed) => return Err(ReceiverClosed),
            }
        }
    }

    async fn take(&mut self, event: Event<DynamicObject>) -> Result<(), ReceiverClosed> {
        match event {
            Event::Init => self.send(KindEvent::ListStarted(self.kind)).await,
            Event::InitApply(object) | Event::Apply(object) => match item(self.kind, &object) {
                Some(item) => self.send(KindEvent::Applied(self.named(&object), item)).await,
                None => Ok(()),
            },
            Event::Delete(object) => self.send(KindEvent::Deleted(self.named(&object))).await,
            Event::InitDone => {
                self.backoff.reset();
                self.send(KindEvent::Listed(self.kind)).await?;
                self.report(WatchStatus::Live).await
            }
        }
    }

    fn named(&self, object: &DynamicObject) -> Named {
        let meta = &object.metadata;
        Named { kind: self.kind, scope: meta.namespace.clone(), name: meta.name.clone().unwrap_or_default() }
    }

    /// Reports that the watch broke or is forbidden, and waits. Known objects stay until a new list is complete.
    async fn report_broken(&mut self, error: watcher::Error) -> Result<(), ReceiverClosed> {
        if matches!(&error, watcher::Error::WatchError(status) if status.code == 410) {
            return Ok(());
        }
        let is_list = matches!(error, watcher::Error::InitialListFailed(_));
        let error = self.cluster.watch_error(error);
        // A server without streaming lists rejects the parameter; a user who may list and not watch gets 403 for the watch.
        if self.has_streaming_lists && matches!(error, ClusterError::Invalid { .. } | ClusterError::Forbidden { .. }) {
            self.has_streaming_lists = false;
            return Ok(());
        }
        if let ClusterError::Forbidden { message, .. } = &error {
            if self.kind.namespaced() && self.only.is_none() {
                self.only = Some(self.cluster.namespace.clone());
                return Ok(());
            }
            let verb = if is_list { "list" } else { "watch" }.to_owned();
            let (resource, message) = (self.kind.plural().to_owned(), message.clone());
            self.report(WatchStatus::Forbidden { verb, resource, message }).await?;
            self.only = None;
            return pause(&self.to, FORBIDDEN_PAUSE).await;
        }
        tracing::warn!(%error, kind = self.kind.plural(), "a watch broke");
        let (status, wait) = self.backoff.failed(&error);
        self.report(status).await?;
        pause(&self.to, wait).await
    }

    async fn report(&self, status: WatchStatus) -> Result<(), ReceiverClosed> {
        self.send(KindEvent::Status(self.kind, Reach { status, only: self.only.clone() })).await
    }

    async fn send(&self, event: KindEvent) -> Result<(), ReceiverClosed> {
        send(&self.to, event).await
    }
}

/// Converts an object for the policy; `None` for one that cannot be decoded, which an informer ignores, too.
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
