//! What is served, as clients ask for it: group by group, or all at once (`apidiscovery.k8s.io/v2`).

use http::{HeaderMap, HeaderValue, Response, header};
use serde_json::{Value, json};

use super::respond::{self, Body};
use crate::sandbox::resource::{GROUPS, Resource, VERSION, group_version, of_group};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// The version that this cluster behaves like.
pub(crate) const BEHAVES_LIKE: &str = "v1.36.3";

/// `/version`.
pub(crate) fn version() -> Value {
    json!({
        "major": "1", "minor": "36", "gitVersion": BEHAVES_LIKE, "gitCommit": "", "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "countersign sandbox",
        "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
    })
}

/// A document of discovery, if the path is one's.
pub(crate) fn answer(path: &str, headers: &HeaderMap) -> Option<Response<Body>> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let at_once = accept.contains("as=APIGroupDiscoveryList") && accept.contains("v=v2");
    let parts: Vec<_> = path.split('/').skip(1).collect();
    let document = match parts.as_slice() {
        ["api"] if at_once => return Some(aggregated(&[""])),
        ["apis"] if at_once => return Some(aggregated(&GROUPS)),
        [""] | [] => {
            json!({ "paths": [
                "/.well-known/openid-configuration", "/api", "/api/v1", "/apis", "/healthz", "/livez",
                "/openapi/v3", "/openid/v1/jwks", "/readyz", "/version",
            ] })
        }
        ["api"] => json!({
            "kind": "APIVersions", "versions": [VERSION], "serverAddressByClientCIDRs": [],
        }),
        ["apis"] => json!({
            "kind": "APIGroupList", "apiVersion": "v1", "groups": GROUPS.iter().map(|name| group(name)).collect::<Value>(),
        }),
        ["api", VERSION] => resources(""),
        ["apis", name] if GROUPS.contains(name) => {
            let mut document = json!({ "kind": "APIGroup", "apiVersion": "v1" });
            if let (Value::Object(document), Value::Object(group)) = (&mut document, group(name)) {
                document.extend(group);
            }
            document
        }
        ["apis", name, VERSION] if GROUPS.contains(name) => resources(name),
        _ => return None,
    };
    Some(respond::data(200, document.to_string().into(), respond::Encoding::Json))
}

fn group(name: &str) -> Value {
    let version = json!({ "groupVersion": group_version(name), "version": VERSION });
    json!({ "name": name, "versions": [version], "preferredVersion": version })
}

fn resources(group: &str) -> Value {
    let mut list = Vec::new();
    for resource in of_group(group) {
        let mut entry = json!({
            "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
            "kind": resource.kind, "verbs": resource.verbs(),
        });
        if !resource.short.is_empty() {
            entry["shortNames"] = json!(resource.short);
        }
        if !resource.categories.is_empty() {
            entry["categories"] = json!(resource.categories);
        }
        if !resource.hash.is_empty() {
            entry["storageVersionHash"] = resource.hash.into();
        }
        list.push(entry);
        list.extend(resource.subresources.iter().map(|sub| subresource(resource, sub)));
    }
    json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version(group), "resources": list })
}

fn subresource(resource: &Resource, sub: &str) -> Value {
    let mut part = json!({
        "name": format!("{}/{sub}", resource.plural), "singularName": "", "namespaced": resource.namespaced,
    });
    let other = Resource::subresource_kind(sub);
    if let Some((group, _)) = other {
        part["group"] = group.into();
        part["version"] = VERSION.into();
    }
    part["kind"] = other.map_or(resource.kind, |(_, kind)| kind).into();
    part["verbs"] = json!(Resource::subresource_verbs(sub));
    part
}

fn aggregated(groups: &[&str]) -> Response<Body> {
    let items = groups.iter().map(|group| {
        let resources: Vec<_> = of_group(group).map(aggregated_resource).collect();
        let meta = if group.is_empty() { json!({}) } else { json!({ "name": group }) };
        json!({ "metadata": meta, "versions": [{ "version": VERSION, "resources": resources, "freshness": "Current" }] })
    });
    let list = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {},
        "items": items.collect::<Value>(),
    });
    let mut response = respond::data(200, list.to_string().into(), respond::Encoding::Json);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(AGGREGATED));
    response
}

fn aggregated_resource(resource: &Resource) -> Value {
    let kind = json!({ "group": resource.group, "version": VERSION, "kind": resource.kind });
    let mut entry = json!({
        "resource": resource.plural, "responseKind": kind,
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular, "verbs": resource.verbs(),
    });
    if !resource.short.is_empty() {
        entry["shortNames"] = json!(resource.short);
    }
    if !resource.categories.is_empty() {
        entry["categories"] = json!(resource.categories);
    }
    if !resource.subresources.is_empty() {
        let subs = resource.subresources.iter().map(|sub| {
            let other = Resource::subresource_kind(sub);
            let other = other.map(|(group, kind)| json!({ "group": group, "version": VERSION, "kind": kind }));
            let kind = other.as_ref().unwrap_or(&kind);
            json!({ "subresource": sub, "responseKind": kind, "verbs": Resource::subresource_verbs(sub) })
        });
        entry["subresources"] = subs.collect();
    }
    entry
}
