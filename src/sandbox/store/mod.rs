//! The objects, their revisions, and the log of changes that watches read: what etcd is to a real API server.

mod record;
mod table;

use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

use crate::sandbox::resource::{RESOURCES, Resource};
pub(crate) use record::{ObjectKey, Record};
use table::ResourceTable;
pub(crate) use table::{EventKind, StoreEvent, TooOld};

/// What a transaction does with the object that it has read.
pub(crate) enum WriteOutcome {
    /// Replaces or creates the object. An identical object keeps its revision.
    Put(Value),
    /// Deletes the object; the value is its last state.
    Delete(Value),
    /// Leaves the object unchanged and returns the value as the result (dry run).
    Show(Value),
}

/// A part of a list.
pub(crate) struct StorePage {
    /// The revision of the list.
    pub revision: u64,
    pub records: Vec<(ObjectKey, Arc<Record>)>,
    /// How many objects follow.
    pub remaining: usize,
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Range<'a> {
    /// Only objects of this namespace.
    pub namespace: Option<&'a str>,
    /// Only objects after this key.
    pub after: Option<&'a ObjectKey>,
    /// The state at this revision.
    pub at: Option<u64>,
}

struct Inner {
    revision: u64,
    tables: Vec<ResourceTable>,
}

/// All objects of the cluster.
pub struct Store {
    inner: Mutex<Inner>,
    latest: watch::Sender<u64>,
}

impl Default for Store {
    fn default() -> Self {
        let tables = RESOURCES.iter().map(|_| ResourceTable::default()).collect();
        Self { inner: Mutex::new(Inner { revision: 1, tables }), latest: watch::Sender::new(1) }
    }
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The revision of the newest change.
    pub(crate) fn revision(&self) -> u64 {
        self.lock().revision
    }

    /// The revision of the newest change of one resource.
    pub(crate) fn changed_at(&self, resource: &Resource) -> u64 {
        let inner = self.lock();
        inner.tables[resource.index()].latest()
    }

    /// A receiver of every new revision.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }

    pub(crate) fn get(&self, resource: &Resource, key: &ObjectKey) -> Option<Arc<Record>> {
        self.lock().tables[resource.index()].objects.get(key).cloned()
    }

    /// All objects of a resource.
    pub(crate) fn all(&self, resource: &Resource) -> Vec<(ObjectKey, Arc<Record>)> {
        let inner = self.lock();
        inner.tables[resource.index()].objects.iter().map(|(key, record)| (key.clone(), record.clone())).collect()
    }

    /// At most `limit` objects for which `accept` is true.
    ///
    /// # Errors
    /// [`TooOld`] where the requested revision has been compacted.
    pub(crate) fn page(
        &self,
        resource: &Resource,
        range: Range<'_>,
        limit: usize,
        accept: impl Fn(&ObjectKey, &Record) -> bool,
    ) -> Result<StorePage, TooOld> {
        let inner = self.lock();
        let table = &inner.tables[resource.index()];
        let revision = range.at.unwrap_or(inner.revision);
        let past = table.overrides_at(revision)?;
        let start = match (range.after, range.namespace) {
            (Some(key), _) => Bound::Excluded(key.clone()),
            (None, Some(namespace)) => Bound::Included(ObjectKey::new(namespace, "")),
            (None, None) => Bound::Unbounded,
        };
        let in_namespace = |key: &ObjectKey| range.namespace.is_none_or(|namespace| key.namespace == namespace);
        let present = table.objects.range((start.clone(), Bound::Unbounded));
        let present = present.take_while(|(key, _)| in_namespace(key)).filter(|(key, _)| !past.contains_key(*key));
        let past = past.range((start, Bound::Unbounded)).filter(|(key, _)| in_namespace(key));
        let past = past.filter_map(|(key, record)| record.as_ref().map(|record| (key, record)));
        let mut found: Vec<_> = present.chain(past).filter(|(key, record)| accept(key, record)).collect();
        found.sort_unstable_by_key(|(key, _)| *key);
        let records = found.iter().take(limit).map(|(key, record)| ((*key).clone(), (*record).clone())).collect();
        Ok(StorePage { revision, records, remaining: found.len().saturating_sub(limit) })
    }

