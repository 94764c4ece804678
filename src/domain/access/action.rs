//! Actions that RBAC decides on, and the resources that they are about, in kubectl's notation.

use std::fmt;

/// An action that is checked against RBAC.
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

/// A resource, with its subresource where it has one: `pods`, `pods/log`, `deployments/scale` of `apps`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ResourceName {
    /// API group, empty for the core.
    pub group: String,
    /// As rules write it: `pods/log`.
    pub name: String,
}

impl ResourceName {
    /// From its parts.
    pub fn new(group: &str, name: &str) -> Self {
        Self { group: group.into(), name: name.into() }
    }

    /// What an action is about.
    pub(crate) fn asked(action: &ResourceAction) -> Self {
        let sub = if action.subresource.is_empty() { String::new() } else { format!("/{}", action.subresource) };
        Self { group: action.group.clone(), name: format!("{}{sub}", action.resource) }
    }

    /// Resource and subresource.
    pub(crate) fn parts(&self) -> (&str, &str) {
        self.name.split_once('/').unwrap_or((&self.name, ""))
    }

    /// An action with it.
    pub fn action(&self, verb: &str) -> ResourceAction {
        let (resource, subresource) = self.parts();
        ResourceAction::new(verb, &self.group, resource).on_part(subresource)
    }

    /// kubectl's notation: `pods`, `pods/log`, `deployments.apps`, `deployments.apps/scale`. A group that is not given
    /// is the core's; `*` alone is everything.
    pub(crate) fn parse(text: &str) -> Self {
        let (name, sub) = text.split_once('/').map_or((text, String::new()), |(name, sub)| (name, format!("/{sub}")));
        let (name, group) = name.split_once('.').unwrap_or((name, ""));
        let group = if name == "*" && group.is_empty() { "*" } else { group };
        Self { group: group.to_owned(), name: format!("{name}{sub}") }
    }
}

impl fmt::Display for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (resource, sub) = self.parts();
        f.write_str(resource)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        if sub.is_empty() { Ok(()) } else { write!(f, "/{sub}") }
    }
}
