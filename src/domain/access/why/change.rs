//! A change that would grant an action, and the equivalent commands.

use std::fmt;

use k8s_openapi::api::rbac::v1::{PolicyRule, RoleRef};

use super::super::action::ResourceName;
use super::super::policy::Scope;
use super::super::rule::list;
use super::super::subject::SubjectKey;
use crate::domain::output::shell::{Kubectl, ShellCommand, ShellLine};

/// A list of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
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
    pub(crate) const fn word(self) -> &'static str {
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
pub(crate) enum GrantChange {
    /// Bind a role that is there.
    Bind { name: String, scope: Scope, role: RoleRef, subject: SubjectKey },
    /// Add a subject to a binding that is there.
    Join { binding: (Scope, String), subject: SubjectKey },
    /// Add a word to a rule, for everybody who holds the role.
    Widen {
        role: (Scope, String),
        /// The rule's place in it, from 0.
        place: usize,
        /// Which of its lists.
        part: Part,
        value: String,
    },
    /// Make a role and a binding.
    Make { scope: Scope, role: String, rule: PolicyRule, binding: String, subject: SubjectKey },
}

impl fmt::Display for GrantChange {
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

/// `RoleBinding`, `ClusterRole`, …
fn kind(scope: &Scope, what: &str, proper: bool) -> String {
    let name = if scope.is_some() { format!("Role{what}") } else { format!("ClusterRole{what}") };
    if proper { name } else { name.to_lowercase() }
}

fn role_word(scope: &Scope) -> &'static str {
    if scope.is_some() { "role" } else { "clusterrole" }
}

fn binding_word(scope: &Scope) -> &'static str {
    if scope.is_some() { "rolebinding" } else { "clusterrolebinding" }
}

fn for_subject(command: ShellCommand, subject: &SubjectKey) -> ShellCommand {
    match subject {
        SubjectKey::User(name) => command.flag("user", name),
        SubjectKey::Group(name) => command.flag("group", name),
        SubjectKey::ServiceAccount(namespace, name) => command.flag("serviceaccount", &format!("{namespace}:{name}")),
    }
}

impl GrantChange {
    /// The kubectl lines that do it.
    pub(crate) fn commands(&self, kubectl: &Kubectl) -> Vec<ShellLine> {
        match self {
            Self::Bind { name, scope, role, subject } => vec![bind(kubectl, name, scope, role, subject)],
            Self::Join { binding: (scope, name), subject } => {
                let command = kubectl.command("set subject").word(binding_word(scope));
                let command = for_subject(command.flag_if("namespace", scope.as_deref()), subject);
                vec![command.operands([name.as_str()]).line()]
            }
            Self::Widen { role: (scope, name), place, part, value } => {
                let path = format!("/rules/{place}/{}/-", part.field());
                let patch = serde_json::json!([{"op": "add", "path": path, "value": value}]).to_string();
                let command = kubectl.command("patch").word(role_word(scope)).flag_if("namespace", scope.as_deref());
                vec![command.flag("type", "json").flag("patch", &patch).operands([name.as_str()]).line()]
            }
            Self::Make { scope, role, rule, binding, subject } => {
                let reference = reference(&kind(scope, "", true), role);
                let command = kubectl.command("create").word(role_word(scope)).leading_operand(role);
                let made = with_rule(command.flag_if("namespace", scope.as_deref()), rule).line();
                vec![made, bind(kubectl, binding, scope, &reference, subject)]
            }
        }
    }
}

pub(super) fn reference(kind: &str, name: &str) -> RoleRef {
    RoleRef { api_group: "rbac.authorization.k8s.io".into(), kind: kind.into(), name: name.into() }
}

fn bind(kubectl: &Kubectl, name: &str, scope: &Scope, role: &RoleRef, subject: &SubjectKey) -> ShellLine {
    let command = kubectl.command("create").word(binding_word(scope)).leading_operand(name);
    let command = command.flag_if("namespace", scope.as_deref());
    let flag = if role.kind == "Role" { "role" } else { "clusterrole" };
    for_subject(command.flag(flag, &role.name), subject).line()
}

fn with_rule(command: ShellCommand, rule: &PolicyRule) -> ShellCommand {
    let mut command = command.list("verb", &rule.verbs);
    for group in list(rule.api_groups.as_ref()) {
        let names = list(rule.resources.as_ref()).iter().map(|name| ResourceName::new(group, name).to_string());
        command = command.list("resource", &names.collect::<Vec<_>>());
    }
    for name in list(rule.resource_names.as_ref()) {
        command = command.flag("resource-name", name);
    }
    for url in list(rule.non_resource_urls.as_ref()) {
        command = command.list("non-resource-url", &[url]);
    }
    command
}
