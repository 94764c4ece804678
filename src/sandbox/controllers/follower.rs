//! Watching a resource of the store.

use std::sync::Arc;

use tokio::sync::watch::Receiver;

use crate::sandbox::resource::Resource;
use crate::sandbox::store::{ObjectKey, Record, Store, StoreEvent};

/// Reads the changes of one resource in order.
pub(super) struct Follower {
    store: Arc<Store>,
    resource: &'static Resource,
    revision: u64,
    latest: Receiver<u64>,
}

impl Follower {
    /// Starts at the current revision and returns the objects that exist.
    pub(super) fn start(store: &Arc<Store>, resource: &'static Resource) -> (Self, Vec<(ObjectKey, Arc<Record>)>) {
        let latest = store.subscribe();
        let revision = store.revision();
        (Self { store: store.clone(), resource, revision, latest }, store.all(resource))
    }

    /// Waits for the next changes, at least one; `None` when the store is dropped. Changes that the store no longer keeps
    /// are skipped.
    pub(super) async fn next(&mut self) -> Option<Vec<Arc<StoreEvent>>> {
        loop {
            self.latest.borrow_and_update();
            match self.store.changes(self.resource, self.revision, usize::MAX) {
                Ok(changes) if changes.is_empty() => {}
                Ok(changes) => {
                    self.revision = changes.last().map_or(self.revision, |change| change.record.revision);
                    return Some(changes);
                }
                Err(too_old) => self.revision = too_old.oldest,
            }
            self.latest.changed().await.ok()?;
        }
    }
}
