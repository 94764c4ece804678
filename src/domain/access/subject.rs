//! The subjects of bindings.

use std::fmt;

use k8s_openapi::api::rbac::v1::Subject;

/// A group, a user or a service account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SubjectKey {
    /// By group name.
    Group(String),
    /// By user name.
    User(String),
    /// By namespace and name.
    ServiceAccount(String, String),
}

impl SubjectKey {
    /// The key of a subject in a binding of this scope; `None` for one that matches no user.
    pub(crate) fn of(subject: &Subject, scope: Option<&str>) -> Option<Self> {
        match subject.kind.as_str() {
            "User" => Some(Self::user(&subject.name)),
            "Group" => Some(Self::Group(subject.name.clone())),
            "ServiceAccount" => {
                let own = subject.namespace.as_deref().filter(|namespace| !namespace.is_empty());
                Some(Self::ServiceAccount(own.or(scope)?.to_owned(), subject.name.clone()))
            }
            _ => None,
        }
    }

    /// By user name; `system:serviceaccount:NAMESPACE:NAME` is that service account, whichever way a binding says it.
    pub(crate) fn user(name: &str) -> Self {
        match name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':')) {
            Some((namespace, name)) => Self::ServiceAccount(namespace.to_owned(), name.to_owned()),
            None => Self::User(name.to_owned()),
        }
    }

    /// As a binding names it.
    pub(crate) fn to_subject(&self) -> Subject {
        let group = Some("rbac.authorization.k8s.io".to_owned());
        match self {
            Self::User(name) => {
                Subject { kind: "User".into(), name: name.clone(), api_group: group, ..Subject::default() }
            }
            Self::Group(name) => {
                Subject { kind: "Group".into(), name: name.clone(), api_group: group, ..Subject::default() }
            }
            Self::ServiceAccount(namespace, name) => Subject {
                kind: "ServiceAccount".into(),
                name: name.clone(),
                namespace: Some(namespace.clone()),
                ..Subject::default()
            },
        }
    }

    /// Its kind in a word.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Group(_) => "group",
            Self::User(_) => "user",
            Self::ServiceAccount(..) => "sa",
        }
    }

    /// Its name without the kind: `dev`, `jane`, `ci/deployer`.
    pub fn name(&self) -> String {
        match self {
            Self::Group(name) | Self::User(name) => name.clone(),
            Self::ServiceAccount(namespace, name) => format!("{namespace}/{name}"),
        }
    }
}

impl fmt::Display for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.word(), self.name())
    }
}
