//! The initial objects of the cluster: few, and realistic.

mod insert;
mod requests;
mod traffic;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::sandbox::authority::Authority;
use crate::sandbox::bootstrap_policy;
use crate::sandbox::controllers::aggregate;
use crate::sandbox::object::text;
use crate::sandbox::schema::Schemas;
use crate::sandbox::store::Store;
use insert::{SeedError, put};

pub(crate) use traffic::run as traffic;

const CLUSTER: &str = include_str!("../../../assets/sandbox/cluster.yaml");

/// Namespaces that every cluster has.
const BARE: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];
/// The age of the cluster's objects.
const AGE: TimeDelta = TimeDelta::days(41);

/// What a new cluster contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeedContents {
    /// The default RBAC objects and namespaces.
    Minimal,
    /// Nodes, users and requests as well.
    Example,
}

/// Creates the initial objects.
///
/// # Errors
/// Where an asset is broken, or a request cannot be made.
pub fn populate(
    store: &Store,
    authority: &Authority,
    contents: SeedContents,
    now: DateTime<Utc>,
) -> Result<(), SeedError> {
    let schemas = Schemas::load().map_err(SeedError::of)?;
    let created = now - AGE;
    let defaults = bootstrap_policy::default_objects().map_err(SeedError::of)?;
    let own: Vec<Value> = serde_yaml::Deserializer::from_str(CLUSTER)
        .map(Value::deserialize)
        .collect::<Result<_, _>>()
        .map_err(SeedError::of)?;
    let bare = |object: &Value| object["kind"] == "Namespace" && BARE.contains(&text(object, "/metadata/name"));
    for object in own.iter().filter(|object| bare(object)).chain(&defaults) {
        put(store, &schemas, object.clone(), created)?;
    }
    if contents == SeedContents::Example {
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
