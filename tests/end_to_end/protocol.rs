//! What every client relies on: who is let in, conflicts, pages, watches.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::plane;
use crate::support::plane::Plane;
use crate::support::{eventually, unique};

crate::on_both!(
    unauthenticated_requests_get_401_or_anonymous_access,
    names_the_permission_that_the_user_lacks,
    the_second_of_two_writers_gets_a_conflict,
    two_thousand_objects_are_read_in_pages_of_one_moment,
    a_watch_resumes_at_its_resource_version,
    a_watch_reports_objects_entering_and_leaving_the_selection,
    a_streamed_list_ends_with_its_bookmark,
    dry_run_answers_like_a_write_and_stores_nothing,
    apply_conflicts_with_other_field_owners,
    unknown_fields_are_rejected_or_warned_about,
);

const NAMESPACES: &str = "/api/v1/namespaces";

fn namespace(api: &Api) -> (String, String) {
    let name = unique("space");
    api.post(NAMESPACES, &json!({"metadata": {"name": name}})).ok();
    let maps = format!("{NAMESPACES}/{name}/configmaps");
    // What every namespace begins with is there before anything is counted.
    let root_ca = format!("{maps}/kube-root-ca.crt");
    eventually("the certificate", || (api.get(&root_ca).code == 200).then_some(()));
    (name, maps)
}

fn config_map(name: &str, value: &str) -> Value {
    json!({"metadata": {"name": name, "labels": {"story": "yes"}}, "data": {"key": value}})
}

fn name(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap().to_owned()
}

fn version(object: &Value) -> String {
    object["metadata"]["resourceVersion"].as_str().unwrap().to_owned()
}

fn unauthenticated_requests_get_401_or_anonymous_access(plane: &dyn Plane) {
    let own = plane.kubeconfig_text("stranger", None);
    let without = |text: &str| !text.contains("client-certificate-data") && !text.contains("client-key-data");
    let bare: Vec<_> = own.lines().filter(|line| without(line)).collect();
    let anonymous = Api::with(&bare.join("\n").replace("  user:", "  user: {}"));
    for path in ["/version", "/healthz", "/livez", "/readyz"] {
        assert_eq!(anonymous.get(path).code, 200, "{path}");
    }
    for path in ["/api", "/apis", "/metrics"] {
        let refused = anonymous.get(path).refused(403, "Forbidden");
        assert_eq!(refused, format!("forbidden: User \"system:anonymous\" cannot get path \"{path}\""));
    }
    let refused = anonymous.get(NAMESPACES).refused(403, "Forbidden");
    assert_eq!(
        refused,
        "namespaces is forbidden: User \"system:anonymous\" cannot list resource \"namespaces\" in API group \"\" at \
         the cluster scope"
    );
    let with_token = bare.join("\n").replace("  user:", "  user: {token: made-up}");
    assert_eq!(Api::with(&with_token).get("/version").refused(401, "Unauthorized"), "Unauthorized");
    // A certificate of another CA, for a privileged name.
    let foreign = foreign_credentials("admin", "system:masters");
    let kubeconfig = format!("{}\n", bare.join("\n").replace("  user:", &format!("  user: {foreign}")));
    assert_eq!(Api::with(&kubeconfig).get("/version").refused(401, "Unauthorized"), "Unauthorized");
}

fn foreign_credentials(user: &str, group: &str) -> String {
    use base64::Engine;
    use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair};
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, group);
    params.distinguished_name.push(DnType::CommonName, user);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().unwrap();
    let encode = |text: String| base64::engine::general_purpose::STANDARD.encode(text);
    let certificate = encode(params.self_signed(&key).unwrap().pem());
    format!("{{client-certificate-data: {certificate}, client-key-data: {}}}", encode(key.serialize_pem()))
}

