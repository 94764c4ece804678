//! What would grant something, and how it is done by hand.

use std::fmt;

use k8s_openapi::api::rbac::v1::{PolicyRule, RoleRef};

use super::super::rule::list;
use super::super::{ResourceName, Scope, SubjectKey};
use crate::domain::shell::quote;

/// A list of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `verbs`.
    Verb,
    /// `resources`.
    Resource,
    /// `apiGroups`.
    Group,
    /// `resourceNames`.
    Name,
    /// `nonResourceURLs`.
    Url,
}

impl Part {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verb => "verb",
            Self::Resource => "resource",
            Self::Group => "API group",
            Self::Name => "name",
            Self::Url => "path",
        }
    }

    const fn field(self) -> &'static str {
        match self {
            Self::Verb => "verbs",
            Self::Resource => "resources",
            Self::Group => "apiGroups",
            Self::Name => "resourceNames",
            Self::Url => "nonResourceURLs",
        }
    }
}

/// One change of roles and bindings.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Bind a role that is there.
    Bind {
        /// The new binding.
        name: String,
        /// Where.
        scope: Scope,
        /// The role.
        role: RoleRef,
        /// To whom.
        subject: SubjectKey,
    },
    /// Add a subject to a binding that is there.
    Join {
        /// The binding.
        binding: (Scope, String),
        /// Who.
        subject: SubjectKey,
    },
    /// Add a word to a rule, for everybody who holds the role.
    Widen {
        /// The role.
        role: (Scope, String),
        /// The rule's place in it, from 0.
        place: usize,
        /// Which of its lists.
        part: Part,
        /// The word.
        value: String,
    },
    /// Make a role and a binding.
    Make {
        /// Where.
        scope: Scope,
        /// The new role.
        role: String,
        /// Its rule.
        rule: PolicyRule,
        /// The new binding.
        binding: String,
        /// To whom.
        subject: SubjectKey,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |scope: &Scope| scope.as_ref().map_or_else(|| "everywhere".to_owned(), |ns| format!("in {ns}"));
        match self {
            Self::Bind { scope, role, subject, .. } => {
                write!(f, "bind {} {} to {subject} {}", role.kind, role.name, place(scope))
            }
            Self::Join { binding: (scope, name), subject } => {
                write!(f, "add {subject} to {} {name}", kind(scope, "Binding", true))?;
                scope.as_ref().map_or(Ok(()), |namespace| write!(f, " in {namespace}"))
            }
            Self::Widen { role: (scope, name), place: at, part, value } => {
                write!(f, "add {} {value:?} to rule {} of {} {name}", part.word(), at + 1, kind(scope, "", true))
            }
            Self::Make { scope, role, subject, .. } => {
                write!(f, "make {} {role} and bind it to {subject} {}", kind(scope, "", true), place(scope))
            }
        }
    }
}

/// `RoleBinding`, `clusterrole`, …
fn kind(scope: &Scope, what: &str, proper: bool) -> String {
    let name = if scope.is_some() { format!("Role{what}") } else { format!("ClusterRole{what}") };
    if proper { name } else { name.to_lowercase() }
}

fn in_namespace(scope: &Scope) -> String {
    scope.as_ref().map(|namespace| format!(" -n {}", quote(namespace))).unwrap_or_default()
}

fn subject_flag(subject: &SubjectKey) -> String {
    match subject {
        SubjectKey::User(name) => format!("--user={}", quote(name)),
        SubjectKey::Group(name) => format!("--group={}", quote(name)),
        SubjectKey::ServiceAccount(namespace, name) => {
            format!("--serviceaccount={}", quote(&format!("{namespace}:{name}")))
        }
    }
}

impl Change {
    /// The kubectl lines that do it.
    pub fn commands(&self, kubectl: &str) -> Vec<String> {
        match self {
            Self::Bind { name, scope, role, subject } => vec![bind(kubectl, name, scope, role, subject)],
            Self::Join { binding: (scope, name), subject } => {
                let (kind, place) = (kind(scope, "Binding", false), in_namespace(scope));
                vec![format!("{kubectl} set subject {kind} {} {}{place}", quote(name), subject_flag(subject))]
            }
            Self::Widen { role: (scope, name), place, part, value } => {
                let path = format!("/rules/{place}/{}/-", part.field());
                let patch = serde_json::json!([{"op": "add", "path": path, "value": value}]).to_string();
                let (kind, place) = (kind(scope, "", false), in_namespace(scope));
                vec![format!("{kubectl} patch {kind} {}{place} --type=json -p {}", quote(name), quote(&patch))]
            }
            Self::Make { scope, role, rule, binding, subject } => {
                let reference = super::reference(&kind(scope, "", true), role);
                let made = format!(
                    "{kubectl} create {} {}{} {}",
                    kind(scope, "", false),
                    quote(role),
                    in_namespace(scope),
                    rule_flags(rule)
                );
                vec![made, bind(kubectl, binding, scope, &reference, subject)]
            }
        }
    }
}

fn bind(kubectl: &str, name: &str, scope: &Scope, role: &RoleRef, subject: &SubjectKey) -> String {
    format!(
        "{kubectl} create {} {}{} --{}={} {}",
        kind(scope, "Binding", false),
        quote(name),
        in_namespace(scope),
        role.kind.to_lowercase(),
        quote(&role.name),
        subject_flag(subject)
    )
}

fn rule_flags(rule: &PolicyRule) -> String {
    let mut flags = vec![format!("--verb={}", quote(&rule.verbs.join(",")))];
    for group in list(rule.api_groups.as_ref()) {
        let names = list(rule.resources.as_ref()).iter().map(|name| ResourceName::new(group, name).to_string());
        flags.push(format!("--resource={}", quote(&names.collect::<Vec<_>>().join(","))));
    }
    for name in list(rule.resource_names.as_ref()) {
        flags.push(format!("--resource-name={}", quote(name)));
    }
    for url in list(rule.non_resource_urls.as_ref()) {
        flags.push(format!("--non-resource-url={}", quote(url)));
    }
    flags.join(" ")
}
