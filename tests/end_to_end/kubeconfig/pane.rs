//! The Kubeconfig pane through a real terminal.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::testing::sandbox::Options;
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

use crate::support::plane::{Plane, Practice};
use crate::support::requests;
use crate::support::terminal::Terminal;
use crate::support::{Person, unique};

crate::on_both!(
    a_context_is_used_renamed_given_a_namespace_and_deleted_by_keyboard,
    the_console_goes_to_another_cluster_and_nothing_of_the_old_one_is_left,
    a_connection_is_tested_and_what_fails_is_said_in_plain_words,
    an_expired_certificate_is_said_at_the_start,
    a_kubeconfig_comes_in_and_a_context_goes_out,
    what_another_program_wrote_is_seen_when_the_pane_is_entered_again,
    comments_and_a_stale_lock_are_asked_about,
    a_read_only_console_leaves_the_kubeconfig_alone,
);

/// With two more contexts on the same cluster.
fn person(plane: &dyn Plane) -> Person {
    let person = Person::admin(plane);
    person.shell(
        "kubectl config set-credentials robot --token=s3cret-token
         kubectl config set-context robot --cluster=test --user=robot --namespace=ci
         kubectl config set-context half --cluster=nowhere --user=robot",
    );
    person
}

fn pane(person: &Person, arguments: &[&str]) -> Terminal {
    let mut terminal = Terminal::console(person, arguments);
    terminal.sees("● live");
    terminal.keys("3");
    terminal.sees("Kubeconfig · 1 file");
    terminal
}

fn current(person: &Person) -> String {
    person.kubectl_done(&["config", "current-context"]).trim().to_owned()
}

fn a_context_is_used_renamed_given_a_namespace_and_deleted_by_keyboard(plane: &dyn Plane) {
    let person = person(plane);
    let mut terminal = pane(&person, &[]);
    // kubectl has sorted them: admin, half, robot.
    terminal.sees("★ admin");
    terminal.sees("✖ nowhere");
    terminal.keys("G\r");
    terminal.sees("★ robot");
    assert_eq!(current(&person), "robot");
    terminal.keys("r");
    terminal.sees("New name");
    terminal.keys("-2\r");
    terminal.sees("★ robot-2");
    assert_eq!(current(&person), "robot-2");
    terminal.keys("n");
    terminal.sees("Namespace of robot-2");
    terminal.keys("\x15dev\r");
    terminal.sees("✔ set");
    let namespace = "jsonpath={.contexts[?(@.name=='robot-2')].context.namespace}";
    assert_eq!(person.kubectl_done(&["config", "view", "-o", namespace]), "dev");
    terminal.keys("g\r");
    terminal.sees("★ admin");
    terminal.keys("Gx");
    terminal.sees("Delete robot-2?");
    terminal.sees("Its user robot stays: others need it.");
    terminal.keys("y");
    terminal.sees_no("robot-2 ");
    terminal.keys("Gx");
    terminal.sees("Its user robot, from ~/.kube/config: no other context needs it.");
    terminal.keys("y");
    terminal.sees("1 context ");
    assert_eq!(person.kubectl_done(&["config", "get-users"]), "NAME\nadmin\n");
    assert!(person.kubectl(&["get", "namespaces"]).status.success());
    terminal.keys("4");
    terminal.sees("Activity · 6 writes");
    assert!(!String::from_utf8_lossy(&terminal.bytes()).contains("s3cret"));
}