fn names_the_permission_that_the_user_lacks(plane: &dyn Plane) {
    let who = unique("limited");
    let api = Api::user(plane, &who, None);
    let (space, _) = namespace(&Api::admin(plane));
    let cases = [
        (
            "GET",
            format!("{NAMESPACES}/{space}/pods"),
            format!(
                "pods is forbidden: User \"{who}\" cannot list resource \"pods\" in API group \"\" in the namespace \"{space}\""
            ),
        ),
        (
            "GET",
            format!("{NAMESPACES}/{space}/pods/p"),
            format!(
                "pods \"p\" is forbidden: User \"{who}\" cannot get resource \"pods\" in API group \"\" in the namespace \"{space}\""
            ),
        ),
        (
            "GET",
            format!("{NAMESPACES}/{space}/pods/p/log"),
            format!(
                "pods \"p\" is forbidden: User \"{who}\" cannot get resource \"pods/log\" in API group \"\" in the namespace \"{space}\""
            ),
        ),
        (
            "DELETE",
            format!("{NAMESPACES}/{space}"),
            format!(
                "namespaces \"{space}\" is forbidden: User \"{who}\" cannot delete resource \"namespaces\" in API group \"\" in the namespace \"{space}\""
            ),
        ),
        (
            "DELETE",
            "/api/v1/nodes".to_owned(),
            format!(
                "nodes is forbidden: User \"{who}\" cannot deletecollection resource \"nodes\" in API group \"\" at the cluster scope"
            ),
        ),
        (
            "GET",
            "/apis/example.com/v1/things".to_owned(),
            format!(
                "things.example.com is forbidden: User \"{who}\" cannot list resource \"things\" in API group \"example.com\" at the cluster scope"
            ),
        ),
        ("GET", "/metrics".to_owned(), format!("forbidden: User \"{who}\" cannot get path \"/metrics\"")),
    ];
    for (method, path, expected) in cases {
        let answer = if method == "GET" { api.get(&path) } else { api.delete(&path, None) };
        assert_eq!(answer.refused(403, "Forbidden"), expected);
    }
    // What everybody may.
    assert_eq!(api.get("/apis").code, 200);
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let me = api.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", &review).ok();
    assert_eq!(me["status"]["userInfo"]["username"], who.as_str());
    assert_eq!(me["status"]["userInfo"]["groups"], json!(["system:authenticated"]));
}

fn the_second_of_two_writers_gets_a_conflict(plane: &dyn Plane) {
    let api = Api::admin(plane);
    let (_, maps) = namespace(&api);
    let made = api.post(&maps, &config_map("shared", "1")).ok();
    let path = format!("{maps}/shared");
    let mut mine = made.clone();
    mine["data"]["key"] = "2".into();
    let changed = api.put(&path, &mine).ok();
    let mut theirs = made.clone();
    theirs["data"]["key"] = "3".into();
    let refused = api.put(&path, &theirs).refused(409, "Conflict");
    assert_eq!(
        refused,
        "Operation cannot be fulfilled on configmaps \"shared\": the object has been modified; please apply your \
         changes to the latest version and try again"
    );
    let stale = json!({"metadata": {"resourceVersion": version(&made)}, "data": {"key": "4"}});
    api.patch(&path, "merge-patch", &stale).refused(409, "Conflict");
    let test = json!([{"op": "test", "path": "/data/key", "value": "1"}]);
    api.patch(&path, "json-patch", &test).refused(422, "Invalid");
    let pinned = json!({"preconditions": {"resourceVersion": version(&made)}});
    api.delete(&path, Some(&pinned)).refused(409, "Conflict");
    // Writing what is there is no change.
    assert_eq!(version(&api.put(&path, &changed).ok()), version(&changed));
    // An object of the same name with another uid is not the same object.
    api.delete(&path, None).ok();
    api.post(&maps, &config_map("shared", "new")).ok();
    let refused = api.put(&path, &changed).refused(409, "Conflict");
    assert!(refused.starts_with("Operation cannot be fulfilled on configmaps \"shared\": "), "{refused}");
}

fn two_thousand_objects_are_read_in_pages_of_one_moment(plane: &dyn Plane) {
    let api = Api::admin(plane);
    let (_, maps) = namespace(&api);
    let wanted: BTreeSet<String> = (0..2_000).map(|at| format!("m-{at:04}")).collect();
    api.post_all(&maps, wanted.iter().map(|name| config_map(name, "1")).collect());
    let first = format!("{maps}?labelSelector=story%3Dyes&limit=300");
    let mut page = api.get(&first).ok();
    let (moment, mut seen, mut pages) = (version(&page), Vec::new(), 1);
    loop {
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 300);
        seen.extend(items.iter().map(name));
        let Some(token) = page["metadata"]["continue"].as_str().filter(|token| !token.is_empty()) else { break };
        // Changes between pages belong to a later version: one object already read is deleted, one not yet read too, one is added.
        if pages == 1 {
            api.delete(&format!("{maps}/m-0000"), None).ok();
            api.delete(&format!("{maps}/m-1999"), None).ok();
            api.post(&maps, &config_map("m-1500-late", "1")).ok();
        }
        page = api.get(&format!("{first}&continue={token}")).ok();
        assert_eq!(version(&page), moment, "another moment on page {pages}");
        pages += 1;
    }
    assert_eq!(pages, 7);
    assert_eq!(seen, wanted.into_iter().collect::<Vec<_>>());
    // Without a selector the server says how many are to come, and the next list is of now.
    let part = api.get(&format!("{maps}?limit=500")).ok();
    let all = api.get(&maps).ok()["items"].as_array().unwrap().len();
    assert_eq!(part["metadata"]["remainingItemCount"], all - 500);
    let gone = api.get(&format!("{first}&continue=made-up"));
    assert_eq!(gone.code, 400, "{}", gone.body);
    assert!(api.delete(&format!("{maps}?labelSelector=story%3Dyes"), None).code == 200);
    assert!(api.get(&first).ok()["items"].as_array().unwrap().is_empty());
}

