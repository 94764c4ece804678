//! The columns of `kubectl get` (`pkg/printers/internalversion/printers.go`).

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use ColumnVisibility::{Always, WideOnly};

use super::duration::human;
use crate::sandbox::api::partial::partial;
use crate::sandbox::object::{items, text};
use crate::sandbox::resource::Resource;
use crate::sandbox::store::Record;

/// When kubectl shows a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ColumnVisibility {
    Always,
    /// Only with `-o wide` (priority 1).
    WideOnly,
}

/// A column's name and visibility.
type PrinterColumn = (&'static str, ColumnVisibility);

/// Whether a table contains its column definitions: in a watch, only the first one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnDefinitions {
    Include,
    Omit,
}

/// A `Table` of these records.
pub(crate) fn of<'a>(
    resource: &Resource,
    records: impl Iterator<Item = &'a Record>,
    meta: &Value,
    columns: ColumnDefinitions,
) -> Value {
    let rows: Vec<_> = records
        .map(|record| {
            let object = record.object();
            json!({ "cells": cells(resource, &object), "object": partial(&object) })
        })
        .collect();
    let meta = if meta.is_null() { rows.first().map(version_of).unwrap_or_default() } else { meta.clone() };
    let definitions = match columns {
        ColumnDefinitions::Include => definitions(resource),
        ColumnDefinitions::Omit => Value::Null,
    };
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta,
        "columnDefinitions": definitions, "rows": rows,
    })
}

fn version_of(row: &Value) -> Value {
    json!({ "resourceVersion": row.pointer("/object/metadata/resourceVersion") })
}

fn definitions(resource: &Resource) -> Value {
    let definition = |(name, visibility): &PrinterColumn| {
        let format = if *name == "Name" { "name" } else { "" };
        let kind = if *name == "Created At" { "date" } else { "string" };
        let priority = i32::from(*visibility == WideOnly);
        json!({ "name": name, "type": kind, "format": format, "description": "", "priority": priority })
    };
    columns(resource).iter().map(definition).collect()
}

const REQUEST_COLUMNS: [PrinterColumn; 6] = [
    ("Name", Always),
    ("Age", Always),
    ("SignerName", Always),
    ("Requestor", Always),
    ("RequestedDuration", Always),
    ("Condition", Always),
];
const BINDING_COLUMNS: [PrinterColumn; 6] = [
    ("Name", Always),
    ("Role", Always),
    ("Age", Always),
    ("Users", WideOnly),
    ("Groups", WideOnly),
    ("ServiceAccounts", WideOnly),
];
const NODE_COLUMNS: [PrinterColumn; 10] = [
    ("Name", Always),
    ("Status", Always),
    ("Roles", Always),
    ("Age", Always),
    ("Version", Always),
    ("Internal-IP", WideOnly),
    ("External-IP", WideOnly),
    ("OS-Image", WideOnly),
    ("Kernel-Version", WideOnly),
    ("Container-Runtime", WideOnly),
];
const POD_COLUMNS: [PrinterColumn; 9] = [
    ("Name", Always),
    ("Ready", Always),
    ("Status", Always),
    ("Restarts", Always),
    ("Age", Always),
    ("IP", WideOnly),
    ("Node", WideOnly),
    ("Nominated Node", WideOnly),
    ("Readiness Gates", WideOnly),
];
const EVENT_COLUMNS: [PrinterColumn; 10] = [
    ("Last Seen", Always),
    ("Type", Always),
    ("Reason", Always),
    ("Object", Always),
    ("Subobject", WideOnly),
    ("Source", WideOnly),
    ("Message", Always),
    ("First Seen", WideOnly),
    ("Count", WideOnly),
    ("Name", WideOnly),
];

