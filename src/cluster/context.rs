//! The context in force, put together from the kubeconfigs: its cluster entry and its user entry.

use std::path::Path;

use serde_yaml::{Mapping, Value};

use super::chosen_context::{ChosenContext, self_contained};
use super::error::ClusterError;
use super::in_cluster;
use super::target::Target;
use crate::domain::kubeconfig::EntryKind;
use crate::domain::kubeconfig::diagnose::{CONTRADICTION, names_authority};
use crate::domain::kubeconfig::set::Kubeconfigs;
use crate::files;

/// The context in force. Where the kubeconfig names none, a pod's own service account (client-go,
/// `tools/clientcmd/merged_client_builder.go`).
pub(super) fn choose(target: &Target) -> Result<ChosenContext, ClusterError> {
    let all = read(target.kubeconfig.as_deref())?;
    let name = target.context.as_deref().or_else(|| all.current_context()).filter(|name| !name.is_empty());
    if let Some(name) = name {
        return from_kubeconfig(&all, name);
    }
    if in_cluster::is_possible() {
        return in_cluster::chosen();
    }
    if !all.sources().iter().any(|source| source.exists) {
        let names: Vec<_> = all.sources().iter().map(|source| source.path.display().to_string()).collect();
        return Err(ClusterError::Config(format!("there is no kubeconfig ({})", names.join(", "))));
    }
    let known = all.names(EntryKind::Context).join(", ");
    Err(ClusterError::Config(format!("no context is current; --context takes one of: {known}")))
}

fn from_kubeconfig(all: &Kubeconfigs, name: &str) -> Result<ChosenContext, ClusterError> {
    let wrong = |why: String| ClusterError::Config(format!("context {name}: {why}"));
    let Some(context) = all.get(EntryKind::Context, name) else {
        let known = all.names(EntryKind::Context).join(", ");
        return Err(ClusterError::Config(format!("there is no context {name}; there are: {known}")));
    };
    let field = |name: &str| context.get(name).and_then(Value::as_str).unwrap_or_default();
    let cluster_name = field("cluster");
    let entry = all.resolved(EntryKind::Cluster, cluster_name);
    let cluster = entry.ok_or_else(|| wrong(format!("there is no cluster {cluster_name}")))?;
    let insecure = cluster.get("insecure-skip-tls-verify").and_then(Value::as_bool) == Some(true);
    if insecure && names_authority(&cluster) {
        return Err(wrong(CONTRADICTION.to_owned()));
    }
    let is_https = cluster.get("server").and_then(Value::as_str).is_some_and(|server| server.starts_with("https://"));
    let user = match field("user") {
        // kubectl asks for a user name then.
        "" if is_https => return Err(wrong("the context names no user".to_owned())),
        "" => Mapping::new(),
        user => all.resolved(EntryKind::User, user).ok_or_else(|| wrong(format!("there is no user {user}")))?,
    };
    let untrusted = files::imported::of_context(all, name).map_err(|error| ClusterError::Config(error.to_string()))?;
    let untrusted: Vec<_> = untrusted.into_iter().flat_map(|one| one.what).collect();
    if !untrusted.is_empty() {
        return Err(ClusterError::Untrusted { context: name.to_owned(), what: untrusted });
    }
    let namespace = Some(field("namespace")).filter(|namespace| !namespace.is_empty()).unwrap_or("default");
    Ok(ChosenContext {
        context: name.to_owned(),
        cluster_name: cluster_name.to_owned(),
        cluster: self_contained(cluster).map_err(wrong)?,
        user,
        namespace: namespace.to_owned(),
        in_pod: false,
    })
}

/// Reads the kubeconfigs.
pub(super) fn read(explicit: Option<&Path>) -> Result<Kubeconfigs, ClusterError> {
    files::kubeconfig::load(explicit).map_err(|error| ClusterError::Config(error.to_string()))
}
