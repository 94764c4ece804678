//! Where a rule of a `ClusterRole` that gathers others comes from (`pkg/controller/clusterroleaggregation`).

use std::collections::BTreeMap;

use k8s_openapi::api::rbac::v1::{PolicyRule, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::object::Named;
use super::own::UNSEEN;
use super::policy::{Binding, Grant, Policy, Role};
use super::subject::SubjectKey;

/// Roles that gather may be gathered; a ring of them ends here.
const DEPTH: usize = 8;

impl Policy {
    /// The role that a gathered rule was written in, and the rule's place there; `None` where the granting role's own
    /// rules are what it has.
    pub(crate) fn origin(&self, grant: &Grant<'_>) -> Option<(&Role, usize)> {
        self.source_of(grant.role, grant.rule)
    }

    /// [`Self::origin`] of a rule that a role has.
    pub(crate) fn source_of(&self, role: &Role, rule: &PolicyRule) -> Option<(&Role, usize)> {
        self.written_in(role, rule, DEPTH)
    }

    /// A chain in words, and where a gathered rule comes from. Not yet made printable.
    pub(crate) fn chain(&self, grant: &Grant<'_>) -> String {
        if grant.binding.name == UNSEEN {
            return "through bindings that may not be seen".to_owned();
        }
        let origin =
            self.origin(grant).map(|(role, _)| format!(" (aggregated from {})", role.name)).unwrap_or_default();
        format!("{}{origin}", grant.chain())
    }

    fn written_in(&self, role: &Role, rule: &PolicyRule, depth: usize) -> Option<(&Role, usize)> {
        if role.aggregates.is_empty() || depth == 0 {
            return None;
        }
        let aggregated = |other: &&Role| {
            other.name != role.name && role.aggregates.iter().any(|selector| selects(selector, &other.labels))
        };
        let cluster = self.roles().iter().map(|role| &**role).take_while(|role| role.scope.is_none());
        let mut sources = cluster.filter(aggregated).filter_map(|other| {
            let place = other.rules.iter().position(|own| own == rule)?;
            Some((other, place))
        });
        let (source, place) = sources.next()?;
        Some(self.written_in(source, rule, depth - 1).unwrap_or((source, place)))
    }
}

impl Grant<'_> {
    /// `group qa → RoleBinding default/qa-debug → ClusterRole debug → rule 3`. Not yet made printable.
    pub(crate) fn chain(&self) -> String {
        format!("{} → rule {}", path(self.binding, self.subject), self.place + 1)
    }
}

/// A chain as far as the role: `group qa → RoleBinding default/qa-debug → ClusterRole debug`. Not yet made printable.
pub(crate) fn path(binding: &Binding, subject: &Subject) -> String {
    if binding.name == UNSEEN {
        return "through bindings that may not be seen".to_owned();
    }
    let key = SubjectKey::of(subject, binding.scope.as_deref());
    let key = key.map(|key| key.to_string()).unwrap_or_default();
    let role = &binding.role;
    let place = binding.scope.as_deref().filter(|_| role.kind == "Role");
    let place = place.map(|namespace| format!("{namespace}/")).unwrap_or_default();
    format!("{key} → {} → {} {place}{}", Named::binding(binding), role.kind, role.name)
}

/// Whether a selector takes something with these labels (apimachinery, `LabelSelectorAsSelector`).
fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let same = |(key, value): (&String, &String)| labels.get(key) == Some(value);
    let expressions = selector.match_expressions.iter().flatten();
    selector.match_labels.iter().flatten().all(same)
        && expressions.into_iter().all(|wanted| {
            let value = labels.get(&wanted.key);
            let listed = value.is_some_and(|value| wanted.values.iter().flatten().any(|other| other == value));
            match wanted.operator.as_str() {
                "In" => listed,
                "NotIn" => !listed,
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}
