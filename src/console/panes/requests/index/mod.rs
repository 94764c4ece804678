//! The rows of the list: kept by uid, shown filtered and sorted, marked.
//!
//! A batch of changes moves what it changes and nothing else. Another filter, sort or search is worked out in slices
//! ([`Index::work`]); until it is complete the list is as it was.

mod criteria;
mod order;
mod rearrange;
mod search;
mod slots;
mod sort;

use crate::cluster::watch::RequestChange;
use crate::domain::interner::Uid;
use crate::domain::request::RequestState;
use crate::domain::row::Row;
use crate::domain::verdict::Level;

pub use criteria::SortKey;
pub(crate) use criteria::{Criteria, Filter};
use order::Order;
use rearrange::Rearrangement;
use search::Search;
use slots::{SlotEntry, Slots};

/// All rows, and which of them are on the list in which order.
#[derive(Debug, Default)]
pub struct Index {
    slots: Slots,
    /// All rows by name.
    by_name: Order,
    /// The rows on the list.
    shown: Order,
    criteria: Criteria,
    wanted: Option<Rearrangement>,
    held: Option<Uid>,
    /// The number of the list that was begun last.
    lists: u32,
    pending: usize,
    marked: usize,
}

impl Index {
    /// A list begins: rows that it does not mention are dropped when it is complete, not before.
    pub(crate) fn begin_list(&mut self) {
        self.lists = self.lists.wrapping_add(1);
    }

    /// The list is complete.
    pub(crate) fn end_list(&mut self) {
        let old = self.slots.iter().filter(|(_, entry)| entry.listed != self.lists);
        let gone = old.map(|(_, entry)| RequestChange::Deleted(entry.row.uid.clone())).collect();
        self.apply(gone);
    }

    /// Takes a batch in.
    pub fn apply(&mut self, changes: Vec<RequestChange>) {
        let touched = self.take_out(&changes);
        let touched = self.take_in(changes, touched);
        self.put_back(touched);
    }

