//! The admission plugin `ServiceAccount` (`plugin/pkg/admission/serviceaccount`): every pod has an account, and its token
//! in a volume unless pod or account opt out.

use serde_json::{Value, json};

use super::metadata;
use crate::sandbox::node;
use crate::sandbox::object::{items, text};
use crate::sandbox::resource::SERVICE_ACCOUNTS;
use crate::sandbox::status::ApiFailure;
use crate::sandbox::store::{ObjectKey, Store};
use crate::sandbox::write::WriteRequest;

/// Where containers find the token.
const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// Prefix of the volume's name.
const VOLUME: &str = "kube-api-access-";

/// Completes a new pod.
///
/// # Errors
/// 403 where its account does not exist, or a mirror pod refers to one.
pub(super) fn admit_pod(pod: &mut Value, write: &WriteRequest<'_>, store: &Store) -> Result<(), ApiFailure> {
    if node::is_mirror(pod) {
        return admit_mirror(pod, write);
    }
    if text(pod, "/spec/serviceAccountName").is_empty() {
        pod["spec"]["serviceAccountName"] = "default".into();
    }
    let (namespace, name) = (write.namespace, text(pod, "/spec/serviceAccountName").to_owned());
    let account = store.get(&SERVICE_ACCOUNTS, &ObjectKey::new(namespace, &name)).ok_or_else(|| {
        let missing = format!("serviceaccount {name:?} not found");
        write.forbidden(&format!("error looking up service account {namespace}/{name}: {missing}"))
    })?;
    let account = account.object();
    let wanted = |object: &Value, place: &str| object.pointer(place).and_then(Value::as_bool);
    let mount = wanted(pod, "/spec/automountServiceAccountToken")
        .or_else(|| wanted(&account, "/automountServiceAccountToken"))
        .unwrap_or(true);
    if mount {
        mount_token(pod);
    }
    if items(pod, "/spec/imagePullSecrets").next().is_none()
        && let Some(secrets) = account.get("imagePullSecrets")
    {
        pod["spec"]["imagePullSecrets"] = secrets.clone();
    }
    Ok(())
}

fn admit_mirror(pod: &Value, write: &WriteRequest<'_>) -> Result<(), ApiFailure> {
    let sources = || items(pod, "/spec/volumes").flat_map(|volume| items(volume, "/projected/sources"));
    let why = if !text(pod, "/spec/serviceAccountName").is_empty() {
        "a mirror pod may not reference service accounts"
    } else if node::refers_to_secrets(pod) {
        "a mirror pod may not reference secrets"
    } else if sources().any(|source| source.get("serviceAccountToken").is_some()) {
        "a mirror pod may not use ServiceAccountToken volume projections"
    } else {
        return Ok(());
    };
    Err(write.forbidden(why))
}

/// Adds the volume, and mounts it in all containers that have nothing at its path.
fn mount_token(pod: &mut Value) {
    let names = items(pod, "/spec/volumes").map(|volume| text(volume, "/name"));
    let present = names.into_iter().find(|name| name.starts_with(VOLUME)).map(ToOwned::to_owned);
    let name = present.clone().unwrap_or_else(|| metadata::generated_name(VOLUME));
    let mount = json!({ "name": name, "readOnly": true, "mountPath": MOUNT_PATH });
    let mut mounted = false;
    for list in ["initContainers", "containers"] {
        let containers = pod.pointer_mut(&format!("/spec/{list}")).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten().filter(|container| container.is_object()) {
            if !items(container, "/volumeMounts").any(|mount| text(mount, "/mountPath") == MOUNT_PATH) {
                push(container, "volumeMounts", mount.clone());
                mounted = true;
            }
        }
    }
    if mounted && present.is_none() {
        push(&mut pod["spec"], "volumes", volume(&name));
    }
}

fn push(object: &mut Value, list: &str, item: Value) {
    match object.get_mut(list).and_then(Value::as_array_mut) {
        Some(list) => list.push(item),
        None => object[list] = json!([item]),
    }
}

fn volume(name: &str) -> Value {
    let namespace =
        json!({ "path": "namespace", "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" } });
    json!({ "name": name, "projected": { "defaultMode": 420, "sources": [
        { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
        { "configMap": { "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
        { "downwardAPI": { "items": [namespace] } },
    ] } })
}
