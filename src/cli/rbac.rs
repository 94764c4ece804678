//! What the commands about roles and bindings have in common.

use clap::ValueEnum;
use serde_json::{Value, json};

use super::error::CliError;
use super::output::Output;
use crate::cluster::Cluster;
use crate::domain::access::object::{Named, RbacKind};
use crate::domain::access::{Action, Catalogue, Grant, Policy, SubjectKey, own};

/// Formats of an answer about access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AccessFormat {
    Table,
    Json,
}

/// An action as it is typed, in kubectl's form.
pub(super) struct ActionWords<'a> {
    pub verb: &'a str,
    pub resource: &'a str,
    pub name: Option<&'a str>,
    /// The namespace; `None`: all of them.
    pub namespace: Option<&'a str>,
}

/// Roles and bindings, as far as they may be listed.
pub(super) struct RbacView {
    pub policy: Policy,
    /// What may not be listed.
    pub missing: Vec<RbacKind>,
}

impl RbacView {
    /// Whether no bindings may be listed, so that access cannot be computed.
    pub(crate) fn lacks_bindings(&self) -> bool {
        self.missing.contains(&RbacKind::ClusterRoleBinding) && self.missing.contains(&RbacKind::RoleBinding)
    }
}

/// Lists roles and bindings.
pub(super) async fn list_rbac(cluster: &Cluster) -> Result<RbacView, CliError> {
    let listed = cluster.list_rbac().await?;
    Ok(RbacView { policy: listed.policy, missing: listed.missing.into_iter().map(|(kind, _)| kind).collect() })
}

/// Prints what may not be listed, and so is not in the answer.
pub(super) fn print_missing(out: Output, seen: &RbacView) {
    if !seen.missing.is_empty() {
        let names: Vec<_> = seen.missing.iter().map(|kind| kind.plural()).collect();
        out.print_note(&format!("! you may not list {}: what they grant is not in this answer", names.join(", ")));
    }
}

/// The action that the words describe. A cluster-scoped resource is in no namespace.
pub(super) fn action(out: Output, catalogue: &Catalogue, words: &ActionWords<'_>) -> Action {
    if words.resource.starts_with('/') {
        return Action::Path { verb: words.verb.to_owned(), path: words.resource.to_owned() };
    }
    let (name, namespaced) = catalogue.resolve(words.resource);
    if namespaced.is_none() && !words.resource.contains('*') {
        out.print_note(&format!("! the server does not know the resource {}", words.resource));
    }
    let namespace = if namespaced == Some(false) { None } else { words.namespace };
    let action = name.action(words.verb).named(words.name.unwrap_or_default());
    Action::Resource(action.within(namespace.unwrap_or_default()))
}

/// The server's resources, or the usual ones where they cannot be discovered.
pub(super) async fn catalogue(out: Output, cluster: &Cluster) -> Catalogue {
    match cluster.catalogue().await {
        Ok(catalogue) => catalogue,
        Err(error) => {
            out.print_note(&format!("! the server's resources are not known ({error}); the usual ones are taken"));
            Catalogue::fallback()
        }
    }
}

/// A chain as JSON.
pub(super) fn chain(policy: &Policy, grant: &Grant<'_>) -> Value {
    if grant.binding.name == own::UNSEEN {
        return Value::Null;
    }
    let named = |named: Named| json!({"kind": named.kind.name(), "namespace": named.scope, "name": named.name});
    let subject = SubjectKey::of(grant.subject, grant.binding.scope.as_deref());
    let origin = policy.origin(grant).map(|(role, place)| json!({"name": role.name, "rule": place + 1}));
    json!({
        "subject": subject.as_ref().map(subject_json),
        "binding": named(Named::binding(grant.binding)),
        "role": named(Named::role(grant.role)),
        "rule": grant.place + 1,
        "aggregatedFrom": origin,
    })
}

/// A subject as JSON.
pub(super) fn subject_json(subject: &SubjectKey) -> Value {
    match subject {
        SubjectKey::Group(name) => json!({"kind": "Group", "name": name}),
        SubjectKey::User(name) => json!({"kind": "User", "name": name}),
        SubjectKey::ServiceAccount(namespace, name) => {
            json!({"kind": "ServiceAccount", "namespace": namespace, "name": name})
        }
    }
}
