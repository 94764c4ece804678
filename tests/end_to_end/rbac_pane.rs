//! The RBAC pane, through a real terminal.

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::plane::Plane;
use crate::support::terminal::Terminal;
use crate::support::{TestUser, eventually, limited, unique};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

crate::on_both!(
    the_pane_shows_access_live_and_agrees_with_the_server,
    creates_a_role_from_a_preset_binds_it_and_deletes_both,
    rejects_escalation_and_lists_the_missing_permissions,
    rejects_a_change_based_on_an_outdated_version,
    without_list_permission_the_pane_shows_the_users_own_access,
    a_namespace_admin_sees_the_bindings_of_that_namespace,
);

/// A namespace with one role and one binding, of a new user.
/// Searches the rows of the page.
fn search(console: &mut Terminal, name: &str, text: &str) {
    console.keys(&format!("/{name}\r"));
    console.expect_text(&format!("· /{name}"));
    console.expect_text(text);
}

fn create_role_and_binding(plane: &dyn Plane) -> String {
    let ns = unique("till");
    let admin = TestUser::admin(plane);
    admin.kubectl_ok(&["create", "namespace", &ns]);
    admin.kubectl_ok(&["create", "role", "reader", "-n", &ns, "--verb=get,list", "--resource=pods"]);
    admin.kubectl_ok(&[
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

fn pane(person: &TestUser, namespace: &str) -> Terminal {
    let mut console = Terminal::console(person, &["-n", namespace]);
    console.keys("2");
    console.expect_text("RBAC · Subjects");
    console
}

fn the_pane_shows_access_live_and_agrees_with_the_server(plane: &dyn Plane) {
    let ns = create_role_and_binding(plane);
    let admin = TestUser::admin(plane);
    let mut console = pane(&admin, &ns);
    search(&mut console, &format!("{ns}-jane"), "get list pods in");
    console.keys("\r");
    console.expect_text("pods");
    search(&mut console, "pods", &format!("RoleBinding {ns}/readers → Role {ns}/reader"));
    console.keys("x");
    console.expect_text("✔ the server agrees (SubjectAccessReview)");
    // The fourth verb from here is create: nothing grants it yet.
    console.keys("lll");
    console.expect_text("nothing grants it");
    admin.kubectl_ok(&["create", "role", "maker", "-n", &ns, "--verb=create", "--resource=pods"]);
    admin.kubectl_ok(&["create", "rolebinding", "makers", "-n", &ns, "--role=maker", "--user", &format!("{ns}-jane")]);
    console.expect_text(&format!("RoleBinding {ns}/makers → Role {ns}/maker"));
    console.keys("\r");
    console.expect_text("what grants create pods");
    console.keys("\r");
    console.expect_text("RULE");
    console.keys("\r");
    console.expect_text(&format!("who holds Role {ns}/maker"));
    console.keys("\x1b");
    console.expect_text("RULE");
}

fn creates_a_role_from_a_preset_binds_it_and_deletes_both(plane: &dyn Plane) {
    let ns = create_role_and_binding(plane);
    let (admin, api) = (TestUser::admin(plane), Api::admin(plane));
    let preset = "name: till-keeper\ntext: counts the money\nrules:\n- {apiGroups: [\"\"], resources: [configmaps], verbs: [get, update]}\n";
    std::fs::create_dir_all(admin.path(".config/countersign/presets")).unwrap();
    std::fs::write(admin.path(".config/countersign/presets/till.yaml"), preset).unwrap();
    let mut console = pane(&admin, &ns);
    console.keys("n");
    console.expect_text("‹ none ›");
    // The last preset is the one from the config folder: one to the left, around the end.
    console.keys("\t\x1b[D");
    console.expect_text("get update: configmaps");
    console.keys("\x12");
    console.expect_text("Write it?");
    assert_eq!(api.get(&format!("{RBAC}/namespaces/{ns}/roles/till-keeper")).code, 404, "a rehearsal made it");
    console.keys("y");
    console.expect_text(&format!("✔ Role {ns}/till-keeper created"));
    let role = api.get(&format!("{RBAC}/namespaces/{ns}/roles/till-keeper")).ok();
    assert_eq!(role["rules"], json!([{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "update"]}]));
    assert_eq!(role["metadata"]["managedFields"][0]["manager"], "countersign");

    console.keys("v");
    console.expect_text("RBAC · Roles");
    search(&mut console, "till-keeper", "1 of");
    console.keys("b");
    console.expect_text("New binding");
    console.keys(&format!("{ns}-joe\x12"));
    console.expect_text("Write it?");
    console.keys("y");
    console.expect_text(&format!("✔ RoleBinding {ns}/till-keeper-binding-{ns}-joe created"));
    let binding = api.get(&format!("{RBAC}/namespaces/{ns}/rolebindings/till-keeper-binding-{ns}-joe")).ok();
    assert_eq!(binding["roleRef"]["name"], "till-keeper");
    assert_eq!(binding["subjects"][0]["name"], format!("{ns}-joe"));

    console.expect_text(&format!("user {ns}-joe"));
    console.keys("D");
    console.expect_text(&format!("user {ns}-joe loses get update configmaps in {ns}"));
    console.keys("y");
    console.expect_text(&format!("✔ Role {ns}/till-keeper deleted"));
    assert_eq!(api.get(&format!("{RBAC}/namespaces/{ns}/roles/till-keeper")).code, 404);
    console.keys("4");
    console.expect_text("3 writes by this console");
}

fn rejects_escalation_and_lists_the_missing_permissions(plane: &dyn Plane) {
    let name = unique("clerk");
    let kinds = ["roles", "rolebindings", "clusterroles", "clusterrolebindings"]
        .map(|k| format!("{k}.rbac.authorization.k8s.io"));
    let clerk = limited(plane, &name, "get,list,watch,create,update", &kinds.join(","));
    plane.kubectl(&["create", "namespace", &format!("{name}-other")]);
    let mut console = pane(&clerk, &format!("{name}-other"));
    console.expect_text(&name);
    console.keys("n");
    console.expect_text("New role");
    console.keys("nosy\t\tget list: secrets\x12");
    console.expect_text("You do not hold: get list");
    console.keys("\x1b");
    console.expect_text("get list: secrets");
}

fn rejects_a_change_based_on_an_outdated_version(plane: &dyn Plane) {
    let ns = create_role_and_binding(plane);
    let (admin, api) = (TestUser::admin(plane), Api::admin(plane));
    let mut console = pane(&admin, &ns);
    console.keys("v");
    console.expect_text("RBAC · Roles");
    search(&mut console, &ns, "1 of");
    console.keys("e");
    console.expect_text("get list: pods");
    console.keys(" services\x12");
    console.expect_text("+   - services");
    console.expect_text("rules are managed by kubectl-create too");
    admin.kubectl_ok(&["label", "role", "reader", "-n", &ns, "seen=yes"]);
    console.keys("y");
    console.expect_text("it changed meanwhile (409)");
    let rules = || -> Value { api.get(&format!("{RBAC}/namespaces/{ns}/roles/reader")).ok()["rules"].clone() };
    assert_eq!(rules()[0]["resources"], json!(["pods"]));
    console.keys("\x1b");
    console.expect_text("get list: pods services");
    console.keys("\x1b");
    console.expect_text("Esc again");
    console.keys("\x1b");
    console.expect_text("RBAC · Roles");
    console.keys("e");
    console.expect_text("get list: pods");
    console.keys(" services\x12");
    console.expect_text("Write it?");
    console.keys("y");
    console.expect_text("changed");
    eventually("it is written", || (rules()[0]["resources"] == json!(["pods", "services"])).then_some(()));
}

fn without_list_permission_the_pane_shows_the_users_own_access(plane: &dyn Plane) {
    let ns = create_role_and_binding(plane);
    let jane = TestUser::with(plane, &plane.kubeconfig_text(&format!("{ns}-jane"), None));
    let mut console = pane(&jane, &ns);
    console.expect_text("your own access as the server tells it");
    console.expect_text(&format!("{ns}-jane"));
    search(&mut console, &format!("{ns}-jane"), "1 of");
    console.keys("\r");
    search(&mut console, "pods", "✔ granted");
    console.expect_text("through bindings that may not be seen");
}

fn a_namespace_admin_sees_the_bindings_of_that_namespace(plane: &dyn Plane) {
    let name = unique("steward");
    let steward = limited(plane, &name, "get", "certificatesigningrequests.certificates.k8s.io");
    let mut console = pane(&steward, &name);
    console.expect_text("✖ not seen: clusterroles, clusterrolebindings");
    console.keys("vv");
    console.expect_text("RBAC · Bindings · 1");
    console.expect_text("or you may not see it");
}
