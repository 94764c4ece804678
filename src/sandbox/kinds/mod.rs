//! What the API server does for each kind beyond keeping it: defaults, rules, admission.

mod core;
pub(crate) mod metadata;
pub(super) mod names;
pub(crate) mod rbac;
mod requests;
mod service_account;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

use super::api::access::Access;
use super::api::resource::Resource;
use super::api::status::{ApiFailure, Cause};
use super::authentication::User;
use super::node::restriction;
use super::store::Store;

/// Who writes what, and where.
pub(crate) struct Write<'a> {
    /// The resource.
    pub resource: &'static Resource,
    /// `approval`, or empty.
    pub subresource: &'a str,
    /// The namespace, or empty.
    pub namespace: &'a str,
    /// The object's name.
    pub name: &'a str,
    /// Who.
    pub user: &'a User,
    /// What everybody may do.
    pub access: &'a Access,
    /// When.
    pub now: DateTime<Utc>,
}

impl Write<'_> {
    /// The moment as objects carry it.
    pub(crate) fn stamp(&self) -> String {
        stamp(self.now)
    }

    /// The 403 of an admission plugin.
    pub(crate) fn forbidden(&self, why: &str) -> ApiFailure {
        ApiFailure::forbidden(self.resource, self.name, why)
    }
}

/// A moment as objects carry it: in whole seconds.
pub(crate) fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The text at a place, empty where there is none.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items of a list, none where there is no list.
pub(crate) fn items<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// Sets or removes a top-level part of an object.
fn set_part(object: &mut Value, part: &str, value: Option<Value>) {
    let Some(map) = object.as_object_mut() else { return };
    match value {
        Some(value) => drop(map.insert(part.to_owned(), value)),
        None => drop(map.shift_remove(part)),
    }
}

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
    restriction::admit_create(object, write, store)
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
