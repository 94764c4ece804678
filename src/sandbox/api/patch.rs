//! Patches: JSON (RFC 6902), merge (RFC 7386), strategic merge (`apimachinery/pkg/util/strategicpatch`).

use bytes::Bytes;
use json_patch::PatchOperation;
use serde_json::{Map, Value};

use super::{MAX_BODY, body};
use crate::sandbox::schema::{SchemaNode, Shape};
use crate::sandbox::status::ApiFailure;

/// Operations of a JSON patch (`maxJSONPatchOperations`).
const MAX_OPERATIONS: usize = 10_000;

const ACCEPTED: &str = "application/json-patch+json, application/merge-patch+json, \
                        application/strategic-merge-patch+json, application/apply-patch+yaml";

/// `object` with a patch applied.
///
/// # Errors
/// 400 for a patch that cannot be read, 415 for one of another kind, 422 for one that does not fit.
pub(crate) fn apply(
    node: SchemaNode<'_>,
    mut object: Value,
    content_type: &str,
    body: &Bytes,
) -> Result<Value, ApiFailure> {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    match media {
        "application/json-patch+json" => {
            // JSON that is no patch cannot be carried out; what is no JSON cannot be read.
            let (patch, _) = body::parse("application/json", body)?;
            let patch: json_patch::Patch = serde_json::from_value(patch).map_err(|error| unfit(&error.to_string()))?;
            apply_operations(&mut object, &patch)?;
            Ok(object)
        }
        "application/merge-patch+json" => {
            let (patch, _) = body::parse(media, body)?;
            json_patch::merge(&mut object, &patch);
            Ok(object)
        }
        "application/strategic-merge-patch+json" => {
            let (patch, _) = body::parse(media, body)?;
            strategic(node, &mut object, &patch)?;
            Ok(object)
        }
        _ => Err(ApiFailure::unsupported_media(ACCEPTED)),
    }
}

/// Applies a JSON patch operation by operation, with the API server's limit on the size of all copies
/// (`jsonpatch.AccumulatedCopySizeLimit`).
fn apply_operations(object: &mut Value, patch: &[PatchOperation]) -> Result<(), ApiFailure> {
    if patch.len() > MAX_OPERATIONS {
        let many = patch.len();
        let why = format!("The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {many}");
        return Err(ApiFailure { message: why, ..ApiFailure::too_large() });
    }
    let mut copied = 0;
    for operation in patch {
        if let PatchOperation::Copy(copy) = operation {
            copied += object.pointer(copy.from.as_str()).map_or(0, |value| value.to_string().len());
            if copied > MAX_BODY {
                let why = format!(
                    "Unable to complete the copy, the accumulated size increase of copy is {copied}, exceeding the limit \
                     {MAX_BODY}"
                );
                return Err(ApiFailure { message: why, ..ApiFailure::too_large() });
            }
        }
        json_patch::patch(object, std::slice::from_ref(operation)).map_err(|error| unfit(&error.to_string()))?;
    }
    Ok(())
}

fn unfit(why: &str) -> ApiFailure {
    let message = format!("the server rejected our request due to an error in our request: {why}");
    ApiFailure { code: 422, reason: "Invalid", message, details: None, continue_token: None }
}

/// Lays a strategic merge patch over an object.
fn strategic(node: SchemaNode<'_>, object: &mut Value, patch: &Value) -> Result<(), ApiFailure> {
    let Value::Object(patch) = patch else { return Err(unfit("the patch is no object")) };
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    let Some(map) = object.as_object_mut() else { return Ok(()) };
    match patch.get("$patch").and_then(Value::as_str) {
        Some("replace") => {
            *map = patch.iter().filter(|(key, _)| !key.starts_with('$')).map(|(k, v)| (k.clone(), v.clone())).collect();
            return Ok(());
        }
        Some("delete") => {
            map.clear();
            return Ok(());
        }
        _ => {}
    }
    if let Some(kept) = patch.get("$retainKeys").and_then(Value::as_array) {
        map.retain(|key, _| kept.iter().any(|kept| kept == key));
    }
    for (key, value) in patch {
        if let Some(key) = key.strip_prefix("$deleteFromPrimitiveList/") {
            let gone = value.as_array().map(Vec::as_slice).unwrap_or_default();
            if let Some(Value::Array(list)) = map.get_mut(key) {
                list.retain(|item| !gone.contains(item));
            }
        } else if !key.starts_with('$') {
            lay(node.child(key), map, key, value)?;
        }
    }
    for (key, order) in patch {
        if let Some(key) = key.strip_prefix("$setElementOrder/") {
            sort(node.child(key), map.get_mut(key), order);
        }
    }
    Ok(())
}

fn lay(node: SchemaNode<'_>, map: &mut Map<String, Value>, key: &str, value: &Value) -> Result<(), ApiFailure> {
    match (value, node.shape(), node.patch_key()) {
        (Value::Null, ..) => drop(map.shift_remove(key)),
        (Value::Object(_), ..) => {
            let part = map.entry(key).or_insert_with(|| Value::Object(Map::new()));
            strategic(node, part, value)?;
        }
        (Value::Array(items), Shape::List(item), Some(merge_key)) => {
            let list = map.entry(key).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                merge_list(item, list, items, merge_key)?;
            }
        }
        _ => drop(map.insert(key.to_owned(), value.clone())),
    }
    Ok(())
}

