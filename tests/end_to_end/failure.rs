//! A step fails: completed steps are reported, and the run is retried or undone.

use std::process::Stdio;

use crate::support::plane::Plane;
use crate::support::terminal::Terminal;
use crate::support::{TestUser, eventually, limited, program, unique};

crate::on_both!(
    retries_the_failed_step_and_continues,
    undo_removes_only_what_the_issuance_created,
    resumes_over_its_own_certificate_file_but_not_over_a_foreign_one,
);

/// Begins an issuance that waits for approval, puts a foreign Role in its way, and approves.
fn stopped_at_the_role(plane: &dyn Plane) -> (TestUser, Terminal, String, String) {
    let (maker, user) = (unique("maker"), unique("blocked"));
    let run = |arguments: &[&str]| assert!(plane.kubectl(arguments).status.success(), "{arguments:?}");
    let person =
        limited(plane, &maker, "get,list,watch,create,delete", "certificatesigningrequests.certificates.k8s.io");
    let mut console = Terminal::console(&person, &["-n", &maker]);
    console.expect_text("● live");
    console.keys("n");
    console.expect_text("User name");
    console.keys(&format!("{user}\x12"));
    console.expect_text("Rehearsed: it will work");
    console.keys("y");
    console.expect_text(&format!("kubectl certificate approve -- {user}"));
    run(&["create", "role", "developer", "-n", &maker, "--verb=get", "--resource=secrets"]);
    run(&["certificate", "approve", &user]);
    console.expect_text("a Role developer with other rules is there");
    console.expect_text("Stopped. What is done stays done");
    (person, console, maker, user)
}

fn retries_the_failed_step_and_continues(plane: &dyn Plane) {
    let (person, mut console, maker, user) = stopped_at_the_role(plane);
    assert!(plane.kubectl(&["delete", "role", "developer", "-n", &maker]).status.success());
    console.keys("r");
    console.expect_text("Done in");
    console.expect_text(&format!("the cluster says: {user}"));
    let contexts = person.kubectl_ok(&["config", "get-contexts", "-o", "name"]);
    assert!(contexts.contains(&user), "{contexts}");
}

fn undo_removes_only_what_the_issuance_created(plane: &dyn Plane) {
    let (person, mut console, maker, user) = stopped_at_the_role(plane);
    console.keys("u");
    console.expect_text("Undo it? y yes");
    console.keys("y");
    console.expect_text("Undone.");
    assert!(!plane.kubectl(&["get", "csr", &user]).status.success());
    assert!(plane.kubectl(&["get", "role", "developer", "-n", &maker]).status.success());
    console.keys("\r4");
    console.expect_text("taken back");
    let nothing = person.expect_failure(1, &["issue", "--resume"]);
    assert!(nothing.contains("nothing was left unfinished"), "{nothing}");
}

fn resumes_over_its_own_certificate_file_but_not_over_a_foreign_one(plane: &dyn Plane) {
    let (maker, user) = (unique("maker"), unique("owner"));
    let person = limited(plane, &maker, "get,list,watch,create", "certificatesigningrequests.certificates.k8s.io");
    person.shell(&format!("openssl genrsa -out k 2048 2>/dev/null; openssl req -new -key k -subj /CN={user} -out r"));
    let mut issue = person.command(&program());
    issue.args(["issue", "--request", "r", "--out", "c", "-n", &maker]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = issue.spawn().unwrap();
    eventually("the request", || plane.kubectl(&["get", "csr", &user]).status.success().then_some(()));
    let role = ["developer", "-n", &maker];
    assert!(
        plane
            .kubectl(&[&["create", "role"], &role[..], &["--verb=get", "--resource=secrets"]].concat())
            .status
            .success()
    );
    assert!(plane.kubectl(&["certificate", "approve", &user]).status.success());
    assert_eq!(running.wait().unwrap().code(), Some(1), "the foreign role stops it");
    let certificate = std::fs::read_to_string(person.path("c")).unwrap();
    assert!(plane.kubectl(&[&["delete", "role"], &role[..]].concat()).status.success());
    std::fs::write(person.path("c"), "a stranger's").unwrap();
    let error = person.expect_failure(1, &["issue", "--resume", "-n", &maker]);
    assert!(error.contains("exists already"), "{error}");
    std::fs::write(person.path("c"), certificate).unwrap();
    person.run_ok(&["issue", "--resume", "-n", &maker]);
}
