//! All requests of a cluster by what ties them together: key, user, node, signer. It answers what rules ask of the
//! others, in logarithmic time, and says of every change whose verdict it touches.

mod names;
mod sets;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::request::RequestState;
use crate::domain::signer::{KUBELET_CLIENT, KUBELET_SERVING, is_signed_here};
use crate::domain::verdict::facts::RequestFacts;
use crate::domain::verdict::facts::{Id, NODE_PREFIX};
use crate::domain::verdict::schedule::next_evaluation_at;
use names::{GroupNames, LookAlikes, number_of_name, number_of_skeleton};
use sets::{MultiMap, Number};

/// A request's place in the table.
type Slot = u32;

/// All requests, indexed.
#[derive(Debug, Default)]
pub struct RelatedIndex {
    table: Vec<Option<Arc<RequestFacts>>>,
    free: Vec<Slot>,
    uids: HashMap<Id, Slot>,
    /// By key: users, and their requests.
    keys: MultiMap<(Number, Slot)>,
    /// Requests by user, and their certificates among them.
    users: MultiMap<Slot>,
    certified: MultiMap<Slot>,
    /// Users by what their names look like.
    look_alikes: LookAlikes,
    /// Groups that are asked for, and what their names look like.
    groups: GroupNames,
    names: MultiMap<Slot>,
    /// Pending requests for one node, one signer and by one requester, the newest last: a request is outdated only by one of the same requester.
    nodes: HashMap<Number, BTreeSet<(DateTime<Utc>, Id, Slot)>>,
    /// How many certificates a signer has made.
    signed: HashMap<Arc<str>, u32>,
    /// When time alone changes a verdict, and whose.
    due_times: BTreeSet<(DateTime<Utc>, Slot)>,
    number: RandomState,
}

impl RelatedIndex {
    #[cfg(test)]
    /// How many requests there are.
    pub(crate) fn len(&self) -> usize {
        self.uids.len()
    }

