//! The Kubeconfig pane through a real terminal.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::testing::sandbox::Options;
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

use crate::support::plane::{Plane, Practice};
use crate::support::requests;
use crate::support::terminal::Terminal;
use crate::support::{TestUser, unique};

crate::on_both!(
    uses_renames_and_deletes_a_context_and_sets_its_namespace,
    switching_context_leaves_no_data_of_the_previous_cluster,
    tests_a_connection_and_explains_failures,
    reports_an_expired_certificate_at_startup,
    imports_a_kubeconfig_and_exports_a_context,
    entering_the_pane_reloads_changed_kubeconfigs,
    asks_before_losing_comments_or_removing_a_stale_lock,
    a_read_only_console_does_not_edit_the_kubeconfig,
);

/// With two more contexts on the same cluster.
fn person(plane: &dyn Plane) -> TestUser {
    let person = TestUser::admin(plane);
    person.shell(
        "kubectl config set-credentials robot --token=s3cret-token
         kubectl config set-context robot --cluster=test --user=robot --namespace=ci
         kubectl config set-context half --cluster=nowhere --user=robot",
    );
    person
}

fn pane(person: &TestUser, arguments: &[&str]) -> Terminal {
    let mut terminal = Terminal::console(person, arguments);
    terminal.expect_text("● live");
    terminal.keys("3");
    terminal.expect_text("Kubeconfig · 1 file");
    terminal
}

fn current(person: &TestUser) -> String {
    person.kubectl_ok(&["config", "current-context"]).trim().to_owned()
}

fn uses_renames_and_deletes_a_context_and_sets_its_namespace(plane: &dyn Plane) {
    let person = person(plane);
    let mut terminal = pane(&person, &[]);
    // kubectl has sorted them: admin, half, robot.
    terminal.expect_text("★ admin");
    terminal.expect_text("✖ nowhere");
    terminal.keys("G\r");
    terminal.expect_text("★ robot");
    assert_eq!(current(&person), "robot");
    terminal.keys("r");
    terminal.expect_text("New name");
    terminal.keys("-2\r");
    terminal.expect_text("★ robot-2");
    assert_eq!(current(&person), "robot-2");
    terminal.keys("n");
    terminal.expect_text("Namespace of robot-2");
    terminal.keys("\x15dev\r");
    terminal.expect_text("✔ set");
    let namespace = "jsonpath={.contexts[?(@.name=='robot-2')].context.namespace}";
    assert_eq!(person.kubectl_ok(&["config", "view", "-o", namespace]), "dev");
    terminal.keys("g\r");
    terminal.expect_text("★ admin");
    terminal.keys("Gx");
    terminal.expect_text("Delete robot-2?");
    terminal.expect_text("Its user robot stays: others need it.");
    terminal.keys("y");
    terminal.expect_no_text("robot-2 ");
    terminal.keys("Gx");
    terminal.expect_text("Its user robot, from ~/.kube/config: no other context needs it.");
    terminal.keys("y");
    terminal.expect_text("1 context ");
    assert_eq!(person.kubectl_ok(&["config", "get-users"]), "NAME\nadmin\n");
    assert!(person.kubectl(&["get", "namespaces"]).status.success());
    terminal.keys("4");
    terminal.expect_text("Activity · 6 writes");
    assert!(!String::from_utf8_lossy(&terminal.bytes()).contains("s3cret"));
}

fn switching_context_leaves_no_data_of_the_previous_cluster(plane: &dyn Plane) {
    let Some(other) = Practice::start(&Options { empty: true, ..Options::default() }) else { return };
    let (here, there) = (unique("here"), unique("there"));
    requests::create(plane, &here, &here, &[]);
    requests::create(&other, &there, &there, &[]);
    let person = TestUser::admin(plane);
    std::fs::write(person.path("other.yaml"), other.kubeconfig_text("admin", Some("system:masters"))).unwrap();
    person.run_ok(&["import", "other.yaml", "--name", "context/admin=far-away"]);
    let mut terminal = Terminal::console(&person, &[]);
    terminal.expect_text("● live");
    terminal.find(&here, &format!("CN={here}"));
    terminal.keys("c");
    terminal.expect_text("Switch this console to");
    terminal.expect_text("admin (here)");
    terminal.keys("G\r");
    terminal.expect_text("far-away › admin");
    terminal.expect_text("● live");
    let screen = terminal.expect_text(&there);
    assert!(!screen.contains(&here), "{screen}");
    assert_eq!(current(&person), "admin", "the kubeconfig stays as it is");
    // A decision is sent to the cluster on the screen.
    terminal.keys("a");
    terminal.expect_text(&format!("Approve {there}?"));
    terminal.expect_text("y yes");
    terminal.keys("y");
    terminal.expect_text("approved");
    crate::support::eventually("it is approved there", || {
        requests::conditions(&other, &there).contains("Approved").then_some(())
    });
    // And back, from the pane.
    terminal.keys("3");
    terminal.expect_text("Kubeconfig · 1 file · 2 contexts");
    terminal.keys("gc");
    terminal.expect_text("countersign  admin › admin");
    terminal.keys("1");
    terminal.find(&here, &format!("CN={here}"));
}

