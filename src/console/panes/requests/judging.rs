//! Verdicts that look around, kept up to date. A change is judged at once, and with it whomever it touches; what touches
//! everybody – bindings, who we are – is worked off in slices, so that no key waits for it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::cluster::watch::RequestChange;
use crate::console::panes::requests::index::Index;
use crate::domain::access::{Policy, Principal};
use crate::domain::interner::Uid;
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::Request;
use crate::domain::row::Row;
use crate::domain::verdict::{
    ApiHosts, ClusterSnapshot, Context, Grants, Id, Level, Nodes, Verdict, evaluate_in_context, judge, uid_id,
};

/// Verdicts in one slice: about a millisecond.
const SLICE: usize = 512;

/// What is known of the cluster, and who is to be judged again.
#[derive(Debug, Default)]
pub struct VerdictEngine {
    /// Bindings, nodes, the other requests, the policy.
    pub known: ClusterSnapshot,
    /// What the grants were read from.
    bindings: Option<Arc<Policy>>,
    waiting: Vec<Id>,
    queued: HashSet<Id>,
    /// The uids that are no UUIDs: an [`Id`] does not say what they are.
    odd: HashMap<Id, Uid>,
}

fn id(uid: &Uid) -> Id {
    match uid {
        Uid::Uuid(bytes) => *bytes,
        Uid::Other(text) => uid_id(text),
    }
}

impl VerdictEngine {
    /// With a policy, and nothing else known.
    pub(crate) fn by(policy: PolicyFile) -> Self {
        Self { known: ClusterSnapshot { policy, ..ClusterSnapshot::default() }, ..Self::default() }
    }

    /// Takes a batch in.
    pub(crate) fn apply(&mut self, changes: &[RequestChange]) {
        for change in changes {
            let touched = match change {
                RequestChange::Applied(row) => {
                    if let Uid::Other(_) = &row.uid {
                        self.odd.insert(id(&row.uid), row.uid.clone());
                    }
                    self.known.others.apply(row.facts.clone())
                }
                RequestChange::Deleted(uid) => {
                    self.odd.remove(&id(uid));
                    self.known.others.remove(id(uid))
                }
            };
            self.queue(touched);
            // A new version of a row comes without its verdict, even where its facts are as before.
            if let RequestChange::Applied(row) = change {
                self.queue([id(&row.uid)]);
            }
        }
    }

    /// Who the list no longer has is gone here, too; from now on the others are all that there is.
    pub(crate) fn listed(&mut self, index: &Index) {
        let gone = |id: &Id| index.get(&self.uid(*id)).is_none();
        let gone: Vec<Id> = self.known.others.iter().map(|facts| facts.uid).filter(gone).collect();
        for id in gone {
            self.odd.remove(&id);
            let touched = self.known.others.remove(id);
            self.queue(touched);
        }
        if !std::mem::replace(&mut self.known.complete, true) {
            self.queue_all();
        }
    }

    /// Roles and bindings are known, or are others; `None` where they are not known (any more).
    pub(crate) fn bindings(&mut self, policy: Option<&Arc<Policy>>) {
        let same = match (&self.bindings, policy) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (old, new) => old.is_none() && new.is_none(),
        };
        if same {
            return;
        }
        self.bindings = policy.cloned();
        let grants = policy.map(|policy| Grants::new(policy));
        if self.known.grants != grants {
            self.known.grants = grants;
            self.queue_all();
        }
    }

    /// The nodes are known, or are others.
    pub(crate) fn nodes(&mut self, nodes: Nodes) {
        self.known.nodes = Some(nodes);
        self.queue_all();
    }

    /// Who we are is known, and when the signers' CA ends, if anybody may know.
    pub(crate) fn identified(&mut self, me: Principal, ca_ends: Option<DateTime<Utc>>) {
        if self.known.me.as_ref() != Some(&me) || self.known.limits.ca_ends != ca_ends {
            (self.known.me, self.known.limits.ca_ends) = (Some(me), ca_ends);
            self.queue_all();
        }
    }

    /// Where the API server and the Services are is known.
    pub(crate) fn api_hosts(&mut self, hosts: &ApiHosts) {
        if self.known.api_hosts.as_ref() != Some(hosts) {
            self.known.api_hosts = Some(hosts.clone());
            self.queue_all();
        }
    }

    /// Judges a request that was read in full. From a certificate that was cut, the signer's longest life is learnt.
    pub(crate) fn judge(&mut self, request: &Request, now: DateTime<Utc>) -> Verdict {
        let before = self.known.limits;
        self.known.limits.observe(request);
        if self.known.limits != before {
            self.queue_all();
        }
        judge(request, &self.known.context(now))
    }

    /// When time by itself next changes a verdict.
    pub(crate) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.known.others.next_due().filter(|_| self.known.complete)
    }

    /// Queues the requests whose verdict depends on the time and is due.
    pub(crate) fn time_passes(&mut self, now: DateTime<Utc>) {
        if self.next_due().is_some_and(|due| due <= now) {
            let due = self.known.others.due(now);
            self.queue(due);
        }
    }

    /// Whether someone is to be judged again.
    pub(crate) fn is_working(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Judges the next ones; gives back the uids of those whose verdict may be another.
    pub(crate) fn work(&mut self, index: &mut Index, now: DateTime<Utc>) -> Vec<Uid> {
        let next = self.waiting.split_off(self.waiting.len().saturating_sub(SLICE));
        let context = self.known.context(now);
        let uids: Vec<Uid> = next.iter().map(|id| self.uid(*id)).collect();
        let verdicts = uids.iter().filter_map(|uid| {
            let (level, headline) = seen(index.get(uid)?, &context);
            Some((uid.clone(), level, headline))
        });
        let verdicts = verdicts.collect();
        for id in next {
            self.queued.remove(&id);
        }
        index.relevel(verdicts);
        uids
    }

    fn uid(&self, id: Id) -> Uid {
        self.odd.get(&id).cloned().unwrap_or(Uid::Uuid(id))
    }

    fn queue(&mut self, ids: impl IntoIterator<Item = Id>) {
        for id in ids {
            if self.queued.insert(id) {
                self.waiting.push(id);
            }
        }
    }

    fn queue_all(&mut self) {
        let all: Vec<Id> = self.known.others.iter().map(|facts| facts.uid).collect();
        self.queue(all);
    }
}