    #[cfg(test)]
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.uids.is_empty()
    }

    #[cfg(test)]
    /// The facts of one request.
    pub(crate) fn get(&self, uid: Id) -> Option<&RequestFacts> {
        self.at(*self.uids.get(&uid)?)
    }

    /// All requests, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<RequestFacts>> {
        self.table.iter().flatten()
    }

    /// A request is there, or is different. Gives back whose verdicts that touches, its own among them; none where
    /// nothing is different. What requests have in common is shared by whoever makes the facts.
    pub(crate) fn apply(&mut self, facts: impl Into<Arc<RequestFacts>>) -> HashSet<Id> {
        let facts = facts.into();
        let mut touched = Touched::default();
        if let Some(slot) = self.uids.get(&facts.uid).copied() {
            if self.at(slot) == Some(&*facts) {
                return HashSet::new();
            }
            self.take_out(slot, &mut touched);
        }
        let uid = facts.uid;
        self.put_in(facts, &mut touched);
        self.named(&touched, Some(uid))
    }

    /// A request is gone. Gives back whose verdicts that touches.
    pub(crate) fn remove(&mut self, uid: Id) -> HashSet<Id> {
        let mut touched = Touched::default();
        if let Some(slot) = self.uids.get(&uid).copied() {
            self.take_out(slot, &mut touched);
        }
        self.named(&touched, None)
    }

    /// The requests whose verdict time alone has changed by now, each once.
    pub(crate) fn due(&mut self, now: DateTime<Utc>) -> HashSet<Id> {
        let mut touched = Touched::default();
        while let Some((at, slot)) = self.due_times.first().copied().filter(|(at, _)| *at <= now) {
            self.due_times.remove(&(at, slot));
            touched.0.insert(slot);
        }
        self.named(&touched, None)
    }

    /// When time next has something to say.
    pub(crate) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.due_times.first().map(|(at, _)| *at)
    }

    /// Another request of the same user with the same key.
    pub(super) fn same_key_same_user(&self, facts: &RequestFacts) -> Option<&RequestFacts> {
        let user = self.user_number(&facts.user);
        let mut same = self.keys.between(self.number.hash_one(facts.key?), (user, 0)..=(user, Slot::MAX));
        same.find_map(|(_, slot)| self.at(slot).filter(|other| other.uid != facts.uid))
    }

    /// A request of another user with the same key.
    pub(super) fn same_key_other_user(&self, facts: &RequestFacts) -> Option<&RequestFacts> {
        let user = self.user_number(&facts.user);
        let (first, last) = self.keys.ends(self.number.hash_one(facts.key?))?;
        let other = [first, last].into_iter().find(|(other, _)| *other != user);
        self.at(other?.1).filter(|other| other.uid != facts.uid)
    }

    /// The newest pending request for the same node and signer, by the same requester, where it is another.
    pub(super) fn newer_of_node(&self, facts: &RequestFacts) -> Option<&RequestFacts> {
        let (created, uid) = (facts.created_at?, facts.uid);
        let pending = self.nodes.get(&self.node_number(facts)?)?;
        let (newest, other, slot) = pending.last()?;
        ((*newest, *other) > (created, uid) && *other != uid).then(|| self.at(*slot)).flatten()
    }

    /// A request of another user whose name this one can be mistaken for.
    pub(super) fn look_alike(&self, facts: &RequestFacts) -> Option<&RequestFacts> {
        let other = self.look_alikes.of(self.skeleton_number(&facts.user), self.user_number(&facts.user))?;
        self.users.get(other).find_map(|slot| self.at(slot).filter(|other| other.uid != facts.uid))
    }

    /// Another group that is asked for, and that one of a request can be mistaken for.
    pub(super) fn look_alike_group(&self, group: &str) -> Option<&str> {
        self.groups.look_alike(&self.number, group)
    }

    /// Whether that user has been issued a certificate.
    pub(super) fn has_certificate(&self, user: &str) -> bool {
        self.certified.get(self.user_number(user)).next().is_some()
    }

    /// Whether that signer has made a certificate.
    pub(super) fn is_signing(&self, signer: &str) -> bool {
        self.signed.contains_key(signer)
    }

    fn at(&self, slot: Slot) -> Option<&RequestFacts> {
        self.table.get(usize::try_from(slot).ok()?)?.as_deref()
    }

    fn number(&self, text: &str) -> Number {
        self.number.hash_one(text)
    }

    fn user_number(&self, user: &str) -> Number {
        number_of_name(&self.number, user)
    }

    fn skeleton_number(&self, name: &str) -> Number {
        number_of_skeleton(&self.number, name)
    }

    fn node_number(&self, facts: &RequestFacts) -> Option<Number> {
        let kubelet = [KUBELET_CLIENT, KUBELET_SERVING].contains(&facts.signer.as_ref());
        (kubelet && facts.is_pending() && facts.node().is_some())
            .then(|| self.number.hash_one((&facts.signer, &facts.user, &facts.requester.user)))
    }

    fn named(&self, touched: &Touched, own: Option<Id>) -> HashSet<Id> {
        touched.0.iter().filter_map(|slot| self.at(*slot)).map(|facts| facts.uid).chain(own).collect()
    }

    fn put_in(&mut self, facts: Arc<RequestFacts>, touched: &mut Touched) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.table.push(None);
            Slot::try_from(self.table.len() - 1).unwrap_or(Slot::MAX)
        });
        let user = self.user_number(&facts.user);
        if let Some(key) = facts.key.map(|key| self.number.hash_one(key)) {
            self.touch_key(key, user, touched);
            self.keys.insert(key, (user, slot));
        }
        if self.users.insert(user, slot) {
            let noticed = self.look_alikes.insert(self.skeleton_number(&facts.user), user);
            touched.0.extend(noticed.into_iter().flat_map(|other| self.users.get(other)));
        }
        for group in facts.groups.iter() {
            let noticed = self.groups.insert(&self.number, group);
            self.touch_group(noticed.as_deref(), touched);
        }
        if facts.state == RequestState::Issued {
            if self.certified.insert(user, slot) {
                self.touch_named(&facts.user, touched);
            }
            self.count_signed(&facts, true, touched);
        }
        self.names.insert(self.number(&facts.name), slot);
        if let (Some(node), Some(created)) = (self.node_number(&facts), facts.created_at) {
            let pending = self.nodes.entry(node).or_default();
            touched.0.extend(pending.last().map(|(_, _, slot)| *slot));
            pending.insert((created, facts.uid, slot));
        }
        self.due_times.extend(next_evaluation_at(&facts).map(|at| (at, slot)));
        self.uids.insert(facts.uid, slot);
        if let Some(place) = usize::try_from(slot).ok().and_then(|slot| self.table.get_mut(slot)) {
            *place = Some(facts);
        }
    }

    fn take_out(&mut self, slot: Slot, touched: &mut Touched) {
        let place = usize::try_from(slot).ok().and_then(|slot| self.table.get_mut(slot));
        let Some(facts) = place.and_then(Option::take) else { return };
        self.free.push(slot);
        self.uids.remove(&facts.uid);
        let user = self.user_number(&facts.user);
        if let Some(key) = facts.key.map(|key| self.number.hash_one(key)) {
            self.keys.remove(key, (user, slot));
            self.touch_key(key, user, touched);
        }
        if self.users.remove(user, slot) {
            let unnoticed = self.look_alikes.remove(self.skeleton_number(&facts.user), user);
            touched.0.extend(unnoticed.into_iter().flat_map(|other| self.users.get(other)));
        }
        for group in facts.groups.iter() {
            let unnoticed = self.groups.remove(&self.number, group);
            self.touch_group(unnoticed.as_deref(), touched);
        }
        if facts.state == RequestState::Issued {
            if self.certified.remove(user, slot) {
                self.touch_named(&facts.user, touched);
            }
            self.count_signed(&facts, false, touched);
        }
        self.names.remove(self.number(&facts.name), slot);
        if let (Some(node), Some(created)) = (self.node_number(&facts), facts.created_at) {
            let pending = self.nodes.entry(node).or_default();
            pending.remove(&(created, facts.uid, slot));
            touched.0.extend(pending.last().map(|(_, _, slot)| *slot));
            if pending.is_empty() {
                self.nodes.remove(&node);
            }
        }
        if let Some(at) = next_evaluation_at(&facts) {
            self.due_times.remove(&(at, slot));
        }
    }

    /// A user comes to a key, or has left it. Only the second request of a user, and the second user, change anything for
    /// those who hold the key beside.
    fn touch_key(&self, key: Number, user: Number, touched: &mut Touched) {
        let mut own = self.keys.between(key, (user, 0)..=(user, Slot::MAX));
        if let (Some((_, slot)), None) = (own.next(), own.next()) {
            touched.0.insert(slot);
        }
        let one_user = self.keys.ends(key).filter(|(first, last)| first.0 == last.0 && first.0 != user);
        if one_user.is_some() {
            touched.0.extend(self.keys.get(key).map(|(_, slot)| slot));
        }
    }

    /// A group is noticed from now on, or no longer: all that ask for it are touched. That happens when a look-alike is
    /// first asked for, so that no index of requests by group is kept for it.
    fn touch_group(&self, group: Option<&str>, touched: &mut Touched) {
        let Some(group) = group else { return };
        let asks = |facts: &RequestFacts| facts.groups.iter().any(|own| **own == *group);
        let asking = self.table.iter().zip(0..).filter(|(other, _)| other.as_deref().is_some_and(asks));
        touched.0.extend(asking.map(|(_, slot)| slot));
    }

    /// A user's first certificate is there, or the last one is gone: requests that are called like the user are touched.
    fn touch_named(&self, user: &str, touched: &mut Touched) {
        touched.0.extend(self.names.get(self.number(user)));
        if let Some(node) = user.strip_prefix(NODE_PREFIX) {
            touched.0.extend(self.names.get(self.number(node)));
        }
    }

    /// A signer's first certificate is there, or the last one is gone: all that wait for it are touched.
    fn count_signed(&mut self, facts: &RequestFacts, there: bool, touched: &mut Touched) {
        let count = self.signed.entry(Arc::clone(&facts.signer)).or_default();
        let before = *count;
        *count = if there { before + 1 } else { before.saturating_sub(1) };
        let after = *count;
        if after == 0 {
            self.signed.remove(&facts.signer);
        }
        if (before == 0) != (after == 0) && !is_signed_here(&facts.signer) {
            let waits = |other: &RequestFacts| other.signer == facts.signer && other.is_pending();
            let waiting = self.table.iter().zip(0..).filter(|(other, _)| other.as_deref().is_some_and(waits));
            touched.0.extend(waiting.map(|(_, slot)| slot));
        }
    }
}

/// Whose verdict changes.
#[derive(Debug, Default)]
struct Touched(HashSet<Slot>);

#[cfg(test)]
mod tests;
