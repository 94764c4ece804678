//! Field ownership and merging on objects small enough to read. The same on the real server: `tests/end_to_end`.

use serde_json::{Value, json};

use super::managed::{Conflict, Writer, apply, update};
use super::{Schemas, check};

const ROLE: &str = "io.k8s.api.rbac.v1.Role";
const REQUEST: &str = "io.k8s.api.certificates.v1.CertificateSigningRequest";
const POD: &str = "io.k8s.api.core.v1.Pod";

fn schemas() -> Schemas {
    Schemas::load().unwrap()
}

fn writer(manager: &str) -> Writer<'_> {
    let api_version = "rbac.authorization.k8s.io/v1";
    Writer { manager, api_version, subresource: "", now: "2026-11-24T00:00:00Z", resets: &[] }
}

fn role(labels: &Value, rules: &Value) -> Value {
    json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": { "name": "r", "labels": labels }, "rules": rules })
}

fn rules(verb: &str) -> Value {
    json!([{ "apiGroups": [""], "resources": ["pods"], "verbs": [verb] }])
}

fn owners(object: &Value) -> Value {
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let owners = entries.iter().map(|entry| json!([entry["manager"], entry["operation"], entry["fieldsV1"]]));
    owners.collect()
}

#[test]
fn create_owns_the_fields_that_it_sets() {
    let schemas = schemas();
    let empty = json!({ "metadata": {}, "rules": null });
    let mut new = role(&json!({ "a": "1" }), &rules("get"));
    update(schemas.node(ROLE), &empty, &mut new, &writer("kubectl-create"));
    let fields = json!({ "f:metadata": { "f:labels": { ".": {}, "f:a": {} } }, "f:rules": {} });
    assert_eq!(owners(&new), json!([["kubectl-create", "Update", fields]]));
}

#[test]
fn apply_conflicts_with_the_owner_unless_forced() {
    let schemas = schemas();
    let node = schemas.node(ROLE);
    let mut live = role(&json!({ "a": "1" }), &rules("get"));
    update(node, &json!({ "metadata": {} }), &mut live, &writer("kubectl-create"));
    let config = role(&json!({ "b": "2" }), &rules("list"));
    let refused = apply(node, &live, &config, &writer("me"), false).unwrap_err();
    let with = "conflict with \"kubectl-create\" using rbac.authorization.k8s.io/v1".to_owned();
    assert_eq!(refused, [Conflict { with, field: ".rules".into() }]);
    let taken = apply(node, &live, &config, &writer("me"), true).unwrap();
    assert_eq!(taken["rules"], rules("list"));
    assert_eq!(owners(&taken)[1][2], json!({ "f:metadata": { "f:labels": { ".": {}, "f:a": {} } } }));
}

#[test]
fn apply_removes_omitted_fields_unless_another_manager_owns_them() {
    let schemas = schemas();
    let node = schemas.node(ROLE);
    let nothing = json!({ "metadata": {} });
    let first = apply(node, &nothing, &role(&json!({ "a": "1", "b": "2" }), &rules("get")), &writer("me"), false);
    let second = apply(node, &first.unwrap(), &role(&json!({ "b": "2" }), &rules("get")), &writer("you"), false);
    let third = apply(node, &second.unwrap(), &role(&json!({}), &rules("get")), &writer("me"), false).unwrap();
    assert_eq!(third["metadata"]["labels"], json!({ "b": "2" }));
}

#[test]
fn keyed_list_items_have_separate_owners() {
    let schemas = schemas();
    let node = schemas.node(REQUEST);
    let conditions =
        |kind: &str| json!({ "metadata": {}, "status": { "conditions": [{ "type": kind, "status": "True" }] } });
    let approved = apply(node, &json!({ "metadata": {} }), &conditions("Approved"), &writer("me"), false).unwrap();
    let both = apply(node, &approved, &conditions("Note"), &writer("you"), false).unwrap();
    assert_eq!(both["status"]["conditions"].as_array().unwrap().len(), 2);
    let none = apply(node, &both, &json!({ "metadata": {}, "status": {} }), &writer("me"), false).unwrap();
    assert_eq!(none["status"]["conditions"][0]["type"], "Note");
    assert_eq!(none["status"]["conditions"].as_array().unwrap().len(), 1);
}

#[test]
fn decoding_reports_unknown_fields_and_wrong_types() {
    let schemas = schemas();
    let node = schemas.node(REQUEST);
    let mut odd =
        json!({ "metadata": { "name": "x", "nam": "y", "labels": null }, "spec": { "usages": ["a"] }, "foo": 1 });
    assert_eq!(check::decode(node, &mut odd).unwrap(), ["foo", "metadata.nam"]);
    assert_eq!(odd, json!({ "metadata": { "name": "x" }, "spec": { "usages": ["a"] } }));
    let error = check::decode(node, &mut json!({ "spec": { "expirationSeconds": "a" } })).unwrap_err();
    assert_eq!(
        error,
        "json: cannot unmarshal string into Go struct field CertificateSigningRequestSpec.spec.expirationSeconds of type int32"
    );
    assert!(check::decode(schemas.node(POD), &mut json!({ "spec": { "containers": {} } })).is_err());
}

#[test]
fn canonical_form_matches_go() {
    let schemas = schemas();
    let mut request =
        json!({ "metadata": { "name": "x", "labels": {} }, "spec": { "uid": "", "groups": [], "request": "" } });
    check::canonical(schemas.node(REQUEST), &mut request);
    assert_eq!(request, json!({ "metadata": { "name": "x" }, "spec": { "request": "" }, "status": {} }));
    let mut rule = json!({ "apiGroups": [], "nonResourceURLs": ["/x"] });
    check::canonical(schemas.node("io.k8s.api.rbac.v1.PolicyRule"), &mut rule);
    assert_eq!(rule, json!({ "nonResourceURLs": ["/x"], "verbs": null }));
}
