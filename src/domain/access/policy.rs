//! Roles and bindings, indexed by subject.

use std::collections::HashMap;
use std::fmt;

use k8s_openapi::api::rbac::v1::{self as rbac, PolicyRule};

use super::rule::allows;
use super::{Action, Who};

/// Where a role or binding holds: in one namespace, or in the cluster (`None`).
pub type Scope = Option<String>;

/// A `Role` or `ClusterRole`.
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    /// The namespace of a `Role`; `None` for a `ClusterRole`.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// What it allows.
    pub rules: Vec<PolicyRule>,
}

/// A `RoleBinding` or `ClusterRoleBinding`.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The namespace of a `RoleBinding`; `None` for a `ClusterRoleBinding`.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// The role that it grants.
    pub role: rbac::RoleRef,
    /// Whom it grants it to.
    pub subjects: Vec<rbac::Subject>,
}

/// How a subject is found in the index.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SubjectKey {
    /// By user name.
    User(String),
    /// By group name.
    Group(String),
    /// By namespace and name.
    ServiceAccount(String, String),
}

/// Roles and bindings of a cluster at one moment.
#[derive(Debug, Default)]
pub struct Policy {
    roles: HashMap<(Scope, String), Role>,
    bindings: Vec<Binding>,
    by_subject: HashMap<SubjectKey, Vec<usize>>,
}

/// Why something is allowed: through this binding, to this subject, by this rule.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'a> {
    /// The binding.
    pub binding: &'a Binding,
    /// The first of its subjects that fits.
    pub subject: &'a rbac::Subject,
    /// The rule of its role.
    pub rule: &'a PolicyRule,
}

impl From<rbac::Role> for Role {
    fn from(role: rbac::Role) -> Self {
        let meta = role.metadata;
        Self { scope: meta.namespace, name: meta.name.unwrap_or_default(), rules: role.rules.unwrap_or_default() }
    }
}

impl From<rbac::ClusterRole> for Role {
    fn from(role: rbac::ClusterRole) -> Self {
        Self { scope: None, name: role.metadata.name.unwrap_or_default(), rules: role.rules.unwrap_or_default() }
    }
}

impl From<rbac::RoleBinding> for Binding {
    fn from(binding: rbac::RoleBinding) -> Self {
        let meta = binding.metadata;
        Self {
            scope: meta.namespace,
            name: meta.name.unwrap_or_default(),
            role: binding.role_ref,
            subjects: binding.subjects.unwrap_or_default(),
        }
    }
}

impl From<rbac::ClusterRoleBinding> for Binding {
    fn from(binding: rbac::ClusterRoleBinding) -> Self {
        Self {
            scope: None,
            name: binding.metadata.name.unwrap_or_default(),
            role: binding.role_ref,
            subjects: binding.subjects.unwrap_or_default(),
        }
    }
}