fn the_console_goes_to_another_cluster_and_nothing_of_the_old_one_is_left(plane: &dyn Plane) {
    let Some(other) = Practice::start(&Options { empty: true, ..Options::default() }) else { return };
    let (here, there) = (unique("here"), unique("there"));
    requests::create(plane, &here, &here, &[]);
    requests::create(&other, &there, &there, &[]);
    let person = Person::admin(plane);
    std::fs::write(person.path("other.yaml"), other.kubeconfig_text("admin", Some("system:masters"))).unwrap();
    person.done(&["import", "other.yaml", "--name", "context/admin=far-away"]);
    let mut terminal = Terminal::console(&person, &[]);
    terminal.sees("● live");
    terminal.finds(&here, &format!("CN={here}"));
    terminal.keys("c");
    terminal.sees("Switch this console to");
    terminal.sees("admin (here)");
    terminal.keys("G\r");
    terminal.sees("far-away › admin");
    terminal.sees("● live");
    let screen = terminal.sees(&there);
    assert!(!screen.contains(&here), "{screen}");
    assert_eq!(current(&person), "admin", "the kubeconfig stays as it is");
    // A decision goes to the cluster that is on the screen.
    terminal.keys("a");
    terminal.sees(&format!("Approve {there}?"));
    terminal.sees("y yes");
    terminal.keys("y");
    terminal.sees("approved");
    crate::support::eventually("it is approved there", || {
        requests::conditions(&other, &there).contains("Approved").then_some(())
    });
    // And back, from the pane.
    terminal.keys("3");
    terminal.sees("Kubeconfig · 1 file · 2 contexts");
    terminal.keys("gc");
    terminal.sees("countersign  admin › admin");
    terminal.keys("1");
    terminal.finds(&here, &format!("CN={here}"));
}

fn a_connection_is_tested_and_what_fails_is_said_in_plain_words(plane: &dyn Plane) {
    let person = Person::admin(plane);
    // A server whose certificate is from another CA, one that is not there, a name that nobody knows.
    let Some(other) = Practice::start(&Options { empty: true, ..Options::default() }) else { return };
    std::fs::write(person.path("other.yaml"), other.kubeconfig_text("x", None)).unwrap();
    person.shell(&format!(
        "kubectl --kubeconfig other.yaml config view --raw -o jsonpath='{{.clusters[0].cluster.certificate-authority-data}}' | base64 -d > other.pem
         kubectl config set-cluster wrong-ca --server={server} --certificate-authority=$HOME/other.pem --embed-certs
         kubectl config set-cluster down --server=https://127.0.0.1:1
         kubectl config set-cluster unknown --server=https://no-such-host.invalid
         kubectl config set-credentials robot --token=nonsense
         kubectl config set-context b-token --cluster=test --user=robot
         kubectl config set-context c-ca --cluster=wrong-ca --user=robot
         kubectl config set-context d-down --cluster=down --user=robot
         kubectl config set-context e-dns --cluster=unknown --user=robot",
        server = plane.server()
    ));
    let mut terminal = pane(&person, &[]);
    terminal.keys("gt");
    terminal.sees("says: admin (system:masters");
    for text in
        ["401:", "TLS: it is not the server that the CA", "TCP: nothing answers there", "DNS: the server's name"]
    {
        terminal.keys("jt");
        terminal.sees(text);
    }
}

/// A certificate that was valid for a week, long ago, and its key.
fn expired() -> (String, String) {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "jane");
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2024, 1, 8);
    let key = KeyPair::generate().unwrap();
    (STANDARD.encode(params.self_signed(&key).unwrap().pem()), STANDARD.encode(key.serialize_pem()))
}

fn an_expired_certificate_is_said_at_the_start(plane: &dyn Plane) {
    let person = Person::admin(plane);
    let (certificate, key) = expired();
    person.shell(&format!(
        "kubectl config set users.jane.client-certificate-data {certificate}
         kubectl config set users.jane.client-key-data {key}
         kubectl config set-context jane --cluster=test --user=jane"
    ));
    let said = person.fails(1, &["--context", "jane", "list"]);
    assert!(said.contains("(401)") && said.contains("expired 2y ago"), "{said}");
    let mut terminal = Terminal::console(&person, &["--context", "jane"]);
    terminal.sees("✖ expired");
    terminal.keys("3");
    terminal.sees("CN=jane");
    terminal.keys("t");
    terminal.sees("401: the certificate expired 2y ago");
    // It is not the only context: the other one works.
    terminal.keys("gc");
    terminal.sees("admin › admin");
    terminal.sees("● live");
    assert_eq!(person.countersign(&["check", "jane"]).status.code(), Some(1));
}

