//! The cursor stays on its object, whatever arrives above it; the view follows the cursor.

use crate::console::panes::requests::index::Index;
use crate::domain::interner::Uid;

/// Which object is meant, and which part of the list is seen.
#[derive(Debug, Default)]
pub struct Cursor {
    uid: Option<Uid>,
    /// The last place of the object: where the cursor stays when the object leaves the list.
    place: usize,
    top: usize,
    moved: bool,
}

impl Cursor {
    /// Whether a person has moved it.
    pub(crate) fn was_moved(&self) -> bool {
        self.moved
    }

    /// The object under the cursor.
    pub(crate) fn uid(&self) -> Option<&Uid> {
        self.uid.as_ref()
    }

    /// The cursor's place on the list.
    pub(crate) fn place(&self) -> usize {
        self.place
    }

    /// The first place that is seen.
    pub(crate) fn top(&self) -> usize {
        self.top
    }

    /// After the list changed: the object's new place, or the next object where it stood.
    pub(crate) fn settle(&mut self, index: &Index, height: usize) {
        let place = self.uid.as_ref().and_then(|uid| index.place(uid));
        // The row keeps its line on the screen when others arrive above it.
        if let Some(place) = place
            && self.top > 0
        {
            self.top = (self.top + place).saturating_sub(self.place);
        }
        self.go(place.unwrap_or(self.place), index, height);
    }

    /// Moves by `steps` rows.
    pub(crate) fn step(&mut self, steps: isize, index: &Index, height: usize) {
        self.moved = true;
        self.go(self.place.saturating_add_signed(steps), index, height);
    }

    /// Moves to a place, the last one if there are fewer.
    pub(crate) fn go(&mut self, place: usize, index: &Index, height: usize) {
        self.place = place.min(index.len().saturating_sub(1));
        self.uid = index.at(self.place).map(|row| row.uid.clone());
        let height = height.max(1);
        let last_top = index.len().saturating_sub(height);
        self.top = self.top.min(self.place).max((self.place + 1).saturating_sub(height)).min(last_top);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::watch::RequestChange;
    use crate::console::panes::requests::testing::row;

    fn index(names: &[(&str, i64)]) -> Index {
        let mut index = Index::default();
        add(&mut index, names);
        index
    }

    fn add(index: &mut Index, names: &[(&str, i64)]) {
        index.apply(names.iter().map(|(name, age)| RequestChange::Applied(row(name, *age))).collect());
    }

    #[test]
    fn a_live_insert_never_moves_the_cursor_to_another_object() {
        let mut index = index(&[("b", 10), ("d", 30)]);
        let mut cursor = Cursor::default();
        cursor.go(1, &index, 5);
        assert_eq!(cursor.uid(), Some(&Uid::of("uid-d")));
        add(&mut index, &[("a", 1), ("c", 20), ("e", 40)]);
        cursor.settle(&index, 5);
        assert_eq!((cursor.uid(), cursor.place()), (Some(&Uid::of("uid-d")), 3));
    }

    #[test]
    fn when_its_object_is_gone_the_cursor_stays_where_it_was() {
        let mut index = index(&[("a", 1), ("b", 2), ("c", 3)]);
        let mut cursor = Cursor::default();
        cursor.go(1, &index, 5);
        index.apply(vec![RequestChange::Deleted(Uid::of("uid-b"))]);
        cursor.settle(&index, 5);
        assert_eq!(cursor.uid(), Some(&Uid::of("uid-c")));
    }

    #[test]
    fn the_cursor_is_always_in_sight() {
        let names: Vec<(String, i64)> = (0..50).map(|n| (format!("n{n:02}"), n)).collect();
        let index = index(&names.iter().map(|(name, age)| (name.as_str(), *age)).collect::<Vec<_>>());
        let mut cursor = Cursor::default();
        for steps in [1, 20, -3, 100, -7, -200, 49] {
            cursor.step(steps, &index, 7);
            assert!((cursor.top()..cursor.top() + 7).contains(&cursor.place()), "{cursor:?}");
        }
    }
}
