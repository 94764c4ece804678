//! The four kinds of RBAC objects, and which one of them is meant.

use std::fmt;

use super::policy::{Binding, Role, Scope};

/// A kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "named as the API names them")]
pub enum RbacKind {
    ClusterRole,
    Role,
    ClusterRoleBinding,
    RoleBinding,
}

impl RbacKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ClusterRole, Self::Role, Self::ClusterRoleBinding, Self::RoleBinding];

    /// `ClusterRole`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ClusterRole => "ClusterRole",
            Self::Role => "Role",
            Self::ClusterRoleBinding => "ClusterRoleBinding",
            Self::RoleBinding => "RoleBinding",
        }
    }

    /// As a URL and a rule name it: `clusterroles`.
    pub(crate) const fn plural(self) -> &'static str {
        match self {
            Self::ClusterRole => "clusterroles",
            Self::Role => "roles",
            Self::ClusterRoleBinding => "clusterrolebindings",
            Self::RoleBinding => "rolebindings",
        }
    }

    /// Whether its objects are in namespaces.
    pub(crate) const fn namespaced(self) -> bool {
        matches!(self, Self::Role | Self::RoleBinding)
    }

    /// Whether it is a role, and not a binding.
    pub(crate) const fn is_role(self) -> bool {
        matches!(self, Self::Role | Self::ClusterRole)
    }
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Named {
    /// Its kind.
    pub kind: RbacKind,
    /// Its namespace.
    pub scope: Scope,
    /// Its name.
    pub name: String,
}

impl Named {
    /// The namespace and name of a role.
    pub(crate) fn role(role: &Role) -> Self {
        let kind = if role.scope.is_some() { RbacKind::Role } else { RbacKind::ClusterRole };
        Self { kind, scope: role.scope.clone(), name: role.name.clone() }
    }

    /// The namespace and name of a binding.
    pub(crate) fn binding(binding: &Binding) -> Self {
        let kind = if binding.scope.is_some() { RbacKind::RoleBinding } else { RbacKind::ClusterRoleBinding };
        Self { kind, scope: binding.scope.clone(), name: binding.name.clone() }
    }
}

impl fmt::Display for Named {
    /// `RoleBinding dev/developers`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind.name(), self.name),
            None => write!(f, "{} {}", self.kind.name(), self.name),
        }
    }
}
