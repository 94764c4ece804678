//! What the API server does for each kind beyond keeping it: defaults, rules, admission.

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
use crate::sandbox::write::Write;

/// Fills a new object in (`PrepareForCreate`, defaults).
pub(crate) fn prepare_create(object: &mut Value, write: &Write<'_>) {
    match write.resource.plural {
        "certificatesigningrequests" => requests::prepare_create(object, write),
        "roles" | "clusterroles" | "rolebindings" | "clusterrolebindings" => rbac::defaults(object, write.resource),
        _ => core::prepare_create(object, write.resource, write.name),
    }
}

/// Takes back what this way of writing must not change (`PrepareForUpdate`).
pub(crate) fn prepare_update(object: &mut Value, old: &Value, write: &Write<'_>) {
    match write.resource.plural {
        "certificatesigningrequests" => requests::prepare_update(object, old, write),
        "roles" | "clusterroles" | "rolebindings" | "clusterrolebindings" => rbac::defaults(object, write.resource),
        _ => core::prepare_update(object, old, write),
    }
}

/// Whether an object may become this: rules, admission, escalation, in the server's order.
///
/// # Errors
/// 403, 404 and 422.
pub(crate) fn judge(object: &Value, old: Option<&Value>, write: &Write<'_>) -> Result<(), ApiFailure> {
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

fn check(own: Vec<Cause>, object: &Value, write: &Write<'_>) -> Result<(), ApiFailure> {
    let mut causes = metadata::causes(object, write.resource);
    causes.extend(own);
    let (group, kind) = (write.resource.group, write.resource.kind);
    if causes.is_empty() { Ok(()) } else { Err(ApiFailure::invalid(group, kind, write.name, &causes)) }
}

/// The admission plugins that look at, or change, a new object before it is checked: `ServiceAccount`, `NodeRestriction`.
///
/// # Errors
/// 403 and 404.
pub(crate) fn admit_create(object: &mut Value, write: &Write<'_>, store: &Store) -> Result<(), ApiFailure> {
    if write.resource.plural == "pods" {
        service_account::admit_pod(object, write, store)?;
    }
    node_restriction::admit_create(object, write, store)
}

/// Nothing is made in a namespace that is not there, or that is going.
///
/// # Errors
/// 403 and 404.
pub(crate) fn admit_into_namespace(write: &Write<'_>, store: &Store) -> Result<(), ApiFailure> {
    core::admit_into_namespace(write, store)
}

/// Whether an object may be deleted.
///
/// # Errors
/// 403.
pub(crate) fn admit_delete(write: &Write<'_>) -> Result<(), ApiFailure> {
    let kept = write.resource.plural == "namespaces" && ["default", "kube-system", "kube-public"].contains(&write.name);
    if kept { Err(write.forbidden("this namespace may not be deleted")) } else { Ok(()) }
}

/// Fields that this way of writing leaves as they are (`GetResetFields`).
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