fn columns(resource: &Resource) -> &'static [PrinterColumn] {
    match resource.plural {
        "certificatesigningrequests" => &REQUEST_COLUMNS,
        "roles" | "clusterroles" => &[("Name", Always), ("Created At", Always)],
        "rolebindings" | "clusterrolebindings" => &BINDING_COLUMNS,
        "namespaces" => &[("Name", Always), ("Status", Always), ("Age", Always)],
        "nodes" => &NODE_COLUMNS,
        "pods" => &POD_COLUMNS,
        "configmaps" => &[("Name", Always), ("Data", Always), ("Age", Always)],
        "secrets" => &[("Name", Always), ("Type", Always), ("Data", Always), ("Age", Always)],
        "deployments" => {
            &[("Name", Always), ("Ready", Always), ("Up-to-date", Always), ("Available", Always), ("Age", Always)]
        }
        "services" => &[("Name", Always), ("Type", Always), ("Cluster-IP", Always), ("Age", Always)],
        "events" => &EVENT_COLUMNS,
        _ => &[("Name", Always), ("Age", Always)],
    }
}

fn cells(resource: &Resource, object: &Value) -> Value {
    let name = text(object, "/metadata/name");
    let age = age(object, "/metadata/creationTimestamp");
    match resource.plural {
        "certificatesigningrequests" => {
            let life = object.pointer("/spec/expirationSeconds").and_then(Value::as_i64);
            let life = life.map_or_else(|| "<none>".to_owned(), human);
            let signer = text(object, "/spec/signerName");
            json!([name, age, signer, text(object, "/spec/username"), life, condition(object)])
        }
        "roles" | "clusterroles" => json!([name, text(object, "/metadata/creationTimestamp")]),
        "rolebindings" | "clusterrolebindings" => {
            let role = format!("{}/{}", text(object, "/roleRef/kind"), text(object, "/roleRef/name"));
            json!([
                name,
                role,
                age,
                subjects(object, "User"),
                subjects(object, "Group"),
                subjects(object, "ServiceAccount")
            ])
        }
        "namespaces" => json!([name, text(object, "/status/phase"), age]),
        "nodes" => node(object, name, &age),
        "pods" => pod(object, name, &age),
        "configmaps" => json!([name, count(object, "/data") + count(object, "/binaryData"), age]),
        "secrets" => json!([name, text(object, "/type"), count(object, "/data"), age]),
        "deployments" => {
            let count = |part: &str| object.pointer(&format!("/status/{part}")).and_then(Value::as_i64).unwrap_or(0);
            let wanted = object.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
            let ready = format!("{}/{wanted}", count("readyReplicas"));
            json!([name, ready, count("updatedReplicas"), count("availableReplicas"), age])
        }
        "services" => {
            let kind = or(text(object, "/spec/type"), "ClusterIP");
            json!([name, kind, or(text(object, "/spec/clusterIP"), "<none>"), age])
        }
        "events" => event(object, name),
        _ => json!([name, age]),
    }
}

/// How long ago, or `<unknown>`.
fn age(object: &Value, pointer: &str) -> String {
    match DateTime::parse_from_rfc3339(text(object, pointer)) {
        Ok(time) => human((Utc::now() - time.with_timezone(&Utc)).num_seconds()),
        Err(_) => "<unknown>".to_owned(),
    }
}

fn or<'a>(value: &'a str, otherwise: &'a str) -> &'a str {
    if value.is_empty() { otherwise } else { value }
}

fn count(object: &Value, pointer: &str) -> usize {
    object.pointer(pointer).and_then(Value::as_object).map_or(0, serde_json::Map::len)
}

fn condition(object: &Value) -> String {
    let has = |kind: &str| items(object, "/status/conditions").any(|condition| condition["type"] == kind);
    let decided = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (false, true) => "Approved",
        (false, false) => "Pending",
    };
    let failed = if has("Failed") { ",Failed" } else { "" };
    let issued = if text(object, "/status/certificate").is_empty() { "" } else { ",Issued" };
    format!("{decided}{failed}{issued}")
}

