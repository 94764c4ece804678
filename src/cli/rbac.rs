//! What the commands about roles and bindings have in common.

use clap::ValueEnum;
use serde_json::{Value, json};

use super::output::{CliError, tell};
use crate::cluster::Cluster;
use crate::domain::access::object::{Named, RbacKind};
use crate::domain::access::{Action, Catalogue, Grant, Policy, SubjectKey, own};

/// Formats of an answer about access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AccessOutput {
    Table,
    Json,
}

/// What is asked about, in kubectl's words.
pub(super) struct Words<'a> {
    pub verb: &'a str,
    pub resource: &'a str,
    pub name: Option<&'a str>,
    /// The namespace; `None`: all of them.
    pub namespace: Option<&'a str>,
}

/// Roles and bindings, as far as they may be seen. What may not be is said.
pub(super) struct RbacView {
    pub policy: Policy,
    /// What may not be listed.
    pub missing: Vec<RbacKind>,
}

impl RbacView {
    /// Whether nothing at all may be listed that would grant anything.
    pub(crate) fn nothing(&self) -> bool {
        self.missing.contains(&RbacKind::ClusterRoleBinding) && self.missing.contains(&RbacKind::RoleBinding)
    }
}

/// Lists roles and bindings.
pub(super) async fn see(cluster: &Cluster) -> Result<RbacView, CliError> {
    let listed = cluster.list_rbac().await?;
    Ok(RbacView { policy: listed.policy, missing: listed.missing.into_iter().map(|(kind, _)| kind).collect() })
}

/// Says what may not be seen, and so is not in the answer.
pub(super) fn tell_missing(seen: &RbacView) {
    if !seen.missing.is_empty() {
        let names: Vec<_> = seen.missing.iter().map(|kind| kind.plural()).collect();
        tell(&format!("! you may not list {}: what they grant is not in this answer", names.join(", ")));
    }
}

/// The action that is meant. A resource of the whole cluster is in no namespace.
pub(super) fn action(catalogue: &Catalogue, words: &Words<'_>) -> Action {
    if words.resource.starts_with('/') {
        return Action::Path { verb: words.verb.to_owned(), path: words.resource.to_owned() };
    }
    let (name, namespaced) = catalogue.resolve(words.resource);
    if namespaced.is_none() && !words.resource.contains('*') {
        tell(&format!("! the server does not know the resource {}", words.resource));
    }
    let namespace = if namespaced == Some(false) { None } else { words.namespace };
    let action = name.action(words.verb).named(words.name.unwrap_or_default());
    Action::Resource(action.within(namespace.unwrap_or_default()))
}

/// The server's resources, or the usual ones where it does not tell.
pub(super) async fn catalogue(cluster: &Cluster) -> Catalogue {
    match cluster.catalogue().await {
        Ok(catalogue) => catalogue,
        Err(error) => {
            tell(&format!("! the server's resources are not known ({error}); the usual ones are taken"));
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
