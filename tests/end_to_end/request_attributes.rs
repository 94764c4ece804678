//! What a request is authorized as, by the shape of its path alone.

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::plane::Plane;
use crate::support::{eventually, unique};

crate::on_both!(
    unserved_resources_are_authorized_before_404,
    paths_that_are_no_resource_are_authorized_as_paths,
    an_old_watch_is_authorized_and_served_as_a_watch,
);

const NOT_FOUND: &str = "the server could not find the requested resource";

fn unserved_resources_are_authorized_before_404(plane: &dyn Plane) {
    let (admin, name) = (Api::admin(plane), unique("visitor"));
    let visitor = Api::user(plane, &name, None);
    // Everybody who has logged in may create these, whatever the version.
    let review = json!({"apiVersion": "authentication.k8s.io/v1alpha1", "kind": "SelfSubjectReview"});
    for version in ["v1alpha1", "v1beta1"] {
        let path = format!("/apis/authentication.k8s.io/{version}/selfsubjectreviews");
        assert_eq!(visitor.post(&path, &review).refused(404, "NotFound"), NOT_FOUND);
    }
    // method, path, what the 403 names, whether the group is known
    let cases = [
        (
            "GET",
            "/apis/nope.example/v1/things",
            "list resource \"things\" in API group \"nope.example\" at the cluster scope",
            false,
        ),
        (
            "GET",
            "/apis/apps/v1beta9/namespaces/dev/deployments/web",
            "get resource \"deployments\" in API group \"apps\" in the namespace \"dev\"",
            true,
        ),
        (
            "GET",
            "/api/v1/namespaces/dev/things/a/status",
            "get resource \"things/status\" in API group \"\" in the namespace \"dev\"",
            true,
        ),
        ("GET", "/api/v2/pods?watch=1", "watch resource \"pods\" in API group \"\" at the cluster scope", true),
        (
            "GET",
            "/api/v1/namespaces/dev/pods/a/proxy/b/c",
            "get resource \"pods/proxy\" in API group \"\" in the namespace \"dev\"",
            true,
        ),
        ("GET", "/apis//v1/pods", "list resource \"pods\" in API group \"\" at the cluster scope", false),
        (
            "DELETE",
            "/apis/nope.example/v1/things",
            "deletecollection resource \"things\" in API group \"nope.example\" at the cluster scope",
            false,
        ),
        (
            "DELETE",
            "/apis/nope.example/v1/things/a",
            "delete resource \"things\" in API group \"nope.example\" at the cluster scope",
            false,
        ),
        (
            "GET",
            "/apis/nope.example/v1/things?fieldSelector=metadata.name%3Da",
            "list resource \"things\" in API group \"nope.example\" at the cluster scope",
            false,
        ),
    ];
    for (method, path, denied, known) in cases {
        let ask = |api: &Api| if method == "GET" { api.get(path) } else { api.delete(path, None) };
        let refused = ask(&visitor).refused(403, "Forbidden");
        assert!(refused.ends_with(&format!("User {name:?} cannot {denied}")), "{path}: {refused}");
        if path.contains("/proxy/") {
            continue; // served by the real one: it asks the pod
        }
        let answer = ask(&admin);
        assert_eq!(answer.code, 404, "{path}: {answer:?}");
        if known {
            assert_eq!(answer.message(), NOT_FOUND, "{path}");
        } else {
            assert_eq!(answer.body, "404 page not found\n", "{path}");
        }
    }
    // A name required by a field selector counts as the object's name, for users who may access only that object.
    let rule =
        json!([{"verbs": ["list"], "apiGroups": ["nope.example"], "resources": ["things"], "resourceNames": ["a"]}]);
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    admin.post(&format!("{rbac}/clusterroles"), &json!({"metadata": {"name": name}, "rules": rule})).ok();
    let reference = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name});
    let subject = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name});
    let binding = json!({"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]});
    admin.post(&format!("{rbac}/clusterrolebindings"), &binding).ok();
    let things = "/apis/nope.example/v1/things";
    eventually("the right to list one thing", || {
        (visitor.get(&format!("{things}?fieldSelector=metadata.name%3Da")).code == 404).then_some(())
    });
    for other in [
        "",
        "?fieldSelector=metadata.name%3Db",
        "?fieldSelector=metadata.name%3Da&limit=x",
        "?fieldSelector=metadata.name%3Da,b",
    ] {
        visitor.get(&format!("{things}{other}")).refused(403, "Forbidden");
    }
}

fn paths_that_are_no_resource_are_authorized_as_paths(plane: &dyn Plane) {
    let (admin, name) = (Api::admin(plane), unique("visitor"));
    let visitor = Api::user(plane, &name, None);
    for path in ["/nope", "/nope/a/b/c/d", "/metrics/x"] {
        let refused = visitor.get(path).refused(403, "Forbidden");
        assert_eq!(refused, format!("forbidden: User {name:?} cannot get path {path:?}"));
        let answer = admin.get(path);
        assert!(answer.code == 404 && answer.body == "404 page not found\n", "{path}: {answer:?}");
    }
    // Everybody may ask below /api and /apis.
    for path in ["/apis/nope.example", "/apis/nope.example/v1"] {
        let answer = visitor.get(path);
        assert!(answer.code == 404 && answer.body == "404 page not found\n", "{path}: {answer:?}");
    }
    for path in ["/api/v9", "/apis/apps/v9"] {
        assert_eq!(visitor.get(path).refused(404, "NotFound"), NOT_FOUND);
    }
    // A special verb must be followed by a path; this is checked before authentication.
    let answer = Api::bearer(plane, None).get("/api/v1/watch?x=%3C");
    assert_eq!(answer.code, 500);
    let text = "Internal Server Error: \"/api/v1/watch?x=%3C\": failed to create RequestInfo: unable to determine kind \
                and namespace from url, /api/v1/watch?x=%3C\n";
    assert_eq!(answer.body, text);
}

fn an_old_watch_is_authorized_and_served_as_a_watch(plane: &dyn Plane) {
    let (admin, name) = (Api::admin(plane), unique("watched"));
    admin.post("/api/v1/namespaces", &json!({"metadata": {"name": name}})).ok();
    let maps = format!("/api/v1/namespaces/{name}/configmaps");
    for map in ["a", "b"] {
        admin.post(&maps, &json!({"metadata": {"name": map}})).ok();
    }
    let names = |events: Vec<Value>| -> Vec<Value> {
        events.into_iter().map(|event| event["object"]["metadata"]["name"].clone()).collect()
    };
    let old = format!("/api/v1/watch/namespaces/{name}/configmaps");
    assert_eq!(names(admin.watch(&format!("{old}/b"), |_| true)), ["b"]);
    let all =
        names(admin.watch(&format!("{old}?resourceVersion=0"), |event| event["object"]["metadata"]["name"] == "b"));
    assert!(all.contains(&"a".into()), "{all:?}");
    let visitor = Api::user(plane, &unique("visitor"), None);
    let refused = visitor.get(&format!("{old}/b")).refused(403, "Forbidden");
    assert!(refused.contains("cannot watch resource \"configmaps\" in API group \"\""), "{refused}");
    admin.post(&old, &json!({})).refused(405, "MethodNotAllowed");
}
