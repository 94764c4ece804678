//! The verdict takes the state of the cluster and the organization's policy into account.

use rcgen::KeyPair;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::pkcs10::Asked;
use crate::support::plane::Plane;
use crate::support::requests::create;
use crate::support::{TestUser, limited, unique};

crate::on_both!(
    a_group_with_full_access_is_dangerous_and_its_grant_chain_is_shown,
    without_list_permission_on_bindings_the_verdict_has_one_notice,
    applies_the_policy_file_and_stops_on_an_invalid_one,
    a_kubelets_serving_request_is_compared_with_its_node,
    only_the_node_itself_requests_its_serving_certificate,
    a_kubelet_request_for_api_server_names_is_dangerous_if_the_node_is_unknown,
    warns_about_confusable_names,
    constrained_impersonation_is_a_dangerous_right,
    warns_about_a_key_shared_by_two_users,
);

const CSRS: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

/// What `show` finds: rules and texts.
fn findings(person: &TestUser, name: &str) -> Vec<(String, String)> {
    let shown: Value = serde_json::from_str(&person.run_ok(&["show", name, "-o", "json"])).unwrap();
    let text = |finding: &Value, field: &str| finding[field].as_str().unwrap().to_owned();
    let found = shown["verdict"]["findings"].as_array().unwrap();
    assert!(found.iter().all(|finding| !text(finding, "todo").is_empty() && !text(finding, "level").is_empty()));
    found.iter().map(|finding| (text(finding, "rule"), text(finding, "text"))).collect()
}

fn rules(person: &TestUser, name: &str) -> Vec<String> {
    findings(person, name).into_iter().map(|(rule, _)| rule).collect()
}

fn a_group_with_full_access_is_dangerous_and_its_grant_chain_is_shown(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let (group, name) = (unique("owners"), unique("newcomer"));
    create(plane, &name, "newcomer", &[&group]);
    assert_eq!(rules(&admin, &name), [""; 0]);
    admin.kubectl_ok(&[
        "create",
        "clusterrolebinding",
        &group,
        "--clusterrole=cluster-admin",
        &format!("--group={group}"),
    ]);
    let found = findings(&admin, &name);
    let chain = format!("(group {group} → ClusterRoleBinding {group} → ClusterRole cluster-admin → rule 1)");
    assert_eq!(
        found[0],
        ("access-cluster-admin".into(), format!("It may do everything in the whole cluster {chain}."))
    );
    let error = admin.expect_failure(3, &["approve", &name]);
    assert!(error.contains(&chain), "{error}");
    let text = admin.run_ok(&["show", &name]);
    assert!(text.contains(&chain) && text.contains("→ Approve it only for somebody"), "{text}");
    let listed = admin.run_ok(&["list"]);
    assert!(listed.lines().any(|line| line.starts_with(&name) && line.ends_with("admin")), "{listed}");
}

fn without_list_permission_on_bindings_the_verdict_has_one_notice(plane: &dyn Plane) {
    let name = unique("seen");
    create(plane, &name, "system:kube-scheduler", &[]);
    let desk = limited(plane, &unique("desk"), "get,list", "certificatesigningrequests");
    let output = desk.countersign(&["show", &name]);
    let (report, shown) = (String::from_utf8(output.stderr).unwrap(), String::from_utf8(output.stdout).unwrap());
    assert!(output.status.success() && shown.contains("identity-control-plane"), "{report}{shown}");
    assert_eq!(report.matches("judged without what bindings would hand out").count(), 1, "{report}");
    assert_eq!(report.matches("judged without the nodes' addresses").count(), 1, "{report}");
    assert!(!report.contains("the other requests"), "{report}");
}

