//! People who may do some things and not others.

use std::process::Stdio;

use crate::control_plane::ControlPlane;
use crate::support::requests::{conditions, create};
use crate::support::terminal::Terminal;
use crate::support::{Person, eventually, program, shared, unique};

/// Somebody who may do what `verbs` and `resources` say in the cluster, and in one namespace everything.
fn limited(plane: &ControlPlane, name: &str, verbs: &str, resources: &str) -> Person {
    let run = |arguments: &[&str]| assert!(plane.kubectl(arguments).status.success(), "{arguments:?}");
    run(&["create", "clusterrole", name, &format!("--verb={verbs}"), &format!("--resource={resources}")]);
    run(&["create", "clusterrolebinding", name, &format!("--clusterrole={name}"), &format!("--user={name}")]);
    run(&["create", "namespace", name]);
    run(&["create", "rolebinding", name, "-n", name, "--clusterrole=cluster-admin", &format!("--user={name}")]);
    Person::with(plane, &plane.kubeconfig_text(name, None))
}

const CSRS: &str = "certificatesigningrequests.certificates.k8s.io";

#[test]
fn a_missing_right_is_named() {
    let Some(plane) = shared("missing rights") else { return };
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
    console.keys("/");
    console.keys(&format!("{name}\r"));
    console.sees("CN=jane");
    console.keys("a");
    console.sees("Approve it?");
    console.keys("y");
    console.sees("you may not approve requests for the signer");
    console.keys("n");
    console.sees_no("you may not approve requests for the signer");
    console.keys("4");
    console.sees("✖ you may not");
    assert_eq!(conditions(plane, &name), "");
}

#[test]
fn somebody_who_may_not_even_look_is_told_so() {
    let Some(plane) = shared("forbidden list") else { return };
    let nobody = Person::with(plane, &plane.kubeconfig_text(&unique("nobody"), None));
    let console = Terminal::console(&nobody, &[]);
    console.sees("✖ forbidden");
    console.sees("You may not list and watch certificatesigningrequests");
}

#[test]
fn who_may_create_but_not_approve_waits_for_somebody_who_may() {
    let Some(plane) = shared("waiting for approval") else { return };
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

#[test]
fn a_wizard_that_waits_can_be_left_and_gone_on_with_later() {
    let Some(plane) = shared("left and resumed") else { return };
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
    console.keys("\r");
    console.sees("for somebody who may: kubectl certificate approve");
    console.keys("\x1b");
    console.sees("left as it is");
    console.keys("q");
    console.ends();
    assert!(plane.kubectl(&["certificate", "approve", &user]).status.success());
    let text = person.done(&["issue", "--resume"]);
    assert!(text.contains(&format!("logged in as {user}")), "{text}");
}
