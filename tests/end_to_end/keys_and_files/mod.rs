//! Private keys stay where they belong, and files with their owners.

mod import;
mod memory;

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::plane::Plane;
use crate::support::terminal::Terminal;
use crate::support::{TestUser, unique};

crate::on_both!(
    rejects_a_private_key_in_a_request_file,
    accepts_surrounding_text_and_the_old_pem_label_and_sends_the_request_only,
    a_ca_and_no_verification_together_are_refused_as_kubectl_does,
    backups_are_limited_private_and_made_only_for_lossy_edits,
    root_who_edits_a_users_kubeconfig_leaves_it_to_the_user,
);

/// A request and its key, and files that hold both.
fn requests(person: &TestUser, user: &str) -> String {
    person.shell(&format!(
        "openssl req -new -newkey rsa:2048 -nodes -keyout k.pem -out r.pem -subj /O=devs/CN={user} 2>/dev/null
         cat r.pem k.pem > both.pem; cat k.pem r.pem > both2.pem; sed 's/^/   /' both.pem > indented.pem
         tr -d '\\n' < both.pem > joined.pem; base64 both.pem > encoded.pem
         {{ cat r.pem; openssl rsa -in k.pem -traditional 2>/dev/null; }} > pkcs1.pem"
    ));
    std::fs::read_to_string(person.path("k.pem")).unwrap()
}

fn rejects_a_private_key_in_a_request_file(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    let user = unique("leaky");
    let key = requests(&person, &user);
    let secret = key.lines().nth(3).unwrap();
    let encoded = STANDARD.encode(&key);
    for file in ["both.pem", "both2.pem", "indented.pem", "joined.pem", "encoded.pem", "pkcs1.pem", "k.pem"] {
        for more in [&["--no-access"][..], &["--no-access", "--dry-run"]] {
            let output =
                person.countersign(&[&["issue", &user, "--group", "devs", "--request", file][..], more].concat());
            let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert_eq!(output.status.code(), Some(1), "{file}: {printed}");
            assert!(printed.contains("this key must be considered compromised"), "{file}: {printed}");
            assert!(printed.contains("Make a new key"), "{file}: {printed}");
            assert!(!printed.contains(secret) && !printed.contains(&encoded[80..120]), "{file}: {printed}");
        }
    }
    let mut console = Terminal::console(&person, &[]);
    console.expect_text("● live");
    console.keys("n");
    console.expect_text("User name");
    // The key's choice: its owner's PKCS#10 file.
    console.keys("\t\t\x1b[D");
    console.expect_text("its owner's PKCS#10 file");
    console.keys("\tboth.pem\t\x12");
    console.expect_text("considered compromised");
    assert!(!String::from_utf8_lossy(&console.bytes()).contains(&secret[..40]));
    assert!(!plane.kubectl(&["get", "csr", &user]).status.success(), "it was sent");
    let kept = person.shell("grep -rl -e 'PRIVATE KEY' -e LS0tLS1CRUdJTiBQUklWQVRFIEtFW .local || true");
    assert_eq!(kept, "", "it was kept");
    let other = person.shell("{ cat r.pem; kubectl config view --raw -o jsonpath='{.clusters[0].cluster.certificate-authority-data}' | base64 -d; } > ca.pem");
    assert_eq!(other, "");
    let printed = person.expect_failure(1, &["issue", &user, "--group", "devs", "--request", "ca.pem", "--no-access"]);
    assert!(printed.contains("a PEM block CERTIFICATE beside the request"), "{printed}");
}

fn accepts_surrounding_text_and_the_old_pem_label_and_sends_the_request_only(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    let user = unique("wordy");
    requests(&person, &user);
    person.shell(
        "{ echo 'a note with s3cret'; openssl req -in r.pem -text | sed 's/CERTIFICATE REQ/NEW CERTIFICATE REQ/'; echo more; } > text.pem",
    );
    person.run_ok(&["issue", "--request", "text.pem", "--no-access"]);
    let sent = plane.kubectl(&["get", "csr", &user, "-o", "jsonpath={.spec.request}"]);
    let sent = STANDARD.decode(sent.stdout).unwrap();
    assert_eq!(
        sent,
        std::fs::read(person.path("r.pem")).unwrap(),
        "the request as openssl writes it, and nothing else"
    );
}