fn applies_the_policy_file_and_stops_on_an_invalid_one(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = unique("guest");
    create(plane, &name, "guest", &["guests"]);
    std::fs::create_dir_all(admin.path(".config/countersign")).unwrap();
    let file = admin.path(".config/countersign/policy.yaml");
    std::fs::write(&file, "groups:\n  alowed: [dev]\n").unwrap();
    for arguments in [&["list"][..], &["show", &name], &["approve", &name], &["deny", &name]] {
        let error = admin.expect_failure(2, arguments);
        assert!(error.contains("policy.yaml: line 2, column 3: groups: unknown field `alowed`"), "{error}");
    }
    std::fs::write(&file, "groups:\n  allowed: [dev]\nlongestLife: 1h\n").unwrap();
    assert_eq!(rules(&admin, &name), ["policy-group", "life-beyond-policy"]);
    let error = admin.expect_failure(3, &["approve", &name]);
    assert!(error.contains("the policy does not allow it"), "{error}");
    std::fs::write(admin.path("mine.yaml"), "groups: {allowed: [guests]}\n").unwrap();
    admin.run_ok(&["approve", &name, "--policy", "mine.yaml"]);
    let error = admin.expect_failure(2, &["list", "--policy", "nowhere.yaml"]);
    assert!(error.contains("nowhere.yaml"), "{error}");
}

/// The API as a kubelet uses it, which may make requests.
fn kubelet(plane: &dyn Plane, node: &str) -> Api {
    let user = format!("system:node:{node}");
    // The real cluster's node authorizer allows that anyhow.
    let binding = ["create", "clusterrolebinding", node, "--clusterrole=system:node-bootstrapper", "--user", &user];
    assert!(plane.kubectl(&binding).status.success());
    Api::user(plane, &user, Some("system:nodes"))
}

fn serving(name: &str, asked: &Asked) -> Value {
    csr(name, asked, &KeyPair::generate().unwrap(), "kubelet-serving", "server auth")
}

fn a_kubelets_serving_request_is_compared_with_its_node(plane: &dyn Plane) {
    let (api, admin) = (Api::admin(plane), TestUser::admin(plane));
    let (node, name) = (unique("worker"), unique("serving"));
    let asked = Asked::node(&node).dns(&node).ip("10.9.8.7");
    kubelet(plane, &node).post(CSRS, &serving(&name, &asked)).ok();
    assert_eq!(rules(&admin, &name), ["serving-no-node"]);
    api.post("/api/v1/nodes", &json!({"metadata": {"name": node}})).ok();
    let address = |ip: &str| json!({"status": {"addresses": [{"type": "InternalIP", "address": ip}]}});
    let has =
        |node: &str, ip: &str| api.patch(&format!("/api/v1/nodes/{node}/status"), "merge-patch", &address(ip)).ok();
    has(&node, "10.9.8.6");
    let found = findings(&admin, &name);
    assert_eq!(found[0].0, "serving-foreign-name");
    assert!(found[0].1.contains("10.9.8.7") && !found[0].1.contains(&format!("as {node}")), "{found:?}");
    has(&node, "10.9.8.7");
    assert_eq!(rules(&admin, &name), [""; 0]);
    let neighbor = unique("worker");
    api.post("/api/v1/nodes", &json!({"metadata": {"name": neighbor}})).ok();
    has(&neighbor, "10.9.8.7");
    let found = findings(&admin, &name);
    assert!(found[0].0 == "serving-other-node" && found[0].1.contains(&format!("the Node {neighbor}'s")), "{found:?}");
}

fn only_the_node_itself_requests_its_serving_certificate(plane: &dyn Plane) {
    let (api, admin) = (Api::admin(plane), TestUser::admin(plane));
    let (node, name) = (unique("worker"), unique("serving"));
    api.post("/api/v1/nodes", &json!({"metadata": {"name": node}})).ok();
    api.post(CSRS, &serving(&name, &Asked::node(&node).dns(&node))).ok();
    assert_eq!(rules(&admin, &name), ["requester-not-the-node"]);
    let error = admin.expect_failure(3, &["approve", &name]);
    assert!(error.contains("only that node itself"), "{error}");
}

