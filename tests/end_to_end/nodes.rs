//! What nodes may do: the Node authorizer and the admission plugin `NodeRestriction`.

use serde_json::{Value, json};

use crate::support::api::{Answer, Api, kubeconfig_of};
use crate::support::plane::Plane;
use crate::support::requests::manifest;
use crate::support::{TestUser, eventually, unique};

crate::on_both!(
    a_node_reads_and_changes_its_own_node_object_and_no_other,
    a_node_requests_certificates_for_its_own_name_only,
    an_account_may_act_as_the_node_that_its_pod_runs_on,
);

const NODES: &str = "/api/v1/nodes";
const REQUESTS: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

/// A node that has registered itself, and its way to the API.
pub(super) fn node(plane: &dyn Plane) -> (String, Api) {
    let name = unique("node");
    let api = Api::user(plane, &format!("system:node:{name}"), Some("system:nodes"));
    api.post(NODES, &json!({"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}})).ok();
    (name, api)
}

/// A namespace whose default account is there.
pub(super) fn namespace(admin: &Api) -> String {
    let name = unique("for-nodes");
    admin.post("/api/v1/namespaces", &json!({"metadata": {"name": name}})).ok();
    let account = format!("/api/v1/namespaces/{name}/serviceaccounts/default");
    eventually("the default account", || (admin.get(&account).code == 200).then_some(()));
    name
}

/// The status of a `SubjectAccessReview`.
pub(super) fn review(plane: &dyn Plane, spec: &Value) -> Value {
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec});
    Api::admin(plane).post("/apis/authorization.k8s.io/v1/subjectaccessreviews", &review).ok()["status"].clone()
}

pub(super) fn pod(name: &str, node: &str, more: &Value) -> Value {
    let containers = json!([{"name": "c", "image": "example.com/c:1"}]);
    let mut pod = json!({"metadata": {"name": name}, "spec": {"nodeName": node, "containers": containers}});
    pod["spec"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    pod
}

fn a_node_reads_and_changes_its_own_node_object_and_no_other(plane: &dyn Plane) {
    let ((name, api), (other, _)) = (node(plane), node(plane));
    let own = format!("{NODES}/{name}");
    api.get(&own).ok();
    let listed = api.get(&format!("{NODES}?fieldSelector=metadata.name%3D{name}")).ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let denied = |answer: Answer, why: &str| {
        let refused = answer.refused(403, "Forbidden");
        assert!(refused.ends_with(why), "{refused}");
    };
    denied(api.get(NODES), &format!(": node '{name}' cannot read all nodes, only its own Node object"));
    denied(
        api.get(&format!("{NODES}/{other}")),
        &format!(": node '{name}' cannot read '{other}', only its own Node object"),
    );
    denied(
        api.delete(&own, None),
        &format!("User \"system:node:{name}\" cannot delete resource \"nodes\" in API group \"\" at the cluster scope"),
    );
    denied(
        api.post(NODES, &json!({"metadata": {"name": format!("{name}-x")}})),
        &format!("nodes \"{name}-x\" is forbidden: node \"{name}\" is not allowed to modify node \"{name}-x\""),
    );
    let patch = |path: &str, body: Value| api.patch(path, "merge-patch", &body);
    let foreign = format!("nodes \"{other}\" is forbidden: node \"{name}\" is not allowed to modify node \"{other}\"");
    denied(patch(&format!("{NODES}/{other}"), json!({"metadata": {"annotations": {"a": "b"}}})), &foreign);
    denied(patch(&format!("{NODES}/{other}/status"), json!({"status": {"phase": "Running"}})), &foreign);
    let address = json!([{"type": "InternalIP", "address": "192.0.2.7"}]);
    let changed = patch(&format!("{own}/status"), json!({"status": {"addresses": address}})).ok();
    assert_eq!(changed["status"]["addresses"], address);
    patch(&own, json!({"metadata": {"labels": {"team": "shop", "node.kubernetes.io/zone": "a", "topology.kubernetes.io/zone": "a"}}})).ok();
    let labels = json!({"node-restriction.kubernetes.io/a": "b", "node-role.kubernetes.io/control-plane": "", "k8s.io/x": "y", "z": "z"});
    denied(
        patch(&own, json!({"metadata": {"labels": labels}})),
        &format!(
            "nodes \"{name}\" is forbidden: is not allowed to modify labels: k8s.io/x, node-restriction.kubernetes.io/a, \
             node-role.kubernetes.io/control-plane"
        ),
    );
    denied(
        patch(&own, json!({"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}})),
        &format!("node \"{name}\" is not allowed to modify taints"),
    );
    let owner = json!([{"apiVersion": "v1", "kind": "Node", "name": "x", "uid": "x"}]);
    denied(
        patch(&own, json!({"metadata": {"ownerReferences": owner}})),
        &format!("node \"{name}\" is not allowed to modify ownerReferences"),
    );
    let fresh = unique("node");
    let late = Api::user(plane, &format!("system:node:{fresh}"), Some("system:nodes"));
    denied(
        late.post(NODES, &json!({"metadata": {"name": fresh, "labels": {"kubernetes.io/x": "y"}}})),
        &format!("node \"{fresh}\" is not allowed to set the following labels: kubernetes.io/x"),
    );
    // The name alone makes no node, and the group alone none that is known.
    let alone = Api::user(plane, &format!("system:node:{name}"), None);
    alone.get(&own).refused(403, "Forbidden");
    let member = Api::user(plane, "somebody", Some("system:nodes"));
    member.get(&own).refused(403, "Forbidden");
    let spec = json!({"user": "system:node:", "groups": ["system:nodes"], "resourceAttributes": {"verb": "get", "resource": "nodes"}});
    assert_eq!(review(plane, &spec), json!({"allowed": false, "reason": "unknown node for user \"system:node:\""}));
}

fn a_node_requests_certificates_for_its_own_name_only(plane: &dyn Plane) {
    let (admin, person) = (Api::admin(plane), TestUser::admin(plane));
    let (name, api) = node(plane);
    let (user, request) = (format!("system:node:{name}"), unique("by-node"));
    std::fs::write(person.path("csr.yaml"), manifest(&request, "anybody", &[], "client auth")).unwrap();
    person.kubectl_ok(&["--as", &user, "--as-group", "system:nodes", "create", "-f", "csr.yaml"]);
    let filed = api.get(&format!("{REQUESTS}/{request}")).ok();
    assert_eq!(filed["spec"]["username"], user.as_str());
    assert!(
        api.get(REQUESTS).ok()["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["metadata"]["name"] == request.as_str())
    );
    let seen = api.watch(&format!("{REQUESTS}?watch=true&fieldSelector=metadata.name%3D{request}"), |_| true);
    assert_eq!(seen[0]["type"], "ADDED");
    api.delete(&format!("{REQUESTS}/{request}"), None).refused(403, "Forbidden");
    let file = |name: &str, cn: &str, signer: &str| {
        let mut object: Value = serde_yaml::from_str(&manifest(name, cn, &["system:nodes"], "client auth")).unwrap();
        object["spec"]["signerName"] = signer.into();
        object["spec"]["usages"] = json!(["digital signature", "client auth"]);
        api.post(REQUESTS, &object)
    };
    for signer in ["kubernetes.io/kube-apiserver-client-kubelet", "kubernetes.io/kubelet-serving"] {
        let refused = file(&unique("by-node"), "system:node:other", signer).refused(403, "Forbidden");
        assert!(refused.ends_with(&format!("is forbidden: can only create a node CSR with CN={user}")), "{refused}");
        file(&unique("by-node"), &user, signer).ok();
    }
    // Any node may ask who it is, and what it may do.
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let who = api.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", &review).ok();
    assert_eq!(who["status"]["userInfo"]["groups"], json!(["system:nodes", "system:authenticated"]));
    let rules = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": "default"}});
    let rules = api.post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", &rules).ok();
    let why = "node authorizer does not support user rule resolution";
    assert_eq!((&rules["status"]["incomplete"], &rules["status"]["evaluationError"]), (&true.into(), &why.into()));
    admin.get(&format!("{REQUESTS}/{request}")).ok();
}

fn an_account_may_act_as_the_node_that_its_pod_runs_on(plane: &dyn Plane) {
    let (admin, (name, _), (other, _)) = (Api::admin(plane), node(plane), node(plane));
    let (ns, role) = (namespace(&admin), unique("agent"));
    let uid =
        admin.post(&format!("/api/v1/namespaces/{ns}/pods"), &pod("p", &name, &json!({}))).ok()["metadata"]["uid"]
            .clone();
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    let rules = json!([
        {"verbs": ["impersonate:associated-node"], "apiGroups": ["authentication.k8s.io"], "resources": ["nodes"]},
        {"verbs": ["impersonate-on:associated-node:get"], "apiGroups": [""], "resources": ["nodes"]},
    ]);
    admin.post(&format!("{rbac}/clusterroles"), &json!({"metadata": {"name": role}, "rules": rules})).ok();
    let reference = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role});
    let subject = json!({"kind": "ServiceAccount", "name": "default", "namespace": ns});
    let binding = json!({"metadata": {"name": role}, "roleRef": reference, "subjects": [subject]});
    admin.post(&format!("{rbac}/clusterrolebindings"), &binding).ok();
    let reference = json!({"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": uid});
    let request = json!({"spec": {"boundObjectRef": reference}});
    let tokens = format!("/api/v1/namespaces/{ns}/serviceaccounts/default/token");
    let token = admin.post(&tokens, &request).ok()["status"]["token"].as_str().unwrap().to_owned();
    let acting =
        |node: &str| Api::with(&kubeconfig_of(plane, &json!({"token": token, "as": format!("system:node:{node}")})));
    eventually("the right to be its node", || {
        (acting(&name).get(&format!("{NODES}/{name}")).code == 200).then_some(())
    });
    acting(&other).get(&format!("{NODES}/{other}")).refused(403, "Forbidden");
    acting(&name).get(&format!("/api/v1/namespaces/{ns}/pods/p")).refused(403, "Forbidden");
}