fn a_kubeconfig_comes_in_and_a_context_goes_out(plane: &dyn Plane) {
    let person = Person::admin(plane);
    let other = plane.kubeconfig_text("admin", None).replace(&plane.server(), "https://other.example:6443");
    std::fs::write(person.path("colleague.yaml"), other).unwrap();
    let mut terminal = pane(&person, &[]);
    terminal.keys("i");
    terminal.sees("Import a kubeconfig");
    terminal.keys("nowhere.yaml\r");
    terminal.sees("nowhere.yaml is not there");
    terminal.keys("\x1b");
    terminal.sees("Kubeconfig · 1 file");
    terminal.keys("i");
    terminal.sees("Enter shows what would come");
    terminal.keys("colleague.yaml\r");
    terminal.sees("cluster test: another has that name; added as test-colleague");
    terminal.sees("there https://other.example:6443");
    terminal.keys("y");
    terminal.sees("✔ import");
    terminal.sees("2 contexts");
    terminal.keys("ge");
    terminal.sees("Write admin as a file of its own");
    terminal.keys("\r");
    terminal.sees("✔ extract");
    let alone = Person::with(plane, &std::fs::read_to_string(person.path("admin.kubeconfig")).unwrap());
    assert_eq!(alone.kubectl_done(&["config", "get-contexts", "-o", "name"]), "admin\n");
    assert!(alone.kubectl(&["get", "namespaces"]).status.success());
    terminal.keys("e");
    terminal.sees("Write admin as a file of its own");
    terminal.keys("\r");
    terminal.sees("There is a file of that name. Replace it?");
    terminal.keys("n");
    terminal.sees("Kubeconfig · 1 file");
    terminal.keys("Y");
    terminal.sees("client-key-data: REDACTED");
    terminal.keys("q");
    terminal.sees_no("REDACTED");
    terminal.keys("v");
    terminal.sees("Logs in as  admin");
}

fn what_another_program_wrote_is_seen_when_the_pane_is_entered_again(plane: &dyn Plane) {
    let person = Person::admin(plane);
    let mut terminal = pane(&person, &[]);
    person.kubectl_done(&["config", "set-context", "new-one", "--cluster=test", "--user=admin"]);
    terminal.keys("13");
    terminal.sees("new-one");
    // An edit of what is no longer there says so, and changes nothing.
    person.kubectl_done(&["config", "delete-context", "new-one"]);
    terminal.keys("G\r");
    terminal.sees("there is no context new-one");
    terminal.keys("\x1b");
    terminal.sees("1 context ");
    std::fs::write(person.kubeconfig(), "contexts: [").unwrap();
    terminal.keys("R");
    terminal.sees("it is no valid YAML");
}

fn comments_and_a_stale_lock_are_asked_about(plane: &dyn Plane) {
    // With anchors a change in place, which keeps comments, would be guessing.
    let text = format!("# my clusters\n{}x-own: [&a 1, *a]\n", plane.kubeconfig_text("admin", Some("system:masters")));
    let person = Person::with(plane, &text);
    let mut terminal = pane(&person, &[]);
    terminal.keys("r");
    terminal.sees("Rename admin");
    terminal.keys("-2\r");
    terminal.sees("has comments, which writing it loses");
    terminal.keys("n");
    terminal.sees_no("has comments");
    assert_eq!(std::fs::read_to_string(person.kubeconfig()).unwrap(), text);
    std::fs::write(person.path(".kube/config.lock"), "").unwrap();
    terminal.keys("r");
    terminal.sees("Rename admin");
    terminal.keys("-2\r");
    terminal.sees("config.lock is there");
    terminal.keys("y");
    terminal.sees("has comments, which writing it loses");
    terminal.keys("y");
    terminal.sees("★ admin-2");
    assert!(!person.path(".kube/config.lock").exists());
}

fn a_read_only_console_leaves_the_kubeconfig_alone(plane: &dyn Plane) {
    let person = person(plane);
    let before = std::fs::read_to_string(person.kubeconfig()).unwrap();
    let mut terminal = pane(&person, &["--read-only"]);
    for keys in ["G\r", "x", "r", "i"] {
        terminal.keys(keys);
        terminal.sees("read-only: it does not write kubeconfigs either");
    }
    assert_eq!(std::fs::read_to_string(person.kubeconfig()).unwrap(), before);
}
