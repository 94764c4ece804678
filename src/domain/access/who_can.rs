//! Who may do something: from the rules back to the people.

use std::collections::HashMap;

use super::action::Action;
use super::policy::{Grant, Policy, holds};
use super::rule::allows;
use super::subject::SubjectKey;

/// A subject that may do it, and through which grant.
#[derive(Debug, Clone)]
pub struct Holder<'a> {
    pub subject: SubjectKey,
    /// Every chain that grants it.
    pub grants: Vec<Grant<'a>>,
}

impl Policy {
    /// All subjects that a binding grants the action to, groups first, then by name. Members of `system:masters` may do
    /// everything without any binding and are not listed.
    pub fn who_can(&self, action: &Action) -> Vec<Holder<'_>> {
        let namespace = action.namespace();
        let here = |role: &&std::sync::Arc<super::Role>| role.scope.is_none() || role.scope.as_deref() == namespace;
        let mut found: HashMap<SubjectKey, Vec<Grant<'_>>> = HashMap::new();
        for role in self.roles().iter().filter(here) {
            for (place, rule) in role.rules.iter().enumerate().filter(|(_, rule)| allows(rule, action)) {
                for binding in self.bindings_of_role(role).filter(|binding| holds(binding, namespace)) {
                    for (key, subject) in binding.keys() {
                        found.entry(key).or_default().push(Grant { binding, subject, role, place, rule });
                    }
                }
            }
        }
        let mut holders: Vec<_> = found.into_iter().map(|(subject, grants)| Holder { subject, grants }).collect();
        holders.sort_unstable_by(|a, b| a.subject.cmp(&b.subject));
        holders
    }
}
