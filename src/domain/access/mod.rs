//! Who may do what: RBAC as the API server evaluates it (`plugin/pkg/auth/authorizer/rbac`).
//!
//! One evaluation for everything that asks: the practice cluster enforces it, the console explains with it.

mod escalation;
mod policy;
mod rule;
#[cfg(test)]
mod tests;

pub use escalation::{compact, compact_text, uncovered};
pub use policy::{Binding, Grant, Policy, Role, Scope, SubjectKey};
pub use rule::allows;

/// Members of it pass every check before RBAC is asked (`user.SystemPrivilegedGroup`).
pub const MASTERS: &str = "system:masters";

/// Everybody who has logged in is in it.
pub const AUTHENTICATED: &str = "system:authenticated";

/// A user together with its groups: only together do they say what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Who {
    /// User name.
    pub user: String,
    /// Every group, `system:authenticated` included.
    pub groups: Vec<String>,
}

impl Who {
    /// Whether it is above RBAC.
    pub fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == MASTERS)
    }

    /// Namespace and name, where the user is a service account (`system:serviceaccount:NAMESPACE:NAME`).
    pub fn service_account(&self) -> Option<(&str, &str)> {
        self.user.strip_prefix("system:serviceaccount:")?.split_once(':')
    }
}

/// What somebody wants to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Something with a resource.
    Resource(ResourceAction),
    /// A request for a path that is no resource, such as `/healthz`.
    Path {
        /// `get`, `post`, …
        verb: String,
        /// The path.
        path: String,
    },
}

/// An action on a resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResourceAction {
    /// `get`, `approve`, …
    pub verb: String,
    /// API group, empty for the core.
    pub group: String,
    /// `pods`, `signers`, …
    pub resource: String,
    /// `log`, `approval`, or empty.
    pub subresource: String,
    /// One object, or empty for any.
    pub name: String,
    /// A namespace, or empty for the cluster's scope.
    pub namespace: String,
}

impl ResourceAction {
    /// An action on a resource of the whole cluster.
    pub fn new(verb: &str, group: &str, resource: &str) -> Self {
        Self { verb: verb.into(), group: group.into(), resource: resource.into(), ..Self::default() }
    }

    /// On one object.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// In a namespace.
    #[must_use]
    pub fn within(mut self, namespace: &str) -> Self {
        namespace.clone_into(&mut self.namespace);
        self
    }

    /// On a subresource.
    #[must_use]
    pub fn on_part(mut self, subresource: &str) -> Self {
        subresource.clone_into(&mut self.subresource);
        self
    }
}

impl Action {
    /// The namespace whose bindings count, if any.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Resource(action) if !action.namespace.is_empty() => Some(&action.namespace),
            _ => None,
        }
    }
}