/// What the list says of a row: the worse of what it says by itself and of what is around it.
fn seen(row: &Row, context: &Context<'_>) -> (Level, &'static str) {
    let around = evaluate_in_context(&row.facts, context);
    if around.level() > row.alone.0 { (around.level(), around.headline()) } else { row.alone }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::console::panes::requests::testing::{noon, row, with};
    use crate::domain::verdict::Level;

    fn all_worked_off(judging: &mut VerdictEngine, index: &mut Index) {
        while judging.is_working() {
            judging.work(index, noon());
        }
    }

    proptest! {
        /// After any sequence of changes every row has the verdict of a full evaluation.
        #[test]
        fn verdicts_equal_a_full_evaluation(steps in prop::collection::vec((0_u8..6, 0_u8..3, 0_u8..3, any::<bool>()), 1..30)) {
            let (mut judging, mut index) = (VerdictEngine::default(), Index::default());
            judging.listed(&index);
            for (name, user, key, gone) in steps {
                let fresh = with(row(&format!("r{name}"), i64::from(name)), |facts| {
                    facts.user = format!("user-{user}").into();
                    facts.key = (key > 0).then_some([key; 16]);
                });
                let change = if gone { RequestChange::Deleted(fresh.uid.clone()) } else { RequestChange::Applied(fresh) };
                judging.apply(std::slice::from_ref(&change));
                index.apply(vec![change]);
                all_worked_off(&mut judging, &mut index);
                let context = judging.known.context(noon());
                for (row, _) in index.window(0, usize::MAX) {
                    prop_assert_eq!((row.level, row.headline), seen(row, &context));
                }
            }
        }
    }

    #[test]
    fn forgets_deleted_requests_on_delete_event_and_on_relist() {
        let (mut judging, mut index) = (VerdictEngine::default(), Index::default());
        for name in ["jane", "joe"] {
            judging.apply(&[RequestChange::Applied(row(name, 0))]);
            index.apply(vec![RequestChange::Applied(row(name, 0))]);
        }
        judging.apply(&[RequestChange::Deleted(row("jane", 0).uid)]);
        // The list that is read again has no one.
        judging.listed(&Index::default());
        all_worked_off(&mut judging, &mut index);
        assert!(judging.odd.is_empty() && judging.queued.is_empty() && judging.known.others.is_empty());
    }

    #[test]
    fn a_reused_key_is_reported_on_the_earlier_request_as_well() {
        let (mut judging, mut index) = (VerdictEngine::default(), Index::default());
        judging.listed(&index);
        for name in ["jane", "joe"] {
            let row = with(row(name, 0), |facts| facts.key = Some([7; 16]));
            judging.apply(&[RequestChange::Applied(row.clone())]);
            index.apply(vec![RequestChange::Applied(row)]);
            all_worked_off(&mut judging, &mut index);
        }
        assert!(index.window(0, 9).all(|(row, _)| row.level >= Level::Warning), "{index:?}");
    }
}
