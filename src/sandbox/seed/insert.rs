//! Inserting objects into the store without a request.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::sandbox::object::{stamp, text};
use crate::sandbox::resource::{RESOURCES, Resource};
use crate::sandbox::schema::{Schemas, check};
use crate::sandbox::store::{ObjectKey, Record, Store, WriteOutcome};

/// Why the cluster cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("the practice cluster cannot be set up: {0}")]
pub struct SeedError(pub(super) String);

impl SeedError {
    pub(super) fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Inserts an object with the creation time `created`.
pub(super) fn put(
    store: &Store,
    schemas: &Schemas,
    mut object: Value,
    created: DateTime<Utc>,
) -> Result<(), SeedError> {
    let resource = of_kind(text(&object, "/kind")).ok_or_else(|| SeedError("an object of no kind".to_owned()))?;
    let name = text(&object, "/metadata/name").to_owned();
    object["metadata"]["uid"] = uuid::Uuid::new_v4().to_string().into();
    object["metadata"]["creationTimestamp"] = stamp(created).into();
    match resource.plural {
        "namespaces" => {
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name.clone().into();
            object["spec"]["finalizers"] = serde_json::json!(["kubernetes"]);
            object["status"]["phase"] = "Active".into();
        }
        "pods" => {
            object["spec"]["serviceAccountName"] = "default".into();
            object["spec"]["serviceAccount"] = "default".into();
        }
        "roles" | "clusterroles" => {
            object.as_object_mut().map(|map| map.entry("rules").or_insert(Value::Null));
        }
        _ => {}
    }
    check::canonical(schemas.node(resource.schema), &mut object);
    let namespace = text(&object, "/metadata/namespace").to_owned();
    let put = |_: Option<&Record>| Ok::<_, SeedError>(WriteOutcome::Put(object));
    store.transact(resource, &ObjectKey::new(&namespace, &name), put).map(drop)
}

fn of_kind(kind: &str) -> Option<&'static Resource> {
    RESOURCES.iter().copied().find(|resource| resource.kind == kind)
}
