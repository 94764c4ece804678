//! The Node authorizer (`plugin/pkg/auth/authorizer/node/node_authorizer.go`).

use std::sync::Arc;

use k8s_openapi::api::rbac::v1::PolicyRule;

use super::references::{ReferenceKind, is_related};
use crate::domain::access::{Action, ResourceAction, allows};
use crate::sandbox::decision::Decision;
use crate::sandbox::field_selector::FieldSelector;
use crate::sandbox::store::Store;

/// Allows a node what it needs for the pods that are bound to it. It never denies: what it does not allow, another
/// authorizer may.
#[derive(Clone)]
pub(crate) struct NodeAuthorizer {
    store: Arc<Store>,
    rules: Arc<[PolicyRule]>,
}

/// Allowed, or why not.
type Opinion = Result<(), String>;

impl NodeAuthorizer {
    /// With the rules that all nodes have.
    pub(crate) fn new(store: Arc<Store>, rules: Arc<[PolicyRule]>) -> Self {
        Self { store, rules }
    }

    /// What it says of a node's request with this field selector.
    pub(crate) fn decide(&self, node: &str, action: &Action, fields: &FieldSelector) -> Decision {
        match self.opinion(node, action, fields) {
            Ok(()) => Decision { allowed: true, reason: String::new() },
            Err(reason) => Decision { allowed: false, reason },
        }
    }

    fn opinion(&self, node: &str, action: &Action, fields: &FieldSelector) -> Opinion {
        if node.is_empty() {
            return Err(format!("unknown node for user {:?}", "system:node:"));
        }
        let Action::Resource(request) = action else { return self.by_rules(action) };
        match (request.group.as_str(), request.resource.as_str()) {
            ("", "secrets") => self.read(node, ReferenceKind::Secret, request),
            ("", "configmaps") => self.read(node, ReferenceKind::ConfigMap, request),
            ("", "persistentvolumeclaims") if request.subresource == "status" => self.claim_status(node, request),
            ("", "persistentvolumeclaims") => self.get(node, ReferenceKind::Claim, request),
            ("", "persistentvolumes")
            | ("resource.k8s.io", "resourceclaims")
            | ("storage.k8s.io", "volumeattachments") => self.get(node, ReferenceKind::Unknown, request),
            ("", "serviceaccounts") => self.service_account(node, request),
            ("", "nodes") => own_node(node, request),
            ("", "pods") => self.pod(node, request, fields),
            ("coordination.k8s.io", "leases") => lease(node, request),
            ("storage.k8s.io", "csinodes") => csi_node(node, request),
            ("resource.k8s.io", "resourceslices") => self.slice(node, request, fields),
            // The feature PodCertificateRequest is off by default.
            ("certificates.k8s.io", "podcertificaterequests") => Err(String::new()),
            _ => self.by_rules(action),
        }
    }

    fn by_rules(&self, action: &Action) -> Opinion {
        if self.rules.iter().any(|rule| allows(rule, action)) { Ok(()) } else { Err(String::new()) }
    }

    fn related(&self, node: &str, kind: ReferenceKind, request: &ResourceAction) -> Opinion {
        if request.name.is_empty() {
            return Err("No Object name found".to_owned());
        }
        if is_related(&self.store, node, kind, &request.namespace, &request.name) {
            return Ok(());
        }
        Err(format!("no relationship found between node '{node}' and this object"))
    }

    fn get(&self, node: &str, kind: ReferenceKind, request: &ResourceAction) -> Opinion {
        ensure(request.verb == "get", "can only get individual resources of this type")?;
        ensure(request.subresource.is_empty(), "cannot get subresource")?;
        self.related(node, kind, request)
    }

    fn read(&self, node: &str, kind: ReferenceKind, request: &ResourceAction) -> Opinion {
        let reads = ["get", "list", "watch"].contains(&request.verb.as_str());
        ensure(reads, "can only read resources of this type")?;
        ensure(request.subresource.is_empty(), "cannot read subresource")?;
        ensure(!request.namespace.is_empty(), "can only read namespaced object of this type")?;
        self.related(node, kind, request)
    }

