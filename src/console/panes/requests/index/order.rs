//! Slots in an order that is kept, not made again: a batch moves only what it changes.

use std::cmp::Ordering;

/// Slots, sorted. Which order that is, its user says with every call, and always the same.
#[derive(Debug, Default)]
pub(super) struct Order(Vec<u32>);

impl Order {
    /// Slots that are in order already.
    pub(crate) fn sorted(slots: Vec<u32>) -> Self {
        Self(slots)
    }

    /// The slots in order.
    pub(crate) fn slots(&self) -> &[u32] {
        &self.0
    }

    /// Where the slot is to which `to_it` says how others compare.
    pub(crate) fn place(&self, to_it: impl Fn(u32) -> Ordering) -> Option<usize> {
        self.0.binary_search_by(|slot| to_it(*slot)).ok()
    }

    /// Takes out what is at these places.
    pub(crate) fn remove(&mut self, mut places: Vec<usize>) {
        places.sort_unstable();
        places.dedup();
        let Some(first) = places.first() else { return };
        let mut to = *first;
        for (at, place) in places.iter().enumerate() {
            let end = places.get(at + 1).copied().unwrap_or(self.0.len());
            self.0.copy_within(place + 1..end, to);
            to += end - place - 1;
        }
        self.0.truncate(to);
    }

    /// Puts slots in that are not there yet.
    pub(crate) fn insert(&mut self, mut new: Vec<u32>, order: impl Fn(u32, u32) -> Ordering) {
        new.sort_unstable_by(|a, b| order(*a, *b));
        let mut end = self.0.len();
        let mut to = end + new.len();
        self.0.resize(to, 0);
        // From the back, so that nothing is moved twice.
        while let Some(slot) = new.pop() {
            let below_all = end == 0 || order(self.0[end - 1], slot).is_lt();
            let place =
                if below_all { end } else { self.0[..end].partition_point(|other| order(*other, slot).is_lt()) };
            self.0.copy_within(place..end, to - (end - place));
            to -= end - place + 1;
            self.0[to] = slot;
            end = place;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn batches_leave_the_same_order_as_a_full_sort(
            first in btree_set(0_u32..200, 0..60),
            batches in vec((btree_set(0_u32..200, 0..20), btree_set(0_u32..200, 0..20)), 0..8),
        ) {
            let mut model: BTreeSet<u32> = first.clone();
            let mut order = Order::sorted(first.into_iter().collect());
            for (gone, new) in batches {
                let places = gone.iter().filter_map(|slot| order.place(|other| other.cmp(slot)));
                order.remove(places.collect());
                model.retain(|slot| !gone.contains(slot));
                let new: Vec<u32> = new.into_iter().filter(|slot| !model.contains(slot)).rev().collect();
                model.extend(&new);
                order.insert(new, |a, b| a.cmp(&b));
                prop_assert!(order.slots().iter().eq(&model), "{:?} {:?}", order, model);
            }
        }
    }
}
