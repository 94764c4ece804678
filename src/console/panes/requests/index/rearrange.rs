//! Another filter, sort or search, worked out in slices, so that a key never waits for it. Until it is complete, the
//! list is as it was; what changes in the meantime is looked at again at the end. A newer wish replaces it.

use crate::console::panes::requests::index::criteria::{Criteria, SortKey};
use crate::console::panes::requests::index::order::Order;
use crate::console::panes::requests::index::search::Search;
use crate::console::panes::requests::index::slots::Slots;
use crate::console::panes::requests::index::sort;
use crate::domain::interner::Uid;
use crate::domain::row::Row;

/// Rows looked at in one slice: about a millisecond.
const SLICE: u32 = 8192;

/// A list being worked out.
#[derive(Debug)]
pub(super) struct Rearrangement {
    /// What is wanted.
    pub criteria: Criteria,
    /// The row that stays although the filter would drop it.
    pub held: Option<Uid>,
    next: u32,
    /// A bit for every slot looked at.
    admitted: Vec<u64>,
    /// Slots that changed after they were looked at.
    touched: Vec<u32>,
}

impl Rearrangement {
    /// Begins.
    pub(crate) fn new(criteria: Criteria, held: Option<Uid>) -> Self {
        Self { criteria, held, next: 0, admitted: Vec::new(), touched: Vec::new() }
    }

    /// These slots have changed.
    pub(crate) fn touch(&mut self, slots: impl Iterator<Item = u32>) {
        self.touched.extend(slots.filter(|slot| *slot < self.next));
    }

    /// Looks at the next rows; the list, when all have been looked at.
    pub(crate) fn step(&mut self, slots: &Slots, by_name: &Order) -> Option<Order> {
        let end = slots.end().min(self.next.saturating_add(SLICE));
        let slice = self.next..end;
        self.next = end;
        self.look(slots, slice);
        if self.next < slots.end() {
            return None;
        }
        let touched = std::mem::take(&mut self.touched);
        self.look(slots, touched.into_iter());
        Some(self.sorted(slots, by_name))
    }

    fn look(&mut self, slots: &Slots, which: impl Iterator<Item = u32>) {
        let Self { criteria, held, admitted, .. } = self;
        admitted.resize((slots.end() as usize).div_ceil(64), 0);
        let mut search = Search::new(&criteria.search);
        for slot in which {
            let row = slots.row(slot);
            let admits = row.is_some_and(|row| {
                held.as_ref() == Some(&row.uid) || (criteria.filter.admits(row) && search.finds(row))
            });
            let (word, bit) = (slot as usize / 64, slot % 64);
            admitted[word] = admitted[word] & !(1 << bit) | u64::from(admits) << bit;
        }
    }

    /// The admitted rows by name, then by what is wanted: ties keep standing by name.
    fn sorted(&self, slots: &Slots, by_name: &Order) -> Order {
        let admitted = |slot: &u32| self.admitted[*slot as usize / 64] >> (slot % 64) & 1 == 1;
        let mut found: Vec<u32> = by_name.slots().iter().copied().filter(admitted).collect();
        let Criteria { column, reversed, .. } = self.criteria;
        if column == SortKey::Name {
            if reversed {
                found.reverse();
            }
            return Order::sorted(found);
        }
        let rows = || found.iter().map(|slot| slots.row(*slot));
        let number = |row: Option<&Row>| row.map_or(0, |row| column.number(row));
        let mut items: Vec<sort::Keyed> = rows().map(number).zip(0..).collect();
        let texts: Option<Vec<&str>> = rows().map(|row| column.text(row?)).collect();
        match texts {
            Some(texts) => sort::by_text(&mut items, reversed, &texts),
            None => sort::by_number(&mut items, reversed),
        }
        Order::sorted(items.into_iter().map(|(_, place)| found[place as usize]).collect())
    }
}
