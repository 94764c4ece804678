//! `PartialObjectMetadata`.

use serde_json::Value;

/// The metadata of an object as a `PartialObjectMetadata`.
pub(crate) fn partial(object: &Value) -> Value {
    serde_json::json!({
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object.get("metadata"),
    })
}
