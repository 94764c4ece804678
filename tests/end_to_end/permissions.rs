//! Users with limited permissions, and other ways to log in.

use std::process::Stdio;

use crate::support::plane::Plane;
use crate::support::requests::{conditions, create};
use crate::support::terminal::Terminal;
use crate::support::{TestUser, eventually, limited, program, unique};

crate::on_both!(
    names_the_missing_permission,
    reports_missing_list_permission,
    issue_waits_for_another_approver_without_approve_permission,
    a_waiting_issuance_can_be_left_and_resumed,
    an_exec_plugin_and_several_kubeconfigs_are_read_as_kubectl_reads_them,
    explains_what_is_wrong_with_a_kubeconfig,
);

const CSRS: &str = "certificatesigningrequests.certificates.k8s.io";

fn names_the_missing_permission(plane: &dyn Plane) {
    let name = unique("request");
    create(plane, &name, "jane", &[]);
    let reader = limited(plane, &unique("reader"), "get,list,watch", CSRS);
    let error = reader.expect_failure(1, &["approve", &name]);
    assert!(error.contains("you may not update certificatesigningrequests/approval (403)"), "{error}");
    let half = limited(plane, &unique("half"), "get,list,watch,update", &format!("{CSRS},{CSRS}/approval"));
    let error = half.expect_failure(1, &["approve", &name]);
    assert!(
        error.contains("you may not approve requests for the signer kubernetes.io/kube-apiserver-client"),
        "{error}"
    );
    let mut console = Terminal::console(&half, &[]);
    console.expect_text("● live");
    console.find(&name, "CN=jane");
    console.keys("a");
    console.expect_text("Approve it?");
    console.keys("y");
    console.expect_text("you may not approve requests for the signer");
    console.keys("\r");
    console.expect_no_text("you may not approve requests for the signer");
    console.keys("4");
    console.expect_text("✖ you may not");
    assert_eq!(conditions(plane, &name), "");
}

fn reports_missing_list_permission(plane: &dyn Plane) {
    let stranger = TestUser::with(plane, &plane.kubeconfig_text(&unique("nobody"), None));
    let console = Terminal::console(&stranger, &[]);
    console.expect_text("✖ forbidden");
    console.expect_text("You may not list and watch certificatesigningrequests");
}

fn issue_waits_for_another_approver_without_approve_permission(plane: &dyn Plane) {
    let maker = unique("maker");
    let person = limited(plane, &maker, "get,list,watch,create", CSRS);
    let user = unique("waited-for");
    let mut issue = person.command(&program());
    issue.args(["issue", &user, "-n", &maker, "-o", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let running = issue.spawn().unwrap();
    eventually("the request", || plane.kubectl(&["get", "csr", &user]).status.success().then_some(()));
    assert!(plane.kubectl(&["certificate", "approve", &user]).status.success());
    let output = running.wait_with_output().unwrap();
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}");
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["proof"]["username"], user.as_str());
}

fn a_waiting_issuance_can_be_left_and_resumed(plane: &dyn Plane) {
    let maker = unique("maker");
    let person = limited(plane, &maker, "get,list,watch,create", CSRS);
    let user = unique("later");
    let mut console = Terminal::console(&person, &["-n", &maker]);
    console.expect_text("● live");
    console.keys("n");
    console.expect_text("User name");
    console.keys(&format!("{user}\x12"));
    console.expect_text("it will wait for somebody");
    console.expect_text("Rehearsed: it will work");
    console.keys("y");
    console.expect_text("for somebody who may: kubectl certificate approve");
    console.keys("\x1b");
    console.expect_text("left as it is");
    console.keys("q");
    console.expect_exit();
    assert!(plane.kubectl(&["certificate", "approve", &user]).status.success());
    let text = person.run_ok(&["issue", "--resume"]);
    assert!(text.contains(&format!("logged in as {user}")), "{text}");
}

fn an_exec_plugin_and_several_kubeconfigs_are_read_as_kubectl_reads_them(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let text = std::fs::read_to_string(plane.admin()).unwrap();
    let config: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let pem = |field: &str| {
        use base64::Engine;
        let data = config["users"][0]["user"][field].as_str().unwrap();
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(data).unwrap()).unwrap()
    };
    let credential = serde_json::json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"clientCertificateData": pem("client-certificate-data"), "clientKeyData": pem("client-key-data")},
    });
    std::fs::write(admin.path("credential.json"), credential.to_string()).unwrap();
    let plugin = admin.path("credential.json").display().to_string();
    let people = format!(
        "users: [{{name: plugin, user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, command: cat, \
         args: [{plugin}], interactiveMode: Never}}}}}}]\n\
         contexts: [{{name: by-plugin, context: {{cluster: test, user: plugin}}}}]\n"
    );
    std::fs::write(admin.path("people"), people).unwrap();
    let mut command = admin.command(&program());
    let paths = format!("people:missing:{}", admin.kubeconfig().display());
    command.env("KUBECONFIG", paths).args([
        "--context",
        "by-plugin",
        "--as",
        "somebody",
        "--as-group",
        "system:masters",
    ]);
    let name = unique("as");
    create(plane, &name, "jane", &[]);
    let output = command.args(["deny", &name]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let message = plane.kubectl(&["get", "csr", &name, "-o", "jsonpath={.status.conditions[0].message}"]);
    assert_eq!(String::from_utf8_lossy(&message.stdout), "denied by somebody with countersign");
}

fn explains_what_is_wrong_with_a_kubeconfig(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    let error = person.expect_failure(1, &["list", "--context", "nowhere"]);
    assert!(error.contains("there is no context nowhere; there are: admin"), "{error}");
    let error = person.expect_failure(1, &["list", "--kubeconfig", "missing"]);
    assert!(error.contains("missing"), "{error}");
    let away = std::fs::read_to_string(person.kubeconfig()).unwrap().replace(&plane.server(), "https://127.0.0.1:1");
    std::fs::write(person.path("away"), away).unwrap();
    let error = person.expect_failure(1, &["list", "--kubeconfig", "away"]);
    assert!(error.contains("https://127.0.0.1:1 cannot be reached: Connection refused"), "{error}");
    person.expect_failure(2, &["list", "--no-such-flag"]);
}
