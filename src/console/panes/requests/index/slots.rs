//! The rows themselves, each in a slot that stays its own while others come and go.

use std::collections::HashMap;

use crate::domain::interner::Uid;
use crate::domain::row::Row;

/// A row and what the console adds to it.
#[derive(Debug)]
pub(super) struct SlotEntry {
    /// The row.
    pub row: Row,
    /// Marked by the admin.
    pub marked: bool,
    /// The number of the last list that mentioned it.
    pub listed: u32,
}

/// All rows.
#[derive(Debug, Default)]
pub(super) struct Slots {
    entries: Vec<Option<SlotEntry>>,
    free: Vec<u32>,
    of: HashMap<Uid, u32>,
}

impl Slots {
    /// How many slots there are, empty ones too.
    pub(crate) fn end(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.of.len()
    }

    /// The slot of an object.
    pub(crate) fn of(&self, uid: &Uid) -> Option<u32> {
        self.of.get(uid).copied()
    }

    /// What is in a slot.
    pub(crate) fn get(&self, slot: u32) -> Option<&SlotEntry> {
        self.entries.get(slot as usize)?.as_ref()
    }

    /// What is in a slot, to be changed.
    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut SlotEntry> {
        self.entries.get_mut(slot as usize)?.as_mut()
    }

    /// The row in a slot.
    pub(crate) fn row(&self, slot: u32) -> Option<&Row> {
        self.get(slot).map(|entry| &entry.row)
    }

    /// All entries with their slots.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &SlotEntry)> {
        (0..).zip(&self.entries).filter_map(|(slot, entry)| Some((slot, entry.as_ref()?)))
    }

    /// All entries, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut SlotEntry> {
        self.entries.iter_mut().flatten()
    }

    /// Puts a new object in.
    pub(crate) fn add(&mut self, entry: SlotEntry) -> u32 {
        let uid = entry.row.uid.clone();
        let slot = if let Some(slot) = self.free.pop() {
            self.entries[slot as usize] = Some(entry);
            slot
        } else {
            self.entries.push(Some(entry));
            self.end() - 1
        };
        self.of.insert(uid, slot);
        slot
    }

    /// Takes an object out.
    pub(crate) fn remove(&mut self, slot: u32) -> Option<SlotEntry> {
        let entry = self.entries.get_mut(slot as usize)?.take()?;
        self.of.remove(&entry.row.uid);
        self.free.push(slot);
        Some(entry)
    }
}
