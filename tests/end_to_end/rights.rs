//! People who come in other ways, and people who may do some things and not others.

use std::process::Stdio;

use crate::support::plane::Plane;
use crate::support::requests::{conditions, create};
use crate::support::terminal::Terminal;
use crate::support::{Person, eventually, limited, program, unique};

crate::on_both!(
    a_missing_right_is_named,
    somebody_who_may_not_even_look_is_told_so,
    who_may_create_but_not_approve_waits_for_somebody_who_may,
    a_wizard_that_waits_can_be_left_and_gone_on_with_later,
    an_exec_plugin_and_several_kubeconfigs_are_read_as_kubectl_reads_them,
    what_is_wrong_with_a_kubeconfig_is_told_in_plain_words,
);

const CSRS: &str = "certificatesigningrequests.certificates.k8s.io";

fn a_missing_right_is_named(plane: &dyn Plane) {
    let name = unique("request");
    create(plane, &name, "jane", &[]);
    let reader = limited(plane, &unique("reader"), "get,list,watch", CSRS);
    let error = reader.fails(1, &["approve", &name]);
    assert!(error.contains("you may not update certificatesigningrequests/approval (403)"), "{error}");
    let half = limited(plane, &unique("half"), "get,list,watch,update", &format!("{CSRS},{CSRS}/approval"));
    let error = half.fails(1, &["approve", &name]);
    assert!(
        error.contains("you may not approve requests for the signer kubernetes.io/kube-apiserver-client"),
        "{error}"
    );
    let mut console = Terminal::console(&half, &[]);
    console.sees("● live");
    console.finds(&name, "CN=jane");
    console.keys("a");
    console.sees("Approve it?");
    console.keys("y");
    console.sees("you may not approve requests for the signer");
    console.keys("\r");
    console.sees_no("you may not approve requests for the signer");
    console.keys("4");
    console.sees("✖ you may not");
    assert_eq!(conditions(plane, &name), "");
}

fn somebody_who_may_not_even_look_is_told_so(plane: &dyn Plane) {
    let nobody = Person::with(plane, &plane.kubeconfig_text(&unique("nobody"), None));
    let console = Terminal::console(&nobody, &[]);
    console.sees("✖ forbidden");
    console.sees("You may not list and watch certificatesigningrequests");
}

fn who_may_create_but_not_approve_waits_for_somebody_who_may(plane: &dyn Plane) {
    let maker = unique("maker");
    let person = limited(plane, &maker, "get,list,watch,create", CSRS);
    let user = unique("waited-for");
    let mut issue = person.command(&program());
    issue.args(["issue", &user, "-n", &maker, "-o", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let running = issue.spawn().unwrap();
    eventually("the request", || plane.kubectl(&["get", "csr", &user]).status.success().then_some(()));
    assert!(plane.kubectl(&["certificate", "approve", &user]).status.success());
    let output = running.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["proof"]["username"], user.as_str());
}

fn a_wizard_that_waits_can_be_left_and_gone_on_with_later(plane: &dyn Plane) {
    let maker = unique("maker");
    let person = limited(plane, &maker, "get,list,watch,create", CSRS);
    let user = unique("later");
    let mut console = Terminal::console(&person, &["-n", &maker]);
    console.sees("● live");
    console.keys("n");
    console.sees("User name");
    console.keys(&format!("{user}\x12"));
    console.sees("it will wait for somebody");
    console.sees("Rehearsed: it will work");
    console.keys("y");
    console.sees("for somebody who may: kubectl certificate approve");
    console.keys("\x1b");
    console.sees("left as it is");
    console.keys("q");
    console.ends();
    assert!(plane.kubectl(&["certificate", "approve", &user]).status.success());
    let text = person.done(&["issue", "--resume"]);
    assert!(text.contains(&format!("logged in as {user}")), "{text}");
}

fn an_exec_plugin_and_several_kubeconfigs_are_read_as_kubectl_reads_them(plane: &dyn Plane) {
    let admin = Person::admin(plane);
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

fn what_is_wrong_with_a_kubeconfig_is_told_in_plain_words(plane: &dyn Plane) {
    let person = Person::admin(plane);
    let error = person.fails(1, &["list", "--context", "nowhere"]);
    assert!(error.contains("there is no context nowhere; there are: admin"), "{error}");
    let error = person.fails(1, &["list", "--kubeconfig", "missing"]);
    assert!(error.contains("missing"), "{error}");
    let away = std::fs::read_to_string(person.kubeconfig()).unwrap().replace(&plane.server(), "https://127.0.0.1:1");
    std::fs::write(person.path("away"), away).unwrap();
    let error = person.fails(1, &["list", "--kubeconfig", "away"]);
    assert!(error.contains("https://127.0.0.1:1 cannot be reached: Connection refused"), "{error}");
    person.fails(2, &["list", "--no-such-flag"]);
}
