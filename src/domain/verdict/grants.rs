//! What existing bindings would hand out with a user name and groups: the dangerous part of it, by subject.
//!
//! Read once per change of the roles and bindings; judging a request then looks its names up.

mod kinds;

use std::collections::HashMap;
use std::sync::Arc;

use k8s_openapi::api::rbac::v1::Subject;

use super::looks::look;
use super::rules::{self, Rule};
use crate::domain::access::{Binding, Policy, Scope};
use kinds::dangers_of;

/// One dangerous thing that a binding grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Danger {
    /// The rule that speaks of it.
    pub rule: &'static Rule,
    /// What it allows, such as `read Secrets`.
    pub what: &'static str,
    /// Where: in one namespace, or in the cluster.
    pub scope: Scope,
    /// Whether it is about objects named in the role alone.
    pub named: bool,
    /// `group ops → ClusterRoleBinding ops → ClusterRole admin → rule 2`.
    pub chain: String,
}

/// Dangers by subject, and the names that bindings use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    users: HashMap<String, Vec<Arc<Danger>>>,
    groups: HashMap<String, Vec<Arc<Danger>>>,
    /// What the names of users and groups look like, and the first that looks so.
    looks: HashMap<String, String>,
}

impl Danger {
    /// Whether it reaches all namespaces, or the one that the control plane lives in.
    pub fn is_wide(&self) -> bool {
        !self.named && self.scope.as_deref().is_none_or(|namespace| namespace == "kube-system")
    }

    /// A sentence with its chain.
    pub fn text(&self) -> String {
        let place = match &self.scope {
            None => "in the whole cluster".to_owned(),
            Some(namespace) => format!("in namespace {namespace}"),
        };
        let named = if self.named { ", of names that the role lists" } else { "" };
        format!("It may {} {place}{named} ({}).", self.what, self.chain)
    }
}

impl Grants {
    /// Reads roles and bindings.
    pub fn new(policy: &Policy) -> Self {
        let mut grants = Self::default();
        for binding in policy.bindings() {
            let found = dangers(policy, binding);
            for subject in &binding.subjects {
                grants.note(subject, binding, &found);
            }
        }
        grants
    }

    fn note(&mut self, subject: &Subject, binding: &Binding, found: &[Danger]) {
        let (names, name, title) = match subject.kind.as_str() {
            "User" => (&mut self.users, subject.name.clone(), "user"),
            "Group" => (&mut self.groups, subject.name.clone(), "group"),
            "ServiceAccount" => {
                let own = subject.namespace.as_deref().filter(|namespace| !namespace.is_empty());
                let namespace = own.or(binding.scope.as_deref()).unwrap_or_default();
                (&mut self.users, format!("system:serviceaccount:{namespace}:{}", subject.name), "service account")
            }
            _ => return,
        };
        let known = names.entry(name.clone()).or_default();
        for danger in found {
            let danger = Danger { chain: format!("{title} {name} → {}", danger.chain), ..danger.clone() };
            keep(known, Arc::new(danger));
        }
        if title != "service account" {
            self.looks.entry(look(&name)).or_insert(name);
        }
    }

    /// Whether a binding names this user.
    pub fn names_user(&self, user: &str) -> bool {
        self.users.contains_key(user)
    }

    /// Whether a binding names this group.
    pub fn names_group(&self, group: &str) -> bool {
        self.groups.contains_key(group)
    }

    /// The name of another user or group in bindings that `name` can be mistaken for.
    pub fn look_alike(&self, name: &str) -> Option<&str> {
        if self.names_user(name) || self.names_group(name) {
            return None;
        }
        self.looks.get(&look(name)).map(String::as_str)
    }

    /// What a user with these groups gets that is dangerous: of each kind the widest, as the rules' table orders them.
    /// Who has every right anyway has no other.
    pub fn dangers<'a>(&self, user: &str, groups: impl IntoIterator<Item = &'a str>) -> Vec<Arc<Danger>> {
        let mut found = Vec::new();
        let of_groups = groups.into_iter().filter_map(|group| self.groups.get(group));
        for danger in self.users.get(user).into_iter().chain(of_groups).flatten() {
            keep(&mut found, Arc::clone(danger));
        }
        if let Some(all) = found.iter().position(|danger| danger.rule.id == rules::ACCESS_CLUSTER_ADMIN.id) {
            return vec![found.swap_remove(all)];
        }
        let place = |danger: &Arc<Danger>| rules::ALL.iter().position(|rule| *rule == danger.rule);
        found.sort_by_key(place);
        found
    }
}

/// Keeps `danger` unless one of its kind that reaches as far is there.
fn keep(known: &mut Vec<Arc<Danger>>, danger: Arc<Danger>) {
    let reach = |danger: &Danger| (danger.is_wide(), danger.scope.is_none(), !danger.named);
    match known.iter_mut().find(|other| other.rule == danger.rule) {
        Some(other) if reach(other) < reach(&danger) => *other = danger,
        Some(_) => {}
        None => known.push(danger),
    }
}

/// What one binding grants that is dangerous; the chain from the binding on.
fn dangers(policy: &Policy, binding: &Binding) -> Vec<Danger> {
    let rules = policy.role_of(binding).map(|role| role.rules.as_slice()).unwrap_or_default();
    let kind = if binding.scope.is_some() { "RoleBinding" } else { "ClusterRoleBinding" };
    let place = binding.scope.as_deref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    let role = &binding.role;
    let mut found = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let chain = || format!("{kind} {place}{} → {} {} → rule {}", binding.name, role.kind, role.name, at + 1);
        let scope = &binding.scope;
        let danger = |(rule, what, named)| Danger { rule, what, scope: scope.clone(), named, chain: chain() };
        found.extend(dangers_of(rule, scope.is_none()).into_iter().map(danger));
    }
    found
}

#[cfg(test)]
mod tests;
