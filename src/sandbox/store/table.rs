//! The objects of one resource and the log of their changes, as etcd keeps revisions.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::record::{ObjectKey, Record};

/// Changes of one resource that are kept for watches and paged lists.
const MAX_LOG: usize = 20_000;

/// The kind of a change to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    Added,
    Modified,
    /// The record is the last state, with the revision of the deletion.
    Deleted,
}

/// One change of an object.
#[derive(Debug)]
pub(crate) struct StoreEvent {
    pub kind: EventKind,
    pub key: ObjectKey,
    /// The state after the change; the last state for a deletion.
    pub record: Arc<Record>,
    /// The state before the change, unless the object is new.
    pub before: Option<Arc<Record>>,
}

/// The requested revision has been compacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooOld {
    /// The oldest revision that is available.
    pub oldest: u64,
}

/// The objects of one resource, with the log of their changes.
#[derive(Default)]
pub(super) struct ResourceTable {
    pub(super) objects: BTreeMap<ObjectKey, Arc<Record>>,
    log: VecDeque<Arc<StoreEvent>>,
    /// Changes up to this revision have been compacted.
    compacted: u64,
}

impl ResourceTable {
    /// The revision of the newest change.
    pub(super) fn latest(&self) -> u64 {
        self.log.back().map_or(self.compacted, |change| change.record.revision)
    }

    pub(super) fn changes_after(&self, revision: u64) -> Result<impl Iterator<Item = &Arc<StoreEvent>>, TooOld> {
        if revision < self.compacted {
            return Err(TooOld { oldest: self.compacted });
        }
        let start = self.log.partition_point(|change| change.record.revision <= revision);
        Ok(self.log.iter().skip(start))
    }

    pub(super) fn append(&mut self, change: StoreEvent) {
        self.log.push_back(Arc::new(change));
        while self.log.len() > MAX_LOG {
            self.compacted = self.log.pop_front().map_or(0, |change| change.record.revision);
        }
    }

    /// Discards the log.
    pub(super) fn compact(&mut self, revision: u64) {
        self.log.clear();
        self.compacted = revision;
    }

    /// The state at a revision of those objects that have changed since; `None` for those that did not exist.
    pub(super) fn overrides_at(&self, revision: u64) -> Result<BTreeMap<ObjectKey, Option<Arc<Record>>>, TooOld> {
        let mut past = BTreeMap::new();
        for change in self.changes_after(revision)? {
            past.entry(change.key.clone()).or_insert_with(|| change.before.clone());
        }
        Ok(past)
    }
}
