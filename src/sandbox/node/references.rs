//! What the pods of a node refer to (`plugin/pkg/auth/authorizer/node/graph.go`, `pkg/api/v1/pod/util.go`).

use memchr::memmem;
use serde_json::Value;

use crate::sandbox::object::{items, text};
use crate::sandbox::resource::PODS;
use crate::sandbox::store::Store;

/// Annotation of a pod that a kubelet mirrors from a file.
pub(crate) const MIRROR: &str = "kubernetes.io/config.mirror";

/// What a pod can refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReferenceKind {
    /// The pod itself.
    Pod,
    /// Its service account.
    ServiceAccount,
    /// A secret in its environment, its volumes, or for pulling its images.
    Secret,
    /// A config map in its environment or its volumes.
    ConfigMap,
    /// A persistent volume claim.
    Claim,
    /// A kind that the practice cluster does not have, and so no pod refers to.
    Unknown,
}

/// Where a volume names a secret.
const VOLUME_SECRETS: [&str; 10] = [
    "/azureFile/secretName",
    "/cephfs/secretRef/name",
    "/cinder/secretRef/name",
    "/csi/nodePublishSecretRef/name",
    "/flexVolume/secretRef/name",
    "/iscsi/secretRef/name",
    "/rbd/secretRef/name",
    "/scaleIO/secretRef/name",
    "/secret/secretName",
    "/storageos/secretRef/name",
];

/// Whether a pod that is bound to the node is, or refers to, this object.
pub(crate) fn is_related(store: &Store, node: &str, kind: ReferenceKind, namespace: &str, name: &str) -> bool {
    let needle = memmem::Finder::new(node.as_bytes());
    let mentions = |json: &[u8]| needle.find(json).is_some();
    let pods = store.all(&PODS).into_iter().filter(|(key, _)| key.namespace == namespace);
    let mut pods = pods.filter(|(_, record)| mentions(&record.json)).map(|(_, record)| record.object());
    pods.any(|pod| text(&pod, "/spec/nodeName") == node && refers_to(&pod, kind, name))
}

fn refers_to(pod: &Value, kind: ReferenceKind, name: &str) -> bool {
    if kind == ReferenceKind::Pod {
        return text(pod, "/metadata/name") == name;
    }
    // A node creates mirror pods itself; they must not give it access to other objects.
    if is_mirror(pod) {
        return false;
    }
    match kind {
        ReferenceKind::Pod | ReferenceKind::Unknown => false,
        ReferenceKind::ServiceAccount => text(pod, "/spec/serviceAccountName") == name,
        ReferenceKind::Secret => secrets(pod).any(|secret| secret == name),
        ReferenceKind::ConfigMap => config_maps(pod).any(|map| map == name),
        ReferenceKind::Claim => claims(pod).any(|claim| claim == name),
    }
}

/// Whether a kubelet made the pod from a file.
pub(crate) fn is_mirror(pod: &Value) -> bool {
    pod.pointer("/metadata/annotations").and_then(|annotations| annotations.get(MIRROR)).is_some()
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["/spec/initContainers", "/spec/containers", "/spec/ephemeralContainers"];
    lists.into_iter().flat_map(|list| items(pod, list))
}

fn volumes(pod: &Value) -> impl Iterator<Item = &Value> {
    items(pod, "/spec/volumes")
}

fn projections(pod: &Value) -> impl Iterator<Item = &Value> {
    volumes(pod).flat_map(|volume| items(volume, "/projected/sources"))
}

fn named<'a>(names: impl Iterator<Item = &'a Value>) -> impl Iterator<Item = &'a str> {
    names.filter_map(Value::as_str).filter(|name| !name.is_empty())
}

/// Whether a pod refers to secrets.
pub(crate) fn refers_to_secrets(pod: &Value) -> bool {
    secrets(pod).next().is_some()
}

/// The secrets that a pod refers to (`VisitPodSecretNames`).
fn secrets(pod: &Value) -> impl Iterator<Item = &str> {
    let pulls = items(pod, "/spec/imagePullSecrets").filter_map(|secret| secret.get("name"));
    let in_volumes = volumes(pod).flat_map(|volume| VOLUME_SECRETS.iter().filter_map(|path| volume.pointer(path)));
    let projected = projections(pod).filter_map(|source| source.pointer("/secret/name"));
    named(
        pulls
            .chain(environment(pod, "/secretRef/name", "/valueFrom/secretKeyRef/name"))
            .chain(in_volumes)
            .chain(projected),
    )
}

/// The config maps that a pod refers to (`VisitPodConfigmapNames`).
fn config_maps(pod: &Value) -> impl Iterator<Item = &str> {
    let in_volumes = volumes(pod).filter_map(|volume| volume.pointer("/configMap/name"));
    let projected = projections(pod).filter_map(|source| source.pointer("/configMap/name"));
    named(environment(pod, "/configMapRef/name", "/valueFrom/configMapKeyRef/name").chain(in_volumes).chain(projected))
}

fn environment<'a>(pod: &'a Value, whole: &'a str, one: &'a str) -> impl Iterator<Item = &'a Value> {
    containers(pod).flat_map(move |container| {
        let all = items(container, "/envFrom").filter_map(move |source| source.pointer(whole));
        all.chain(items(container, "/env").filter_map(move |variable| variable.pointer(one)))
    })
}

/// Claims by name, and those that the server makes for ephemeral volumes.
fn claims(pod: &Value) -> impl Iterator<Item = String> {
    let pod_name = text(pod, "/metadata/name");
    volumes(pod).filter_map(move |volume| match volume.pointer("/persistentVolumeClaim/claimName") {
        Some(claim) => claim.as_str().map(ToOwned::to_owned),
        None => volume.get("ephemeral").map(|_| format!("{pod_name}-{}", text(volume, "/name"))),
    })
}

/// What a mirror pod refers to that it must not (`HasAPIObjectReference`).
pub(crate) fn forbidden_reference(pod: &Value) -> Option<&'static str> {
    const IN_VOLUMES: [(&str, &str); 6] = [
        ("configMap", "configmaps (via configmap volumes)"),
        ("secret", "secrets (via secret volumes)"),
        ("csi", "csidrivers (via CSI volumes)"),
        ("glusterfs", "endpoints (via glusterFS volumes)"),
        ("persistentVolumeClaim", "persistentvolumeclaims"),
        ("ephemeral", "persistentvolumeclaims (via ephemeral volumes)"),
    ];
    const PROJECTED: [(&str, &str); 5] = [
        ("configMap", "configmaps (via projected volumes)"),
        ("secret", "secrets (via projected volumes)"),
        ("serviceAccountToken", "serviceaccounts (via projected volumes)"),
        ("clusterTrustBundle", "clustertrustbundles"),
        ("podCertificate", "podcertificates"),
    ];
    let first = |place: &Value, known: &[(&str, &'static str)]| {
        known.iter().find(|(part, _)| place.get(*part).is_some()).map(|(_, what)| *what)
    };
    if !text(pod, "/spec/serviceAccountName").is_empty() {
        return Some("serviceaccounts");
    }
    if refers_to_secrets(pod) {
        return Some("secrets");
    }
    if config_maps(pod).next().is_some() {
        return Some("configmaps");
    }
    if items(pod, "/spec/resourceClaims").next().is_some() {
        return Some("resourceclaims");
    }
    let in_volumes = volumes(pod).find_map(|volume| first(volume, &IN_VOLUMES));
    in_volumes.or_else(|| projections(pod).find_map(|source| first(source, &PROJECTED)))
}