/// The address of the Service `kubernetes`, which a practice cluster does not have by itself.
fn service_address(plane: &dyn Plane) -> String {
    let ask = || plane.kubectl(&["get", "service", "kubernetes", "-n", "default", "-o", "jsonpath={.spec.clusterIP}"]);
    let mut output = ask();
    if !output.status.success() {
        let spec = json!({"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ports": [{"port": 443}]});
        let service = json!({"metadata": {"name": "kubernetes"}, "spec": spec});
        Api::admin(plane).post("/api/v1/namespaces/default/services", &service).ok();
        output = ask();
    }
    String::from_utf8(output.stdout).unwrap()
}

fn a_kubelet_request_for_api_server_names_is_dangerous_if_the_node_is_unknown(plane: &dyn Plane) {
    let (admin, address) = (TestUser::admin(plane), service_address(plane));
    let api = Api::admin(plane);
    let unborn = || Asked::node(&unique("unborn"));
    let mut dangerous = vec![
        ("serving-service-name", unborn().dns("kubernetes")),
        ("serving-service-name", unborn().dns("Kubernetes.Default.Svc.")),
        ("serving-service-name", unborn().dns("kubernetes.default.svc.cluster.local")),
        ("serving-service-name", unborn().ip(&address)),
        ("serving-service-name", unborn().ip(&format!("::ffff:{address}"))),
        // What the kubeconfig says of the server is loopback here.
        ("serving-unfit-name", unborn().ip("127.0.0.1")),
        ("serving-unfit-name", unborn().dns("*.example.com")),
    ];
    if plane.kubectl(&["get", "servicecidr", "kubernetes"]).status.success() {
        dangerous.push(("serving-service-name", unborn().ip("10.0.0.77")));
    }
    for (rule, asked) in dangerous {
        let name = unique("serving");
        api.post(CSRS, &serving(&name, &asked)).ok();
        let found = rules(&admin, &name);
        assert_eq!(found, ["requester-not-the-node", rule, "serving-no-node"], "{asked:?}");
        let error = admin.expect_failure(3, &["approve", &name]);
        assert!(error.contains("It wants to serve as"), "{error}");
        let listed = admin.run_ok(&["list"]);
        assert!(listed.lines().any(|line| line.starts_with(&name) && line.ends_with("not node")), "{listed}");
    }
    // The same of the node itself.
    let (node, name) = (unique("worker"), unique("serving"));
    let asked = Asked::node(&node).dns("kubernetes.default.svc").ip(&address);
    kubelet(plane, &node).post(CSRS, &serving(&name, &asked)).ok();
    assert_eq!(rules(&admin, &name), ["serving-service-name", "serving-no-node"]);
}

fn warns_about_confusable_names(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let group = unique("platform-admins");
    let binding = ["create", "clusterrolebinding", &group, "--clusterrole=cluster-admin", "--group", &group];
    admin.kubectl_ok(&binding);
    let (maria, omar) = (unique("maria"), unique("omar"));
    create(plane, &unique("known"), &maria, &[]);
    create(plane, &unique("known"), &omar, &[]);
    for (user, asked, rule, level) in [
        ("eve", group.replace("platform-admins", "Platform-Admins"), "name-looks-like", "warning"),
        ("eve", group.replace("admins", "adm1ns"), "name-looks-like", "danger"),
        ("eve", group.replace("platform", "\u{ff50}latform"), "name-looks-like", "danger"),
        ("eve", "system\u{ff1a}masters".to_owned(), "name-like-system", "danger"),
        ("eve", "System:Masters".to_owned(), "name-like-system", "danger"),
        ("system;node:n1", "dev".to_owned(), "name-like-system", "danger"),
        (&maria.replace("maria", "rnaria"), "dev".to_owned(), "name-looks-like", "warning"),
        (&omar.replace("omar", "Omar"), "dev".to_owned(), "name-looks-like", "warning"),
    ] {
        let name = unique("alike");
        create(plane, &name, user, &[&asked]);
        let shown: Value = serde_json::from_str(&admin.run_ok(&["show", &name, "-o", "json"])).unwrap();
        let worst = &shown["verdict"]["findings"][0];
        assert_eq!(
            (worst["rule"].as_str(), worst["level"].as_str()),
            (Some(rule), Some(level)),
            "{user} {asked}: {shown}"
        );
    }
    // Ordinary neighbors.
    for (user, asked) in [(format!("{maria}1"), format!("{group}2")), (format!("{omar}-2"), "platform-team".to_owned())]
    {
        let name = unique("neighbor");
        create(plane, &name, &user, &[&asked]);
        assert_eq!(rules(&admin, &name), [""; 0], "{user} {asked}");
    }
}