    /// Gives rows other verdicts: what they say depends on more than the request. Each object is
    /// named once at most; one that is not there any more is passed over.
    pub(crate) fn relevel(&mut self, verdicts: Vec<(Uid, Level, &'static str)>) {
        let changed = verdicts.into_iter().filter_map(|(uid, level, headline)| {
            let entry = self.slots.get(self.slots.of(&uid)?)?;
            let differs = (entry.row.level, entry.row.headline) != (level, headline);
            differs.then(|| (entry.listed, Row { level, headline, ..entry.row.clone() }))
        });
        let (listed, rows): (Vec<_>, Vec<_>) = changed.unzip();
        let uids: Vec<_> = rows.iter().map(|row| row.uid.clone()).collect();
        self.apply(rows.into_iter().map(RequestChange::Applied).collect());
        // A verdict is no proof that the object is still there.
        for (uid, listed) in uids.iter().zip(listed) {
            if let Some(entry) = self.slots.of(uid).and_then(|slot| self.slots.get_mut(slot)) {
                entry.listed = listed;
            }
        }
    }

    /// Takes what will change out of the orders, while these still fit the rows.
    fn take_out(&mut self, changes: &[RequestChange]) -> Touched {
        let mut touched = Touched::default();
        let (mut places, mut names) = (Vec::new(), Vec::new());
        for change in changes {
            let (uid, name) = match change {
                RequestChange::Applied(row) => (&row.uid, Some(&row.name)),
                RequestChange::Deleted(uid) => (uid, None),
            };
            let Some((slot, old)) = self.slots.of(uid).and_then(|slot| Some((slot, self.slots.row(slot)?))) else {
                continue;
            };
            places.extend(self.place_in(&self.shown, &self.criteria, old));
            touched.slots.push(slot);
            if name != Some(&old.name) {
                names.extend(self.place_in(&self.by_name, &Criteria::by_name(), old));
                touched.names.push(slot);
            }
        }
        self.shown.remove(places);
        self.by_name.remove(names);
        touched
    }

    fn take_in(&mut self, changes: Vec<RequestChange>, mut touched: Touched) -> Touched {
        for change in changes {
            match change {
                RequestChange::Applied(row) => {
                    self.pending += usize::from(row.state == RequestState::Pending);
                    let known = self.slots.of(&row.uid);
                    if let Some(entry) = known.and_then(|slot| self.slots.get_mut(slot)) {
                        self.pending -= usize::from(entry.row.state == RequestState::Pending);
                        (entry.row, entry.listed) = (row, self.lists);
                    } else {
                        let slot = self.slots.add(SlotEntry { row, marked: false, listed: self.lists });
                        touched.slots.push(slot);
                        touched.names.push(slot);
                    }
                }
                RequestChange::Deleted(uid) => {
                    if let Some(entry) = self.slots.of(&uid).and_then(|slot| self.slots.remove(slot)) {
                        self.pending -= usize::from(entry.row.state == RequestState::Pending);
                        self.marked -= usize::from(entry.marked);
                    }
                }
            }
        }
        touched.unique()
    }

    fn put_back(&mut self, touched: Touched) {
        if let Some(wanted) = &mut self.wanted {
            wanted.touch(touched.slots.iter().copied());
        }
        let there = |slot: &u32| self.slots.row(*slot).is_some();
        let names: Vec<u32> = touched.names.into_iter().filter(there).collect();
        let mut search = Search::new(&self.criteria.search);
        let admitted = |slot: &u32| self.slots.row(*slot).is_some_and(|row| self.admits(row, &mut search));
        let shown: Vec<u32> = touched.slots.into_iter().filter(admitted).collect();
        insert(&mut self.by_name, &self.slots, &Criteria::by_name(), names);
        insert(&mut self.shown, &self.slots, &self.criteria, shown);
    }

    /// Shows only what the next filter admits.
    pub(crate) fn next_filter(&mut self) {
        let wanted = self.wish();
        self.want(Criteria { filter: wanted.filter.next(), ..wanted }, false);
    }

    /// Shows only what `filter` admits.
    pub(crate) fn set_filter(&mut self, filter: Filter) {
        let wanted = self.wish();
        self.want(Criteria { filter, ..wanted }, false);
    }

    /// The column that the list is sorted by, or will be.
    pub(crate) fn sort(&self) -> SortKey {
        self.wanted.as_ref().map_or(&self.criteria, |wanted| &wanted.criteria).column
    }

    /// Sorts the other way round.
    pub(crate) fn reverse_sort(&mut self) {
        let wanted = self.wish();
        self.set_sort(wanted.column, !wanted.reversed);
    }

    /// Sorts by `column`, the other way round if `reversed`.
    pub fn set_sort(&mut self, column: SortKey, reversed: bool) {
        let wanted = self.wish();
        self.want(Criteria { column, reversed, ..wanted }, true);
    }

    /// Shows only rows that contain `text` in name, identity, groups, signer, requester or verdict; case is ignored.
    pub fn set_search(&mut self, text: &str) {
        let wanted = self.wish();
        self.want(Criteria { search: text.to_lowercase(), ..wanted }, false);
    }

    /// What is shown, or will be.
    fn wish(&self) -> Criteria {
        self.wanted.as_ref().map_or(&self.criteria, |wanted| &wanted.criteria).clone()
    }

    /// Begins to work `criteria` out. A short list is there at once.
    fn want(&mut self, criteria: Criteria, keeps_held: bool) {
        if criteria == self.wish() {
            return;
        }
        let held = self.held.clone().filter(|_| keeps_held);
        self.wanted = Some(Rearrangement::new(criteria, held));
        self.work();
    }

    /// Whether a list is being worked out.
    pub fn is_working(&self) -> bool {
        self.wanted.is_some()
    }

    /// Continues building the list, for about a millisecond; returns whether the list has changed.
    pub fn work(&mut self) -> bool {
        let Some(mut wanted) = self.wanted.take() else { return false };
        let order = wanted.step(&self.slots, &self.by_name);
        let complete = order.is_some();
        if let Some(order) = order {
            (self.shown, self.criteria, self.held) = (order, wanted.criteria, wanted.held);
        } else {
            self.wanted = Some(wanted);
        }
        complete
    }

    /// Keeps one row on the list even when the filter would drop it: the one under the cursor, so that a decision's
    /// result is seen where the request stood.
    pub(crate) fn hold(&mut self, uid: Option<&Uid>) {
        if self.held.as_ref() == uid {
            return;
        }
        let released = std::mem::replace(&mut self.held, uid.cloned());
        let Some(slot) = released.and_then(|uid| self.slots.of(&uid)) else { return };
        let Some(row) = self.slots.row(slot) else { return };
        if !self.admits(row, &mut Search::new(&self.criteria.search)) {
            let place = self.place_in(&self.shown, &self.criteria, row);
            self.shown.remove(place.into_iter().collect());
        }
    }

    /// The criteria of the list as it is shown.
    pub(crate) fn criteria(&self) -> &Criteria {
        &self.criteria
    }

    /// How many rows are on the list.
    pub(crate) fn len(&self) -> usize {
        self.shown.slots().len()
    }

    /// Whether the list shows nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many requests there are.
    pub fn total(&self) -> usize {
        self.slots.len()
    }

    /// How many of them are pending.
    pub(crate) fn pending(&self) -> usize {
        self.pending
    }

    /// The row at a place of the list.
    pub(crate) fn at(&self, place: usize) -> Option<&Row> {
        self.slots.row(*self.shown.slots().get(place)?)
    }

    /// The row of an object, on the list or not.
    pub(crate) fn get(&self, uid: &Uid) -> Option<&Row> {
        self.slots.row(self.slots.of(uid)?)
    }

    /// Where an object is on the list.
    pub(crate) fn place(&self, uid: &Uid) -> Option<usize> {
        self.place_in(&self.shown, &self.criteria, self.get(uid)?)
    }

    /// The rows from `top`, `count` at most, and whether each is marked.
    pub(crate) fn window(&self, top: usize, count: usize) -> impl Iterator<Item = (&Row, bool)> {
        let slots = self.shown.slots().iter().skip(top).take(count);
        slots.filter_map(|slot| self.slots.get(*slot)).map(|entry| (&entry.row, entry.marked))
    }

    /// Marks an object, or takes its mark away.
    pub(crate) fn mark(&mut self, uid: &Uid, marked: bool) {
        let Some(entry) = self.slots.of(uid).and_then(|slot| self.slots.get_mut(slot)) else { return };
        self.marked = self.marked + usize::from(marked) - usize::from(entry.marked);
        entry.marked = marked;
    }

    /// Whether an object is marked.
    pub(crate) fn is_marked(&self, uid: &Uid) -> bool {
        self.slots.of(uid).and_then(|slot| self.slots.get(slot)).is_some_and(|entry| entry.marked)
    }

    /// Marks every row on the list; if all are marked already, takes their marks away.
    pub(crate) fn mark_shown(&mut self) {
        let all = self.window(0, usize::MAX).all(|(_, marked)| marked);
        let Self { shown, slots, marked: count, .. } = self;
        for slot in shown.slots() {
            if let Some(entry) = slots.get_mut(*slot) {
                *count = *count + usize::from(!all) - usize::from(entry.marked);
                entry.marked = !all;
            }
        }
    }

    /// Takes all marks away.
    pub(crate) fn unmark_all(&mut self) {
        self.slots.iter_mut().for_each(|entry| entry.marked = false);
        self.marked = 0;
    }

    /// How many objects are marked, on the list or not.
    pub(crate) fn marked_count(&self) -> usize {
        self.marked
    }

    /// The marked rows by name, on the list or not.
    pub(crate) fn marked(&self) -> impl Iterator<Item = &Row> {
        let entries = self.by_name.slots().iter().filter_map(|slot| self.slots.get(*slot));
        entries.filter(|entry| entry.marked).map(|entry| &entry.row)
    }

    fn place_in(&self, order: &Order, criteria: &Criteria, row: &Row) -> Option<usize> {
        let place =
            order.place(|slot| self.slots.row(slot).map_or(std::cmp::Ordering::Less, |o| criteria.order(o, row)));
        place.filter(|place| self.slots.row(order.slots()[*place]).is_some_and(|found| found.uid == row.uid))
    }

    fn admits(&self, row: &Row, search: &mut Search) -> bool {
        self.held.as_ref() == Some(&row.uid) || (self.criteria.filter.admits(row) && search.finds(row))
    }
}

fn insert(order: &mut Order, slots: &Slots, criteria: &Criteria, new: Vec<u32>) {
    let row = |slot| slots.row(slot);
    order.insert(new, |a, b| match (row(a), row(b)) {
        (Some(a), Some(b)) => criteria.order(a, b),
        _ => std::cmp::Ordering::Equal,
    });
}

/// Slots that a batch changes.
#[derive(Default)]
struct Touched {
    /// All of them.
    slots: Vec<u32>,
    /// Those that are new, gone or have another name.
    names: Vec<u32>,
}

impl Touched {
    fn unique(mut self) -> Self {
        for slots in [&mut self.slots, &mut self.names] {
            slots.sort_unstable();
            slots.dedup();
        }
        self
    }
}

#[cfg(test)]
mod tests;
