//! Who may do what: RBAC as the API server evaluates it (`plugin/pkg/auth/authorizer/rbac`).
//!
//! One evaluation for everything that asks: the practice cluster enforces it, the console explains with it.

pub(crate) mod catalogue;
pub(crate) mod danger;
pub(crate) mod draft;
mod escalation;
mod loss;
pub(crate) mod matrix;
pub(crate) mod object;
mod origin;
pub(crate) mod own;
mod policy;
mod rule;
mod subject;
pub(crate) mod summary;
#[cfg(test)]
mod tests;
mod who_can;
pub(crate) mod why;

use std::fmt;

pub(crate) use catalogue::Catalogue;
pub use catalogue::ResourceName;
pub(crate) use escalation::{compact, compact_text, uncovered};
pub(crate) use origin::path;
pub use policy::Binding;
pub use policy::Policy;
pub use policy::Role;
pub(crate) use policy::{Grant, Scope};
pub(crate) use rule::allows;
pub use subject::SubjectKey;
pub(crate) use who_can::Holder;

/// Members of it pass every check before RBAC is asked (`user.SystemPrivilegedGroup`).
pub(crate) const MASTERS: &str = "system:masters";

/// Everybody who has logged in is in it.
pub(crate) const AUTHENTICATED: &str = "system:authenticated";

/// Who has not logged in, and its group.
const ANONYMOUS: &str = "system:anonymous";
/// The group of who has not logged in.
pub(crate) const UNAUTHENTICATED: &str = "system:unauthenticated";

/// A user together with its groups: only together do they say what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Principal {
    /// User name.
    pub user: String,
    /// Every group, `system:authenticated` included.
    pub groups: Vec<String>,
}

impl Principal {
    /// A user with these groups, and in `system:authenticated` as everybody who has logged in.
    pub(crate) fn new(user: impl Into<String>, groups: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut groups: Vec<String> = groups.into_iter().map(Into::into).collect();
        if !groups.iter().any(|group| group == AUTHENTICATED || group == UNAUTHENTICATED) {
            groups.push(AUTHENTICATED.to_owned());
        }
        Self { user: user.into(), groups }
    }

    /// Somebody of whom no more is known than what a binding says: a user without groups of its own, any member of a
    /// group, a service account with the groups that the server gives it (`pkg/serviceaccount`, `MakeGroupNames`).
    pub fn of(subject: &SubjectKey) -> Self {
        match subject {
            SubjectKey::Group(name) => Self::new("", [name]),
            SubjectKey::User(name) if name == ANONYMOUS => Self::new(name, [UNAUTHENTICATED]),
            SubjectKey::User(name) => Self::new(name, [""; 0]),
            SubjectKey::ServiceAccount(namespace, name) => Self::new(
                format!("system:serviceaccount:{namespace}:{name}"),
                ["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")],
            ),
        }
    }

    /// A user by name with what else is known of its groups; a service account's own are added.
    pub fn named(user: &str, groups: &[String]) -> Self {
        let mut who = if user.is_empty() { Self::new("", [""; 0]) } else { Self::of(&SubjectKey::user(user)) };
        let more = groups.iter().filter(|group| !who.groups.contains(group)).cloned().collect::<Vec<_>>();
        who.groups.splice(0..0, more);
        who
    }

    /// Whether it is above RBAC.
    pub(crate) fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == MASTERS)
    }

    /// Namespace and name, where the user is a service account (`system:serviceaccount:NAMESPACE:NAME`).
    pub(crate) fn service_account(&self) -> Option<(&str, &str)> {
        self.user.strip_prefix("system:serviceaccount:")?.split_once(':')
    }

    /// Everything that a binding may call it.
    fn keys(&self) -> impl Iterator<Item = SubjectKey> {
        let groups = self.groups.iter().cloned().map(SubjectKey::Group);
        [SubjectKey::user(&self.user)].into_iter().chain(groups)
    }
}

impl fmt::Display for Principal {
    /// `jane + dev, qa`: the groups that not everybody has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own: Vec<_> = self.groups.iter().filter(|group| *group != AUTHENTICATED).map(String::as_str).collect();
        match (self.user.as_str(), own.is_empty()) {
            ("", _) => write!(f, "group {}", own.join(", ")),
            (user, true) => f.write_str(user),
            (user, false) => write!(f, "{user} + {}", own.join(", ")),
        }
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
    pub(crate) fn new(verb: &str, group: &str, resource: &str) -> Self {
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
    pub(crate) fn on_part(mut self, subresource: &str) -> Self {
        subresource.clone_into(&mut self.subresource);
        self
    }
}

impl Action {
    /// The namespace whose bindings count, if any.
    pub(crate) fn namespace(&self) -> Option<&str> {
        match self {
            Self::Resource(action) if !action.namespace.is_empty() => Some(&action.namespace),
            _ => None,
        }
    }
}

impl fmt::Display for Action {
    /// As kubectl takes it: `get secrets tls -n dev`, `patch deployments.apps/scale`, `get /healthz`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path { verb, path } => write!(f, "{verb} {path}"),
            Self::Resource(action) => {
                write!(f, "{} {}", action.verb, ResourceName::asked(action))?;
                if !action.name.is_empty() {
                    write!(f, " {}", action.name)?;
                }
                if action.namespace.is_empty() { Ok(()) } else { write!(f, " -n {}", action.namespace) }
            }
        }
    }
}
