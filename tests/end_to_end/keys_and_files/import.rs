//! Kubeconfigs of other people come in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::testing::domain::kubeconfig::EntryKind;
use countersign::testing::files::kubeconfig::read;

use crate::support::TestUser;
use crate::support::plane::Plane;
use crate::support::terminal::Terminal;

crate::on_both!(
    import_shows_risks_and_the_first_use_asks_for_consent,
    the_console_asks_before_an_imported_program_runs_for_the_first_time,
    import_rejects_referenced_files_that_are_no_certificate_or_key,
);

/// A kubeconfig whose user runs a program that leaves a mark and gives a token that is none.
fn dangerous(plane: &dyn Plane, person: &TestUser) {
    std::fs::create_dir(person.path("in")).unwrap();
    let answer = serde_json::json!({
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "none"},
    });
    std::fs::write(person.path("in/login"), format!("#!/bin/sh\ntouch $HOME/RAN\necho '{answer}'\n")).unwrap();
    let text = format!(
        "clusters: [{{name: far, cluster: {{server: '{}', certificate-authority: ca.pem}}}}]
users: [{{name: runner, user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, command: ./login, args: [--token=s3cret, now], interactiveMode: Never}}}}}}]
contexts: [{{name: far, context: {{cluster: far, user: runner}}}}]
",
        plane.server()
    );
    std::fs::write(person.path("in/config"), text).unwrap();
    person.shell(
        "chmod +x in/login
         kubectl config view --raw -o jsonpath='{.clusters[0].cluster.certificate-authority-data}' | base64 -d > in/ca.pem",
    );
}

fn import_shows_risks_and_the_first_use_asks_for_consent(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    dangerous(plane, &person);
    let before = std::fs::read_to_string(person.kubeconfig()).unwrap();
    let printed = person.expect_failure(3, &["import", "in/config"]);
    let runs = format!(
        "user runner runs a program with your rights: {} --token=REDACTED now",
        person.path("in/login").display()
    );
    assert!(printed.contains(&runs) && printed.contains("--accept-risks imports it"), "{printed}");
    assert!(!printed.contains("s3cret"), "{printed}");
    person.run_ok(&["import", "in/config", "--dry-run"]);
    assert_eq!(std::fs::read_to_string(person.kubeconfig()).unwrap(), before, "nothing was written");
    person.run_ok(&["import", "in/config", "--accept-risks"]);
    // A CA in the folder is embedded.
    let config = read(&person.kubeconfig()).unwrap();
    assert!(config.get(EntryKind::Cluster, "far").unwrap().contains_key("certificate-authority-data"));
    for arguments in [&["--context", "far", "list"][..], &["embed", "far"], &["extract", "far"]] {
        let printed = person.expect_failure(3, arguments);
        assert!(
            printed.contains("was imported and is used for the first time") && printed.contains(&runs),
            "{printed}"
        );
        assert!(printed.contains("countersign trust -- far"), "{printed}");
    }
    // Under another name it is the same.
    person.run_ok(&["rename", "far", "away"]);
    person.expect_failure(3, &["--context", "away", "list"]);
    assert!(!person.path("RAN").exists(), "it ran unasked");
    let trusted = person.run_ok(&["trust", "away"]);
    assert!(trusted.contains(&runs), "{trusted}");
    person.expect_failure(1, &["--context", "away", "list"]);
    assert!(person.path("RAN").exists(), "it was asked once and runs now");
    // One's own kubeconfig is trusted as kubectl trusts it.
    std::fs::remove_file(person.path("RAN")).unwrap();
    person.expect_failure(1, &["--kubeconfig", "in/config", "--context", "far", "list"]);
    assert!(person.path("RAN").exists());
}

fn the_console_asks_before_an_imported_program_runs_for_the_first_time(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    dangerous(plane, &person);
    let mut console = Terminal::console(&person, &[]);
    console.expect_text("● live");
    console.keys("3");
    console.expect_text("Kubeconfig · 1 file");
    console.keys("i");
    console.expect_text("Import a kubeconfig");
    console.keys("in/config\r");
    console.expect_text("! user runner runs a program");
    console.keys("y");
    console.expect_text("✔ import");
    console.expect_text("2 contexts");
    for key in ["t", "c"] {
        console.keys(&format!("G{key}"));
        console.expect_text("Trust far?");
        console.expect_text("runs a program with your rights");
        console.keys("n");
        console.expect_no_text("Trust far?");
    }
    assert!(!person.path("RAN").exists(), "it ran unasked");
    console.keys("Gt");
    console.expect_text("Trust far?");
    console.keys("y");
    console.expect_text("401");
    assert!(person.path("RAN").exists());
    console.keys("Gt");
    console.expect_no_text("Trust far?");
}

fn import_rejects_referenced_files_that_are_no_certificate_or_key(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    person.shell(
        "mkdir in out; cp /etc/passwd in/passwd; openssl genrsa -out out/id_rsa 2048 2>/dev/null; ln -s ../out/id_rsa in/link
         kubectl config view --raw -o jsonpath='{.users[0].user.client-certificate-data}' | base64 -d > out/a.crt
         kubectl config view --raw -o jsonpath='{.users[0].user.client-key-data}' | base64 -d > out/a.key
         cp out/a.crt in/a.crt",
    );
    let import = |cluster: &str, user: &str, flags: &[&str]| {
        let text = format!(
            "clusters: [{{name: c, cluster: {{server: 'https://c', {cluster}}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\ncontexts: [{{name: odd, context: {{cluster: c, user: u}}}}]\n"
        );
        std::fs::write(person.path("in/config"), text).unwrap();
        let output = person.countersign(&[&["import", "in/config"], flags].concat());
        let config = std::fs::read_to_string(person.kubeconfig()).unwrap();
        assert!(!config.contains(&STANDARD.encode("root:x:0:0")[..12]), "{config}");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (cluster, user) in [
        ("certificate-authority: passwd", ""),
        ("certificate-authority: ../../../../../../../../etc/passwd", ""),
        ("", "client-certificate: passwd"),
        ("", "client-certificate: a.crt, client-key: link"),
        ("", "client-certificate: a.crt, client-key: ../out/id_rsa"),
    ] {
        let (code, printed) = import(cluster, user, &["--accept-risks", "--embed-outside"]);
        assert!(code == Some(1) && printed.contains("is not embedded"), "{cluster} {user}: {printed}");
    }
    // A link that leads outside of the folder is outside of it.
    for user in ["client-certificate: a.crt, client-key: link", "client-certificate: a.crt, client-key: ../out/a.key"] {
        let (code, printed) = import("", user, &[]);
        assert!(code == Some(3) && printed.contains("names a file outside of the folder"), "{user}: {printed}");
    }
    let user = "client-certificate: ../out/a.crt, client-key: ../out/a.key";
    let (code, printed) = import("", user, &["--accept-risks"]);
    assert_eq!(code, Some(0), "{printed}");
    let entry =
        |field: &str| read(&person.kubeconfig()).unwrap().get(EntryKind::User, "u").unwrap().contains_key(field);
    assert!(entry("client-key") && !entry("client-key-data"), "it was embedded unasked");
    assert!(person.expect_failure(3, &["--context", "odd", "list"]).contains("names a file outside of the folder"));
    person.run_ok(&["delete-context", "odd", "--orphans"]);
    let (code, printed) = import("", user, &["--accept-risks", "--embed-outside"]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(entry("client-key-data") && !entry("client-key"));
    // It holds all that it needs, so that its first use asks nothing; the server is none.
    assert!(person.expect_failure(1, &["--context", "odd", "list"]).contains("cannot be reached"));
}