fn constrained_impersonation_is_a_dangerous_right(plane: &dyn Plane) {
    let (api, admin) = (Api::admin(plane), TestUser::admin(plane));
    for (verb, group, resource) in [
        ("impersonate:user-info", "authentication.k8s.io", "users"),
        ("impersonate:arbitrary-node", "authentication.k8s.io", "nodes"),
        ("impersonate-on:user-info:list", "", "pods"),
    ] {
        let (role, name) = (unique("delegates"), unique("delegate"));
        let rules_of = json!([{"apiGroups": [group], "resources": [resource], "verbs": [verb]}]);
        let roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
        api.post(roles, &json!({"metadata": {"name": role}, "rules": rules_of})).ok();
        let binding = ["create", "clusterrolebinding", &role, "--clusterrole", &role, "--group", &role];
        admin.kubectl_ok(&binding);
        create(plane, &name, "newcomer", &[&role]);
        assert_eq!(rules(&admin, &name), ["access-impersonate"], "{verb}");
        admin.expect_failure(3, &["approve", &name]);
    }
}

fn warns_about_a_key_shared_by_two_users(plane: &dyn Plane) {
    let (api, admin) = (Api::admin(plane), TestUser::admin(plane));
    let (first, second, key) = (unique("first"), unique("second"), KeyPair::generate().unwrap());
    for name in [&first, &second] {
        let asked = Asked::person(name, &[]);
        api.post(CSRS, &csr(name, &asked, &key, "kube-apiserver-client", "client auth")).ok();
    }
    let found = findings(&admin, &second);
    assert!(found[0].0 == "key-shared" && found[0].1.contains(&first), "{found:?}");
    assert!(admin.kubectl(&["delete", "csr", &first]).status.success());
    assert_eq!(rules(&admin, &second), [""; 0]);
}

fn csr(name: &str, asked: &Asked, key: &KeyPair, signer: &str, usage: &str) -> Value {
    use base64::Engine;
    let request = base64::engine::general_purpose::STANDARD.encode(asked.sign(key));
    json!({"metadata": {"name": name}, "spec": {
        "request": request, "signerName": format!("kubernetes.io/{signer}"),
        "usages": ["digital signature", usage], "expirationSeconds": 3600,
    }})
}

#[test]
fn rules_are_explained_without_a_cluster() {
    let explain = |arguments: &[&str]| {
        let home = tempfile::tempdir().unwrap();
        let mut command = std::process::Command::new(crate::support::program());
        command.env_clear().env("HOME", home.path()).arg("explain").args(arguments);
        command.output().unwrap()
    };
    let all = String::from_utf8(explain(&[]).stdout).unwrap();
    assert!(all.lines().count() > 40 && all.contains("serving-foreign-name"), "{all}");
    let one = String::from_utf8(explain(&["key-weak"]).stdout).unwrap();
    assert!(one.starts_with("key-weak (warning)") && one.contains("What to do: Ask for a new key."), "{one}");
    let json: Value = serde_json::from_slice(&explain(&["key-weak", "-o", "json"]).stdout).unwrap();
    assert_eq!(json["levels"], json!(["warning"]));
    let wrong = explain(&["weak-key"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("near it: key-weak"));
}
