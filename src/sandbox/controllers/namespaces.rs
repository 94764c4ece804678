//! Namespaces: a new one gets its service account, one that goes takes everything in it along.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Follower, remove};
use crate::sandbox::api::resource::{NAMESPACES, RESOURCES, SERVICE_ACCOUNTS};
use crate::sandbox::store::{Change, Key, Kind, Outcome, Record, Store};

/// Looks after namespaces, until the store is gone.
pub(super) async fn run(store: Arc<Store>) {
    let (mut follower, present) = Follower::of(&store, &NAMESPACES);
    for (key, _) in present {
        add_account(&store, &key.name);
    }
    while let Some(changes) = follower.next().await {
        for change in changes {
            look_after(&store, &change);
        }
    }
}

fn look_after(store: &Store, change: &Change) {
    match change.kind {
        Kind::Added => add_account(store, &change.key.name),
        Kind::Modified if is_going(&change.record.object()) => empty(store, &change.key),
        Kind::Modified | Kind::Deleted => {}
    }
}

fn is_going(namespace: &Value) -> bool {
    namespace.pointer("/metadata/deletionTimestamp").is_some()
}

fn add_account(store: &Store, namespace: &str) {
    let key = Key::new(namespace, "default");
    let account = json!({ "metadata": {
        "name": "default", "namespace": namespace, "uid": uuid::Uuid::new_v4().to_string(),
        "creationTimestamp": crate::sandbox::kinds::stamp(chrono::Utc::now()),
    } });
    let made = store.transact(&SERVICE_ACCOUNTS, &key, |record: Option<&Record>| match record {
        Some(_) => Err(()),
        None => Ok(Outcome::Put(account)),
    });
    // It is there already.
    let _ = made;
}

fn empty(store: &Store, namespace: &Key) {
    for resource in RESOURCES.iter().filter(|resource| resource.namespaced && !resource.asked) {
        for (key, _) in store.all(resource).into_iter().filter(|(key, _)| key.namespace == namespace.name) {
            remove(store, resource, &key, |_| true);
        }
    }
    remove(store, &NAMESPACES, namespace, is_going);
}
