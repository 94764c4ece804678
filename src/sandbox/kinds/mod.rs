//! Defaults, validation and admission of each kind.

mod core;
pub(crate) mod metadata;
pub(super) mod names;
pub(crate) mod node_restriction;
pub(crate) mod rbac;
mod requests;
mod service_account;

use serde_json::Value;

use crate::sandbox::resource::Resource;
use crate::sandbox::status::{ApiFailure, Cause};
use crate::sandbox::store::Store;
use crate::sandbox::write::WriteRequest;

/// Completes a new object (`PrepareForCreate`, defaults).
pub(crate) fn prepare_create(object: &mut Value, write: &WriteRequest<'_>) {
    match write.resource.plural {
        "certificatesigningrequests" => requests::prepare_create(object, write),
        "roles" | "clusterroles" | "rolebindings" | "clusterrolebindings" => rbac::defaults(object, write.resource),
        _ => core::prepare_create(object, write.resource, write.name),
    }
}

/// Resets fields that this subresource must not change (`PrepareForUpdate`).
pub(crate) fn prepare_update(object: &mut Value, old: &Value, write: &WriteRequest<'_>) {
    match write.resource.plural {
        "certificatesigningrequests" => requests::prepare_update(object, old, write),
        "roles" | "clusterroles" | "rolebindings" | "clusterrolebindings" => rbac::defaults(object, write.resource),
        _ => core::prepare_update(object, old, write),
    }
}

/// Validation, admission and escalation checks, in the API server's order.
///
/// # Errors
/// 403, 404 and 422.
pub(crate) fn validate(object: &Value, old: Option<&Value>, write: &WriteRequest<'_>) -> Result<(), ApiFailure> {
    match write.resource.plural {
        "certificatesigningrequests" => {
            check(requests::causes(object, old, write.subresource), object, write)?;
            requests::admit(object, old, write)
        }
        "roles" | "clusterroles" => {
            rbac::admit_role(object, old, write)?;
            check(rbac::causes(object, old, write.resource), object, write)
        }
        "rolebindings" | "clusterrolebindings" => {
            rbac::admit_binding(object, old, write)?;
            check(rbac::causes(object, old, write.resource), object, write)
        }
        _ => check(core::causes(object, write.resource), object, write),
    }
}

fn check(own: Vec<Cause>, object: &Value, write: &WriteRequest<'_>) -> Result<(), ApiFailure> {
    let mut causes = metadata::causes(object, write.resource);
    causes.extend(own);
    let (group, kind) = (write.resource.group, write.resource.kind);
    if causes.is_empty() { Ok(()) } else { Err(ApiFailure::invalid(group, kind, write.name, &causes)) }
}

/// The admission plugins that check or change a new object before validation: `ServiceAccount`, `NodeRestriction`.
///
/// # Errors
/// 403 and 404.
pub(crate) fn admit_create(object: &mut Value, write: &WriteRequest<'_>, store: &Store) -> Result<(), ApiFailure> {
    if write.resource.plural == "pods" {
        service_account::admit_pod(object, write, store)?;
    }
    node_restriction::admit_create(object, write, store)
}

/// Rejects a new object in a namespace that does not exist or is terminating.
///
/// # Errors
/// 403 and 404.
pub(crate) fn admit_into_namespace(write: &WriteRequest<'_>, store: &Store) -> Result<(), ApiFailure> {
    core::admit_into_namespace(write, store)
}

/// Whether an object may be deleted.
///
/// # Errors
/// 403.
pub(crate) fn admit_delete(write: &WriteRequest<'_>) -> Result<(), ApiFailure> {
    let kept = write.resource.plural == "namespaces" && ["default", "kube-system", "kube-public"].contains(&write.name);
    if kept { Err(write.forbidden("this namespace may not be deleted")) } else { Ok(()) }
}

/// Fields that this subresource does not change (`GetResetFields`).
pub(crate) fn resets(resource: &Resource, subresource: &str) -> &'static [&'static [&'static str]] {
    match (resource.plural, subresource) {
        ("certificatesigningrequests", "") => &[&["f:spec"], &["f:status"]],
        ("certificatesigningrequests", "approval") => &[&["f:spec"], &["f:status", "f:certificate"]],
        ("certificatesigningrequests", _) => &[&["f:spec"], &["f:status", "f:conditions"]],
        ("pods" | "nodes" | "namespaces", "") => &[&["f:status"]],
        ("pods" | "nodes" | "namespaces", _) => &[&["f:spec"]],
        _ => &[],
    }
}
