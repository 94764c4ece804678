//! From nothing to a working kubeconfig, by keyboard and by command.

use std::os::unix::fs::PermissionsExt;

use crate::support::plane::Plane;
use crate::support::terminal::Terminal;
use crate::support::{TestUser, unique};

crate::on_both!(
    the_wizard_creates_a_working_kubeconfig,
    the_command_enforces_the_same_limits,
    dry_run_writes_nothing_and_prints_working_commands,
    a_request_from_a_file_yields_a_certificate_without_a_kubeconfig,
);

/// What the cluster and kubectl answer a user whose certificate has just been issued.
fn assert_logs_in(person: &TestUser, kubeconfig: &str, user: &str, namespace: &str) {
    let flags = ["--kubeconfig", kubeconfig, "-n", namespace];
    let run = |arguments: &[&str]| person.kubectl(&[&flags[..], arguments].concat());
    let who = String::from_utf8(run(&["auth", "whoami", "-o", "json"]).stdout).unwrap();
    let who: serde_json::Value = serde_json::from_str(&who).unwrap();
    let info = &who["status"]["userInfo"];
    assert_eq!(info["username"], user);
    let mut groups: Vec<_> = info["groups"].as_array().unwrap().iter().filter_map(|group| group.as_str()).collect();
    groups.sort_unstable();
    assert_eq!(groups, ["dev", "qa", "system:authenticated"]);
    assert!(run(&["get", "pods"]).status.success());
    let refused = run(&["get", "secrets"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("Forbidden"));
}

fn namespace(person: &TestUser) -> String {
    let namespace = unique("team");
    person.kubectl_ok(&["create", "namespace", &namespace]);
    namespace
}

fn the_wizard_creates_a_working_kubeconfig(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let (jane, team) = (unique("jane"), namespace(&admin));
    let mut console = Terminal::console(&admin, &["--namespace", &team]);
    console.expect_text("● live");
    console.keys("n");
    console.expect_text("User name");
    console.keys(&jane);
    console.keys("\tdev, qa");
    console.expect_text(&format!("developer-binding-{jane}"));
    console.keys("\x12");
    console.expect_text("Rehearsed: it will work");
    console.keys("y");
    console.expect_text("Done in");
    let screen = console.expect_text("create get list update delete pods");
    assert!(screen.contains(&format!("the cluster says: {jane}")), "{screen}");
    let kubeconfig = admin.kubeconfig().display().to_string();
    assert_logs_in(&admin, &kubeconfig, &jane, &team);
    assert_eq!(admin.kubectl_ok(&["config", "current-context"]).trim(), jane);
    assert_eq!(admin.kubeconfig().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // The admin's own entries are still there, and the key is nowhere else.
    assert!(admin.kubectl_ok(&["config", "get-contexts", "-o", "name"]).contains("admin"));
    assert!(!keys_in(&admin.path(".local")), "a key was left in the state folder");
    console.keys("u");
    console.expect_text("Undo it? y yes");
    console.keys("y");
    console.expect_text("Undone.");
    assert_eq!(admin.kubectl_ok(&["config", "current-context"]).trim(), "admin");
    assert!(!admin.kubectl_ok(&["get", "csr,role,rolebinding", "-n", &team, "-o", "name"]).contains(&jane));
}

fn keys_in(folder: &std::path::Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            keys_in(&path)
        } else {
            String::from_utf8_lossy(&std::fs::read(path).unwrap()).contains("PRIVATE KEY")
        }
    })
}

fn the_command_enforces_the_same_limits(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let (jane, team) = (unique("jane"), namespace(&admin));
    let out = admin.path("jane.kubeconfig").display().to_string();
    let text =
        admin.run_ok(&["issue", &jane, "--group", "dev", "--group", "qa", "-n", &team, "--out", &out, "-o", "json"]);
    let result: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&result["user"], &result["proof"]["username"]), (&jane.clone().into(), &jane.clone().into()));
    assert!(!text.contains("PRIVATE KEY"));
    assert_logs_in(&admin, &out, &jane, &team);
    // The admin's own kubeconfig was not asked for and is as it was.
    assert_eq!(std::fs::read_to_string(admin.kubeconfig()).unwrap(), std::fs::read_to_string(plane.admin()).unwrap());
    let again = admin.expect_failure(1, &["issue", &jane, "-n", &team, "--out", &out]);
    assert!(again.contains("already"), "{again}");
}

fn dry_run_writes_nothing_and_prints_working_commands(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let (user, team) = (unique("paste"), namespace(&admin));
    // The cluster is named by a flag: the commands must not mean another one.
    std::fs::rename(admin.kubeconfig(), admin.path("elsewhere")).unwrap();
    for kind in ["rsa-2048", "ecdsa-p256", "ed25519"] {
        let user = format!("{user}-{kind}");
        let out = admin.path(&format!("{kind}.kubeconfig")).display().to_string();
        let role = format!("role-{kind}");
        let arguments =
            ["issue", &user, "--group", "dev", "--group", "qa", "-n", &team, "--key-type", kind, "--role", &role];
        let script =
            admin.run_ok(&[&arguments[..], &["--out", &out, "--dry-run", "--kubeconfig", "elsewhere"]].concat());
        assert!(!admin.kubectl(&["get", "csr", &user, "--kubeconfig", "elsewhere"]).status.success());
        admin.shell(&script);
        assert_logs_in(&admin, &out, &user, &team);
    }
}

fn a_request_from_a_file_yields_a_certificate_without_a_kubeconfig(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let (user, team) = (unique("owner"), namespace(&admin));
    admin.shell(&format!(
        "openssl genrsa -out o.key 2048 2>/dev/null; openssl req -new -key o.key -subj /CN={user}/O=dev/O=qa -out o.csr"
    ));
    let text = admin.run_ok(&["issue", "--request", "o.csr", "--out", "o.crt", "-n", &team]);
    assert!(text.contains("certificate  o.crt"), "{text}");
    admin.shell(
        "cp .kube/config own; export KUBECONFIG=own; kubectl config set-credentials o --client-certificate=o.crt \
         --client-key=o.key --embed-certs=true; kubectl config set-context o --cluster=test --user=o; kubectl config use-context o"
    );
    assert_logs_in(&admin, &admin.path("own").display().to_string(), &user, &team);
}
