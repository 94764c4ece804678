//! The Node authorizer (`plugin/pkg/auth/authorizer/node/node_authorizer.go`).

use std::sync::Arc;

use k8s_openapi::api::rbac::v1::PolicyRule;

use super::references::{ReferenceKind, is_related};
use crate::domain::access::{Action, ResourceAction, allows};
use crate::sandbox::decision::Decision;
use crate::sandbox::field_selector::Fields;
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
    pub(crate) fn decide(&self, node: &str, action: &Action, fields: &Fields) -> Decision {
        match self.opinion(node, action, fields) {
            Ok(()) => Decision { allowed: true, reason: String::new() },
            Err(reason) => Decision { allowed: false, reason },
        }
    }

    fn opinion(&self, node: &str, action: &Action, fields: &Fields) -> Opinion {
        if node.is_empty() {
            return Err(format!("unknown node for user {:?}", "system:node:"));
        }
        let Action::Resource(asked) = action else { return self.by_rules(action) };
        match (asked.group.as_str(), asked.resource.as_str()) {
            ("", "secrets") => self.read(node, ReferenceKind::Secret, asked),
            ("", "configmaps") => self.read(node, ReferenceKind::ConfigMap, asked),
            ("", "persistentvolumeclaims") if asked.subresource == "status" => self.claim_status(node, asked),
            ("", "persistentvolumeclaims") => self.get(node, ReferenceKind::Claim, asked),
            ("", "persistentvolumes")
            | ("resource.k8s.io", "resourceclaims")
            | ("storage.k8s.io", "volumeattachments") => self.get(node, ReferenceKind::Unknown, asked),
            ("", "serviceaccounts") => self.service_account(node, asked),
            ("", "nodes") => own_node(node, asked),
            ("", "pods") => self.pod(node, asked, fields),
            ("coordination.k8s.io", "leases") => lease(node, asked),
            ("storage.k8s.io", "csinodes") => csi_node(node, asked),
            ("resource.k8s.io", "resourceslices") => self.slice(node, asked, fields),
            // The feature PodCertificateRequest is off by default.
            ("certificates.k8s.io", "podcertificaterequests") => Err(String::new()),
            _ => self.by_rules(action),
        }
    }

    fn by_rules(&self, action: &Action) -> Opinion {
        if self.rules.iter().any(|rule| allows(rule, action)) { Ok(()) } else { Err(String::new()) }
    }

    fn related(&self, node: &str, kind: ReferenceKind, asked: &ResourceAction) -> Opinion {
        if asked.name.is_empty() {
            return Err("No Object name found".to_owned());
        }
        if is_related(&self.store, node, kind, &asked.namespace, &asked.name) {
            return Ok(());
        }
        Err(format!("no relationship found between node '{node}' and this object"))
    }

    fn get(&self, node: &str, kind: ReferenceKind, asked: &ResourceAction) -> Opinion {
        check(asked.verb == "get", "can only get individual resources of this type")?;
        check(asked.subresource.is_empty(), "cannot get subresource")?;
        self.related(node, kind, asked)
    }

    fn read(&self, node: &str, kind: ReferenceKind, asked: &ResourceAction) -> Opinion {
        let reads = ["get", "list", "watch"].contains(&asked.verb.as_str());
        check(reads, "can only read resources of this type")?;
        check(asked.subresource.is_empty(), "cannot read subresource")?;
        check(!asked.namespace.is_empty(), "can only read namespaced object of this type")?;
        self.related(node, kind, asked)
    }

    fn claim_status(&self, node: &str, asked: &ResourceAction) -> Opinion {
        let writes = ["update", "patch"].contains(&asked.verb.as_str());
        check(writes, "can only get/update/patch this type")?;
        self.related(node, ReferenceKind::Claim, asked)
    }

    fn service_account(&self, node: &str, asked: &ResourceAction) -> Opinion {
        if asked.verb == "get" && asked.subresource.is_empty() {
            return self.read(node, ReferenceKind::ServiceAccount, asked);
        }
        let one = asked.verb == "create" && !asked.name.is_empty();
        check(one, "can only create tokens for individual service accounts")?;
        check(asked.subresource == "token", "can only create token subresource of serviceaccount")?;
        self.related(node, ReferenceKind::ServiceAccount, asked)
    }

    fn pod(&self, node: &str, asked: &ResourceAction, fields: &Fields) -> Opinion {
        match (asked.subresource.as_str(), asked.verb.as_str()) {
            ("", "get") => self.get(node, ReferenceKind::Pod, asked),
            ("", "list" | "watch") if fields.requires("spec.nodeName", node) => Ok(()),
            ("", "list" | "watch") if !asked.name.is_empty() => self.related(node, ReferenceKind::Pod, asked),
            ("", "list" | "watch") => Err("can only list/watch pods with spec.nodeName field selector".to_owned()),
            // NodeRestriction limits these to the node's own pods.
            ("", "create" | "delete") | ("status", "update" | "patch") | ("eviction", "create") => Ok(()),
            _ => Err(String::new()),
        }
    }

    fn slice(&self, node: &str, asked: &ResourceAction, fields: &Fields) -> Opinion {
        check(asked.subresource.is_empty(), "cannot authorize ResourceSlice subresources")?;
        match asked.verb.as_str() {
            "create" => Ok(()),
            "get" | "update" | "patch" | "delete" => self.related(node, ReferenceKind::Unknown, asked),
            "watch" | "list" | "deletecollection" => {
                let why = "can only list/watch/deletecollection resourceslices with nodeName field selector";
                check(fields.requires("spec.nodeName", node), why)
            }
            _ => Err("only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, \
                      patch, delete, deletecollection"
                .to_owned()),
        }
    }
}

fn check(holds: bool, otherwise: &str) -> Opinion {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

/// `NodeRestriction` limits the writes to the node's own object.
fn own_node(node: &str, asked: &ResourceAction) -> Opinion {
    match (asked.subresource.as_str(), asked.verb.as_str()) {
        ("", "create" | "update" | "patch") | ("status", "update" | "patch") => Ok(()),
        ("", "get" | "list" | "watch") => match asked.name.as_str() {
            "" => Err(format!("node '{node}' cannot read all nodes, only its own Node object")),
            own if own == node => Ok(()),
            other => Err(format!("node '{node}' cannot read '{other}', only its own Node object")),
        },
        _ => Err(String::new()),
    }
}

fn lease(node: &str, asked: &ResourceAction) -> Opinion {
    let known = ["get", "create", "update", "patch", "delete"].contains(&asked.verb.as_str());
    check(known, "can only get, create, update, patch, or delete a node lease")?;
    let here = asked.namespace == "kube-node-lease";
    check(here, "can only access leases in the \"kube-node-lease\" system namespace")?;
    let own = asked.verb == "create" || asked.name == node;
    check(own, "can only access node lease with the same name as the requesting node")
}

fn csi_node(node: &str, asked: &ResourceAction) -> Opinion {
    let known = ["get", "create", "update", "patch", "delete"].contains(&asked.verb.as_str());
    check(known, "can only get, create, update, patch, or delete a CSINode")?;
    check(asked.subresource.is_empty(), "cannot authorize CSINode subresources")?;
    let own = asked.verb == "create" || asked.name == node;
    check(own, "can only access CSINode with the same name as the requesting node")
}
