//! The live names and addresses of the nodes. A user who may not list nodes does without them.

use std::time::Duration;

use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::runtime::watcher::{self, Event};
use tokio::sync::mpsc::Sender;

use super::backoff::Backoff;
use super::stream::{EventStream, ReceiverClosed, Stop, pause, send};
use crate::cluster::budget::may_keep_more;
use crate::cluster::client::Cluster;
use crate::cluster::error::ClusterError;
use crate::domain::verdict::Nodes;

/// Nodes per page. A Node lists every image on it and may take tens of kilobytes, and a page is buffered whole.
const NODE_PAGE: u32 = 100;
/// The pause after a 403. Most users never get this right, and verdicts do without.
const NODES_FORBIDDEN_PAUSE: Duration = Duration::from_secs(300);

/// Sends the nodes whenever a name or an address of one changes, until the receiver is dropped.
pub(crate) async fn watch_nodes(cluster: Cluster, to: Sender<Nodes>) {
    let mut watch = NodeWatcher { cluster, to, sent: None, backoff: Backoff::default() };
    while watch.run().await.is_ok() {}
}

struct NodeWatcher {
    cluster: Cluster,
    to: Sender<Nodes>,
    sent: Option<Nodes>,
    backoff: Backoff,
}

impl NodeWatcher {
    /// One list and the watch that follows it; after a failure, the pause before the next attempt.
    async fn run(&mut self) -> Result<(), ReceiverClosed> {
        let error = match self.watch().await {
            Ok(()) => return Ok(()),
            Err(Stop::ReceiverClosed) => return Err(ReceiverClosed),
            Err(Stop::Broken(error)) => self.cluster.watch_error(error),
        };
        let wait = if matches!(error, ClusterError::Forbidden { .. }) {
            NODES_FORBIDDEN_PAUSE
        } else {
            tracing::info!(%error, "the watch on nodes broke");
            self.backoff.failed(&error).1
        };
        pause(&self.to, wait).await
    }

    async fn watch(&mut self) -> Result<(), Stop<watcher::Error>> {
        let config = watcher::Config::default().page_size(NODE_PAGE);
        let mut events = EventStream::new(Api::<Node>::all(self.cluster.client.clone()), config);
        let (mut nodes, mut is_listed) = (Nodes::default(), false);
        while let Some(event) = events.next(&self.to).await? {
            match event {
                Event::Init => (nodes, is_listed) = (Nodes::default(), false),
                Event::InitApply(node) | Event::Apply(node) if may_keep_more(nodes.len()) => nodes.insert(&node),
                Event::InitApply(_) | Event::Apply(_) => {}
                Event::Delete(node) => nodes.remove(&node),
                Event::InitDone => {
                    is_listed = true;
                    self.backoff.reset();
                }
            }
            // Most changes of a Node are status updates of its kubelet, which change neither name nor address.
            if is_listed && self.sent.as_ref() != Some(&nodes) {
                self.sent = Some(nodes.clone());
                send(&self.to, nodes.clone()).await?;
            }
        }
        Ok(())
    }
}
