//! `OpenAPI` documents, as far as kubectl needs them: schemas, and paths that say what takes which parameters.

use http::{HeaderMap, Response, header};
use serde_json::{Map, Value, json};

use super::respond::{self, Body};
use crate::sandbox::resource::{GROUPS, Resource, VERSION, of_group};
use crate::sandbox::schema::Schemas;
use crate::sandbox::status::ApiFailure;

/// A document below `/openapi/`.
///
/// # Errors
/// 404 for what is not there, 406 for the binary form of version 2.
pub(crate) fn answer(schemas: &Schemas, path: &str, headers: &HeaderMap) -> Result<Response<Body>, ApiFailure> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
    let parts: Vec<_> = path.split('/').collect();
    let document = match parts.as_slice() {
        ["v2"] if !accept.contains("json") && !accept.contains("*/*") => return Err(ApiFailure::not_acceptable()),
        ["v2"] => version_2(schemas),
        ["v3"] => index(),
        ["v3", "api", VERSION] => version_3(schemas, ""),
        ["v3", "apis", group, VERSION] if GROUPS.contains(group) => version_3(schemas, group),
        _ => return Err(ApiFailure::no_path()),
    };
    Ok(respond::data(200, document.to_string().into(), respond::Encoding::Json))
}

/// `api/v1`, `apis/rbac.authorization.k8s.io/v1`.
fn root(group: &str) -> String {
    if group.is_empty() { format!("api/{VERSION}") } else { format!("apis/{group}/{VERSION}") }
}

fn index() -> Value {
    let groups = [""].into_iter().chain(GROUPS.iter().copied());
    let paths: Map<String, Value> = groups
        .map(|group| {
            let root = root(group);
            // The documents change with the program alone.
            let url = format!("/openapi/v3/{root}?hash={}", env!("CARGO_PKG_VERSION"));
            (root, json!({ "serverRelativeURL": url }))
        })
        .collect();
    json!({ "paths": paths })
}

fn version_3(schemas: &Schemas, group: &str) -> Value {
    let own: Vec<_> = of_group(group).map(|resource| resource.schema).collect();
    let wanted = |name: &str| {
        let list = name.strip_suffix("List").unwrap_or(name);
        own.contains(&list) || name.ends_with(".DeleteOptions") || name.ends_with(".v1.Status")
    };
    let mut paths = Map::new();
    for resource in of_group(group) {
        add_paths(&mut paths, resource);
    }
    json!({
        "openapi": "3.0.0", "info": { "title": "Kubernetes", "version": super::discovery::BEHAVES_LIKE },
        "paths": paths, "components": { "schemas": schemas.documents(wanted) },
    })
}

fn add_paths(paths: &mut Map<String, Value>, resource: &Resource) {
    let namespace = if resource.namespaced { "namespaces/{namespace}/" } else { "" };
    let all = format!("/{}/{namespace}{}", root(resource.group), resource.plural);
    let verbs = resource.verbs();
    let operations = |pairs: &[(&str, &str)]| -> Value {
        let known = pairs.iter().filter(|(_, verb)| verbs.contains(verb));
        known.map(|(method, verb)| ((*method).to_owned(), operation(resource, verb))).collect::<Map<_, _>>().into()
    };
    let many = operations(&[("get", "list"), ("post", "create"), ("delete", "deletecollection")]);
    let one = operations(&[("get", "get"), ("put", "update"), ("patch", "patch"), ("delete", "delete")]);
    if resource.namespaced && !resource.is_review {
        let everywhere = format!("/{}/{}", root(resource.group), resource.plural);
        paths.insert(everywhere, json!({ "get": operation(resource, "list") }));
    }
    if !resource.is_review {
        paths.insert(format!("{all}/{{name}}"), one);
    }
    paths.insert(all, many);
}

fn operation(resource: &Resource, verb: &str) -> Value {
    let parameter =
        |name: &str| json!({ "name": name, "in": "query", "schema": { "type": "string", "uniqueItems": true } });
    let names: &[&str] = match verb {
        "create" | "update" => &["dryRun", "fieldManager", "fieldValidation"],
        "patch" => &["dryRun", "fieldManager", "fieldValidation", "force"],
        "delete" | "deletecollection" => &["dryRun"],
        _ => &[],
    };
    let parameters: Vec<_> = names.iter().map(|name| parameter(name)).collect();
    let schema = json!({ "$ref": format!("#/components/schemas/{}", resource.schema) });
    let mut operation = json!({
        "parameters": parameters,
        "responses": { "200": { "description": "OK", "content": { "application/json": { "schema": schema } } } },
        "x-kubernetes-action": if verb == "update" { "put" } else if verb == "create" { "post" } else { verb },
        "x-kubernetes-group-version-kind": { "group": resource.group, "version": VERSION, "kind": resource.kind },
    });
    if matches!(verb, "create" | "update") {
        operation["requestBody"] = json!({ "content": { "*/*": { "schema": schema } }, "required": true });
    }
    if verb == "patch" {
        let kinds = ["json-patch+json", "merge-patch+json", "strategic-merge-patch+json", "apply-patch+yaml"];
        let content = kinds.map(|kind| (format!("application/{kind}"), json!({ "schema": { "type": "object" } })));
        operation["requestBody"] = json!({ "content": Map::from_iter(content), "required": true });
    }
    operation
}

fn version_2(schemas: &Schemas) -> Value {
    let text =
        Value::Object(schemas.documents(|_| true)).to_string().replace("#/components/schemas/", "#/definitions/");
    let definitions: Value = serde_json::from_str(&text).unwrap_or_default();
    json!({
        "swagger": "2.0", "info": { "title": "Kubernetes", "version": super::discovery::BEHAVES_LIKE },
        "paths": {}, "definitions": definitions,
    })
}