fn a_ca_and_no_verification_together_are_refused_as_kubectl_does(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    person.shell("sed 's#^\\( *\\)server: .*#&\\n\\1insecure-skip-tls-verify: true#' .kube/config > both");
    let kubectl = person.kubectl(&["--kubeconfig", "both", "get", "csr"]);
    let theirs = String::from_utf8_lossy(&kubectl.stderr).into_owned();
    assert!(theirs.contains("specifying a root certificates file with the insecure flag is not allowed"), "{theirs}");
    for arguments in [&["--kubeconfig", "both", "list"][..], &["import", "both", "--accept-risks"]] {
        let printed = person.expect_failure(1, arguments);
        assert!(printed.contains("insecure-skip-tls-verify: true, which kubectl refuses together"), "{printed}");
    }
    let check = person.countersign(&["--kubeconfig", "both", "check"]);
    assert_eq!(check.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&check.stdout).contains("kubectl refuses together"));
    let console = Terminal::console(&person, &["--kubeconfig", "both"]);
    console.expect_text("kubectl refuses together");
}

fn backups(person: &TestUser) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(person.path(".kube")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "bak")).collect();
    found.sort();
    found
}

fn backups_are_limited_private_and_made_only_for_lossy_edits(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    person.shell("kubectl config set-credentials robot --token=s3cret-token; kubectl config set-context robot --cluster=test --user=robot");
    for arguments in [&["use", "robot"][..], &["use", "admin"], &["namespace", "a"], &["namespace", "b", "robot"]] {
        person.run_ok(arguments);
    }
    person.run_ok(&["issue", &unique("kept"), "--no-access"]);
    person.run_ok(&["use", "admin"]);
    assert_eq!(backups(&person), Vec::<PathBuf>::new(), "nothing was lost");
    for number in 0..5 {
        person.run_ok(&[
            "rename",
            &format!("robot{}", "x".repeat(number)),
            &format!("robot{}", "x".repeat(number + 1)),
        ]);
    }
    assert_eq!(backups(&person).len(), 3);
    for backup in backups(&person) {
        assert_eq!(backup.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::write(person.path(".kube/config.bak"), "mine").unwrap();
    let output = person.countersign(&["delete-context", "robotxxxxx", "--orphans"]);
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        printed.contains("the credentials of user robot are still in 3 backups; to remove them: rm -- "),
        "{printed}"
    );
    // The line that is shown does it.
    person.shell(printed.split("to remove them: ").nth(1).unwrap().lines().next().unwrap());
    assert_eq!(person.shell("grep -rl s3cret-token .kube || true"), "");
    assert!(person.path(".kube/config.bak").exists(), "a file of another's naming is not ours to remove");
    std::fs::remove_file(person.path(".kube/config.bak")).unwrap();
    std::fs::create_dir_all(person.path(".config/countersign")).unwrap();
    for (count, kept) in [("1", 1), ("0", 1)] {
        std::fs::write(person.path(".config/countersign/config.yaml"), format!("backups: {count}\n")).unwrap();
        person.run_ok(&["rename", "admin", "me"]);
        person.run_ok(&["rename", "me", "admin"]);
        // With 0 none is made; those that are there go with the next edit.
        assert!(backups(&person).len() <= kept, "{count}: {:?}", backups(&person));
    }
    assert_eq!(backups(&person).len(), 0);
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

fn root_who_edits_a_users_kubeconfig_leaves_it_to_the_user(plane: &dyn Plane) {
    if !is_root() {
        return; // Only root can make a file of another user.
    }
    let person = TestUser::admin(plane);
    std::os::unix::fs::chown(person.kubeconfig(), Some(65_534), Some(65_533)).unwrap();
    person.run_ok(&["rename", "admin", "me"]);
    person.run_ok(&["issue", &unique("owned"), "--no-access"]);
    for path in backups(&person).into_iter().chain([person.kubeconfig()]) {
        let meta = path.metadata().unwrap();
        assert_eq!((meta.uid(), meta.gid(), meta.mode() & 0o777), (65_534, 65_533, 0o600), "{}", path.display());
    }
    assert_eq!(backups(&person).len(), 1);
}
