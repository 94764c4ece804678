//! What nodes may do for the pods that are bound to them.

use serde_json::{Value, json};

use super::nodes::{namespace, node, pod, review};
use crate::support::api::{Answer, Api};
use crate::support::eventually;
use crate::support::plane::Plane;

crate::on_both!(
    a_node_reads_what_its_pods_refer_to_and_nothing_else,
    a_node_gets_tokens_for_its_own_pods_alone,
    a_node_creates_and_deletes_mirror_pods_alone,
);

const NODES: &str = "/api/v1/nodes";

fn a_node_reads_what_its_pods_refer_to_and_nothing_else(plane: &dyn Plane) {
    let (admin, (name, api), (_, other)) = (Api::admin(plane), node(plane), node(plane));
    let ns = namespace(&admin);
    let path = |kind: &str, name: &str| format!("/api/v1/namespaces/{ns}/{kind}/{name}");
    let secrets = ["volume", "projected", "variable", "all-variables", "pull", "free"];
    let maps = ["volume", "projected", "variable", "all-variables", "free"];
    for (kind, names) in [("secrets", &secrets[..]), ("configmaps", &maps[..])] {
        for name in names {
            admin.post(&format!("/api/v1/namespaces/{ns}/{kind}"), &json!({"metadata": {"name": name}})).ok();
        }
    }
    let unrelated = format!("no relationship found between node '{name}' and this object");
    let refused = api.get(&path("secrets", "volume")).refused(403, "Forbidden");
    let sentence = format!(
        "User \"system:node:{name}\" cannot get resource \"secrets\" in API group \"\" in the namespace \"{ns}\""
    );
    assert_eq!(refused, format!("secrets \"volume\" is forbidden: {sentence}: {unrelated}"));
    let key =
        |kind: &str| json!({"name": kind, "valueFrom": {format!("{kind}KeyRef"): {"name": "variable", "key": "k"}}});
    let all = |kind: &str| json!({format!("{kind}Ref"): {"name": "all-variables"}});
    let container = json!({
        "name": "c", "image": "example.com/c:1", "env": [key("secret"), key("configMap")],
        "envFrom": [all("secret"), all("configMap")],
    });
    let sources = json!([{"secret": {"name": "projected"}}, {"configMap": {"name": "projected"}}]);
    let volumes = json!([
        {"name": "s", "secret": {"secretName": "volume"}}, {"name": "c", "configMap": {"name": "volume"}},
        {"name": "p", "projected": {"sources": sources}},
    ]);
    let more = json!({"containers": [container], "volumes": volumes, "imagePullSecrets": [{"name": "pull"}]});
    admin.post(&format!("/api/v1/namespaces/{ns}/pods"), &pod("p", &name, &more)).ok();
    eventually("the authorizer knows the pod", || (api.get(&path("secrets", "volume")).code == 200).then_some(()));
    for (kind, names) in [("secrets", &secrets[..]), ("configmaps", &maps[..])] {
        for name in names {
            let (answer, foreign) = (api.get(&path(kind, name)), other.get(&path(kind, name)));
            assert_eq!(answer.code, if *name == "free" { 403 } else { 200 }, "{kind} {name}: {answer:?}");
            foreign.refused(403, "Forbidden");
            let one = format!("/api/v1/namespaces/{ns}/{kind}?fieldSelector=metadata.name%3D{name}");
            assert_eq!(api.get(&one).code, answer.code, "list of {kind} {name}");
        }
    }
    let ends = |answer: Answer, why: &str| {
        let refused = answer.refused(403, "Forbidden");
        assert!(refused.ends_with(why), "{refused}");
    };
    ends(api.get(&format!("/api/v1/namespaces/{ns}/secrets")), ": No Object name found");
    ends(api.get("/api/v1/secrets"), ": can only read namespaced object of this type");
    ends(api.delete(&path("secrets", "volume"), None), ": can only read resources of this type");
    api.get(&path("configmaps", "kube-root-ca.crt")).ok();
    api.get(&path("serviceaccounts", "default")).ok();
    // Pods: its own only, single or listed.
    api.get(&path("pods", "p")).ok();
    ends(other.get(&path("pods", "p")), "and this object");
    let selected = format!("/api/v1/pods?fieldSelector=spec.nodeName%3D{name}");
    assert_eq!(api.get(&selected).ok()["items"].as_array().unwrap().len(), 1);
    ends(other.get(&selected), ": can only list/watch pods with spec.nodeName field selector");
    ends(api.get("/api/v1/pods"), ": can only list/watch pods with spec.nodeName field selector");
    let status = json!({"status": {"phase": "Running"}});
    let running = api.patch(&format!("{}/status", path("pods", "p")), "merge-patch", &status).ok();
    assert_eq!(running["status"]["phase"], "Running");
    ends(
        other.patch(&format!("{}/status", path("pods", "p")), "merge-patch", &status),
        "can only update pod status for pods with spec.nodeName set to itself",
    );
    // A review says the same.
    let attributes = json!({"verb": "get", "resource": "secrets", "namespace": ns, "name": "free"});
    let spec =
        json!({"user": format!("system:node:{name}"), "groups": ["system:nodes"], "resourceAttributes": attributes});
    assert_eq!(review(plane, &spec), json!({"allowed": false, "reason": unrelated}));
    let requirement = json!({"key": "spec.nodeName", "operator": "In", "values": [name]});
    let attributes = json!({"verb": "list", "resource": "pods", "fieldSelector": {"requirements": [requirement]}});
    let mut spec = spec;
    spec["resourceAttributes"] = attributes;
    assert_eq!(review(plane, &spec), json!({"allowed": true}));
}

