//! Private keys stay where they belong, and files with their owners.

use std::io::{PipeReader, Write, pipe};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::domain::kubeconfig::Kind;
use countersign::files::kubeconfig::read;

use crate::support::plane::Plane;
use crate::support::terminal::Terminal;
use crate::support::{Person, eventually, program, unique};

crate::on_both!(
    a_private_key_in_a_request_file_is_refused_and_reaches_nothing,
    text_around_a_request_and_its_old_label_are_taken_and_only_the_request_is_sent,
    a_ca_and_no_verification_together_are_refused_as_kubectl_does,
    backups_are_few_private_and_made_only_where_something_is_lost,
    an_import_shows_what_is_dangerous_and_the_first_use_asks,
    the_console_asks_before_an_imported_program_runs_for_the_first_time,
    an_import_takes_no_file_that_is_not_a_certificate_or_its_key,
    root_who_edits_a_users_kubeconfig_leaves_it_to_the_user,
    no_copy_of_a_new_key_stays_in_memory_and_the_process_is_not_dumpable,
    a_user_without_privileges_can_write_although_the_process_is_not_dumpable,
);

/// A request and its key, and files that hold both.
fn requests(person: &Person, user: &str) -> String {
    person.shell(&format!(
        "openssl req -new -newkey rsa:2048 -nodes -keyout k.pem -out r.pem -subj /O=devs/CN={user} 2>/dev/null
         cat r.pem k.pem > both.pem; cat k.pem r.pem > both2.pem; sed 's/^/   /' both.pem > indented.pem
         tr -d '\\n' < both.pem > joined.pem; base64 both.pem > encoded.pem
         {{ cat r.pem; openssl rsa -in k.pem -traditional 2>/dev/null; }} > pkcs1.pem"
    ));
    std::fs::read_to_string(person.path("k.pem")).unwrap()
}

fn a_private_key_in_a_request_file_is_refused_and_reaches_nothing(plane: &dyn Plane) {
    let person = Person::admin(plane);
    let user = unique("leaky");
    let key = requests(&person, &user);
    let secret = key.lines().nth(3).unwrap();
    let encoded = STANDARD.encode(&key);
    for file in ["both.pem", "both2.pem", "indented.pem", "joined.pem", "encoded.pem", "pkcs1.pem", "k.pem"] {
        for more in [&["--no-access"][..], &["--no-access", "--dry-run"]] {
            let output =
                person.countersign(&[&["issue", &user, "--group", "devs", "--request", file][..], more].concat());
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert_eq!(output.status.code(), Some(1), "{file}: {said}");
            assert!(said.contains("this key must be considered compromised"), "{file}: {said}");
            assert!(said.contains("Make a new key"), "{file}: {said}");
            assert!(!said.contains(secret) && !said.contains(&encoded[80..120]), "{file}: {said}");
        }
    }
    let mut console = Terminal::console(&person, &[]);
    console.sees("● live");
    console.keys("n");
    console.sees("User name");
    // The key's choice: its owner's PKCS#10 file.
    console.keys("\t\t\x1b[D");
    console.sees("its owner's PKCS#10 file");
    console.keys("\tboth.pem\t\x12");
    console.sees("considered compromised");
    assert!(!String::from_utf8_lossy(&console.bytes()).contains(&secret[..40]));
    assert!(!plane.kubectl(&["get", "csr", &user]).status.success(), "it was sent");
    let kept = person.shell("grep -rl -e 'PRIVATE KEY' -e LS0tLS1CRUdJTiBQUklWQVRFIEtFW .local || true");
    assert_eq!(kept, "", "it was kept");
    let other = person.shell("{ cat r.pem; kubectl config view --raw -o jsonpath='{.clusters[0].cluster.certificate-authority-data}' | base64 -d; } > ca.pem");
    assert_eq!(other, "");
    let said = person.fails(1, &["issue", &user, "--group", "devs", "--request", "ca.pem", "--no-access"]);
    assert!(said.contains("a PEM block CERTIFICATE beside the request"), "{said}");
}

fn text_around_a_request_and_its_old_label_are_taken_and_only_the_request_is_sent(plane: &dyn Plane) {
    let person = Person::admin(plane);
    let user = unique("wordy");
    requests(&person, &user);
    person.shell(
        "{ echo 'a note with s3cret'; openssl req -in r.pem -text | sed 's/CERTIFICATE REQ/NEW CERTIFICATE REQ/'; echo more; } > text.pem",
    );
    person.done(&["issue", "--request", "text.pem", "--no-access"]);
    let sent = plane.kubectl(&["get", "csr", &user, "-o", "jsonpath={.spec.request}"]);
    let sent = STANDARD.decode(sent.stdout).unwrap();
    assert_eq!(
        sent,
        std::fs::read(person.path("r.pem")).unwrap(),
        "the request as openssl writes it, and nothing else"
    );
}

