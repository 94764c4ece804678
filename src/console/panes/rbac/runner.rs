//! Carries the pane's tasks out, and passes on what its watches tell.

use std::time::Instant;

use tokio::sync::mpsc::{self, Sender};

use crate::cluster::{Cluster, Error, rbac_watch};
use crate::console::core::event::Event;
use crate::console::panes::rbac::{News, Task};
use crate::domain::access::draft::not_held;
use crate::domain::text::printable;
use crate::error::Trouble;
use crate::files::presets;

/// Watches roles and bindings for as long as the console listens.
pub async fn watch(cluster: Cluster, events: Sender<Event>) {
    let (to, mut messages) = mpsc::channel(1);
    let forward = async {
        while let Some(message) = messages.recv().await {
            if events.send(Event::Rbac(News::Watch(message))).await.is_err() {
                return;
            }
        }
    };
    // In one task: a panic of either is one of both.
    tokio::join!(rbac_watch::rbac(cluster, to), forward);
}

/// How whoever waits for a task learns that it panicked.
pub fn failure_of(task: &Task) -> Option<Box<dyn FnOnce(Trouble) -> News + Send>> {
    Some(match task {
        Task::Discover => Box::new(|trouble| News::Discovered(Err(trouble))),
        Task::Own(namespace) => {
            let namespace = namespace.clone();
            Box::new(|trouble| News::Own(namespace, Err(trouble)))
        }
        Task::Review(id, ..) => {
            let id = *id;
            Box::new(move |trouble| News::Reviewed(id, Err(trouble), 0))
        }
        Task::Read(id, _) => {
            let id = *id;
            Box::new(move |trouble| News::Read(id, Err(trouble)))
        }
        Task::Put { id, .. } | Task::Delete { id, .. } => {
            let id = *id;
            Box::new(move |trouble| News::Put(id, Err(trouble)))
        }
        Task::Presets => return None,
    })
}

/// Does one thing, and says what came of it.
pub async fn carry_out(cluster: &Cluster, task: Task) -> News {
    match task {
        Task::Discover => News::Discovered(cluster.catalogue().await.map_err(Trouble::from)),
        Task::Own(namespace) => {
            let rules = cluster.own_rules(&namespace).await.map_err(Trouble::from);
            News::Own(namespace, rules)
        }
        Task::Review(id, who, action) => {
            let started = Instant::now();
            let review = cluster.may(&who, &action).await.map_err(Trouble::from);
            News::Reviewed(id, review, u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX))
        }
        Task::Read(id, named) => News::Read(id, cluster.rbac_object(&named).await.map_err(Trouble::from)),
        Task::Put { id, permit, named, object, create, dry_run } => {
            let put = if create {
                cluster.create_rbac(permit, &named, &object, dry_run).await
            } else {
                cluster.replace_rbac(permit, &named, &object, dry_run).await
            };
            News::Put(id, put.map(Some).map_err(explained))
        }
        Task::Delete { id, named, deletion } => {
            let deleted = cluster.delete_rbac(&named, &deletion, false).await;
            News::Put(id, deleted.map(|()| None).map_err(explained))
        }
        Task::Presets => {
            let (presets, troubles) = presets::read();
            News::Presets(presets, troubles)
        }
    }
}

/// The escalation check's refusal in words; anything else as it is.
fn explained(error: Error) -> Trouble {
    if let Error::Forbidden { message, .. } = &error
        && let Some(rights) = not_held(message)
    {
        let rights = printable(&rights.join("; ")).into_owned();
        return Trouble::advised(
            format!("nobody may pass on what they do not hold (403). You do not hold: {rights}"),
            "Leave that out, or let somebody do it who holds it. The verbs escalate (on roles) and bind (on the role \
             that is bound) would allow it too, and everything else with it.",
        );
    }
    error.into()
}