fn subjects(object: &Value, kind: &str) -> String {
    let of_kind = items(object, "/subjects").filter(|subject| subject["kind"] == kind);
    let names = of_kind.map(|subject| match (kind, text(subject, "/namespace")) {
        ("ServiceAccount", namespace) => format!("{namespace}/{}", text(subject, "/name")),
        _ => text(subject, "/name").to_owned(),
    });
    names.collect::<Vec<_>>().join(", ")
}

fn node(object: &Value, name: &str, age: &str) -> Value {
    let ready = items(object, "/status/conditions").find(|condition| condition["type"] == "Ready");
    let mut status = match ready.map(|ready| text(ready, "/status")) {
        Some("True") => "Ready".to_owned(),
        Some(_) => "NotReady".to_owned(),
        None => "Unknown".to_owned(),
    };
    if object.pointer("/spec/unschedulable") == Some(&Value::Bool(true)) {
        status += ",SchedulingDisabled";
    }
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
    let roles = labels.into_iter().flatten().filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/"));
    let mut roles: Vec<_> = roles.filter(|role| !role.is_empty()).collect();
    roles.sort_unstable();
    let address = |kind: &str| {
        let found = items(object, "/status/addresses").find(|address| address["type"] == kind);
        found.map_or("<none>", |address| text(address, "/address")).to_owned()
    };
    let info = |part: &str| text(object, &format!("/status/nodeInfo/{part}"));
    let mut kernel = or(info("kernelVersion"), "<unknown>").to_owned();
    if !info("architecture").is_empty() {
        kernel.extend([" (", info("architecture"), ")"]);
    }
    json!([
        name,
        status,
        or(&roles.join(","), "<none>"),
        age,
        info("kubeletVersion"),
        address("InternalIP"),
        address("ExternalIP"),
        or(info("osImage"), "<unknown>"),
        kernel,
        or(info("containerRuntimeVersion"), "<unknown>"),
    ])
}

fn pod(object: &Value, name: &str, age: &str) -> Value {
    let statuses: Vec<_> = items(object, "/status/containerStatuses").collect();
    let ready =
        statuses.iter().filter(|status| status["ready"] == true && status["state"]["running"].is_object()).count();
    let restarts: i64 = statuses.iter().filter_map(|status| status["restartCount"].as_i64()).sum();
    let waiting =
        statuses.iter().rev().map(|status| text(status, "/state/waiting/reason")).find(|reason| !reason.is_empty());
    let ended =
        statuses.iter().rev().map(|status| text(status, "/state/terminated/reason")).find(|reason| !reason.is_empty());
    let phase = or(text(object, "/status/reason"), text(object, "/status/phase"));
    let mut reason = waiting.or(ended).unwrap_or(phase);
    if object.pointer("/metadata/deletionTimestamp").is_some() {
        reason = "Terminating";
    }
    let of = items(object, "/spec/containers").count();
    let some = |pointer: &str| or(text(object, pointer), "<none>").to_owned();
    json!([
        name,
        format!("{ready}/{of}"),
        reason,
        restarts.to_string(),
        age,
        some("/status/podIP"),
        some("/spec/nodeName"),
        some("/status/nominatedNodeName"),
        "<none>",
    ])
}

fn event(object: &Value, name: &str) -> Value {
    let first = if text(object, "/firstTimestamp").is_empty() { "/eventTime" } else { "/firstTimestamp" };
    let last = if text(object, "/lastTimestamp").is_empty() { first } else { "/lastTimestamp" };
    let (kind, about) = (text(object, "/involvedObject/kind"), text(object, "/involvedObject/name"));
    let source = or(text(object, "/source/component"), text(object, "/reportingComponent"));
    json!([
        age(object, last),
        text(object, "/type"),
        text(object, "/reason"),
        format!("{}/{about}", kind.to_lowercase()),
        text(object, "/involvedObject/fieldPath"),
        source,
        text(object, "/message").trim(),
        age(object, first),
        object.get("count").and_then(Value::as_i64).unwrap_or(1),
        name,
    ])
}