fn a_node_gets_tokens_for_its_own_pods_alone(plane: &dyn Plane) {
    let (admin, (name, api), (other_name, other)) = (Api::admin(plane), node(plane), node(plane));
    let ns = namespace(&admin);
    let pods = format!("/api/v1/namespaces/{ns}/pods");
    let uid = admin.post(&pods, &pod("p", &name, &json!({}))).ok()["metadata"]["uid"].clone();
    let tokens = format!("/api/v1/namespaces/{ns}/serviceaccounts/default/token");
    let bound =
        |uid: &Value| json!({"spec": {"boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": uid}}});
    eventually("the authorizer knows the pod", || (api.post(&tokens, &bound(&uid)).code == 201).then_some(()));
    let refused = |api: &Api, body: &Value, why: &str| {
        let refused = api.post(&tokens, body).refused(403, "Forbidden");
        assert!(refused.ends_with(why), "{refused}");
    };
    refused(&api, &json!({}), "serviceaccounts \"default\" is forbidden: node requested token not bound to a pod");
    refused(&api, &bound(&Value::Null), "node requested token with a pod binding without a uid");
    refused(
        &api,
        &bound(&"x".into()),
        "does not match the UID in record. The object might have been deleted and then recreated",
    );
    refused(&other, &bound(&uid), &format!("no relationship found between node '{other_name}' and this object"));
    admin.post(&pods, &pod("q", &other_name, &json!({}))).ok();
    eventually("the authorizer knows the other pod", || {
        (other
            .post(&tokens, &bound(&uid))
            .message()
            .ends_with("node requested token bound to a pod scheduled on a different node"))
        .then_some(())
    });
    let mut elsewhere = bound(&uid);
    elsewhere["spec"]["audiences"] = json!(["vault"]);
    let why = format!(
        "audience \"vault\" not found in pod spec volume, system:node:{name} is not authorized to request tokens for this audience"
    );
    refused(&api, &elsewhere, &why);
}

fn a_node_creates_and_deletes_mirror_pods_alone(plane: &dyn Plane) {
    let (admin, (name, api)) = (Api::admin(plane), node(plane));
    let ns = namespace(&admin);
    let pods = format!("/api/v1/namespaces/{ns}/pods");
    let node_uid = api.get(&format!("{NODES}/{name}")).ok()["metadata"]["uid"].clone();
    let mut mirror = pod("m", &name, &json!({}));
    let refused = |pod: &Value, why: &str| {
        let refused = api.post(&pods, pod).refused(403, "Forbidden");
        assert_eq!(refused, format!("pods \"m\" is forbidden: {why}"));
    };
    refused(
        &mirror,
        &format!(
            "pod does not have \"kubernetes.io/config.mirror\" annotation, node \"{name}\" can only create mirror pods"
        ),
    );
    mirror["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "x"});
    refused(&mirror, &format!("node \"{name}\" can only create pods with an owner reference set to itself"));
    let owner = |uid: &Value, controller: bool| json!([{"apiVersion": "v1", "kind": "Node", "name": name, "uid": uid, "controller": controller}]);
    mirror["metadata"]["ownerReferences"] = owner(&node_uid, false);
    refused(&mirror, &format!("node \"{name}\" can only create pods with a controller owner reference set to itself"));
    mirror["metadata"]["ownerReferences"] = owner(&"x".into(), true);
    refused(&mirror, &format!("node {name} UID mismatch: expected x got {}", node_uid.as_str().unwrap()));
    mirror["metadata"]["ownerReferences"] = owner(&node_uid, true);
    mirror["spec"]["serviceAccountName"] = "default".into();
    refused(&mirror, "a mirror pod may not reference service accounts");
    mirror["spec"].as_object_mut().unwrap().remove("serviceAccountName");
    mirror["spec"]["volumes"] = json!([{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]);
    refused(&mirror, &format!("node \"{name}\" can not create pods that reference persistentvolumeclaims"));
    mirror["spec"]["volumes"] = json!([{"name": "v", "secret": {"secretName": "s"}}]);
    refused(&mirror, "a mirror pod may not reference secrets");
    mirror["spec"]["volumes"] = json!([{"name": "v", "configMap": {"name": "c"}}]);
    refused(&mirror, &format!("node \"{name}\" can not create pods that reference configmaps"));
    mirror["spec"]["volumes"] = json!([{"name": "v", "emptyDir": {}}]);
    let made = api.post(&pods, &mirror).ok();
    assert_eq!(made["spec"]["volumes"].as_array().unwrap().len(), 1, "a mirror pod gets no token");
    // A mirror pod gives its node access to nothing.
    admin.post(&format!("/api/v1/namespaces/{ns}/secrets"), &json!({"metadata": {"name": "s"}})).ok();
    api.get(&format!("/api/v1/namespaces/{ns}/secrets/s")).refused(403, "Forbidden");
    admin.post(&pods, &pod("p", "elsewhere", &json!({}))).ok();
    let foreign = api.delete(&format!("{pods}/p"), None).refused(403, "Forbidden");
    assert_eq!(
        foreign,
        format!("pods \"p\" is forbidden: node \"{name}\" can only delete pods with spec.nodeName set to itself")
    );
    api.delete(&format!("{pods}/m"), Some(&json!({"gracePeriodSeconds": 0}))).ok();
}