/// An event as `ADDED name`.
fn report(event: &Value) -> String {
    format!("{} {}", event["type"].as_str().unwrap(), event["object"]["metadata"]["name"].as_str().unwrap_or("-"))
}

fn a_watch_resumes_at_its_resource_version(plane: &dyn Plane) {
    let api = Api::admin(plane);
    let (_, maps) = namespace(&api);
    let from = version(&api.get(&format!("{maps}?labelSelector=story%3Dyes")).ok());
    for at in 0..6 {
        api.post(&maps, &config_map(&format!("m-{at}"), "1")).ok();
    }
    api.patch(&format!("{maps}/m-1"), "merge-patch", &json!({"data": {"key": "2"}})).ok();
    api.delete(&format!("{maps}/m-0"), None).ok();
    let watch = |from: &str| format!("{maps}?watch=true&labelSelector=story%3Dyes&resourceVersion={from}");
    let first = api.watch(&watch(&from), |event| report(event) == "ADDED m-3");
    let next = version(&first.last().unwrap()["object"]);
    let second = api.watch(&watch(&next), |event| report(event) == "DELETED m-0");
    let all: Vec<_> = first.iter().chain(&second).map(report).collect();
    let expected =
        ["ADDED m-0", "ADDED m-1", "ADDED m-2", "ADDED m-3", "ADDED m-4", "ADDED m-5", "MODIFIED m-1", "DELETED m-0"];
    assert_eq!(all, expected);
    let versions: Vec<u64> =
        first.iter().chain(&second).map(|event| version(&event["object"]).parse().unwrap()).collect();
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    // A deletion has a new resourceVersion, and the object as it was.
    assert_eq!(second.last().unwrap()["object"]["data"]["key"], "1");
    // An idle watch ends after its timeoutSeconds.
    let quiet = format!("{}&timeoutSeconds=1", watch(&versions.last().unwrap().to_string()));
    assert!(api.watch(&quiet, |_| true).is_empty());
}

