//! Namespaces, pods, secrets and the like: what kubectl users would miss, no more.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::names;
use crate::sandbox::object::{items, set_part, text};
use crate::sandbox::resource::{NAMESPACES, Resource};
use crate::sandbox::status::{ApiFailure, Cause};
use crate::sandbox::store::{ObjectKey, Store};
use crate::sandbox::write::WriteRequest;

pub(super) fn prepare_create(object: &mut Value, resource: &Resource, name: &str) {
    match resource.plural {
        "namespaces" => {
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name.into();
            set_part(object, "spec", Some(json!({ "finalizers": ["kubernetes"] })));
            set_part(object, "status", Some(json!({ "phase": "Active" })));
        }
        "pods" => {
            set_part(object, "status", Some(json!({ "phase": "Pending", "qosClass": "BestEffort" })));
            pod_defaults(&mut object["spec"]);
        }
        "secrets" => secret_defaults(object),
        // No component runs here that would set a status.
        "deployments" | "daemonsets" | "replicasets" | "statefulsets" | "jobs" | "cronjobs" | "services" | "nodes" => {
            set_part(object, "status", Some(json!({})));
        }
        _ => {}
    }
}

pub(super) fn prepare_update(object: &mut Value, old: &Value, write: &WriteRequest<'_>) {
    match (write.resource.plural, write.subresource) {
        ("pods" | "nodes" | "namespaces", "") => set_part(object, "status", old.get("status").cloned()),
        ("pods" | "nodes" | "namespaces", "status") => set_part(object, "spec", old.get("spec").cloned()),
        _ => {}
    }
    match write.resource.plural {
        "namespaces" => {
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = write.name.into();
            if write.subresource.is_empty() {
                set_part(object, "spec", old.get("spec").cloned());
            }
        }
        "pods" => pod_defaults(&mut object["spec"]),
        "secrets" => secret_defaults(object),
        _ => {}
    }
}

/// `pkg/apis/core/v1/defaults.go`, for what kubectl shows.
fn pod_defaults(spec: &mut Value) {
    let Some(spec) = spec.as_object_mut() else { return };
    let defaults = json!({
        "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
        "securityContext": {}, "schedulerName": "default-scheduler", "serviceAccountName": "default",
        "enableServiceLinks": true, "preemptionPolicy": "PreemptLowerPriority", "priority": 0,
    });
    fill(spec, &defaults);
    if let Some(account) = spec.get("serviceAccountName").cloned() {
        spec.insert("serviceAccount".to_owned(), account);
    }
    let containers = spec.get_mut("containers").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
        let image = container.get("image").and_then(Value::as_str).unwrap_or_default();
        let floating = image.ends_with(":latest") || !image.rsplit('/').next().unwrap_or_default().contains(':');
        let pull = if floating { "Always" } else { "IfNotPresent" };
        let defaults = json!({
            "imagePullPolicy": pull, "resources": {}, "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
        });
        fill(container, &defaults);
    }
}

fn fill(map: &mut Map<String, Value>, defaults: &Value) {
    for (key, value) in defaults.as_object().into_iter().flatten() {
        map.entry(key).or_insert_with(|| value.clone());
    }
}

fn secret_defaults(secret: &mut Value) {
    let Some(map) = secret.as_object_mut() else { return };
    map.entry("type").or_insert_with(|| "Opaque".into());
    if let Some(Value::Object(plain)) = map.shift_remove("stringData") {
        let data = map.entry("data").or_insert_with(|| json!({}));
        for (key, value) in plain {
            data[key] = STANDARD.encode(value.as_str().unwrap_or_default()).into();
        }
    }
}

pub(super) fn causes(object: &Value, resource: &Resource) -> Vec<Cause> {
    if resource.plural != "pods" {
        return Vec::new();
    }
    let mut causes = Vec::new();
    if items(object, "/spec/containers").next().is_none() {
        causes.push(Cause::required("spec.containers", ""));
    }
    for (at, container) in items(object, "/spec/containers").enumerate() {
        let (name, image) = (text(container, "/name"), text(container, "/image"));
        let field = |part: &str| format!("spec.containers[{at}].{part}");
        if name.is_empty() {
            causes.push(Cause::required(field("name"), ""));
        } else if let Some(wrong) = names::label(name) {
            causes.push(Cause::invalid(field("name"), &name.into(), &wrong));
        }
        if image.is_empty() {
            causes.push(Cause::required(field("image"), ""));
        }
    }
    causes
}

/// Nothing is made in a namespace that is not there, or that is going (`plugin/namespace/lifecycle`).
pub(super) fn admit_into_namespace(write: &WriteRequest<'_>, namespaces: &Store) -> Result<(), ApiFailure> {
    if !write.resource.namespaced {
        return Ok(());
    }
    let Some(namespace) = namespaces.get(&NAMESPACES, &ObjectKey::new("", write.namespace)) else {
        return Err(ApiFailure::not_found(&NAMESPACES, write.namespace));
    };
    if namespace.object().pointer("/metadata/deletionTimestamp").is_some() {
        let name = write.namespace;
        let why = format!("unable to create new content in namespace {name} because it is being terminated");
        return Err(write.forbidden(&why));
    }
    Ok(())
}
