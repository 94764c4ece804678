//! The Node authorizer of the practice cluster against the real one, on thousands of random questions.

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::dice::Dice;
use crate::support::plane;
use crate::support::plane::Plane;
use crate::support::{eventually, unique};

const SEED: u64 = 20_261_125;
const QUESTIONS: usize = 3_000;

const VERBS: &[&str] = &[
    "get",
    "get",
    "list",
    "list",
    "watch",
    "watch",
    "create",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "bind",
    "*",
];
/// Group, resource, subresources.
const RESOURCES: &[(&str, &str, &[&str])] = &[
    ("", "secrets", &["", "", "x"]),
    ("", "secrets", &["", "", "x"]),
    ("", "configmaps", &["", "", "status"]),
    ("", "configmaps", &["", "", "status"]),
    ("", "serviceaccounts", &["", "token", "token"]),
    ("", "serviceaccounts", &["", "token", "token"]),
    ("", "pods", &["", "", "status", "eviction", "exec"]),
    ("", "pods", &["", "", "status", "eviction", "exec"]),
    ("", "nodes", &["", "status", "proxy"]),
    ("", "nodes", &["", "status", "proxy"]),
    ("", "persistentvolumeclaims", &["", "status"]),
    ("", "persistentvolumes", &["", "status"]),
    ("", "services", &["", "status"]),
    ("", "events", &[""]),
    ("", "endpoints", &[""]),
    ("certificates.k8s.io", "certificatesigningrequests", &["", "approval", "nodeclient"]),
    ("certificates.k8s.io", "podcertificaterequests", &["", "status"]),
    ("coordination.k8s.io", "leases", &["", "x"]),
    ("storage.k8s.io", "csinodes", &["", "x"]),
    ("storage.k8s.io", "csidrivers", &[""]),
    ("storage.k8s.io", "volumeattachments", &["", "status"]),
    ("resource.k8s.io", "resourceslices", &["", "x"]),
    ("resource.k8s.io", "resourceclaims", &["", "status"]),
    ("authentication.k8s.io", "tokenreviews", &[""]),
    ("authorization.k8s.io", "subjectaccessreviews", &[""]),
    ("apps", "deployments", &[""]),
];

/// Names that both clusters share.
struct Names {
    namespace: String,
    nodes: [String; 2],
}

fn pod(name: &str, node: &str, account: &str, of: &str) -> Value {
    let key = |kind: &str| json!({"name": kind, "valueFrom": {format!("{kind}KeyRef"): {"name": format!("{of}-env"), "key": "k"}}});
    let container = json!({"name": "c", "image": "example.com/c:1", "env": [key("secret"), key("configMap")]});
    let volumes = json!([
        {"name": "s", "secret": {"secretName": format!("{of}-volume")}},
        {"name": "c", "configMap": {"name": format!("{of}-volume")}},
        {"name": "d", "persistentVolumeClaim": {"claimName": format!("{of}-volume")}},
    ]);
    let pull = json!([{"name": format!("{of}-pull")}]);
    json!({
        "metadata": {"name": name},
        "spec": {"nodeName": node, "serviceAccountName": account, "containers": [container], "volumes": volumes, "imagePullSecrets": pull},
    })
}

/// Two nodes with a pod each, one of them with a mirror pod, too, and a pod that is on no node.
fn furnish(api: &Api, names: &Names) {
    let Names { namespace, nodes: [one, two] } = names;
    api.post("/api/v1/namespaces", &json!({"metadata": {"name": namespace}})).ok();
    let accounts = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
    for account in ["a", "b", "c"] {
        api.post(&accounts, &json!({"metadata": {"name": account}})).ok();
    }
    eventually("the default account", || (api.get(&format!("{accounts}/default")).code == 200).then_some(()));
    for node in [one, two] {
        api.post("/api/v1/nodes", &json!({"metadata": {"name": node}})).ok();
    }
    let pods = format!("/api/v1/namespaces/{namespace}/pods");
    let mut loose = pod("c", "", "c", "c");
    loose["spec"].as_object_mut().unwrap().remove("nodeName");
    let mirror = json!({
        "metadata": {"name": "m", "annotations": {"kubernetes.io/config.mirror": "x"}},
        "spec": {
            "nodeName": one, "containers": [{"name": "c", "image": "example.com/c:1"}],
            "volumes": [{"name": "c", "configMap": {"name": "m-volume"}}],
        },
    });
    for pod in [pod("a", one, "a", "a"), pod("b", two, "b", "b"), loose, mirror] {
        api.post(&pods, &pod).ok();
    }
}

