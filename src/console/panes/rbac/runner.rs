//! Carries the pane's tasks out, and passes on what its watches tell.

use std::time::Instant;

use tokio::sync::mpsc::{self, Sender};

use crate::cluster::watch::rbac::watch_rbac;
use crate::cluster::{Cluster, ClusterError};
use crate::console::core::event::Event;
use crate::console::panes::rbac::{RbacResult, RbacTask};
use crate::domain::access::draft::not_held;
use crate::domain::text::printable;
use crate::error::UserError;
use crate::files::presets;

/// Watches roles and bindings for as long as the console listens.
pub(crate) async fn watch(cluster: Cluster, events: Sender<Event>) {
    let (to, mut messages) = mpsc::channel(1);
    let forward = async {
        while let Some(message) = messages.recv().await {
            if events.send(Event::Rbac(RbacResult::Watch(message))).await.is_err() {
                return;
            }
        }
    };
    // In one task: a panic of either is one of both.
    tokio::join!(watch_rbac(cluster, to), forward);
}

/// How whoever waits for a task learns that it panicked.
pub(crate) fn failure_of(task: &RbacTask) -> Option<Box<dyn FnOnce(UserError) -> RbacResult + Send>> {
    Some(match task {
        RbacTask::Discover => Box::new(|trouble| RbacResult::Discovered(Err(trouble))),
        RbacTask::Own(namespace) => {
            let namespace = namespace.clone();
            Box::new(|trouble| RbacResult::Own(namespace, Err(trouble)))
        }
        RbacTask::Review(id, ..) => {
            let id = *id;
            Box::new(move |trouble| RbacResult::Reviewed(id, Err(trouble), 0))
        }
        RbacTask::Read(id, _) => {
            let id = *id;
            Box::new(move |trouble| RbacResult::Read(id, Err(trouble)))
        }
        RbacTask::Put { id, .. } | RbacTask::Delete { id, .. } => {
            let id = *id;
            Box::new(move |trouble| RbacResult::Put(id, Err(trouble)))
        }
        RbacTask::Presets => return None,
    })
}

/// Does one thing, and says what came of it.
pub(crate) async fn carry_out(cluster: &Cluster, task: RbacTask) -> RbacResult {
    match task {
        RbacTask::Discover => RbacResult::Discovered(cluster.catalogue().await.map_err(UserError::from)),
        RbacTask::Own(namespace) => {
            let rules = cluster.own_rules(&namespace).await.map_err(UserError::from);
            RbacResult::Own(namespace, rules)
        }
        RbacTask::Review(id, who, action) => {
            let started = Instant::now();
            let review = cluster.may(&who, &action).await.map_err(UserError::from);
            RbacResult::Reviewed(id, review, u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX))
        }
        RbacTask::Read(id, named) => RbacResult::Read(id, cluster.rbac_object(&named).await.map_err(UserError::from)),
        RbacTask::Put { id, permit, named, object, create, dry_run } => {
            let put = if create {
                cluster.create_rbac(permit, &named, &object, dry_run).await
            } else {
                cluster.replace_rbac(permit, &named, &object, dry_run).await
            };
            RbacResult::Put(id, put.map(Some).map_err(explained))
        }
        RbacTask::Delete { id, named, deletion } => {
            let deleted = cluster.delete_rbac(&named, &deletion, false).await;
            RbacResult::Put(id, deleted.map(|()| None).map_err(explained))
        }
        RbacTask::Presets => {
            let (presets, troubles) = presets::read();
            RbacResult::Presets(presets, troubles)
        }
    }
}

/// The escalation check's refusal in words; anything else as it is.
fn explained(error: ClusterError) -> UserError {
    if let ClusterError::Forbidden { message, .. } = &error
        && let Some(rights) = not_held(message)
    {
        let rights = printable(&rights.join("; ")).into_owned();
        return UserError::new(format!("nobody may pass on what they do not hold (403). You do not hold: {rights}")).with_hint("Leave that out, or let somebody do it who holds it. The verbs escalate (on roles) and bind (on the role \
             that is bound) would allow it too, and everything else with it.");
    }
    error.into()
}
