//! The objects, their versions, and the log of changes that watches read: etcd's part.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::api::resource::{RESOURCES, Resource};

/// How many changes of one resource a watch can look back.
const REMEMBERED: usize = 20_000;

/// Where an object stands in its resource: by namespace (empty for the cluster's scope), then by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectKey {
    /// Namespace, or empty.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl ObjectKey {
    /// The key of an object.
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

/// One version of an object.
#[derive(Debug)]
pub(crate) struct Record {
    /// `metadata.resourceVersion`.
    pub revision: u64,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
    /// The object as JSON, without `kind` and `apiVersion`.
    pub json: Bytes,
}

impl Record {
    fn new(revision: u64, mut object: Value) -> Self {
        if let Some(map) = object.as_object_mut() {
            map.shift_remove("kind");
            map.shift_remove("apiVersion");
        }
        // What has never been kept has no version.
        if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut).filter(|_| revision > 0) {
            meta.insert("resourceVersion".to_owned(), revision.to_string().into());
        }
        let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
        let labels = labels.into_iter().flatten();
        Self {
            revision,
            uid: object.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default().to_owned(),
            labels: labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect(),
            json: serde_json::to_vec(&object).unwrap_or_default().into(),
        }
    }

    /// The object, without `kind` and `apiVersion`.
    pub(crate) fn object(&self) -> Value {
        serde_json::from_slice(&self.json).unwrap_or_else(|_| Value::Object(Map::new()))
    }
}

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    /// It is new.
    Added,
    /// It has another version.
    Modified,
    /// It is gone; the record is its last state, under the version of the deletion.
    Deleted,
}

/// One change.
#[derive(Debug)]
pub(crate) struct StoreEvent {
    /// What happened.
    pub kind: EventKind,
    /// To which object.
    pub key: ObjectKey,
    /// Its state after that (before, for a deletion).
    pub record: Arc<Record>,
    /// Its state before, unless it is new.
    pub before: Option<Arc<Record>>,
}

/// The version asked for has been forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooOld {
    /// The oldest that is known.
    pub oldest: u64,
}

/// What a transaction does with the object that it looked at.
pub(crate) enum WriteOutcome {
    /// It becomes this. Nothing happens where it is this already.
    Put(Value),
    /// It goes. The value is its last state.
    Delete(Value),
    /// It stays as it is; this is shown as the result (a dry run).
    Show(Value),
}

/// A part of a list.
pub(crate) struct StorePage {
    /// The version that the list is of.
    pub revision: u64,
    /// The objects.
    pub records: Vec<(ObjectKey, Arc<Record>)>,
    /// How many would follow.
    pub remaining: usize,
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Range<'a> {
    /// In one namespace alone.
    pub namespace: Option<&'a str>,
    /// Behind this key.
    pub after: Option<&'a ObjectKey>,
    /// As it was at this version.
    pub at: Option<u64>,
}

#[derive(Default)]
struct Table {
    objects: BTreeMap<ObjectKey, Arc<Record>>,
    log: VecDeque<Arc<StoreEvent>>,
    /// Changes up to this version are forgotten.
    forgotten: u64,
}

struct Inner {
    revision: u64,
    tables: Vec<Table>,
}

/// All objects of the cluster.
pub struct Store {
    inner: Mutex<Inner>,
    latest: watch::Sender<u64>,
}

impl Default for Store {
    fn default() -> Self {
        let tables = RESOURCES.iter().map(|_| Table::default()).collect();
        Self { inner: Mutex::new(Inner { revision: 1, tables }), latest: watch::Sender::new(1) }
    }
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The version of the newest change.
    pub(crate) fn revision(&self) -> u64 {
        self.lock().revision
    }

    /// The version of the newest change of one resource.
    pub(crate) fn changed_at(&self, resource: &Resource) -> u64 {
        let inner = self.lock();
        let table = &inner.tables[resource.index()];
        table.log.back().map_or(table.forgotten, |change| change.record.revision)
    }

    /// Tells of every new version.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }

    /// One object.
    pub(crate) fn get(&self, resource: &Resource, key: &ObjectKey) -> Option<Arc<Record>> {
        self.lock().tables[resource.index()].objects.get(key).cloned()
    }

