//! What the cluster says around a request counts in its verdict, and so does the house's policy.

use rcgen::KeyPair;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::pkcs10::Asked;
use crate::support::plane::Plane;
use crate::support::requests::create;
use crate::support::{Person, limited, unique};

crate::on_both!(
    a_group_that_hands_out_everything_is_dangerous_and_the_chain_is_shown,
    who_may_not_see_bindings_is_told_once_and_still_gets_a_verdict,
    a_policy_is_obeyed_and_a_broken_one_stops_everything,
    a_kubelets_serving_request_is_compared_with_its_node,
    one_key_for_two_users_is_noticed,
);

const CSRS: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

/// What `show` finds: rules and texts.
fn findings(person: &Person, name: &str) -> Vec<(String, String)> {
    let shown: Value = serde_json::from_str(&person.done(&["show", name, "-o", "json"])).unwrap();
    let text = |finding: &Value, field: &str| finding[field].as_str().unwrap().to_owned();
    let found = shown["verdict"]["findings"].as_array().unwrap();
    assert!(found.iter().all(|finding| !text(finding, "todo").is_empty() && !text(finding, "level").is_empty()));
    found.iter().map(|finding| (text(finding, "rule"), text(finding, "text"))).collect()
}

fn rules(person: &Person, name: &str) -> Vec<String> {
    findings(person, name).into_iter().map(|(rule, _)| rule).collect()
}

fn a_group_that_hands_out_everything_is_dangerous_and_the_chain_is_shown(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let (group, name) = (unique("owners"), unique("newcomer"));
    create(plane, &name, "newcomer", &[&group]);
    assert_eq!(rules(&admin, &name), [""; 0]);
    admin.kubectl_done(&[
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
    let error = admin.fails(3, &["approve", &name]);
    assert!(error.contains(&chain), "{error}");
    let text = admin.done(&["show", &name]);
    assert!(text.contains(&chain) && text.contains("→ Approve it only for somebody"), "{text}");
    let listed = admin.done(&["list"]);
    assert!(listed.lines().any(|line| line.starts_with(&name) && line.ends_with("admin")), "{listed}");
}

fn who_may_not_see_bindings_is_told_once_and_still_gets_a_verdict(plane: &dyn Plane) {
    let name = unique("seen");
    create(plane, &name, "system:kube-scheduler", &[]);
    let desk = limited(plane, &unique("desk"), "get,list", "certificatesigningrequests");
    let output = desk.countersign(&["show", &name]);
    let (told, shown) = (String::from_utf8(output.stderr).unwrap(), String::from_utf8(output.stdout).unwrap());
    assert!(output.status.success() && shown.contains("identity-control-plane"), "{told}{shown}");
    assert_eq!(told.matches("judged without what bindings would hand out").count(), 1, "{told}");
    assert_eq!(told.matches("judged without the nodes' addresses").count(), 1, "{told}");
    assert!(!told.contains("the other requests"), "{told}");
}

fn a_policy_is_obeyed_and_a_broken_one_stops_everything(plane: &dyn Plane) {
    let admin = Person::admin(plane);
    let name = unique("guest");
    create(plane, &name, "guest", &["guests"]);
    std::fs::create_dir_all(admin.path(".config/countersign")).unwrap();
    let file = admin.path(".config/countersign/policy.yaml");
    std::fs::write(&file, "groups:\n  alowed: [dev]\n").unwrap();
    for arguments in [&["list"][..], &["show", &name], &["approve", &name], &["deny", &name]] {
        let error = admin.fails(2, arguments);
        assert!(error.contains("policy.yaml: line 2, column 3: groups: unknown field `alowed`"), "{error}");
    }
    std::fs::write(&file, "groups:\n  allowed: [dev]\nlongestLife: 1h\n").unwrap();
    assert_eq!(rules(&admin, &name), ["policy-group", "life-beyond-policy"]);
    let error = admin.fails(3, &["approve", &name]);
    assert!(error.contains("the policy does not allow it"), "{error}");
    std::fs::write(admin.path("mine.yaml"), "groups: {allowed: [guests]}\n").unwrap();
    admin.done(&["approve", &name, "--policy", "mine.yaml"]);
    let error = admin.fails(2, &["list", "--policy", "nowhere.yaml"]);
    assert!(error.contains("nowhere.yaml"), "{error}");
}

fn a_kubelets_serving_request_is_compared_with_its_node(plane: &dyn Plane) {
    let (api, admin) = (Api::admin(plane), Person::admin(plane));
    let (node, name) = (unique("worker"), unique("serving"));
    let asked = Asked::node(&node).dns(&node).ip("10.9.8.7");
    api.post(CSRS, &csr(&name, &asked, &KeyPair::generate().unwrap(), "kubelet-serving", "server auth")).ok();
    assert_eq!(rules(&admin, &name), ["serving-no-node"]);
    api.post("/api/v1/nodes", &json!({"metadata": {"name": node}})).ok();
    let status = format!("/api/v1/nodes/{node}/status");
    let address = |ip: &str| json!({"status": {"addresses": [{"type": "InternalIP", "address": ip}]}});
    api.patch(&status, "merge-patch", &address("10.9.8.6")).ok();
    let found = findings(&admin, &name);
    assert_eq!(found[0].0, "serving-foreign-name");
    assert!(found[0].1.contains("10.9.8.7") && !found[0].1.contains(&format!("as {node}")), "{found:?}");
    api.patch(&status, "merge-patch", &address("10.9.8.7")).ok();
    assert_eq!(rules(&admin, &name), [""; 0]);
}

fn one_key_for_two_users_is_noticed(plane: &dyn Plane) {
    let (api, admin) = (Api::admin(plane), Person::admin(plane));
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
