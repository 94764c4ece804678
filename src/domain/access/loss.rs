//! Which subjects lose what by the deletion of a role or a binding.

use k8s_openapi::api::rbac::v1::PolicyRule;

use super::escalation::{compact, uncovered};
use super::policy::{Binding, Policy, Role, Scope};
use super::principal::Principal;
use super::subject::SubjectKey;

/// What one subject loses.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Loss {
    pub subject: SubjectKey,
    /// Where: in a namespace, or everywhere.
    pub scope: Scope,
    /// What nothing else grants it, each of one resource or path. Empty: other bindings grant all of it.
    pub rules: Vec<PolicyRule>,
}

impl Policy {
    /// What deleting a binding takes away from each of its subjects.
    pub(crate) fn loss_of_binding(&self, binding: &Binding) -> Vec<Loss> {
        let Some(role) = self.role_of(binding) else { return Vec::new() };
        let same = |other: &Binding| other.scope == binding.scope && other.name == binding.name;
        self.loss(binding, role, &same)
    }

    /// What deleting a role takes away from everybody who holds it.
    pub(crate) fn loss_of_role(&self, role: &Role) -> Vec<Loss> {
        let same = |its: &Role| its.scope == role.scope && its.name == role.name;
        let of_role = |other: &Binding| self.role_of(other).is_some_and(same);
        let mut all: Vec<Loss> = Vec::new();
        for binding in self.bindings_of_role(role) {
            for loss in self.loss(binding, role, &of_role) {
                if !all.contains(&loss) {
                    all.push(loss);
                }
            }
        }
        all
    }

    /// Everybody's loss where the bindings that are `gone` count no more.
    fn loss(&self, binding: &Binding, role: &Role, gone: &dyn Fn(&Binding) -> bool) -> Vec<Loss> {
        let mut losses: Vec<Loss> = Vec::new();
        for (subject, _) in binding.keys() {
            if losses.iter().any(|loss| loss.subject == subject) {
                continue;
            }
            let held = self.rules_of(&Principal::of(&subject), binding.scope.as_deref());
            let left: Vec<_> = held.filter(|grant| !gone(grant.binding)).map(|grant| grant.rule.clone()).collect();
            let rules = compact(uncovered(&left, &role.rules));
            losses.push(Loss { subject, scope: binding.scope.clone(), rules });
        }
        losses
    }
}
