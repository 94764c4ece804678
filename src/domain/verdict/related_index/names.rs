//! Names that look alike among the requests: of users, and of groups.
//!
//! Of names with one skeleton the plainest is the one that is imitated. It is noticed only where another is written as
//! plainly, so that an imitation does not cast doubt on the name that it imitates. A new look-alike therefore changes the
//! verdict of one name at most, however many there are.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, RandomState};
use std::sync::Arc;

use crate::domain::verdict::confusables::{Oddity, oddity, skeleton};
use crate::domain::verdict::related_index::sets::{IdentityHasher, MultiMap, Number};

/// The bits of a [`number_of_name`] below its oddity.
const BITS: u32 = 56;

/// A name's number. Plainer names have lower ones.
pub(super) fn number_of_name(state: &RandomState, name: &str) -> Number {
    u64::from(oddity(name) as u8) << BITS | state.hash_one(name) >> (u64::BITS - BITS)
}

/// The number of a name's skeleton.
pub(super) fn number_of_skeleton(state: &RandomState, name: &str) -> Number {
    state.hash_one(skeleton(name))
}

/// Whether a name is to be noticed beside another one that looks like it.
fn is_noticed(name: Number, other: Number) -> bool {
    other >> BITS <= (name >> BITS).max(u64::from(Oddity::Pair as u8))
}

/// Names by skeleton, the plainest first.
#[derive(Debug, Default)]
pub(super) struct LookAlikes(MultiMap<Number>);

impl LookAlikes {
    /// Adds a name. Returns the other name that is noticed from now on.
    pub(crate) fn insert(&mut self, skeleton: Number, name: Number) -> Option<Number> {
        let before = self.unnoticed(skeleton);
        self.0.insert(skeleton, name);
        let after = self.unnoticed(skeleton);
        before.filter(|other| after != Some(*other))
    }

    /// Removes a name. Returns the other name that is no longer noticed.
    pub(crate) fn remove(&mut self, skeleton: Number, name: Number) -> Option<Number> {
        let before = self.unnoticed(skeleton);
        self.0.remove(skeleton, name);
        self.unnoticed(skeleton).filter(|other| before != Some(*other))
    }

    /// The plainest other name that `name` can be mistaken for, where `name` is to be noticed.
    pub(crate) fn of(&self, skeleton: Number, name: Number) -> Option<Number> {
        self.0.get(skeleton).find(|other| *other != name).filter(|other| is_noticed(name, *other))
    }

    /// The one name that is not noticed: the plainest, unless another is as plain.
    fn unnoticed(&self, skeleton: Number) -> Option<Number> {
        let mut all = self.0.get(skeleton);
        let first = all.next()?;
        all.next().is_none_or(|second| !is_noticed(first, second)).then_some(first)
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The groups that requests ask for. There are few, and many requests for each.
#[derive(Debug, Default)]
pub(super) struct GroupNames {
    groups: HashMap<Number, Asked, BuildHasherDefault<IdentityHasher>>,
    look_alikes: LookAlikes,
}

#[derive(Debug)]
struct Asked {
    name: Arc<str>,
    skeleton: Number,
    requests: u32,
}

impl GroupNames {
    /// A request asks for the group. Returns the other group that is noticed from now on.
    pub(crate) fn insert(&mut self, state: &RandomState, group: &Arc<str>) -> Option<Arc<str>> {
        let number = number_of_name(state, group);
        if let Some(asked) = self.groups.get_mut(&number) {
            asked.requests = asked.requests.saturating_add(1);
            return None;
        }
        let skeleton = number_of_skeleton(state, group);
        self.groups.insert(number, Asked { name: Arc::clone(group), skeleton, requests: 1 });
        let touched = self.look_alikes.insert(skeleton, number)?;
        self.name(touched)
    }

    /// A request no longer asks for the group. Returns the other group that is no longer noticed.
    pub(crate) fn remove(&mut self, state: &RandomState, group: &str) -> Option<Arc<str>> {
        let number = number_of_name(state, group);
        let asked = self.groups.get_mut(&number)?;
        asked.requests -= 1;
        if asked.requests > 0 {
            return None;
        }
        let skeleton = asked.skeleton;
        self.groups.remove(&number);
        let touched = self.look_alikes.remove(skeleton, number)?;
        self.name(touched)
    }

    /// The other group that `group`, which a request asks for, can be mistaken for.
    pub(crate) fn look_alike(&self, state: &RandomState, group: &str) -> Option<&str> {
        let number = number_of_name(state, group);
        let other = self.look_alikes.of(self.groups.get(&number)?.skeleton, number)?;
        self.groups.get(&other).map(|asked| &*asked.name)
    }

    fn name(&self, number: Number) -> Option<Arc<str>> {
        self.groups.get(&number).map(|asked| Arc::clone(&asked.name))
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.look_alikes.is_empty()
    }
}
