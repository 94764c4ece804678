//! What the cluster has from the beginning: small, and believable.

mod requests;
mod traffic;

use chrono::{DateTime, TimeDelta, Utc};
use k8s_openapi::api::rbac::v1::PolicyRule;
use serde::Deserialize;
use serde_json::Value;

use super::api::resource::{RESOURCES, Resource};
use super::authority::Authority;
use super::controllers::aggregate;
use super::kinds::{stamp, text};
use super::schema::{Schemas, check};
use super::store::{ObjectKey, Record, Store, WriteOutcome};

pub(crate) use traffic::run as traffic;

const RBAC: &str = include_str!("../../../assets/sandbox/rbac.json");
const CLUSTER: &str = include_str!("../../../assets/sandbox/cluster.yaml");

/// Namespaces without which there is no cluster.
const BARE: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];
/// How old the cluster says that it is.
const AGE: TimeDelta = TimeDelta::days(41);

/// Why there is no beginning.
#[derive(Debug, thiserror::Error)]
#[error("the practice cluster cannot be set up: {0}")]
pub struct SeedError(String);

impl SeedError {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// The default RBAC objects and the namespaces of any cluster; with `furnished`, nodes, people and requests too.
///
/// # Errors
/// Where an asset is broken, or a request cannot be made.
pub fn plant(store: &Store, authority: &Authority, furnished: bool, now: DateTime<Utc>) -> Result<(), SeedError> {
    let schemas = Schemas::load().map_err(SeedError::of)?;
    let created = now - AGE;
    let defaults: Vec<Value> = serde_json::from_str(RBAC).map_err(SeedError::of)?;
    let own: Vec<Value> = serde_yaml::Deserializer::from_str(CLUSTER)
        .map(Value::deserialize)
        .collect::<Result<_, _>>()
        .map_err(SeedError::of)?;
    let bare = |object: &Value| object["kind"] == "Namespace" && BARE.contains(&text(object, "/metadata/name"));
    for object in own.iter().filter(|object| bare(object)).chain(&defaults) {
        put(store, &schemas, object.clone(), created)?;
    }
    if furnished {
        for object in own.iter().filter(|object| !bare(object)) {
            put(store, &schemas, object.clone(), created + TimeDelta::hours(3))?;
        }
        for (object, minutes) in requests::all(authority, now).map_err(SeedError::of)? {
            put(store, &schemas, object, now - TimeDelta::minutes(minutes))?;
        }
    }
    aggregate(store);
    Ok(())
}

/// What the Node authorizer allows all nodes: the rules of the default role `system:node`, whatever becomes of the role
/// (`bootstrappolicy.NodeRules`).
///
/// # Errors
/// Where the asset is broken.
pub(crate) fn node_rules() -> Result<Vec<PolicyRule>, serde_json::Error> {
    let defaults: Vec<Value> = serde_json::from_str(RBAC)?;
    let mut roles = defaults.into_iter().filter(|object| object["kind"] == "ClusterRole");
    let role = roles.find(|role| role["metadata"]["name"] == "system:node").unwrap_or_default();
    serde_json::from_value(role["rules"].clone())
}

/// Puts an object into the store as if it had been created then.
fn put(store: &Store, schemas: &Schemas, mut object: Value, created: DateTime<Utc>) -> Result<(), SeedError> {
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
