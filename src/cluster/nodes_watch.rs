//! A live watch on nodes, for what they may be called. Who may not list them goes without.

use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::runtime::watcher::{self, Event, watcher};
use tokio::sync::mpsc::Sender;

use super::budget::{Listing, may_keep_more};
use super::{Cluster, ClusterError};
use crate::domain::verdict::Nodes;

/// Nodes a page.
const PAGE: u32 = 100;
/// When it is tried again after a failure, and after a refusal.
const AGAIN: Duration = Duration::from_secs(15);
const REFUSED: Duration = Duration::from_secs(300);

/// Tells of the nodes whenever a name or an address of one is another, for as long as somebody listens.
pub(crate) async fn nodes(cluster: Cluster, to: Sender<Nodes>) {
    let mut told = None;
    while !to.is_closed() {
        let wait = match follow(&cluster, &to, &mut told).await {
            Ok(()) => Duration::ZERO,
            Err(ClusterError::Forbidden { .. }) => REFUSED,
            Err(error) => {
                tracing::info!(%error, "the watch on nodes broke");
                AGAIN
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = to.closed() => return,
        }
    }
}

/// One list and the watch that follows it.
async fn follow(cluster: &Cluster, to: &Sender<Nodes>, told: &mut Option<Nodes>) -> Result<(), ClusterError> {
    let config = watcher::Config::default().page_size(PAGE);
    let mut events = watcher(Api::<Node>::all(cluster.client.clone()), config).boxed();
    let (mut nodes, mut complete, mut listing) = (Nodes::default(), false, Listing::default());
    loop {
        let event = tokio::select! {
            event = listing.next(&mut events) => event,
            () = to.closed() => return Ok(()),
        };
        match event {
            None => return Ok(()),
            Some(Err(error)) => return Err(cluster.watch_error(error)),
            Some(Ok(Event::Init)) => (nodes, complete) = (Nodes::default(), false),
            Some(Ok(Event::InitApply(node) | Event::Apply(node))) if may_keep_more(nodes.len()) => nodes.insert(&node),
            Some(Ok(Event::InitApply(_) | Event::Apply(_))) => {}
            Some(Ok(Event::Delete(node))) => nodes.remove(&node),
            Some(Ok(Event::InitDone)) => complete = true,
        }
        // Most changes of a node are a kubelet saying that it is well.
        if complete && told.as_ref() != Some(&nodes) {
            *told = Some(nodes.clone());
            if to.send(nodes.clone()).await.is_err() {
                return Ok(());
            }
        }
    }
}
