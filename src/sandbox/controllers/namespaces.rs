//! Namespaces (`pkg/controller/namespace`, `serviceaccount`, `certificates/rootcacertpublisher`): each has its default
//! service account and the certificate of the authority, and deleting one deletes everything in it.

use std::sync::Arc;

use serde_json::Value;

use super::publishing::{ACCOUNT, Contents, ROOT_CA};
use crate::sandbox::controllers::edit::remove;
use crate::sandbox::controllers::follower::Follower;
use crate::sandbox::resource::{CONFIG_MAPS, NAMESPACES, RESOURCES, SERVICE_ACCOUNTS};
use crate::sandbox::store::{EventKind, ObjectKey, Store, StoreEvent};

/// Completes and empties namespaces. One task does all of it, so that nothing is created in a namespace that has just been
/// emptied.
pub(super) struct NamespaceController {
    store: Arc<Store>,
    contents: Contents,
}

impl NamespaceController {
    /// One that publishes this certificate, PEM.
    pub(super) fn new(store: &Arc<Store>, root_ca: &str) -> Result<Self, serde_json::Error> {
        Ok(Self { store: store.clone(), contents: Contents::new(root_ca)? })
    }

    /// Completes all existing namespaces.
    pub(super) fn complete_all(&self) {
        for (key, record) in self.store.all(&NAMESPACES) {
            self.complete(&key.name, &record.object());
        }
    }

    /// Runs until the store is dropped.
    pub(super) async fn run(self) {
        let (mut namespaces, _) = Follower::start(&self.store, &NAMESPACES);
        let (mut accounts, _) = Follower::start(&self.store, &SERVICE_ACCOUNTS);
        let (mut maps, _) = Follower::start(&self.store, &CONFIG_MAPS);
        // Changes between the first call and the subscription.
        self.complete_all();
        loop {
            let changes = tokio::select! {
                changes = namespaces.next() => changes,
                changes = accounts.next() => changes,
                changes = maps.next() => changes,
            };
            let Some(changes) = changes else { return };
            for change in changes {
                self.act(&change);
            }
        }
    }

    fn act(&self, change: &StoreEvent) {
        let key = &change.key;
        if !key.namespace.is_empty() {
            if (key.name == ACCOUNT && change.kind == EventKind::Deleted) || key.name == ROOT_CA {
                self.complete_present(&key.namespace);
            }
            return;
        }
        match change.kind {
            EventKind::Added | EventKind::Modified if is_terminating(&change.record.object()) => self.empty(key),
            EventKind::Added | EventKind::Modified => self.complete_present(&key.name),
            EventKind::Deleted => {}
        }
    }

    fn complete_present(&self, name: &str) {
        if let Some(record) = self.store.get(&NAMESPACES, &ObjectKey::new("", name)) {
            self.complete(name, &record.object());
        }
    }

    fn complete(&self, name: &str, namespace: &Value) {
        if !is_terminating(namespace) {
            self.contents.add_account(&self.store, name);
            self.contents.publish(&self.store, name);
        }
    }

    fn empty(&self, namespace: &ObjectKey) {
        for resource in RESOURCES.iter().filter(|resource| resource.namespaced && !resource.is_review) {
            let all = self.store.all(resource).into_iter();
            for (key, _) in all.filter(|(key, _)| key.namespace == namespace.name) {
                remove(&self.store, resource, &key, |_| true);
            }
        }
        remove(&self.store, &NAMESPACES, namespace, is_terminating);
    }
}

fn is_terminating(namespace: &Value) -> bool {
    namespace.pointer("/metadata/deletionTimestamp").is_some()
}
