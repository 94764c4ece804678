//! The admission plugin `NodeRestriction` (`plugin/pkg/admission/noderestriction/admission.go`), for the kinds that are
//! served here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::domain::request::Pkcs10;
use crate::sandbox::node::{MIRROR, forbidden_reference, is_mirror, node_name};
use crate::sandbox::object::{items, text};
use crate::sandbox::resource::{NODES, PODS};
use crate::sandbox::status::ApiFailure;
use crate::sandbox::store::{ObjectKey, Store};
use crate::sandbox::write::WriteRequest;

/// Labels that a kubelet may set (`k8s.io/kubelet/pkg/apis/well_known_labels.go`).
const KUBELET_LABELS: [&str; 11] = [
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/instance-type",
    "beta.kubernetes.io/os",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "kubernetes.io/arch",
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];
/// Signers of kubelets' certificates.
const KUBELET_SIGNERS: [&str; 2] = ["kubernetes.io/kubelet-serving", "kubernetes.io/kube-apiserver-client-kubelet"];

/// The node that makes the request; `None` for other users.
fn writer<'a>(write: &'a WriteRequest<'_>) -> Result<Option<&'a str>, ApiFailure> {
    match node_name(&write.user.who) {
        Some("") => Err(write.forbidden(&format!("could not determine node from user {:?}", write.user.who.user))),
        node => Ok(node),
    }
}

/// Whether a node may create this object.
///
/// # Errors
/// 403, and 404 for a node that does not exist.
pub(crate) fn admit_create(object: &Value, write: &WriteRequest<'_>, store: &Store) -> Result<(), ApiFailure> {
    let Some(node) = writer(write)? else { return Ok(()) };
    match write.resource.plural {
        "nodes" => {
            check_name(node, write)?;
            if object.pointer("/spec/configSource").is_some() {
                let why = format!("node {node:?} is not allowed to create pods with a non-nil configSource");
                return Err(write.forbidden(&why));
            }
            match restricted(&changed_labels(object, &Value::Null)) {
                Some(labels) => {
                    let why = format!("node {node:?} is not allowed to set the following labels: {labels}");
                    Err(write.forbidden(&why))
                }
                None => Ok(()),
            }
        }
        "pods" => admit_mirror_pod(node, object, write, store),
        "certificatesigningrequests" => admit_request(node, object, write),
        _ => Ok(()),
    }
}

/// Whether a node may change an object so.
///
/// # Errors
/// 403.
pub(crate) fn admit_update(object: &Value, old: &Value, write: &WriteRequest<'_>) -> Result<(), ApiFailure> {
    let Some(node) = writer(write)? else { return Ok(()) };
    match (write.resource.plural, write.subresource) {
        ("nodes", _) => admit_node_update(node, object, old, write),
        ("pods", "status") => {
            if text(old, "/spec/nodeName") != node {
                let why = format!("node {node:?} can only update pod status for pods with spec.nodeName set to itself");
                return Err(write.forbidden(&why));
            }
            if !changed_labels(object, old).is_empty() {
                return Err(write.forbidden(&format!("node {node:?} cannot update labels through pod status")));
            }
            Ok(())
        }
        ("pods", "") => {
            let why = format!("unexpected operation \"UPDATE\", node {node:?} can only create and delete mirror pods");
            Err(write.forbidden(&why))
        }
        _ => Ok(()),
    }
}

/// Whether a node may delete this object.
///
/// # Errors
/// 403.
pub(crate) fn admit_delete(object: &Value, write: &WriteRequest<'_>) -> Result<(), ApiFailure> {
    let Some(node) = writer(write)? else { return Ok(()) };
    match write.resource.plural {
        "nodes" => check_name(node, write),
        "pods" if text(object, "/spec/nodeName") != node => {
            let why = format!("node {node:?} can only delete pods with spec.nodeName set to itself");
            Err(write.forbidden(&why))
        }
        _ => Ok(()),
    }
}

