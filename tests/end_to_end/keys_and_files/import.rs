//! Kubeconfigs of other people come in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::testing::domain::kubeconfig::EntryKind;
use countersign::testing::files::kubeconfig::read;

use crate::support::Person;
use crate::support::plane::Plane;
use crate::support::terminal::Terminal;

crate::on_both!(
    an_import_shows_what_is_dangerous_and_the_first_use_asks,
    the_console_asks_before_an_imported_program_runs_for_the_first_time,
    an_import_takes_no_file_that_is_not_a_certificate_or_its_key,
);

/// A kubeconfig whose user runs a program that leaves a mark and gives a token that is none.
fn dangerous(plane: &dyn Plane, person: &Person) {
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

fn an_import_shows_what_is_dangerous_and_the_first_use_asks(plane: &dyn Plane) {
    let person = Person::admin(plane);
    dangerous(plane, &person);
    let before = std::fs::read_to_string(person.kubeconfig()).unwrap();
    let said = person.fails(3, &["import", "in/config"]);
    let runs = format!(
        "user runner runs a program with your rights: {} --token=REDACTED now",
        person.path("in/login").display()
    );
    assert!(said.contains(&runs) && said.contains("--accept-risks imports it"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
    person.done(&["import", "in/config", "--dry-run"]);
    assert_eq!(std::fs::read_to_string(person.kubeconfig()).unwrap(), before, "nothing was written");
    person.done(&["import", "in/config", "--accept-risks"]);
    // A CA in the folder is embedded.
    let config = read(&person.kubeconfig()).unwrap();
    assert!(config.get(EntryKind::Cluster, "far").unwrap().contains_key("certificate-authority-data"));
    for arguments in [&["--context", "far", "list"][..], &["embed", "far"], &["extract", "far"]] {
        let said = person.fails(3, arguments);
        assert!(said.contains("was imported and is used for the first time") && said.contains(&runs), "{said}");
        assert!(said.contains("countersign trust -- far"), "{said}");
    }
    // Under another name it is the same.
    person.done(&["rename", "far", "away"]);
    person.fails(3, &["--context", "away", "list"]);
    assert!(!person.path("RAN").exists(), "it ran unasked");
    let trusted = person.done(&["trust", "away"]);
    assert!(trusted.contains(&runs), "{trusted}");
    person.fails(1, &["--context", "away", "list"]);
    assert!(person.path("RAN").exists(), "it was asked once and runs now");
    // One's own kubeconfig is trusted as kubectl trusts it.
    std::fs::remove_file(person.path("RAN")).unwrap();
    person.fails(1, &["--kubeconfig", "in/config", "--context", "far", "list"]);
    assert!(person.path("RAN").exists());
}

fn the_console_asks_before_an_imported_program_runs_for_the_first_time(plane: &dyn Plane) {
    let person = Person::admin(plane);
    dangerous(plane, &person);
    let mut console = Terminal::console(&person, &[]);
    console.sees("● live");
    console.keys("3");
    console.sees("Kubeconfig · 1 file");
    console.keys("i");
    console.sees("Import a kubeconfig");
    console.keys("in/config\r");
    console.sees("! user runner runs a program");
    console.keys("y");
    console.sees("✔ import");
    console.sees("2 contexts");
    for key in ["t", "c"] {
        console.keys(&format!("G{key}"));
        console.sees("Trust far?");
        console.sees("runs a program with your rights");
        console.keys("n");
        console.sees_no("Trust far?");
    }
    assert!(!person.path("RAN").exists(), "it ran unasked");
    console.keys("Gt");
    console.sees("Trust far?");
    console.keys("y");
    console.sees("401");
    assert!(person.path("RAN").exists());
    console.keys("Gt");
    console.sees_no("Trust far?");
}

fn an_import_takes_no_file_that_is_not_a_certificate_or_its_key(plane: &dyn Plane) {
    let person = Person::admin(plane);
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
        let (code, said) = import(cluster, user, &["--accept-risks", "--embed-outside"]);
        assert!(code == Some(1) && said.contains("is not embedded"), "{cluster} {user}: {said}");
    }
    // A link that leads outside of the folder is outside of it.
    for user in ["client-certificate: a.crt, client-key: link", "client-certificate: a.crt, client-key: ../out/a.key"] {
        let (code, said) = import("", user, &[]);
        assert!(code == Some(3) && said.contains("names a file outside of the folder"), "{user}: {said}");
    }
    let user = "client-certificate: ../out/a.crt, client-key: ../out/a.key";
    let (code, said) = import("", user, &["--accept-risks"]);
    assert_eq!(code, Some(0), "{said}");
    let entry =
        |field: &str| read(&person.kubeconfig()).unwrap().get(EntryKind::User, "u").unwrap().contains_key(field);
    assert!(entry("client-key") && !entry("client-key-data"), "it was embedded unasked");
    assert!(person.fails(3, &["--context", "odd", "list"]).contains("names a file outside of the folder"));
    person.done(&["delete-context", "odd", "--orphans"]);
    let (code, said) = import("", user, &["--accept-risks", "--embed-outside"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(entry("client-key-data") && !entry("client-key"));
    // It holds all that it needs, so that its first use asks nothing; the server is none.
    assert!(person.fails(1, &["--context", "odd", "list"]).contains("cannot be reached"));
}
