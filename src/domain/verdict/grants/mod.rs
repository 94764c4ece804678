//! What existing bindings would hand out with a user name and groups: the dangerous part of it, by subject.
//!
//! Read once per change of the roles and bindings; judging a request then looks its names up. What is dangerous is
//! [`danger`]'s to say.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::confusables::{Difference, difference, skeleton};
use crate::domain::access::danger::{self, RiskFinding};
use crate::domain::access::{Binding, Grant, Policy, SubjectKey};
use crate::domain::level::Level;
use crate::domain::rules::{self, Rule};

/// One dangerous thing that a binding grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GrantedRisk {
    /// The rule that speaks of it.
    pub rule: &'static Rule,
    /// How bad it is.
    pub level: Level,
    /// A sentence: `It reads Secrets in the whole cluster (group ops → ClusterRoleBinding ops → … → rule 2).`
    pub text: String,
    /// Of two with one level, the one that reaches further is kept.
    reach: (bool, bool),
}

/// Dangers by subject, and the names that bindings use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    users: HashMap<String, Vec<Arc<GrantedRisk>>>,
    groups: HashMap<String, Vec<Arc<GrantedRisk>>>,
    /// The names of users and groups by [`skeleton`].
    names: HashMap<String, BTreeSet<String>>,
}

impl GrantedRisk {
    fn of(finding: &RiskFinding<'_>, grant: &Grant<'_>) -> Self {
        let text = format!("It {} ({}).", finding.text(), grant.chain());
        let reach = (finding.scope.is_none(), finding.names.is_empty());
        Self { rule: finding.danger.rule, level: finding.level, text, reach }
    }
}

impl Grants {
    /// Reads roles and bindings.
    pub fn new(policy: &Policy) -> Self {
        let mut grants = Self::default();
        for binding in policy.bindings() {
            let found = dangers(policy, binding);
            for (key, subject) in binding.keys() {
                let danger = |(finding, grant): &(RiskFinding<'_>, Grant<'_>)| {
                    GrantedRisk::of(finding, &Grant { subject, ..*grant })
                };
                grants.note(key, found.iter().map(danger));
            }
        }
        grants
    }

    fn note(&mut self, key: SubjectKey, found: impl Iterator<Item = GrantedRisk>) {
        let seen = |names: &mut HashMap<String, BTreeSet<String>>, name: &str| {
            names.entry(skeleton(name)).or_default().insert(name.to_owned());
        };
        let known = match key {
            SubjectKey::User(name) => {
                seen(&mut self.names, &name);
                self.users.entry(name)
            }
            SubjectKey::Group(name) => {
                seen(&mut self.names, &name);
                self.groups.entry(name)
            }
            SubjectKey::ServiceAccount(namespace, name) => {
                self.users.entry(format!("system:serviceaccount:{namespace}:{name}"))
            }
        };
        let known = known.or_default();
        found.for_each(|danger| keep(known, Arc::new(danger)));
    }

    /// Whether a binding names this user.
    pub(crate) fn names_user(&self, user: &str) -> bool {
        self.users.contains_key(user)
    }

    /// Whether a binding names this group.
    pub(crate) fn names_group(&self, group: &str) -> bool {
        self.groups.contains_key(group)
    }

    /// The name of a user or group in bindings that `name`, which no binding has, can be mistaken for. Of several, the one
    /// that it imitates most openly.
    pub(crate) fn look_alike(&self, name: &str) -> Option<(&str, Difference)> {
        if self.names_user(name) || self.names_group(name) {
            return None;
        }
        let alike = self.names.get(&skeleton(name))?;
        alike.iter().map(|other| (other.as_str(), difference(name, other))).max_by_key(|(_, difference)| *difference)
    }

    /// What a user with these groups gets that is dangerous, in the order of the rules' table: of each rule the worst.
    /// Who has every right anyway has no other.
    pub(crate) fn dangers<'a>(&self, user: &str, groups: impl IntoIterator<Item = &'a str>) -> Vec<Arc<GrantedRisk>> {
        let mut found = Vec::new();
        let of_groups = groups.into_iter().filter_map(|group| self.groups.get(group));
        for danger in self.users.get(user).into_iter().chain(of_groups).flatten() {
            keep(&mut found, Arc::clone(danger));
        }
        if let Some(all) = found.iter().position(|danger| danger.rule.id == rules::ACCESS_CLUSTER_ADMIN.id) {
            return vec![found.swap_remove(all)];
        }
        let place = |danger: &Arc<GrantedRisk>| rules::ALL.iter().position(|rule| *rule == danger.rule);
        found.sort_by_key(place);
        found
    }
}

/// Keeps `danger` unless one of its rule that is as bad and reaches as far is there.
fn keep(known: &mut Vec<Arc<GrantedRisk>>, danger: Arc<GrantedRisk>) {
    let weight = |danger: &GrantedRisk| (danger.level, danger.reach);
    match known.iter_mut().find(|other| other.rule == danger.rule) {
        Some(other) if weight(other) < weight(&danger) => *other = danger,
        Some(_) => {}
        None => known.push(danger),
    }
}

/// What one binding grants that is worth a question at least; the subject does not matter.
fn dangers<'a>(policy: &'a Policy, binding: &'a Binding) -> Vec<(RiskFinding<'a>, Grant<'a>)> {
    let (Some(role), Some(subject)) = (policy.role_of(binding), binding.subjects.first()) else { return Vec::new() };
    let grants = role.rules.iter().enumerate().map(|(place, rule)| Grant { binding, subject, role, place, rule });
    let findings = grants.flat_map(|grant| danger::of_grant(grant).into_iter().map(move |finding| (finding, grant)));
    findings.filter(|(finding, _)| finding.level >= Level::Warning).collect()
}

#[cfg(test)]
mod tests;