/// Whether a node may request this token: it must be bound to one of the node's pods.
///
/// # Errors
/// 403, and 404 for a pod that does not exist.
pub(crate) fn admit_token(request: &Value, write: &WriteRequest<'_>, store: &Store) -> Result<(), ApiFailure> {
    let Some(node) = writer(write)? else { return Ok(()) };
    let bound = |part: &str| text(request, &format!("/spec/boundObjectRef/{part}"));
    if bound("apiVersion") != "v1" || bound("kind") != "Pod" || bound("name").is_empty() {
        return Err(write.forbidden("node requested token not bound to a pod"));
    }
    if bound("uid").is_empty() {
        return Err(write.forbidden("node requested token with a pod binding without a uid"));
    }
    let pod = store.get(&PODS, &ObjectKey::new(write.namespace, bound("name")));
    let pod = pod.ok_or_else(|| ApiFailure::not_found(&PODS, bound("name")))?;
    if pod.uid != bound("uid") {
        let why = format!(
            "the UID in the bound object reference ({}) does not match the UID in record. The object might have been \
             deleted and then recreated",
            bound("uid")
        );
        return Err(write.forbidden(&why));
    }
    let pod = pod.object();
    if text(&pod, "/spec/nodeName") != node {
        return Err(write.forbidden("node requested token bound to a pod scheduled on a different node"));
    }
    admit_audience(request, &pod, write)
}

/// The audience must be one that the pod asks for in a volume, or one that the node may request by RBAC
/// (`ServiceAccountNodeAudienceRestriction`).
fn admit_audience(request: &Value, pod: &Value, write: &WriteRequest<'_>) -> Result<(), ApiFailure> {
    let audiences: Vec<_> = items(request, "/spec/audiences").filter_map(Value::as_str).collect();
    let audience = match audiences.as_slice() {
        [] => "",
        [one] => one,
        _ => return Err(write.forbidden("node may only request 0 or 1 audiences")),
    };
    let mut sources = items(pod, "/spec/volumes").flat_map(|volume| items(volume, "/projected/sources"));
    let mut tokens = sources.by_ref().filter_map(|source| source.get("serviceAccountToken"));
    if tokens.any(|token| text(token, "/audience") == audience) {
        return Ok(());
    }
    let action = crate::domain::access::ResourceAction::new("request-serviceaccounts-token-audience", "", audience);
    let action = crate::domain::access::Action::Resource(action.named(write.name).within(write.namespace));
    if write.access.permits(&write.user.who, &action) {
        return Ok(());
    }
    let user = &write.user.who.user;
    let why = format!(
        "audience {audience:?} not found in pod spec volume, {user} is not authorized to request tokens for this audience"
    );
    Err(write.forbidden(&why))
}

fn check_name(node: &str, write: &WriteRequest<'_>) -> Result<(), ApiFailure> {
    if write.name == node {
        return Ok(());
    }
    Err(write.forbidden(&format!("node {node:?} is not allowed to modify node {:?}", write.name)))
}

fn admit_node_update(node: &str, object: &Value, old: &Value, write: &WriteRequest<'_>) -> Result<(), ApiFailure> {
    check_name(node, write)?;
    let differs = |pointer: &str| object.pointer(pointer) != old.pointer(pointer);
    if object.pointer("/spec/configSource").is_some() && differs("/spec/configSource") {
        let why = format!("node {node:?} is not allowed to update configSource to a new non-nil configSource");
        return Err(write.forbidden(&why));
    }
    for (pointer, what) in [("/spec/taints", "taints"), ("/metadata/ownerReferences", "ownerReferences")] {
        if differs(pointer) {
            return Err(write.forbidden(&format!("node {node:?} is not allowed to modify {what}")));
        }
    }
    match restricted(&changed_labels(object, old)) {
        Some(labels) => Err(write.forbidden(&format!("is not allowed to modify labels: {labels}"))),
        None => Ok(()),
    }
}