fn tests_a_connection_and_explains_failures(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    // A server certificate of another CA, an unreachable server, an unknown host name.
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
    terminal.expect_text("says: admin (system:masters");
    for text in
        ["401:", "TLS: it is not the server that the CA", "TCP: nothing answers there", "DNS: the server's name"]
    {
        terminal.keys("jt");
        terminal.expect_text(text);
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

fn reports_an_expired_certificate_at_startup(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    let (certificate, key) = expired();
    person.shell(&format!(
        "kubectl config set users.jane.client-certificate-data {certificate}
         kubectl config set users.jane.client-key-data {key}
         kubectl config set-context jane --cluster=test --user=jane"
    ));
    let printed = person.expect_failure(1, &["--context", "jane", "list"]);
    assert!(printed.contains("(401)") && printed.contains("expired 2y ago"), "{printed}");
    let mut terminal = Terminal::console(&person, &["--context", "jane"]);
    terminal.expect_text("✖ expired");
    terminal.keys("3");
    terminal.expect_text("CN=jane");
    terminal.keys("t");
    terminal.expect_text("401: the certificate expired 2y ago");
    // It is not the only context: the other one works.
    terminal.keys("gc");
    terminal.expect_text("admin › admin");
    terminal.expect_text("● live");
    assert_eq!(person.countersign(&["check", "jane"]).status.code(), Some(1));
}

fn imports_a_kubeconfig_and_exports_a_context(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    let other = plane.kubeconfig_text("admin", None).replace(&plane.server(), "https://other.example:6443");
    std::fs::write(person.path("colleague.yaml"), other).unwrap();
    let mut terminal = pane(&person, &[]);
    terminal.keys("i");
    terminal.expect_text("Import a kubeconfig");
    terminal.keys("nowhere.yaml\r");
    terminal.expect_text("nowhere.yaml is not there");
    terminal.keys("\x1b");
    terminal.expect_text("Kubeconfig · 1 file");
    terminal.keys("i");
    terminal.expect_text("Enter shows what would come");
    terminal.keys("colleague.yaml\r");
    terminal.expect_text("cluster test: another has that name; added as test-colleague");
    terminal.expect_text("there https://other.example:6443");
    terminal.keys("y");
    terminal.expect_text("✔ import");
    terminal.expect_text("2 contexts");
    terminal.keys("ge");
    terminal.expect_text("Write admin as a file of its own");
    terminal.keys("\r");
    terminal.expect_text("✔ extract");
    let alone = TestUser::with(plane, &std::fs::read_to_string(person.path("admin.kubeconfig")).unwrap());
    assert_eq!(alone.kubectl_ok(&["config", "get-contexts", "-o", "name"]), "admin\n");
    assert!(alone.kubectl(&["get", "namespaces"]).status.success());
    terminal.keys("e");
    terminal.expect_text("Write admin as a file of its own");
    terminal.keys("\r");
    terminal.expect_text("There is a file of that name. Replace it?");
    terminal.keys("n");
    terminal.expect_text("Kubeconfig · 1 file");
    terminal.keys("Y");
    terminal.expect_text("client-key-data: REDACTED");
    terminal.keys("q");
    terminal.expect_no_text("REDACTED");
    terminal.keys("v");
    terminal.expect_text("Logs in as  admin");
}

fn entering_the_pane_reloads_changed_kubeconfigs(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    let mut terminal = pane(&person, &[]);
    person.kubectl_ok(&["config", "set-context", "new-one", "--cluster=test", "--user=admin"]);
    terminal.keys("13");
    terminal.expect_text("new-one");
    // An edit of what is no longer there says so, and changes nothing.
    person.kubectl_ok(&["config", "delete-context", "new-one"]);
    terminal.keys("G\r");
    terminal.expect_text("there is no context new-one");
    terminal.keys("\x1b");
    terminal.expect_text("1 context ");
    std::fs::write(person.kubeconfig(), "contexts: [").unwrap();
    terminal.keys("R");
    terminal.expect_text("it is no valid YAML");
}

fn asks_before_losing_comments_or_removing_a_stale_lock(plane: &dyn Plane) {
    // With anchors a change in place, which keeps comments, would be guessing.
    let text = format!("# my clusters\n{}x-own: [&a 1, *a]\n", plane.kubeconfig_text("admin", Some("system:masters")));
    let person = TestUser::with(plane, &text);
    let mut terminal = pane(&person, &[]);
    terminal.keys("r");
    terminal.expect_text("Rename admin");
    terminal.keys("-2\r");
    terminal.expect_text("has comments, which writing it loses");
    terminal.keys("n");
    terminal.expect_no_text("has comments");
    assert_eq!(std::fs::read_to_string(person.kubeconfig()).unwrap(), text);
    std::fs::write(person.path(".kube/config.lock"), "").unwrap();
    terminal.keys("r");
    terminal.expect_text("Rename admin");
    terminal.keys("-2\r");
    terminal.expect_text("config.lock is there");
    terminal.keys("y");
    terminal.expect_text("has comments, which writing it loses");
    terminal.keys("y");
    terminal.expect_text("★ admin-2");
    assert!(!person.path(".kube/config.lock").exists());
}

fn a_read_only_console_does_not_edit_the_kubeconfig(plane: &dyn Plane) {
    let person = person(plane);
    let before = std::fs::read_to_string(person.kubeconfig()).unwrap();
    let mut terminal = pane(&person, &["--read-only"]);
    for keys in ["G\r", "x", "r", "i"] {
        terminal.keys(keys);
        terminal.expect_text("read-only: it does not write kubeconfigs either");
    }
    assert_eq!(std::fs::read_to_string(person.kubeconfig()).unwrap(), before);
}
