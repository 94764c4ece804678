//! What kube-controller-manager would do: sign, clear up, gather roles, look after namespaces and what they begin with.

mod aggregation;
mod cleaning;
mod namespaces;
mod publishing;
mod signing;

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch::Receiver;
use tokio::task::JoinSet;

use super::api::resource::Resource;
use super::authority::Authority;
use super::kinds::{resets, stamp};
use super::schema::Schemas;
use super::schema::managed::{self, Writer};
use super::store::{ObjectKey, Record, Store, StoreEvent, WriteOutcome};

pub(crate) use aggregation::aggregate;

/// Starts all controllers. Namespaces that are there have what every namespace begins with before this returns.
///
/// # Errors
/// Where an asset is broken.
pub(crate) fn start(
    tasks: &mut JoinSet<()>,
    store: &Arc<Store>,
    authority: &Arc<Authority>,
) -> Result<(), serde_json::Error> {
    let keeper = namespaces::Keeper::new(store, authority.pem())?;
    keeper.complete_all();
    tasks.spawn(signing::run(store.clone(), authority.clone()));
    tasks.spawn(cleaning::run(store.clone()));
    tasks.spawn(aggregation::run(store.clone()));
    tasks.spawn(keeper.run());
    Ok(())
}

/// Notes kube-controller-manager as the owner of what it has changed.
fn note_owner(schemas: &Schemas, resource: &Resource, subresource: &str, before: &Value, object: &mut Value) {
    let (api_version, now) = (resource.api_version(), stamp(chrono::Utc::now()));
    let writer = Writer {
        manager: "kube-controller-manager",
        api_version: &api_version,
        subresource,
        now: &now,
        resets: resets(resource, subresource),
    };
    managed::update(schemas.node(resource.schema), before, object, &writer);
}

/// The changes of one resource, as they come.
struct Follower {
    store: Arc<Store>,
    resource: &'static Resource,
    revision: u64,
    news: Receiver<u64>,
}

impl Follower {
    /// From the beginning: objects that are there come first, as changes without a state before.
    fn of(store: &Arc<Store>, resource: &'static Resource) -> (Self, Vec<(ObjectKey, Arc<Record>)>) {
        let news = store.subscribe();
        let revision = store.revision();
        (Self { store: store.clone(), resource, revision, news }, store.all(resource))
    }

    /// The next changes, at least one; `None` at the end. Where some have been forgotten, it goes on with the present.
    async fn next(&mut self) -> Option<Vec<Arc<StoreEvent>>> {
        loop {
            self.news.borrow_and_update();
            match self.store.changes(self.resource, self.revision, usize::MAX) {
                Ok(changes) if changes.is_empty() => {}
                Ok(changes) => {
                    self.revision = changes.last().map_or(self.revision, |change| change.record.revision);
                    return Some(changes);
                }
                Err(too_old) => self.revision = too_old.oldest,
            }
            self.news.changed().await.ok()?;
        }
    }
}

/// Changes an object, if it is still there, into what `make` makes of it; `None` leaves it.
fn modify(store: &Store, resource: &Resource, key: &ObjectKey, make: impl FnOnce(Value) -> Option<Value>) {
    let changed = store.transact(resource, key, |record| {
        record.and_then(|record| make(record.object())).map(WriteOutcome::Put).ok_or(())
    });
    // It is gone, or it needs nothing any more.
    let _ = changed;
}

/// Removes an object, if it is still there and `which` still says so.
fn remove(store: &Store, resource: &Resource, key: &ObjectKey, which: impl FnOnce(&Value) -> bool) {
    let removed = store
        .transact(resource, key, |record| record.map(Record::object).filter(which).map(WriteOutcome::Delete).ok_or(()));
    let _ = removed;
}
