//! `metadata`: what every object has (`apimachinery/pkg/api/validation/objectmeta.go`, `registry/rest`).

use serde_json::{Map, Value};

use super::names;
use crate::sandbox::object::text;
use crate::sandbox::resource::Resource;
use crate::sandbox::status::{ApiFailure, Cause};
use crate::sandbox::write::WriteRequest;

/// Letters and digits that make no words (`apimachinery/pkg/util/rand`).
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// The name for a new object, generated from `generateName` where it has none.
pub(crate) fn name_for(object: &Value) -> String {
    let (name, start) = (text(object, "/metadata/name"), text(object, "/metadata/generateName"));
    if name.is_empty() && !start.is_empty() { generated_name(start) } else { name.to_owned() }
}

/// A name that begins like this (`apiserver/pkg/storage/names`).
pub(crate) fn generated_name(start: &str) -> String {
    let start: String = start.chars().take(58).collect();
    let random = uuid::Uuid::new_v4();
    let suffix = random.as_bytes().iter().take(5).map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]));
    start.chars().chain(suffix).collect()
}

/// Fills in what the server decides about a new object (`BeforeCreate`).
pub(crate) fn create(object: &mut Value, write: &WriteRequest<'_>) {
    let Some(meta) = meta(object) else { return };
    for own in ["selfLink", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion"] {
        meta.shift_remove(own);
    }
    meta.insert("name".to_owned(), write.name.into());
    if write.resource.namespaced {
        meta.insert("namespace".to_owned(), write.namespace.into());
    }
    meta.insert("uid".to_owned(), uuid::Uuid::new_v4().to_string().into());
    meta.insert("creationTimestamp".to_owned(), write.stamp().into());
}

/// Keeps what a change must not change (`BeforeUpdate`).
pub(crate) fn update(object: &mut Value, old: &Value) {
    let kept =
        ["uid", "creationTimestamp", "selfLink", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"];
    let Some(meta) = meta(object) else { return };
    for field in kept {
        match old.pointer(&format!("/metadata/{field}")) {
            Some(value) => drop(meta.insert(field.to_owned(), value.clone())),
            None => drop(meta.shift_remove(field)),
        }
    }
}

/// The object's `metadata`, which decoding has made sure of.
pub(crate) fn meta(object: &mut Value) -> Option<&mut Map<String, Value>> {
    object.get_mut("metadata").and_then(Value::as_object_mut)
}

/// Whether an object from a body may stand where the path says.
///
/// # Errors
/// 400 where it says that it is another's.
pub(crate) fn check_place(object: &Value, resource: &Resource, namespace: &str, name: &str) -> Result<(), ApiFailure> {
    let (own_name, own_namespace) = (text(object, "/metadata/name"), text(object, "/metadata/namespace"));
    if !name.is_empty() && !own_name.is_empty() && own_name != name {
        return Err(ApiFailure::bad_request(format!(
            "the name of the object ({own_name}) does not match the name on the URL ({name})"
        )));
    }
    if resource.namespaced && !own_namespace.is_empty() && own_namespace != namespace {
        return Err(ApiFailure::bad_request(format!(
            "the namespace of the provided object does not match the namespace sent on the request ({own_namespace} != \
             {namespace})"
        )));
    }
    Ok(())
}

/// What is wrong with it.
pub(crate) fn causes(object: &Value, resource: &Resource) -> Vec<Cause> {
    let mut causes = Vec::new();
    let name = text(object, "/metadata/name");
    if name.is_empty() {
        causes.push(Cause::required("metadata.name", "name or generateName is required"));
    } else if let Some(wrong) = name_wrong(name, resource) {
        causes.push(Cause::invalid("metadata.name", &name.into(), &wrong));
    }
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
    for (key, value) in labels.into_iter().flatten() {
        if let Some(wrong) = names::qualified(key) {
            causes.push(Cause::invalid("metadata.labels", &key.as_str().into(), &wrong));
        }
        if let Some(wrong) = value.as_str().and_then(names::label_value) {
            causes.push(Cause::invalid("metadata.labels", value, &wrong));
        }
    }
    let annotations = object.pointer("/metadata/annotations").and_then(Value::as_object);
    for key in annotations.into_iter().flat_map(Map::keys) {
        if let Some(wrong) = names::qualified(&key.to_lowercase()) {
            causes.push(Cause::invalid("metadata.annotations", &key.as_str().into(), &wrong));
        }
    }
    causes
}

fn name_wrong(name: &str, resource: &Resource) -> Option<String> {
    match (resource.group, resource.plural) {
        // "We don't care what you call your certificate requests."
        (_, "certificatesigningrequests") => None,
        ("rbac.authorization.k8s.io", _) => names::path_segment(name),
        (_, "namespaces") => names::label(name),
        _ => names::subdomain(name),
    }
}
