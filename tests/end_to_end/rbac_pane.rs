//! The RBAC pane, through a real terminal.

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::plane::Plane;
use crate::support::terminal::Terminal;
use crate::support::{Person, eventually, limited, unique};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

crate::on_both!(
    the_pane_shows_access_live_and_agrees_with_the_server,
    a_role_is_made_from_a_preset_and_bound_and_taken_back_again,
    nobody_passes_on_what_they_do_not_hold_and_is_told_what_that_is,
    a_change_that_was_overtaken_is_not_written,
    who_may_list_nothing_sees_their_own_access,
    who_rules_over_one_namespace_sees_the_bindings_of_that_one,
);

/// A namespace with one role and one binding, of a user of its own.
/// Searches the rows of the page.
fn searches(console: &mut Terminal, name: &str, text: &str) {
    console.keys(&format!("/{name}\r"));
    console.sees(&format!("· /{name}"));
    console.sees(text);
}

fn shop(plane: &dyn Plane) -> String {
    let ns = unique("till");
    let admin = Person::admin(plane);
    admin.kubectl_done(&["create", "namespace", &ns]);
    admin.kubectl_done(&["create", "role", "reader", "-n", &ns, "--verb=get,list", "--resource=pods"]);
    admin.kubectl_done(&[
        "create",
        "rolebinding",
        "readers",
        "-n",
        &ns,
        "--role=reader",
        "--user",
        &format!("{ns}-jane"),
    ]);
    ns
}

fn pane(person: &Person, namespace: &str) -> Terminal {
    let mut console = Terminal::console(person, &["-n", namespace]);
    console.keys("2");
    console.sees("RBAC · Subjects");
    console
}

fn the_pane_shows_access_live_and_agrees_with_the_server(plane: &dyn Plane) {
    let ns = shop(plane);
    let admin = Person::admin(plane);
    let mut console = pane(&admin, &ns);
    searches(&mut console, &format!("{ns}-jane"), "get list pods in");
    console.keys("\r");
    console.sees("pods");
    searches(&mut console, "pods", &format!("RoleBinding {ns}/readers → Role {ns}/reader"));
    console.keys("x");
    console.sees("✔ the server agrees (SubjectAccessReview)");
    // The fourth verb from here is create: nothing grants it, until somebody does.
    console.keys("lll");
    console.sees("nothing grants it");
    admin.kubectl_done(&["create", "role", "maker", "-n", &ns, "--verb=create", "--resource=pods"]);
    admin.kubectl_done(&[
        "create",
        "rolebinding",
        "makers",
        "-n",
        &ns,
        "--role=maker",
        "--user",
        &format!("{ns}-jane"),
    ]);
    console.sees(&format!("RoleBinding {ns}/makers → Role {ns}/maker"));
    console.keys("\r");
    console.sees("what grants create pods");
    console.keys("\r");
    console.sees("RULE");
    console.keys("\r");
    console.sees(&format!("who holds Role {ns}/maker"));
    console.keys("\x1b");
    console.sees("RULE");
}

fn a_role_is_made_from_a_preset_and_bound_and_taken_back_again(plane: &dyn Plane) {
    let ns = shop(plane);
    let (admin, api) = (Person::admin(plane), Api::admin(plane));
    let preset = "name: till-keeper\ntext: counts the money\nrules:\n- {apiGroups: [\"\"], resources: [configmaps], verbs: [get, update]}\n";
    std::fs::create_dir_all(admin.path(".config/countersign/presets")).unwrap();
    std::fs::write(admin.path(".config/countersign/presets/till.yaml"), preset).unwrap();
    let mut console = pane(&admin, &ns);
    console.keys("n");
    console.sees("‹ none ›");
    // The last preset is the one from the config folder: one to the left, around the end.
    console.keys("\t\x1b[D");
    console.sees("get update: configmaps");
    console.keys("\x12");
    console.sees("Write it?");
    assert_eq!(api.get(&format!("{RBAC}/namespaces/{ns}/roles/till-keeper")).code, 404, "a rehearsal made it");
    console.keys("y");
    console.sees(&format!("✔ Role {ns}/till-keeper created"));
    let role = api.get(&format!("{RBAC}/namespaces/{ns}/roles/till-keeper")).ok();
    assert_eq!(role["rules"], json!([{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "update"]}]));
    assert_eq!(role["metadata"]["managedFields"][0]["manager"], "countersign");

    console.keys("v");
    console.sees("RBAC · Roles");
    searches(&mut console, "till-keeper", "1 of");
    console.keys("b");
    console.sees("New binding");
    console.keys(&format!("{ns}-joe\x12"));
    console.sees("Write it?");
    console.keys("y");
    console.sees(&format!("✔ RoleBinding {ns}/till-keeper-binding-{ns}-joe created"));
    let binding = api.get(&format!("{RBAC}/namespaces/{ns}/rolebindings/till-keeper-binding-{ns}-joe")).ok();
    assert_eq!(binding["roleRef"]["name"], "till-keeper");
    assert_eq!(binding["subjects"][0]["name"], format!("{ns}-joe"));

    console.sees(&format!("user {ns}-joe"));
    console.keys("D");
    console.sees(&format!("user {ns}-joe loses get update configmaps in {ns}"));
    console.keys("y");
    console.sees(&format!("✔ Role {ns}/till-keeper deleted"));
    assert_eq!(api.get(&format!("{RBAC}/namespaces/{ns}/roles/till-keeper")).code, 404);
    console.keys("4");
    console.sees("3 writes by this console");
}

