//! The default RBAC objects of a cluster (`plugin/pkg/auth/authorizer/rbac/bootstrappolicy`).

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::Value;

const RBAC: &str = include_str!("../../assets/sandbox/rbac.json");

/// The default roles and bindings.
///
/// # Errors
/// Where the asset is broken.
pub(crate) fn default_objects() -> Result<Vec<Value>, serde_json::Error> {
    serde_json::from_str(RBAC)
}

/// The rules by which the Node authorizer allows requests of any node: those of the default role `system:node`, even if
/// the role in the cluster has changed (`bootstrappolicy.NodeRules`).
///
/// # Errors
/// Where the asset is broken.
pub(crate) fn node_rules() -> Result<Vec<PolicyRule>, serde_json::Error> {
    let mut roles = default_objects()?.into_iter().filter(|object| object["kind"] == "ClusterRole");
    let role = roles.find(|role| role["metadata"]["name"] == "system:node").unwrap_or_default();
    serde_json::from_value(role["rules"].clone())
}
