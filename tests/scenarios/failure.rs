//! A step fails: what was done is said, and it is tried again or taken back.

use crate::control_plane::ControlPlane;
use crate::support::terminal::Terminal;
use crate::support::{Person, limited, shared, unique};

/// Begins an issuance that waits for approval, puts a foreign Role in its way, and approves.
fn stopped_at_the_role(plane: &ControlPlane) -> (Person, Terminal, String, String) {
    let (maker, user) = (unique("maker"), unique("blocked"));
    let run = |arguments: &[&str]| assert!(plane.kubectl(arguments).status.success(), "{arguments:?}");
    let person =
        limited(plane, &maker, "get,list,watch,create,delete", "certificatesigningrequests.certificates.k8s.io");
    let mut console = Terminal::console(&person, &["-n", &maker]);
    console.sees("● live");
    console.keys("n");
    console.sees("User name");
    console.keys(&format!("{user}\x12"));
    console.sees("Rehearsed: it will work");
    console.keys("\r");
    console.sees(&format!("kubectl certificate approve {user}"));
    run(&["create", "role", "developer", "-n", &maker, "--verb=get", "--resource=secrets"]);
    run(&["certificate", "approve", &user]);
    console.sees("a Role developer with other rules is there");
    console.sees("Stopped. What is done stays done");
    (person, console, maker, user)
}

#[test]
fn the_step_that_failed_is_tried_again_and_the_rest_goes_on() {
    let Some(plane) = shared("retry") else { return };
    let (person, mut console, maker, user) = stopped_at_the_role(plane);
    assert!(plane.kubectl(&["delete", "role", "developer", "-n", &maker]).status.success());
    console.keys("r");
    console.sees("Done in");
    console.sees(&format!("the cluster says: {user}"));
    let contexts = person.kubectl_done(&["config", "get-contexts", "-o", "name"]);
    assert!(contexts.contains(&user), "{contexts}");
}

#[test]
fn what_was_done_is_taken_back_and_what_others_made_stays() {
    let Some(plane) = shared("undo") else { return };
    let (person, mut console, maker, user) = stopped_at_the_role(plane);
    console.keys("u");
    console.sees("Undone.");
    assert!(!plane.kubectl(&["get", "csr", &user]).status.success());
    assert!(plane.kubectl(&["get", "role", "developer", "-n", &maker]).status.success());
    console.keys("\r4");
    console.sees("taken back");
    let nothing = person.fails(1, &["issue", "--resume"]);
    assert!(nothing.contains("nothing was left unfinished"), "{nothing}");
}