    /// All objects of a resource.
    pub(crate) fn all(&self, resource: &Resource) -> Vec<(ObjectKey, Arc<Record>)> {
        let inner = self.lock();
        inner.tables[resource.index()].objects.iter().map(|(key, record)| (key.clone(), record.clone())).collect()
    }

    /// At most `limit` objects that `accept` takes.
    ///
    /// # Errors
    /// [`TooOld`] where the version asked for has been forgotten.
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
        let past = table.at(revision)?;
        let start = match (range.after, range.namespace) {
            (Some(key), _) => Bound::Excluded(key.clone()),
            (None, Some(namespace)) => Bound::Included(ObjectKey::new(namespace, "")),
            (None, None) => Bound::Unbounded,
        };
        let here = |key: &ObjectKey| range.namespace.is_none_or(|namespace| key.namespace == namespace);
        let present = table.objects.range((start.clone(), Bound::Unbounded));
        let present = present.take_while(|(key, _)| here(key)).filter(|(key, _)| !past.contains_key(*key));
        let past = past.range((start, Bound::Unbounded)).filter(|(key, _)| here(key));
        let past = past.filter_map(|(key, record)| record.as_ref().map(|record| (key, record)));
        let mut found: Vec<_> = present.chain(past).filter(|(key, record)| accept(key, record)).collect();
        found.sort_unstable_by_key(|(key, _)| *key);
        let records = found.iter().take(limit).map(|(key, record)| ((*key).clone(), (*record).clone())).collect();
        Ok(StorePage { revision, records, remaining: found.len().saturating_sub(limit) })
    }

    /// The changes after a version, at most `limit`.
    ///
    /// # Errors
    /// [`TooOld`] where some have been forgotten.
    pub(crate) fn changes(
        &self,
        resource: &Resource,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<StoreEvent>>, TooOld> {
        let inner = self.lock();
        let table = &inner.tables[resource.index()];
        table.remembers(after)?;
        let start = table.log.partition_point(|change| change.record.revision <= after);
        Ok(table.log.iter().skip(start).take(limit).cloned().collect())
    }

    /// Looks at one object and changes it, while nobody else does.
    ///
    /// # Errors
    /// What `decide` refuses with.
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
        table.note(StoreEvent { kind, key: key.clone(), record: record.clone(), before });
        inner.revision = revision;
        drop(inner);
        self.latest.send_replace(revision);
        Ok(record)
    }

    /// Forgets all changes, as etcd does when it is compacted: who wants to go on from an old version is told 410.
    pub(crate) fn compact(&self) {
        let mut inner = self.lock();
        let revision = inner.revision;
        for table in &mut inner.tables {
            table.log.clear();
            table.forgotten = revision;
        }
    }
}

impl Table {
    fn remembers(&self, revision: u64) -> Result<(), TooOld> {
        if revision < self.forgotten { Err(TooOld { oldest: self.forgotten }) } else { Ok(()) }
    }

    fn note(&mut self, change: StoreEvent) {
        self.log.push_back(Arc::new(change));
        while self.log.len() > REMEMBERED {
            self.forgotten = self.log.pop_front().map_or(0, |change| change.record.revision);
        }
    }

    /// How the objects that have changed since then were at a version; `None` for those that were not there.
    fn at(&self, revision: u64) -> Result<BTreeMap<ObjectKey, Option<Arc<Record>>>, TooOld> {
        self.remembers(revision)?;
        let start = self.log.partition_point(|change| change.record.revision <= revision);
        let mut past = BTreeMap::new();
        for change in self.log.iter().skip(start) {
            past.entry(change.key.clone()).or_insert_with(|| change.before.clone());
        }
        Ok(past)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use serde_json::json;

    use super::super::api::resource::find;
    use super::*;

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
    fn writing_what_is_there_changes_nothing() {
        let store = Store::default();
        assert_eq!(put(&store, "a", 1), put(&store, "a", 1));
        assert!(put(&store, "a", 2) > put(&store, "b", 1) - 2);
        assert_eq!(store.changes(configmaps(), 1, 100).unwrap().len(), 3);
    }

    #[test]
    fn a_list_goes_on_as_it_was_when_it_began() {
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
    fn what_is_forgotten_is_said_to_be() {
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
