//! Users and groups as the authenticator hands them to RBAC.

use std::fmt;

use super::subject::SubjectKey;

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

    /// A principal of which only the binding is known: a user without further groups, any member of a
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
    pub(super) fn keys(&self) -> impl Iterator<Item = SubjectKey> {
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