fn merge_list(node: SchemaNode<'_>, list: &mut Vec<Value>, items: &[Value], merge_key: &str) -> Result<(), ApiFailure> {
    let directive = |item: &Value, wanted: &str| item.get("$patch").and_then(Value::as_str) == Some(wanted);
    if items.iter().any(|item| directive(item, "replace")) {
        *list = items.iter().filter(|item| !directive(item, "replace")).cloned().collect();
        return Ok(());
    }
    for item in items {
        if merge_key.is_empty() {
            if !list.contains(item) {
                list.push(item.clone());
            }
            continue;
        }
        let key = item.get(merge_key).ok_or_else(|| unfit(&format!("an item has no {merge_key}")))?;
        let place = list.iter().position(|other| other.get(merge_key) == Some(key));
        match place {
            Some(at) if directive(item, "delete") => drop(list.remove(at)),
            Some(at) => strategic(node, &mut list[at], item)?,
            None if directive(item, "delete") => {}
            None => list.push(item.clone()),
        }
    }
    Ok(())
}

/// Items that the order names stand in it; others keep their places behind those that they followed.
fn sort(node: SchemaNode<'_>, list: Option<&mut Value>, order: &Value) {
    let (Some(Value::Array(list)), Some(order)) = (list, order.as_array()) else { return };
    let merge_key = node.patch_key().unwrap_or_default();
    let identity = |item: &Value| if merge_key.is_empty() { item.clone() } else { item[merge_key].clone() };
    let mut last = 0;
    let mut placed: Vec<_> = std::mem::take(list)
        .into_iter()
        .map(|item| {
            let own = identity(&item);
            let place = order.iter().position(|entry| identity(entry) == own);
            last = place.map_or(last, |place| place + 1);
            (last, item)
        })
        .collect();
    placed.sort_by_key(|(place, _)| *place);
    list.extend(placed.into_iter().map(|(_, item)| item));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::schema::Schemas;

    fn patched(object: Value, kind: &str, patch: &Value) -> Result<Value, ApiFailure> {
        let schemas = Schemas::load().unwrap();
        let node = schemas.node("io.k8s.api.core.v1.Pod");
        apply(node, object, kind, &Bytes::from(patch.to_string()))
    }

    fn pod() -> Value {
        json!({ "metadata": { "labels": { "a": "1", "b": "2" }, "finalizers": ["x", "y"] },
            "spec": { "containers": [{ "name": "web", "image": "web:1" }, { "name": "log", "image": "log:1" }] } })
    }

    #[test]
    fn strategic_patch_merges_lists_by_key() {
        let patch = json!({
            "metadata": { "labels": { "a": null, "c": "3" }, "$deleteFromPrimitiveList/finalizers": ["x"] },
            "spec": {
                "$setElementOrder/containers": [{ "name": "new" }, { "name": "web" }],
                "containers": [{ "name": "web", "image": "web:2" }, { "name": "log", "$patch": "delete" }, { "name": "new" }],
            },
        });
        let result = patched(pod(), "application/strategic-merge-patch+json", &patch).unwrap();
        assert_eq!(
            result,
            json!({ "metadata": { "labels": { "b": "2", "c": "3" }, "finalizers": ["y"] },
                "spec": { "containers": [{ "name": "new" }, { "name": "web", "image": "web:2" }] } })
        );
    }

    #[test]
    fn json_and_merge_patches_follow_the_rfcs() {
        let merged = patched(pod(), "application/merge-patch+json", &json!({ "spec": null })).unwrap();
        assert!(merged.get("spec").is_none());
        let moved = json!([{ "op": "replace", "path": "/metadata/labels/a", "value": "9" }]);
        assert_eq!(patched(pod(), "application/json-patch+json", &moved).unwrap()["metadata"]["labels"]["a"], "9");
        let failing = json!([{ "op": "test", "path": "/metadata/labels/a", "value": "9" }]);
        assert_eq!(patched(pod(), "application/json-patch+json", &failing).unwrap_err().code, 422);
        assert_eq!(patched(pod(), "application/json", &json!({})).unwrap_err().code, 415);
    }

    #[test]
    fn rejects_copies_that_double_an_object_again_and_again() {
        let copies: Vec<_> = (0..64).map(|n| json!({ "op": "copy", "from": "", "path": format!("/{n}") })).collect();
        let refused = patched(pod(), "application/json-patch+json", &copies.into()).unwrap_err();
        assert!(refused.code == 413 && refused.message.contains("exceeding the limit"), "{refused:?}");
        let many = vec![json!({ "op": "test", "path": "/spec/x", "value": 1 }); MAX_OPERATIONS + 1];
        assert_eq!(patched(pod(), "application/json-patch+json", &many.into()).unwrap_err().code, 413);
    }
}
