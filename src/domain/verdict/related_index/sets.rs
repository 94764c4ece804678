//! Sets that are mostly of one, by group.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::RangeInclusive;

/// A text's number. That two texts have the same is as good as impossible: the numbers are secret.
pub(super) type Number = u64;

/// Members by group.
#[derive(Debug)]
pub(super) struct MultiMap<T>(HashMap<Number, SmallIdSet<T>, BuildHasherDefault<IdentityHasher>>);

/// Numbers are hashes already, with a secret.
#[derive(Debug, Default)]
pub(super) struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn finish(&self) -> u64 {
        // The upper bits of a name's number say little, and the table looks at them first.
        self.0 ^ self.0 << 32
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// One member, stored inline.
#[derive(Debug)]
enum SmallIdSet<T> {
    One(T),
    /// Boxed: a hundred thousand groups have one.
    #[expect(clippy::box_collection, reason = "a pointer takes less space in every other group")]
    Many(Box<BTreeSet<T>>),
}

impl<T> Default for MultiMap<T> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<T: Copy + Ord> MultiMap<T> {
    /// Adds to a group; whether it is the first there.
    pub(crate) fn insert(&mut self, group: Number, member: T) -> bool {
        match self.0.entry(group) {
            Entry::Vacant(entry) => {
                entry.insert(SmallIdSet::One(member));
                return true;
            }
            Entry::Occupied(mut entry) => match entry.get_mut() {
                SmallIdSet::Many(all) => {
                    all.insert(member);
                }
                SmallIdSet::One(other) => {
                    let both = BTreeSet::from([*other, member]);
                    *entry.get_mut() = SmallIdSet::Many(Box::new(both));
                }
            },
        }
        false
    }

    /// Removes from a group; whether that was the last there.
    pub(crate) fn remove(&mut self, group: Number, member: T) -> bool {
        let empty = match self.0.get_mut(&group) {
            None => return false,
            Some(SmallIdSet::One(one)) => *one == member,
            Some(SmallIdSet::Many(all)) => {
                all.remove(&member);
                all.is_empty()
            }
        };
        if empty {
            self.0.remove(&group);
        }
        empty
    }

    /// All of a group, in order.
    pub(crate) fn get(&self, group: Number) -> impl Iterator<Item = T> {
        let (one, many) = self.parts(group);
        one.into_iter().chain(many.into_iter().flatten().copied())
    }

    /// Those of a group between two, in order.
    pub(crate) fn between(&self, group: Number, range: RangeInclusive<T>) -> impl Iterator<Item = T> {
        let (one, many) = self.parts(group);
        let one = one.filter(|one| range.contains(one));
        one.into_iter().chain(many.into_iter().flat_map(move |all| all.range(range.clone())).copied())
    }

    /// The first and the last of a group.
    pub(crate) fn ends(&self, group: Number) -> Option<(T, T)> {
        match self.parts(group) {
            (Some(one), _) => Some((one, one)),
            (None, many) => many.and_then(|all| Some((*all.first()?, *all.last()?))),
        }
    }

    fn parts(&self, group: Number) -> (Option<T>, Option<&BTreeSet<T>>) {
        match self.0.get(&group) {
            None => (None, None),
            Some(SmallIdSet::One(one)) => (Some(*one), None),
            Some(SmallIdSet::Many(all)) => (None, Some(all)),
        }
    }

    /// Whether there is no group.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