fn a_ca_and_no_verification_together_are_refused_as_kubectl_does(plane: &dyn Plane) {
    let person = Person::admin(plane);
    person.shell("sed 's#^\\( *\\)server: .*#&\\n\\1insecure-skip-tls-verify: true#' .kube/config > both");
    let kubectl = person.kubectl(&["--kubeconfig", "both", "get", "csr"]);
    let theirs = String::from_utf8_lossy(&kubectl.stderr).into_owned();
    assert!(theirs.contains("specifying a root certificates file with the insecure flag is not allowed"), "{theirs}");
    for arguments in [&["--kubeconfig", "both", "list"][..], &["import", "both", "--accept-risks"]] {
        let said = person.fails(1, arguments);
        assert!(said.contains("insecure-skip-tls-verify: true, which kubectl refuses together"), "{said}");
    }
    let check = person.countersign(&["--kubeconfig", "both", "check"]);
    assert_eq!(check.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&check.stdout).contains("kubectl refuses together"));
    let console = Terminal::console(&person, &["--kubeconfig", "both"]);
    console.sees("kubectl refuses together");
}

fn backups(person: &Person) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(person.path(".kube")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "bak")).collect();
    found.sort();
    found
}

fn backups_are_few_private_and_made_only_where_something_is_lost(plane: &dyn Plane) {
    let person = Person::admin(plane);
    person.shell("kubectl config set-credentials robot --token=s3cret-token; kubectl config set-context robot --cluster=test --user=robot");
    for arguments in [&["use", "robot"][..], &["use", "admin"], &["namespace", "a"], &["namespace", "b", "robot"]] {
        person.done(arguments);
    }
    person.done(&["issue", &unique("kept"), "--no-access"]);
    person.done(&["use", "admin"]);
    assert_eq!(backups(&person), Vec::<PathBuf>::new(), "nothing was lost");
    for number in 0..5 {
        person.done(&["rename", &format!("robot{}", "x".repeat(number)), &format!("robot{}", "x".repeat(number + 1))]);
    }
    assert_eq!(backups(&person).len(), 3);
    for backup in backups(&person) {
        assert_eq!(backup.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::write(person.path(".kube/config.bak"), "mine").unwrap();
    let output = person.countersign(&["delete-context", "robotxxxxx", "--orphans"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("the credentials of user robot are still in 3 backups; to remove them: rm -- "), "{said}");
    // The line that is shown does it.
    person.shell(said.split("to remove them: ").nth(1).unwrap().lines().next().unwrap());
    assert_eq!(person.shell("grep -rl s3cret-token .kube || true"), "");
    assert!(person.path(".kube/config.bak").exists(), "a file of another's naming is not ours to remove");
    std::fs::remove_file(person.path(".kube/config.bak")).unwrap();
    std::fs::create_dir_all(person.path(".config/countersign")).unwrap();
    for (count, kept) in [("1", 1), ("0", 1)] {
        std::fs::write(person.path(".config/countersign/config.yaml"), format!("backups: {count}\n")).unwrap();
        person.done(&["rename", "admin", "me"]);
        person.done(&["rename", "me", "admin"]);
        // With 0 none is made; those that are there go with the next edit.
        assert!(backups(&person).len() <= kept, "{count}: {:?}", backups(&person));
    }
    assert_eq!(backups(&person).len(), 0);
}

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
    assert!(config.get(Kind::Cluster, "far").unwrap().contains_key("certificate-authority-data"));
    for arguments in [&["--context", "far", "list"][..], &["embed", "far"], &["extract", "far"]] {
        let said = person.fails(3, arguments);
        assert!(said.contains("was imported and is used for the first time") && said.contains(&runs), "{said}");
        assert!(said.contains("countersign trust far"), "{said}");
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
    let entry = |field: &str| read(&person.kubeconfig()).unwrap().get(Kind::User, "u").unwrap().contains_key(field);
    assert!(entry("client-key") && !entry("client-key-data"), "it was embedded unasked");
    assert!(person.fails(3, &["--context", "odd", "list"]).contains("names a file outside of the folder"));
    person.done(&["delete-context", "odd", "--orphans"]);
    let (code, said) = import("", user, &["--accept-risks", "--embed-outside"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(entry("client-key-data") && !entry("client-key"));
    // It holds all that it needs, so that its first use asks nothing; the server is none.
    assert!(person.fails(1, &["--context", "odd", "list"]).contains("cannot be reached"));
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

fn root_who_edits_a_users_kubeconfig_leaves_it_to_the_user(plane: &dyn Plane) {
    if !is_root() {
        return; // Only root can make a file of another user.
    }
    let person = Person::admin(plane);
    std::os::unix::fs::chown(person.kubeconfig(), Some(65_534), Some(65_533)).unwrap();
    person.done(&["rename", "admin", "me"]);
    person.done(&["issue", &unique("owned"), "--no-access"]);
    for path in backups(&person).into_iter().chain([person.kubeconfig()]) {
        let meta = path.metadata().unwrap();
        assert_eq!((meta.uid(), meta.gid(), meta.mode() & 0o777), (65_534, 65_533, 0o600), "{}", path.display());
    }
    assert_eq!(backups(&person).len(), 1);
}

/// A program whose standard output is full, so that it stops where it prints its result.
struct Stopped {
    child: Child,
    _output: PipeReader,
}

impl Stopped {
    fn start(mut command: Command) -> Self {
        let (output, mut full) = pipe().unwrap();
        // As much as a pipe takes (pipe(7)).
        full.write_all(" ".repeat(65_536).as_bytes()).unwrap();
        let child = command.stdout(full).stderr(Stdio::null()).spawn().unwrap();
        let stopped = Self { child, _output: output };
        eventually("it writes its result", || {
            let call = std::fs::read_to_string(stopped.proc("syscall")).ok()?;
            let mut words = call.split_whitespace();
            // write(1, …), by its number on x86-64 or on arm64.
            (matches!(words.next()?, "1" | "64") && words.next()? == "0x1").then_some(())
        });
        stopped
    }

    fn proc(&self, file: &str) -> PathBuf {
        Path::new("/proc").join(self.child.id().to_string()).join(file)
    }

    /// How often bytes are in its memory.
    fn count(&self, wanted: &[u8]) -> usize {
        let maps = std::fs::read_to_string(self.proc("maps")).unwrap();
        let memory = std::fs::File::open(self.proc("mem")).unwrap();
        let mut found = 0;
        for line in maps.lines().filter(|line| line.contains(" rw")) {
            let (start, rest) = line.split_once('-').unwrap();
            let start = u64::from_str_radix(start, 16).unwrap();
            let end = u64::from_str_radix(rest.split(' ').next().unwrap(), 16).unwrap();
            let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
            // A part that the system keeps to itself holds no key of ours.
            if memory.read_exact_at(&mut bytes, start).is_ok() {
                found += bytes.windows(wanted.len()).filter(|window| *window == wanted).count();
            }
        }
        found
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn no_copy_of_a_new_key_stays_in_memory_and_the_process_is_not_dumpable(plane: &dyn Plane) {
    if !is_root() {
        return; // The process is not dumpable: only root can look into it.
    }
    let person = Person::admin(plane);
    let user = unique("wiped");
    let mut command = person.command(&program());
    command.args(["issue", &user, "--no-access", "--key-type", "ecdsa-p256"]);
    let stopped = Stopped::start(command);
    let config = read(&person.kubeconfig()).unwrap();
    let encoded = config.get(Kind::User, &user).unwrap()["client-key-data"].as_str().unwrap().to_owned();
    let pem = String::from_utf8(STANDARD.decode(&encoded).unwrap()).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(&body).unwrap();
    // ECPrivateKey (RFC 5915): version 1, then the secret number itself.
    let at = der.windows(5).position(|window| window == [2, 1, 1, 4, 32]).unwrap() + 5;
    let line = &pem.lines().nth(1).unwrap()[20..];
    let own = stopped.count(user.as_bytes());
    assert!(own > 0, "this looks at nothing");
    let counts =
        [stopped.count(line.as_bytes()), stopped.count(&encoded.as_bytes()[60..110]), stopped.count(&der[at..at + 32])];
    eprintln!(
        "copies of the key in memory: PEM {}, base64 of PEM {}, the number itself {}",
        counts[0], counts[1], counts[2]
    );
    assert_eq!(counts, [0, 0, 0]);
    let limits = std::fs::read_to_string(stopped.proc("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
}

fn a_user_without_privileges_can_write_although_the_process_is_not_dumpable(plane: &dyn Plane) {
    if !is_root() {
        return; // Only root can become another user.
    }
    let person = Person::admin(plane);
    let own = person.path("countersign");
    std::fs::copy(program(), &own).unwrap();
    person.shell("chown -R 65534:65534 .; chmod 755 . countersign");
    let as_nobody = |arguments: &[&str]| {
        let mut command = person.command(Path::new("setpriv"));
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&own).args(arguments);
        command
    };
    let user = unique("plain");
    for arguments in [&["rename", "admin", "me"][..], &["issue", &user, "--no-access", "--no-switch"]] {
        let output = as_nobody(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert!(!person.path(".kube/config.lock").exists());
    // Files in /proc belong to root where a process is not dumpable (proc(5)).
    let stopped = Stopped::start(as_nobody(&["contexts"]));
    assert_eq!(stopped.proc("mem").metadata().unwrap().uid(), 0);
}