    /// The changes after a revision, at most `limit`.
    ///
    /// # Errors
    /// [`TooOld`] where some of them have been compacted.
    pub(crate) fn changes(
        &self,
        resource: &Resource,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<StoreEvent>>, TooOld> {
        let inner = self.lock();
        let changes = inner.tables[resource.index()].changes_after(after)?;
        Ok(changes.take(limit).cloned().collect())
    }

    /// Reads one object and changes it, in one transaction.
    ///
    /// # Errors
    /// The error of `decide`.
    pub(crate) fn transact<E>(
        &self,
        resource: &Resource,
        key: &ObjectKey,
        decide: impl FnOnce(Option<&Record>) -> Result<WriteOutcome, E>,
    ) -> Result<Arc<Record>, E> {
        let mut inner = self.lock();
        let revision = inner.revision + 1;
        let table = &mut inner.tables[resource.index()];
        let before = table.objects.get(key).cloned();
        let (kind, object) = match decide(before.as_deref())? {
            WriteOutcome::Show(object) => {
                return Ok(Arc::new(Record::new(before.map_or(0, |before| before.revision), object)));
            }
            WriteOutcome::Delete(object) => (EventKind::Deleted, object),
            WriteOutcome::Put(object) if before.is_some() => (EventKind::Modified, object),
            WriteOutcome::Put(object) => (EventKind::Added, object),
        };
        if let (EventKind::Modified, Some(before)) = (kind, &before)
            && Record::new(before.revision, object.clone()).json == before.json
        {
            return Ok(before.clone());
        }
        let record = Arc::new(Record::new(revision, object));
        match kind {
            EventKind::Deleted => drop(table.objects.remove(key)),
            EventKind::Added | EventKind::Modified => drop(table.objects.insert(key.clone(), record.clone())),
        }
        table.append(StoreEvent { kind, key: key.clone(), record: record.clone(), before });
        inner.revision = revision;
        drop(inner);
        self.latest.send_replace(revision);
        Ok(record)
    }

    /// Discards the log of changes, as etcd's compaction does: a watch or list at an older revision gets 410.
    pub(crate) fn compact(&self) {
        let mut inner = self.lock();
        let revision = inner.revision;
        for table in &mut inner.tables {
            table.compact(revision);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use serde_json::json;

    use super::*;
    use crate::sandbox::resource::find;

    fn put(store: &Store, name: &str, note: u32) -> u64 {
        let decide =
            |_: Option<&Record>| Ok::<_, Infallible>(WriteOutcome::Put(json!({ "metadata": {}, "note": note })));
        store.transact(configmaps(), &ObjectKey::new("default", name), decide).unwrap().revision
    }

    fn delete(store: &Store, name: &str) {
        let decide = |record: Option<&Record>| Ok::<_, Infallible>(WriteOutcome::Delete(record.unwrap().object()));
        store.transact(configmaps(), &ObjectKey::new("default", name), decide).unwrap();
    }

    fn configmaps() -> &'static Resource {
        find("", "configmaps").unwrap()
    }

    fn names(store: &Store, range: Range<'_>) -> Vec<String> {
        let page = store.page(configmaps(), range, 100, |_, _| true).unwrap();
        page.records.into_iter().map(|(key, record)| format!("{}={}", key.name, record.object()["note"])).collect()
    }

    #[test]
    fn writing_an_identical_object_changes_nothing() {
        let store = Store::default();
        assert_eq!(put(&store, "a", 1), put(&store, "a", 1));
        assert!(put(&store, "a", 2) > put(&store, "b", 1) - 2);
        assert_eq!(store.changes(configmaps(), 1, 100).unwrap().len(), 3);
    }

    #[test]
    fn paged_list_shows_the_state_of_its_first_page() {
        let store = Store::default();
        for name in ["a", "b", "c"] {
            put(&store, name, 1);
        }
        let at = store.revision();
        put(&store, "b", 2);
        put(&store, "bb", 1);
        delete(&store, "c");
        assert_eq!(names(&store, Range::default()), ["a=1", "b=2", "bb=1"]);
        assert_eq!(names(&store, Range { at: Some(at), ..Range::default() }), ["a=1", "b=1", "c=1"]);
        let after = ObjectKey::new("default", "a");
        assert_eq!(names(&store, Range { at: Some(at), after: Some(&after), namespace: None }), ["b=1", "c=1"]);
    }

    #[test]
    fn compacted_revisions_are_too_old() {
        let store = Store::default();
        let first = put(&store, "a", 1);
        put(&store, "a", 2);
        store.compact();
        let oldest = store.revision();
        assert_eq!(store.changes(configmaps(), first, 9).unwrap_err(), TooOld { oldest });
        assert!(store.changes(configmaps(), oldest, 9).unwrap().is_empty());
        assert!(store.page(configmaps(), Range { at: Some(first), ..Range::default() }, 9, |_, _| true).is_err());
    }
}
