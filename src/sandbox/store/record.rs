//! One version of an object.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Map, Value};

/// The key of an object within its resource. Ordered by namespace, then by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectKey {
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    pub name: String,
}

impl ObjectKey {
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

/// One version of an object.
#[derive(Debug)]
pub(crate) struct Record {
    /// `metadata.resourceVersion`.
    pub revision: u64,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
    /// The object as JSON, without `kind` and `apiVersion`.
    pub json: Bytes,
}

impl Record {
    pub(super) fn new(revision: u64, mut object: Value) -> Self {
        if let Some(map) = object.as_object_mut() {
            map.shift_remove("kind");
            map.shift_remove("apiVersion");
        }
        // An object that has never been stored (dry run) has no resourceVersion.
        if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut).filter(|_| revision > 0) {
            meta.insert("resourceVersion".to_owned(), revision.to_string().into());
        }
        let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
        let labels = labels.into_iter().flatten();
        Self {
            revision,
            uid: object.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default().to_owned(),
            labels: labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect(),
            json: serde_json::to_vec(&object).unwrap_or_default().into(),
        }
    }

    /// The object, without `kind` and `apiVersion`.
    pub(crate) fn object(&self) -> Value {
        serde_json::from_slice(&self.json).unwrap_or_else(|_| Value::Object(Map::new()))
    }
}