impl Policy {
    /// Indexes roles and bindings.
    pub fn new(roles: impl IntoIterator<Item = Role>, bindings: impl IntoIterator<Item = Binding>) -> Self {
        let mut bindings: Vec<_> = bindings.into_iter().collect();
        // Bindings of the cluster first, as the server visits them; then by name, so that answers do not change.
        bindings.sort_by(|a, b| (&a.scope, &a.name).cmp(&(&b.scope, &b.name)));
        let mut by_subject: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, binding) in bindings.iter().enumerate() {
            for key in binding.subjects.iter().filter_map(|subject| key(subject, binding.scope.as_deref())) {
                by_subject.entry(key).or_default().push(at);
            }
        }
        let roles = roles.into_iter().map(|role| ((role.scope.clone(), role.name.clone()), role)).collect();
        Self { roles, bindings, by_subject }
    }

    /// The role that a binding grants, if it is there.
    pub fn role_of(&self, binding: &Binding) -> Option<&Role> {
        self.referenced(&binding.role, binding.scope.as_deref())
    }

    /// The role that a reference in a binding of this scope means, if it is there.
    pub fn referenced(&self, role: &rbac::RoleRef, scope: Option<&str>) -> Option<&Role> {
        let scope = match role.kind.as_str() {
            "Role" => Some(scope?.to_owned()),
            "ClusterRole" => None,
            _ => return None,
        };
        self.roles.get(&(scope, role.name.clone()))
    }

    /// The bindings that hold for `who`: those of the cluster, and those of `namespace` where one is given.
    pub fn bindings_of(&self, who: &Who, namespace: Option<&str>) -> Vec<(&Binding, &rbac::Subject)> {
        let user = SubjectKey::User(who.user.clone());
        let groups = who.groups.iter().cloned().map(SubjectKey::Group);
        let account =
            who.service_account().map(|(namespace, name)| SubjectKey::ServiceAccount(namespace.into(), name.into()));
        let keys = [user].into_iter().chain(groups).chain(account);
        let mut found: Vec<_> = keys.filter_map(|key| self.by_subject.get(&key)).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        let here = |binding: &&Binding| binding.scope.is_none() || binding.scope.as_deref() == namespace;
        let bindings = found.into_iter().map(|at| &self.bindings[at]).filter(here);
        let first = |binding: &'_ Binding| binding.subjects.iter().position(|s| applies(s, binding, who));
        bindings.filter_map(|binding| Some((binding, &binding.subjects[first(binding)?]))).collect()
    }

    /// Every rule that holds for `who`, with how it comes to hold.
    pub fn rules_of(&self, who: &Who, namespace: Option<&str>) -> impl Iterator<Item = Grant<'_>> {
        self.bindings_of(who, namespace).into_iter().flat_map(|(binding, subject)| {
            let rules = self.role_of(binding).map(|role| role.rules.as_slice()).unwrap_or_default();
            rules.iter().map(move |rule| Grant { binding, subject, rule })
        })
    }

    /// The first grant that allows it; `None` where RBAC does not. Members of `system:masters` need none.
    pub fn grant(&self, who: &Who, action: &Action) -> Option<Grant<'_>> {
        self.rules_of(who, action.namespace()).find(|grant| allows(grant.rule, action))
    }

    /// Whether `who` may do it, by a grant or as a member of `system:masters`.
    pub fn permits(&self, who: &Who, action: &Action) -> bool {
        who.is_master() || self.grant(who, action).is_some()
    }

    /// The roles that bindings of `who` name and that are not there, as the server's errors name them.
    pub fn dangling(&self, who: &Who, namespace: Option<&str>) -> Vec<String> {
        let bindings = self.bindings_of(who, namespace).into_iter();
        let missing = bindings.filter(|(binding, _)| self.role_of(binding).is_none()).map(|(binding, _)| &binding.role);
        let mut told: Vec<_> = missing
            .map(|role| format!("{}.rbac.authorization.k8s.io {:?} not found", role.kind.to_lowercase(), role.name))
            .collect();
        told.sort_unstable();
        told.dedup();
        told
    }
}

impl fmt::Display for Grant<'_> {
    /// As the server gives the reason in a review: `ClusterRoleBinding "a" of ClusterRole "b" to Group "c"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (binding, subject) = (self.binding, self.subject);
        match &binding.scope {
            None => write!(f, "ClusterRoleBinding {:?}", binding.name)?,
            Some(namespace) => write!(f, "RoleBinding {:?}", format!("{}/{namespace}", binding.name))?,
        }
        write!(f, " of {} {:?} to {} ", binding.role.kind, binding.role.name, subject.kind)?;
        if subject.kind == "ServiceAccount" {
            let own = subject.namespace.as_deref().filter(|namespace| !namespace.is_empty());
            let namespace = own.or(binding.scope.as_deref()).unwrap_or_default();
            return write!(f, "{:?}", format!("{}/{namespace}", subject.name));
        }
        write!(f, "{:?}", subject.name)
    }
}

/// Where a subject stands in the index; `None` for one that nobody can be.
fn key(subject: &rbac::Subject, scope: Option<&str>) -> Option<SubjectKey> {
    match subject.kind.as_str() {
        "User" => Some(SubjectKey::User(subject.name.clone())),
        "Group" => Some(SubjectKey::Group(subject.name.clone())),
        "ServiceAccount" => {
            let own = subject.namespace.as_deref().filter(|namespace| !namespace.is_empty());
            Some(SubjectKey::ServiceAccount(own.or(scope)?.to_owned(), subject.name.clone()))
        }
        _ => None,
    }
}

fn applies(subject: &rbac::Subject, binding: &Binding, who: &Who) -> bool {
    match key(subject, binding.scope.as_deref()) {
        Some(SubjectKey::User(name)) => name == who.user,
        Some(SubjectKey::Group(name)) => who.groups.contains(&name),
        Some(SubjectKey::ServiceAccount(namespace, name)) => who.service_account() == Some((&namespace, &name)),
        None => false,
    }
}