fn nobody_passes_on_what_they_do_not_hold_and_is_told_what_that_is(plane: &dyn Plane) {
    let name = unique("clerk");
    let kinds = ["roles", "rolebindings", "clusterroles", "clusterrolebindings"]
        .map(|k| format!("{k}.rbac.authorization.k8s.io"));
    let clerk = limited(plane, &name, "get,list,watch,create,update", &kinds.join(","));
    plane.kubectl(&["create", "namespace", &format!("{name}-other")]);
    let mut console = pane(&clerk, &format!("{name}-other"));
    console.sees(&name);
    console.keys("n");
    console.sees("New role");
    console.keys("nosy\t\tget list: secrets\x12");
    console.sees("You do not hold: get list");
    console.keys("\x1b");
    console.sees("get list: secrets");
}

fn a_change_that_was_overtaken_is_not_written(plane: &dyn Plane) {
    let ns = shop(plane);
    let (admin, api) = (Person::admin(plane), Api::admin(plane));
    let mut console = pane(&admin, &ns);
    console.keys("v");
    console.sees("RBAC · Roles");
    searches(&mut console, &ns, "1 of");
    console.keys("e");
    console.sees("get list: pods");
    console.keys(" services\x12");
    console.sees("+   - services");
    console.sees("rules are managed by kubectl-create too");
    admin.kubectl_done(&["label", "role", "reader", "-n", &ns, "seen=yes"]);
    console.keys("y");
    console.sees("it changed meanwhile (409)");
    let rules = || -> Value { api.get(&format!("{RBAC}/namespaces/{ns}/roles/reader")).ok()["rules"].clone() };
    assert_eq!(rules()[0]["resources"], json!(["pods"]));
    console.keys("\x1b");
    console.sees("get list: pods services");
    console.keys("\x1b");
    console.sees("Esc again");
    console.keys("\x1b");
    console.sees("RBAC · Roles");
    console.keys("e");
    console.sees("get list: pods");
    console.keys(" services\x12");
    console.sees("Write it?");
    console.keys("y");
    console.sees("changed");
    eventually("it is written", || (rules()[0]["resources"] == json!(["pods", "services"])).then_some(()));
}

fn who_may_list_nothing_sees_their_own_access(plane: &dyn Plane) {
    let ns = shop(plane);
    let jane = Person::with(plane, &plane.kubeconfig_text(&format!("{ns}-jane"), None));
    let mut console = pane(&jane, &ns);
    console.sees("your own access as the server tells it");
    console.sees(&format!("{ns}-jane"));
    searches(&mut console, &format!("{ns}-jane"), "1 of");
    console.keys("\r");
    searches(&mut console, "pods", "✔ granted");
    console.sees("through bindings that may not be seen");
}

fn who_rules_over_one_namespace_sees_the_bindings_of_that_one(plane: &dyn Plane) {
    let name = unique("steward");
    let steward = limited(plane, &name, "get", "certificatesigningrequests.certificates.k8s.io");
    let mut console = pane(&steward, &name);
    console.sees("✖ not seen: clusterroles, clusterrolebindings");
    console.keys("vv");
    console.sees("RBAC · Bindings · 1");
    console.sees("or you may not see it");
}
