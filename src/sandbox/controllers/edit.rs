//! Changes by controllers.

use serde_json::Value;

use crate::sandbox::kinds::resets;
use crate::sandbox::object::stamp;
use crate::sandbox::resource::Resource;
use crate::sandbox::schema::Schemas;
use crate::sandbox::schema::managed::{self, Writer};
use crate::sandbox::store::{ObjectKey, Record, Store, WriteOutcome};

/// Records kube-controller-manager as the manager of the fields that it has changed.
pub(super) fn note_owner(
    schemas: &Schemas,
    resource: &Resource,
    subresource: &str,
    before: &Value,
    object: &mut Value,
) {
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

/// Replaces an object, if it still exists, by the result of `make`; `None` leaves it unchanged.
pub(super) fn modify(store: &Store, resource: &Resource, key: &ObjectKey, make: impl FnOnce(Value) -> Option<Value>) {
    let changed = store.transact(resource, key, |record| {
        record.and_then(|record| make(record.object())).map(WriteOutcome::Put).ok_or(())
    });
    // An error means that it no longer exists or needs no change.
    let _ = changed;
}

/// Deletes an object if it still exists and `which` is true for it.
pub(super) fn remove(store: &Store, resource: &Resource, key: &ObjectKey, which: impl FnOnce(&Value) -> bool) {
    let removed = store
        .transact(resource, key, |record| record.map(Record::object).filter(which).map(WriteOutcome::Delete).ok_or(()));
    let _ = removed;
}
