//! A power failure at any moment.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

use crate::support::plane::Plane;
use crate::support::{TestUser, program, unique};

crate::on_both!(killed_at_any_moment_an_issuance_leaves_whole_files_and_can_be_finished,);

fn killed_at_any_moment_an_issuance_leaves_whole_files_and_can_be_finished(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let team = unique("team");
    admin.kubectl_ok(&["create", "namespace", &team]);
    let mut cut_off = 0;
    for round in 0..24_u64 {
        let user = format!("{team}-user-{round}");
        let mut command = admin.command(&program());
        command.args(["issue", &user, "-n", &team, "--key-type", "ecdsa-p256", "--no-switch"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Each round cuts power later, until the run finishes first.
        std::thread::sleep(Duration::from_millis(round * 6));
        let _ = child.kill();
        let finished = child.wait().unwrap().success();
        let contexts = admin.kubectl_ok(&["config", "get-contexts", "-o", "name"]);
        assert!(contexts.lines().any(|line| line == "admin"), "round {round} lost the admin's context");
        let mode = admin.kubeconfig().metadata().unwrap().permissions().mode() & 0o777;
        assert!(mode == 0o600 || !contexts.contains("-user-"), "{mode:o}");
        if !finished {
            cut_off += 1;
            finish(&admin, &team, &user);
        }
        let who = ["--context", &user, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"];
        assert_eq!(admin.kubectl_ok(&who), user, "round {round}");
    }
    assert!(cut_off >= 3, "only {cut_off} rounds were cut off: the story tells nothing");
}

/// Resumes the interrupted run. If it had not started yet, the same command does everything; if it had finished, nothing is
/// left to do.
fn finish(admin: &TestUser, team: &str, user: &str) {
    let resumed = admin.countersign(&["issue", "--resume", user]);
    if resumed.status.success() {
        return;
    }
    let report = String::from_utf8_lossy(&resumed.stderr).into_owned();
    assert!(report.contains("nothing was left unfinished"), "{user}: {report}");
    let again = admin.countersign(&["issue", user, "-n", team, "--no-switch"]);
    let report = String::from_utf8_lossy(&again.stderr);
    assert!(again.status.success() || report.contains("already"), "{user}: {report}");
}
