//! The kubeconfig commands, as used on a bastion host.

use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::Value;

use crate::support::TestUser;
use crate::support::plane::Plane;

crate::on_both!(
    the_contexts_are_listed_with_how_they_log_in_and_no_secret,
    reports_expiring_certificates_to_cron,
    imports_a_kubeconfig_without_losing_entries,
    extracts_one_context_for_another_machine,
    deletes_a_context_with_the_entries_only_it_uses,
    keeps_comments_or_asks_before_losing_them,
    keeps_symlinks_and_removes_a_stale_lock_only_on_request,
    a_read_only_session_edits_no_kubeconfig,
);

fn json(person: &TestUser, arguments: &[&str]) -> Value {
    serde_json::from_str(&person.run_ok(arguments)).unwrap()
}

fn the_contexts_are_listed_with_how_they_log_in_and_no_secret(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    person.shell(
        "kubectl config set-credentials robot --token=s3cret-token
         kubectl config set-context robot --cluster=test --user=robot --namespace=ci
         kubectl config set-context half --cluster=nowhere --user=robot",
    );
    let seen = json(&person, &["contexts", "-o", "json"]);
    assert_eq!(seen[0]["name"], "admin");
    assert_eq!((&seen[0]["credentials"][0], &seen[0]["current"]), (&"certificate".into(), &true.into()));
    assert_eq!((&seen[0]["keyFits"], &seen[0]["certificate"]["identity"]["user"]), (&true.into(), &"admin".into()));
    let half = seen.as_array().unwrap().iter().find(|context| context["name"] == "half").unwrap();
    let file = person.kubeconfig().display().to_string();
    assert_eq!(half["problems"][0], format!("cluster nowhere not found ({file})"));
    let table = person.run_ok(&["contexts", "-o", "wide"]);
    assert!(table.contains("token") && table.contains(&plane.server()), "{table}");
    let key = std::fs::read_to_string(person.kubeconfig()).unwrap();
    let key = key.split("client-key-data: ").nth(1).unwrap().lines().next().unwrap().to_owned();
    for text in [table, seen.to_string()] {
        assert!(!text.contains("s3cret") && !text.contains(&key), "{text}");
    }
}

fn reports_expiring_certificates_to_cron(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    let name = crate::support::unique("cron");
    person.run_ok(&["issue", &name, "--no-access", "--no-switch"]);
    person.run_ok(&["check", "--warn", "10m"]);
    let soon = person.countersign(&["check", "--warn", "2d"]);
    assert_eq!(soon.status.code(), Some(3));
    assert_eq!(String::from_utf8_lossy(&soon.stdout), format!("{name}: expires in 23h\n"));
    person.shell("kubectl config set-context half --cluster=nowhere --user=admin");
    let broken = person.countersign(&["check", "--warn", "10m"]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&broken.stdout).contains("half: cluster nowhere not found ("));
    person.run_ok(&["check", "--warn", "10m", "admin"]);
    assert!(person.expect_failure(1, &["check", "nobody"]).contains("no context nobody"));
}

fn imports_a_kubeconfig_without_losing_entries(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    let before = person.kubectl_ok(&["config", "view", "--raw", "-o", "json"]);
    // Another cluster with the same names, as kubeadm makes them.
    let other = plane.kubeconfig_text("admin", None).replace(&plane.server(), "https://other.example:6443");
    std::fs::write(person.path("colleague.yaml"), other).unwrap();
    let printed = person.run_ok(&["import", "colleague.yaml"]);
    assert!(printed.contains("cluster test: another has that name; added as test-colleague"), "{printed}");
    assert!(
        printed.contains(&format!("server: here {}, there https://other.example:6443", plane.server())),
        "{printed}"
    );
    assert!(!printed.contains("PRIVATE") && printed.contains("client-key-data: here (sha256"), "{printed}");
    let context: Value = serde_json::from_str(&person.kubectl_ok(&["config", "view", "--raw", "-o", "json"])).unwrap();
    let contexts = context["contexts"].as_array().unwrap();
    let new = contexts.iter().find(|context| context["name"] == "admin-colleague").unwrap();
    assert_eq!(
        (&new["context"]["cluster"], &new["context"]["user"]),
        (&"test-colleague".into(), &"admin-colleague".into())
    );
    assert_eq!(person.kubectl_ok(&["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"]), "admin");
    // The second time it is all there.
    let again = person.run_ok(&["import", "colleague.yaml"]);
    assert!(again.lines().all(|line| line.ends_with("there already")), "{again}");
    person.run_ok(&["delete-context", "admin-colleague", "--orphans"]);
    assert_eq!(person.kubectl_ok(&["config", "view", "--raw", "-o", "json"]), before);
}