fn a_watch_reports_objects_entering_and_leaving_the_selection(plane: &dyn Plane) {
    let api = Api::admin(plane);
    let (_, maps) = namespace(&api);
    api.post(&maps, &config_map("there", "1")).ok();
    let from = version(&api.get(&maps).ok());
    let label = |name: &str, label: Value| {
        api.patch(&format!("{maps}/{name}"), "merge-patch", &json!({"metadata": {"labels": {"team": label}}})).ok();
    };
    label("there", "red".into());
    label("there", "blue".into());
    label("there", Value::Null);
    label("there", "red".into());
    api.delete(&format!("{maps}/there"), None).ok();
    api.post(&maps, &config_map("end", "1")).ok();
    label("end", "red".into());
    let path = |selector: &str| format!("{maps}?watch=true&resourceVersion={from}&{selector}");
    let red = api.watch(&path("labelSelector=team%3Dred"), |event| report(event) == "ADDED end");
    let red: Vec<_> = red.iter().map(report).collect();
    assert_eq!(red, ["ADDED there", "DELETED there", "ADDED there", "DELETED there", "ADDED end"]);
    let one = api.watch(&path("fieldSelector=metadata.name%3Dthere"), |event| report(event) == "DELETED there");
    assert_eq!(one.len(), 5);
    let odd = api.get(&format!("{maps}?fieldSelector=data.key%3D1")).refused(400, "BadRequest");
    assert!(
        odd.contains("\"data.key\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""),
        "{odd}"
    );
}

fn a_streamed_list_ends_with_its_bookmark(plane: &dyn Plane) {
    let api = Api::admin(plane);
    let (_, maps) = namespace(&api);
    for at in 0..3 {
        api.post(&maps, &config_map(&format!("m-{at}"), "1")).ok();
    }
    let path = format!(
        "{maps}?watch=true&labelSelector=story%3Dyes&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    );
    let events = api.watch(&path, |event| event["type"] == "BOOKMARK");
    let all: Vec<_> = events[..3].iter().map(report).collect();
    assert_eq!(all, ["ADDED m-0", "ADDED m-1", "ADDED m-2"]);
    let bookmark = &events[3]["object"];
    assert_eq!(bookmark["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(bookmark["kind"], "ConfigMap");
    // It is a place to go on from.
    api.post(&maps, &config_map("late", "1")).ok();
    let on = format!("{maps}?watch=true&labelSelector=story%3Dyes&resourceVersion={}", version(bookmark));
    let on = api.watch(&on, |event| report(event) == "ADDED late");
    assert_eq!(on.len(), 1);
    let wrong = api.get(&format!("{maps}?watch=true&sendInitialEvents=true")).refused(422, "Invalid");
    assert!(wrong.contains("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"), "{wrong}");
}

fn dry_run_answers_like_a_write_and_stores_nothing(plane: &dyn Plane) {
    let api = Api::admin(plane);
    let (_, maps) = namespace(&api);
    let shown = api.post(&format!("{maps}?dryRun=All"), &config_map("if", "1")).ok();
    assert!(shown["metadata"]["uid"].is_string() && shown["metadata"]["resourceVersion"].is_null(), "{shown}");
    api.get(&format!("{maps}/if")).refused(404, "NotFound");
    let made = api.post(&maps, &config_map("if", "1")).ok();
    let patched = api.patch(&format!("{maps}/if?dryRun=All"), "merge-patch", &json!({"data": {"key": "2"}})).ok();
    assert_eq!(patched["data"]["key"], "2");
    api.delete(&format!("{maps}/if?dryRun=All"), None).ok();
    assert_eq!(api.get(&format!("{maps}/if")).ok(), made);
    let refused = api.post(&format!("{maps}?dryRun=Some"), &config_map("if", "1")).refused(422, "Invalid");
    assert!(refused.contains("CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Some\"]: supported values: \"All\""), "{refused}");
}

fn apply_conflicts_with_other_field_owners(plane: &dyn Plane) {
    let api = Api::admin(plane);
    let (_, maps) = namespace(&api);
    let path = format!("{maps}/owned");
    let wanted = |key: &str, value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owned"}, "data": {key: value}});
    let apply = |who: &str, more: &str, object: &Value| {
        api.patch(&format!("{path}?fieldManager={who}{more}"), "apply-patch", object)
    };
    let made = apply("anna", "", &wanted("a", "1"));
    assert_eq!(made.code, 201, "{}", made.body);
    let fields = &made.body["metadata"]["managedFields"][0];
    assert_eq!((&fields["manager"], &fields["operation"]), (&json!("anna"), &json!("Apply")));
    assert_eq!(fields["fieldsV1"], json!({"f:data": {"f:a": {}}}));
    apply("ben", "", &wanted("b", "1")).ok();
    let refused = apply(
        "ben",
        "",
        &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owned"}, "data": {"a": "2", "b": "1"}}),
    );
    assert_eq!(refused.refused(409, "Conflict"), "Apply failed with 1 conflict: conflict with \"anna\": .data.a");
    apply("ben", "&force=true", &wanted("a", "2")).ok();
    // ben no longer applies b, and anna lost a: fields without an owner are removed.
    assert_eq!(api.get(&path).ok()["data"], json!({"a": "2"}));
    api.patch(&path, "merge-patch", &json!({"data": {"c": "3"}})).ok();
    let gone = apply("ben", "", &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owned"}})).ok();
    assert_eq!(gone["data"], json!({"c": "3"}));
    let rejected = api.patch(&path, "apply-patch", &wanted("a", "1")).refused(422, "Invalid");
    assert!(rejected.contains("fieldManager: Required value: is required for apply patch"), "{rejected}");
    let other = api
        .patch(&format!("{maps}/other?fieldManager=anna"), "apply-patch", &wanted("a", "1"))
        .refused(400, "BadRequest");
    assert!(other.contains("the name of the object (owned) does not match the name on the URL (other)"), "{other}");
}

fn unknown_fields_are_rejected_or_warned_about(plane: &dyn Plane) {
    let api = Api::admin(plane);
    let (space, maps) = namespace(&api);
    let odd = json!({"metadata": {"name": "odd"}, "dada": {"key": "1"}});
    let strict = api.post(&format!("{maps}?fieldValidation=Strict"), &odd).refused(400, "BadRequest");
    assert_eq!(
        strict,
        "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"dada\""
    );
    assert!(api.post(&maps, &odd).ok()["dada"].is_null());
    let typed = json!({"metadata": {"name": "typed"}, "data": {"key": 1}});
    let typed = api.post(&maps, &typed).refused(400, "BadRequest");
    assert!(typed.contains("cannot unmarshal number into Go struct field ConfigMap.data of type string"), "{typed}");
    let other = api
        .post(&maps, &json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}))
        .refused(400, "BadRequest");
    assert_eq!(
        other,
        "Secret in version \"v1\" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion"
    );
    let unknown = api
        .post(&maps, &json!({"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "s"}}))
        .refused(400, "BadRequest");
    assert!(
        unknown.contains("cannot be handled as a ConfigMap: no kind \"Thing\" is registered for version \"v1\""),
        "{unknown}"
    );
    let elsewhere = json!({"metadata": {"name": "e", "namespace": "elsewhere"}});
    let elsewhere = api.post(&maps, &elsewhere).refused(400, "BadRequest");
    assert!(
        elsewhere.contains("the namespace of the provided object does not match the namespace sent on the request"),
        "{elsewhere}"
    );
    let nowhere = api.post(&format!("{NAMESPACES}/no-such/configmaps"), &config_map("a", "1")).refused(404, "NotFound");
    assert_eq!(nowhere, "namespaces \"no-such\" not found");
    let bad = api.post(&maps, &config_map("Not A Name", "1")).refused(422, "Invalid");
    assert!(bad.starts_with("ConfigMap \"Not A Name\" is invalid: metadata.name: Invalid value: \"Not A Name\": a lowercase RFC 1123 subdomain must consist of"), "{bad}");
    assert_eq!(api.get(&format!("{NAMESPACES}/{space}/things")).code, 404);
    assert_eq!(api.put(&maps, &odd).code, 405);
    let broken = api.patch(&format!("{maps}/odd"), "json-patch", &json!([{"op": "fly", "path": "/"}]));
    assert_eq!(broken.code, 422, "{}", broken.body);
}

/// What was deleted or changed can no longer be read: the client must list again.
fn expired_versions_get_410(api: &Api, maps: &str, page: &Value, from: &str) {
    let token = page["metadata"]["continue"].as_str().unwrap();
    let watch = api.watch(&format!("{maps}?watch=true&resourceVersion={from}"), |_| true);
    let error = &watch.first().unwrap()["object"];
    assert_eq!(watch[0]["type"], "ERROR", "{watch:?}");
    assert_eq!((&error["code"], &error["reason"]), (&json!(410), &json!("Expired")), "{error}");
    let next = api.get(&format!("{maps}?limit=10&continue={token}"));
    assert_eq!(next.code, 410, "{}", next.body);
    let message = next.message();
    assert!(
        message.contains("The provided continue parameter is too old to display a consistent list result"),
        "{message}"
    );
    // The list continues, for clients that accept an inconsistent one.
    let on = next.body["metadata"]["continue"].as_str().unwrap();
    let rest = api.get(&format!("{maps}?limit=500&continue={on}")).ok();
    // A hundred and the certificate, without the first ten.
    assert_eq!(rest["items"].as_array().unwrap().len(), 91);
    // A list of now is there, and a watch from it.
    let now = version(&api.get(maps).ok());
    api.post(maps, &config_map("after", "1")).ok();
    let watch = api.watch(&format!("{maps}?watch=true&resourceVersion={now}"), |event| report(event) == "ADDED after");
    assert_eq!(watch.len(), 1);
}

/// A page of ten out of a hundred, and a version from before.
fn create_history(api: &Api) -> (String, Value, String) {
    let (_, maps) = namespace(api);
    let from = version(&api.get(&maps).ok());
    api.post_all(&maps, (0..100).map(|at| config_map(&format!("m-{at:03}"), "1")).collect());
    let page = api.get(&format!("{maps}?limit=10")).ok();
    api.patch(&format!("{maps}/m-050"), "merge-patch", &json!({"data": {"key": "2"}})).ok();
    (maps, page, from)
}

#[test]
fn a_real_cluster_deletes_old_requests() {
    let Some(mut plane) = plane::own() else { return };
    let api = Api::admin(&plane);
    let (maps, page, from) = create_history(&api);
    plane.stop_api_server();
    plane.compact().unwrap();
    plane.start_api_server().unwrap();
    expired_versions_get_410(&api, &maps, &page, &from);
}

#[test]
fn the_practice_cluster_deletes_old_requests_like_a_real_one() {
    let Some(plane) = plane::practice("forgetting") else { return };
    let api = Api::admin(&plane);
    let (maps, page, from) = create_history(&api);
    plane.sandbox.compact();
    expired_versions_get_410(&api, &maps, &page, &from);
}