fn question(dice: &mut Dice, names: &Names) -> Value {
    let node = dice.pick(&names.nodes).clone();
    let user = if dice.one_in(20) { "system:node:".to_owned() } else { format!("system:node:{node}") };
    let groups: &[&str] =
        if dice.one_in(20) { &["system:authenticated"] } else { &["system:nodes", "system:authenticated"] };
    if dice.one_in(50) {
        let path = dice.word(&["/version", "/healthz", "/metrics", "/api"]);
        return json!({"user": user, "groups": groups, "nonResourceAttributes": {"verb": "get", "path": path}});
    }
    let (group, resource, subresources) = dice.pick(RESOURCES);
    let of = dice.word(&["a", "a", "b", "c", "m"]);
    let name = match dice.below(6) {
        0 => String::new(),
        1 => dice.pick(&names.nodes).clone(),
        2 => of.to_owned(),
        _ => format!("{of}-{}", dice.word(&["volume", "env", "pull", "x"])),
    };
    let namespaces = [names.namespace.as_str(), &names.namespace, &names.namespace, "kube-node-lease", ""];
    let namespace = *dice.pick(&namespaces);
    let mut attributes = json!({
        "verb": dice.word(VERBS), "group": group, "resource": resource, "subresource": dice.word(subresources),
        "name": name, "namespace": namespace,
    });
    if dice.one_in(3) {
        let key = dice.word(&["spec.nodeName", "spec.nodeName", "metadata.name"]);
        let operator = dice.word(&["In", "In", "In", "NotIn"]);
        let requirement = json!({"key": key, "operator": operator, "values": [dice.pick(&names.nodes)]});
        let selector = if dice.one_in(3) {
            json!({"rawSelector": format!("{key}={}", dice.pick(&names.nodes))})
        } else {
            json!({"requirements": [requirement]})
        };
        attributes["fieldSelector"] = selector;
    }
    json!({"user": user, "groups": groups, "resourceAttributes": attributes})
}

fn answer(api: &Api, spec: &Value) -> Value {
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec});
    let answer = api.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", &review);
    let mut status = if answer.code == 201 { answer.body["status"].clone() } else { answer.body["message"].clone() };
    // Of several bindings that grant the same, the server names any one.
    if status["allowed"] == true {
        status["reason"] = Value::Null;
    }
    status
}

#[test]
fn nodes_may_do_exactly_what_the_real_authorizer_lets_them() {
    let Some(real) = plane::shared("random questions about nodes") else { return };
    let Some(practice) = plane::practice("random questions about nodes") else { return };
    let (real, practice) = (Api::admin(real), Api::admin(&practice as &dyn Plane));
    let names = Names { namespace: unique("node-access"), nodes: [unique("na"), unique("nb")] };
    for api in [&real, &practice] {
        furnish(api, &names);
    }
    let last = json!({"verb": "get", "resource": "secrets", "namespace": names.namespace, "name": "b-volume"});
    let last = json!({"user": format!("system:node:{}", names.nodes[1]), "groups": ["system:nodes"], "resourceAttributes": last});
    eventually("the authorizer knows the pods", || (answer(&real, &last)["allowed"] == true).then_some(()));
    let mut dice = Dice::new(SEED);
    let (mut differ, mut allowed) = (Vec::new(), 0);
    for _ in 0..QUESTIONS {
        let spec = question(&mut dice, &names);
        let (theirs, ours) = (answer(&real, &spec), answer(&practice, &spec));
        allowed += usize::from(theirs["allowed"] == true);
        if ours != theirs {
            differ.push(format!("{spec}\n  real:     {theirs}\n  practice: {ours}"));
        }
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ[..differ.len().min(10)].join("\n"));
    assert!(allowed * 20 > QUESTIONS && allowed * 2 < QUESTIONS, "{allowed} of {QUESTIONS} are allowed");
}