/// A node may create only mirror pods.
fn admit_mirror_pod(node: &str, pod: &Value, write: &WriteRequest<'_>, store: &Store) -> Result<(), ApiFailure> {
    let refuse = |why: &str| Err(write.forbidden(why));
    if !is_mirror(pod) {
        return refuse(&format!("pod does not have {MIRROR:?} annotation, node {node:?} can only create mirror pods"));
    }
    if text(pod, "/spec/nodeName") != node {
        return refuse(&format!("node {node:?} can only create pods with spec.nodeName set to itself"));
    }
    let owners: Vec<_> = items(pod, "/metadata/ownerReferences").collect();
    let owner = match owners.as_slice() {
        [one] if text(one, "/apiVersion") == "v1" && text(one, "/kind") == "Node" && text(one, "/name") == node => one,
        [] | [_] => {
            return refuse(&format!("node {node:?} can only create pods with an owner reference set to itself"));
        }
        _ => {
            return refuse(&format!("node {node:?} can only create pods with a single owner reference set to itself"));
        }
    };
    if owner["controller"] != true {
        return refuse(&format!("node {node:?} can only create pods with a controller owner reference set to itself"));
    }
    if owner["blockOwnerDeletion"] == true {
        return refuse(&format!("node {node:?} must not set blockOwnerDeletion on an owner reference"));
    }
    let record = store.get(&NODES, &ObjectKey::new("", node)).ok_or_else(|| ApiFailure::not_found(&NODES, node))?;
    if text(owner, "/uid") != record.uid {
        let (given, uid) = (text(owner, "/uid"), &record.uid);
        return refuse(&format!("node {node} UID mismatch: expected {given} got {uid}"));
    }
    match forbidden_reference(pod) {
        Some(what) => refuse(&format!("node {node:?} can not create pods that reference {what}")),
        None => Ok(()),
    }
}

fn admit_request(node: &str, object: &Value, write: &WriteRequest<'_>) -> Result<(), ApiFailure> {
    if !KUBELET_SIGNERS.contains(&text(object, "/spec/signerName")) {
        return Ok(());
    }
    let request = STANDARD.decode(text(object, "/spec/request")).unwrap_or_default();
    let request = Pkcs10::from_pem(&request).map_err(|why| write.forbidden(&format!("unable to parse csr: {why}")))?;
    let wanted = format!("system:node:{node}");
    if request.common_names.last() == Some(&wanted) {
        return Ok(());
    }
    Err(write.forbidden(&format!("can only create a node CSR with CN={wanted}")))
}

/// The keys of labels that are not the same in both objects.
fn changed_labels(object: &Value, old: &Value) -> Vec<String> {
    let labels = |object: &Value| object.pointer("/metadata/labels").and_then(Value::as_object).cloned();
    let (now, before) = (labels(object).unwrap_or_default(), labels(old).unwrap_or_default());
    let mut keys: Vec<_> = now.keys().chain(before.keys()).filter(|key| now.get(*key) != before.get(*key)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().cloned().collect()
}

/// Those of the labels that a node may not touch, as a list; `None` where there are none.
fn restricted(labels: &[String]) -> Option<String> {
    let labels: Vec<_> = labels.iter().map(String::as_str).filter(|label| is_restricted(label)).collect();
    (!labels.is_empty()).then(|| labels.join(", "))
}

fn is_restricted(label: &str) -> bool {
    let namespace = label.split_once('/').map_or("", |(namespace, _)| namespace);
    let within =
        |domain: &str| namespace.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let kubelets = KUBELET_LABELS.contains(&label) || within("kubelet.kubernetes.io") || within("node.kubernetes.io");
    within("node-restriction.kubernetes.io") || ((within("kubernetes.io") || within("k8s.io")) && !kubelets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restricts_labels_as_the_admission_plugin_does() {
        for (label, forbidden) in [
            ("team", false),
            ("example.com/team", false),
            ("kubernetes.io/hostname", false),
            ("kubernetes.io/other", true),
            ("x.kubernetes.io/other", true),
            ("notkubernetes.io/other", false),
            ("k8s.io/other", true),
            ("node.kubernetes.io/other", false),
            ("x.node.kubernetes.io/other", false),
            ("kubelet.kubernetes.io/other", false),
            ("node-role.kubernetes.io/control-plane", true),
            ("node-restriction.kubernetes.io/team", true),
            ("x.node-restriction.kubernetes.io/team", true),
        ] {
            assert_eq!(is_restricted(label), forbidden, "{label}");
        }
    }
}