    fn claim_status(&self, node: &str, request: &ResourceAction) -> Opinion {
        let writes = ["update", "patch"].contains(&request.verb.as_str());
        ensure(writes, "can only get/update/patch this type")?;
        self.related(node, ReferenceKind::Claim, request)
    }

    fn service_account(&self, node: &str, request: &ResourceAction) -> Opinion {
        if request.verb == "get" && request.subresource.is_empty() {
            return self.read(node, ReferenceKind::ServiceAccount, request);
        }
        let one = request.verb == "create" && !request.name.is_empty();
        ensure(one, "can only create tokens for individual service accounts")?;
        ensure(request.subresource == "token", "can only create token subresource of serviceaccount")?;
        self.related(node, ReferenceKind::ServiceAccount, request)
    }

    fn pod(&self, node: &str, request: &ResourceAction, fields: &FieldSelector) -> Opinion {
        match (request.subresource.as_str(), request.verb.as_str()) {
            ("", "get") => self.get(node, ReferenceKind::Pod, request),
            ("", "list" | "watch") if fields.requires("spec.nodeName", node) => Ok(()),
            ("", "list" | "watch") if !request.name.is_empty() => self.related(node, ReferenceKind::Pod, request),
            ("", "list" | "watch") => Err("can only list/watch pods with spec.nodeName field selector".to_owned()),
            // NodeRestriction limits these to the node's own pods.
            ("", "create" | "delete") | ("status", "update" | "patch") | ("eviction", "create") => Ok(()),
            _ => Err(String::new()),
        }
    }

    fn slice(&self, node: &str, request: &ResourceAction, fields: &FieldSelector) -> Opinion {
        ensure(request.subresource.is_empty(), "cannot authorize ResourceSlice subresources")?;
        match request.verb.as_str() {
            "create" => Ok(()),
            "get" | "update" | "patch" | "delete" => self.related(node, ReferenceKind::Unknown, request),
            "watch" | "list" | "deletecollection" => {
                let why = "can only list/watch/deletecollection resourceslices with nodeName field selector";
                ensure(fields.requires("spec.nodeName", node), why)
            }
            _ => Err("only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, \
                      patch, delete, deletecollection"
                .to_owned()),
        }
    }
}

fn ensure(condition: bool, otherwise: &str) -> Opinion {
    if condition { Ok(()) } else { Err(otherwise.to_owned()) }
}

/// `NodeRestriction` limits the writes to the node's own object.
fn own_node(node: &str, request: &ResourceAction) -> Opinion {
    match (request.subresource.as_str(), request.verb.as_str()) {
        ("", "create" | "update" | "patch") | ("status", "update" | "patch") => Ok(()),
        ("", "get" | "list" | "watch") => match request.name.as_str() {
            "" => Err(format!("node '{node}' cannot read all nodes, only its own Node object")),
            own if own == node => Ok(()),
            other => Err(format!("node '{node}' cannot read '{other}', only its own Node object")),
        },
        _ => Err(String::new()),
    }
}

fn lease(node: &str, request: &ResourceAction) -> Opinion {
    let known = ["get", "create", "update", "patch", "delete"].contains(&request.verb.as_str());
    ensure(known, "can only get, create, update, patch, or delete a node lease")?;
    let here = request.namespace == "kube-node-lease";
    ensure(here, "can only access leases in the \"kube-node-lease\" system namespace")?;
    let own = request.verb == "create" || request.name == node;
    ensure(own, "can only access node lease with the same name as the requesting node")
}

fn csi_node(node: &str, request: &ResourceAction) -> Opinion {
    let known = ["get", "create", "update", "patch", "delete"].contains(&request.verb.as_str());
    ensure(known, "can only get, create, update, patch, or delete a CSINode")?;
    ensure(request.subresource.is_empty(), "cannot authorize CSINode subresources")?;
    let own = request.verb == "create" || request.name == node;
    ensure(own, "can only access CSINode with the same name as the requesting node")
}