fn extracts_one_context_for_another_machine(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    // Its certificates lie in files, by relative paths.
    person.shell(
        "cd .kube; mkdir pki
         kubectl config view --raw -o jsonpath='{.users[0].user.client-certificate-data}' | base64 -d > pki/a.crt
         kubectl config view --raw -o jsonpath='{.users[0].user.client-key-data}' | base64 -d > pki/a.key
         kubectl config unset users.admin; kubectl config set-credentials admin --client-certificate=pki/a.crt --client-key=pki/a.key",
    );
    person.run_ok(&["extract", "admin", "--out", "alone.yaml"]);
    let mode = person.path("alone.yaml").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let elsewhere = TestUser::with(plane, &std::fs::read_to_string(person.path("alone.yaml")).unwrap());
    assert_eq!(elsewhere.kubectl_ok(&["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"]), "admin");
    assert!(person.expect_failure(3, &["extract", "admin", "--out", "alone.yaml"]).contains("exists already"));
    let embedded = person.run_ok(&["embed", "admin"]);
    assert!(embedded.contains("embedded pki/a.key"), "{embedded}");
    std::fs::remove_dir_all(person.path(".kube/pki")).unwrap();
    assert_eq!(person.kubectl_ok(&["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"]), "admin");
}

fn deletes_a_context_with_the_entries_only_it_uses(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    person.shell(
        "kubectl config set-credentials robot --token=t
         kubectl config set-context robot --cluster=test --user=robot; kubectl config use-context robot",
    );
    let output = person.countersign(&["delete-context", "robot", "--orphans"]);
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(printed.contains("user robot went with it") && printed.contains("it was the current context"), "{printed}");
    assert_eq!(person.kubectl_ok(&["config", "get-users"]), "NAME\nadmin\n");
    person.run_ok(&["use", "admin"]);
    person.run_ok(&["namespace", "kube-system"]);
    assert!(person.kubectl(&["get", "pods"]).status.success());
    assert!(person.run_ok(&["contexts"]).contains("kube-system"));
}

fn keeps_comments_or_asks_before_losing_them(plane: &dyn Plane) {
    let text = format!("# my clusters\n{}", plane.kubeconfig_text("admin", None));
    let person = TestUser::with(plane, &text);
    person.run_ok(&["rename", "admin", "me"]);
    person.run_ok(&["namespace", "dev"]);
    person.run_ok(&["rename", "me", "admin"]);
    person.run_ok(&["namespace", ""]);
    let kept = std::fs::read_to_string(person.kubeconfig()).unwrap();
    assert!(kept.starts_with("# my clusters\n"), "{kept}");
    assert_eq!(kept.lines().count(), text.lines().count(), "{kept}");
    // With anchors a change in place would be guessing.
    let text = format!("{text}x-own: [&a 1, *a]\n");
    let person = TestUser::with(plane, &text);
    let error = person.expect_failure(3, &["rename", "admin", "me"]);
    assert!(error.contains("has comments that writing it would lose"), "{error}");
    assert_eq!(std::fs::read_to_string(person.kubeconfig()).unwrap(), text);
    person.run_ok(&["rename", "admin", "me", "--drop-comments"]);
    let backup = std::fs::read_dir(person.path(".kube")).unwrap().map(|entry| entry.unwrap().path());
    let backup = backup.into_iter().find(|path| path.extension().is_some_and(|end| end == "bak")).unwrap();
    assert_eq!(std::fs::read_to_string(backup).unwrap(), text);
}

fn keeps_symlinks_and_removes_a_stale_lock_only_on_request(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    std::fs::rename(person.kubeconfig(), person.path("real")).unwrap();
    symlink(person.path("real"), person.kubeconfig()).unwrap();
    person.run_ok(&["rename", "admin", "me"]);
    assert!(person.kubeconfig().is_symlink());
    // kubectl was killed while it wrote.
    let lock = person.path(".kube/config.lock");
    std::fs::write(&lock, "").unwrap();
    let error = person.expect_failure(1, &["rename", "me", "admin"]);
    assert!(error.contains("config.lock is there") && error.contains("countersign unlock"), "{error}");
    assert!(person.expect_failure(3, &["unlock"]).contains("a program may be writing"));
    assert!(lock.exists());
    person.run_ok(&["unlock", "--force"]);
    person.run_ok(&["rename", "me", "admin"]);
}

fn a_read_only_session_edits_no_kubeconfig(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    assert!(person.expect_failure(3, &["--read-only", "rename", "admin", "me"]).contains("read-only"));
    person.run_ok(&["--read-only", "contexts"]);
}
