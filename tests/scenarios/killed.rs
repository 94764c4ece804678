//! kill -9 right before each system call that writes, over all threads, under umask 000: no half file, no lost entry, no
//! key for others' eyes, and afterwards resume, undo or the same command again are right.
//!
//! A fixed share of the moments is tried in every test run; all of them with `KILL_EVERYWHERE=1` (some minutes).

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use countersign::domain::kubeconfig::{Kind, Kubeconfig};
use countersign::files::kubeconfig::read;

use crate::support::api::Api;
use crate::support::plane::{Plane, Practice, practice};
use crate::support::{Person, program, unique};

/// Tried at once.
const WORKERS: usize = 2;

/// How a traced run ended.
struct Traced {
    output: Output,
    /// Calls that write, until the end or the kill.
    count: usize,
    /// The call that it was killed at, or `ended`.
    at: String,
}

impl Traced {
    fn is_killed(&self) -> bool {
        self.at != "ended"
    }
}

/// Runs countersign under umask 000 and kills it at a moment, such as `7` or `unlink:4`; `0` never.
fn traced(person: &Person, when: &str, arguments: &[&str]) -> Traced {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/support/kill_at.py");
    let report = tempfile::NamedTempFile::new().unwrap();
    let mut command = person.command(Path::new("sh"));
    command.args(["-c", "umask 000; exec python3 \"$@\"", "sh"]).arg(script).arg(when).arg(report.path());
    let output = command.arg(program()).args(arguments).output().unwrap();
    let text = std::fs::read_to_string(report.path()).unwrap();
    let (count, at) = text.trim().split_once(' ').unwrap_or_else(|| panic!("{output:?}"));
    Traced { count: count.parse().unwrap(), at: at.to_owned(), output }
}

/// The moments to try of so many, at most `share` of them unless all are wanted.
fn moments(total: usize, share: usize) -> Vec<usize> {
    if std::env::var_os("KILL_EVERYWHERE").is_some() {
        return (1..=total).collect();
    }
    let share = share.min(total);
    (0..share).map(|number| 1 + number * (total - 1) / share.max(2).saturating_sub(1)).collect()
}

/// Does something for each moment, some at a time; how many of them were killed.
fn each(moments: &[usize], run: impl Fn(usize) -> bool + Sync) -> usize {
    let (next, killed, failed) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let one = |moment: usize| match catch_unwind(AssertUnwindSafe(|| run(moment))) {
        Ok(was_killed) => killed.fetch_add(usize::from(was_killed), Ordering::Relaxed),
        // What failed has been printed; the other moments are still tried.
        Err(_) => failed.fetch_add(1, Ordering::Relaxed),
    };
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(moment) = moments.get(next.fetch_add(1, Ordering::Relaxed)) {
                    one(*moment);
                }
            });
        }
    });
    assert_eq!(failed.into_inner(), 0, "moments of {} failed", moments.len());
    killed.into_inner()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Somebody whose own files are closed to others, and what their kubeconfig holds.
fn person(plane: &dyn Plane) -> (Person, Kubeconfig) {
    let person = Person::admin(plane);
    std::fs::set_permissions(person.kubeconfig(), PermissionsExt::from_mode(0o600)).unwrap();
    let before = read(&person.kubeconfig()).unwrap();
    (person, before)
}

/// Makes the files and folders below a folder an hour older.
fn grow_old(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            grow_old(&path);
        }
        let an_hour_ago = SystemTime::now() - Duration::from_secs(3600);
        std::fs::File::open(&path).unwrap().set_modified(an_hour_ago).unwrap();
    }
}

/// Whatever was cut off: every file is whole and for its owner alone, and no old entry is lost.
fn is_whole(person: &Person, before: &Kubeconfig, what: &str) {
    for path in files(&person.path("")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        let public = name.contains(".crt");
        assert!(public || mode.trailing_zeros() >= 6, "{what}: {} is {mode:o}", path.display());
        let text = std::fs::read_to_string(&path).unwrap();
        match name {
            "config" | "new.kubeconfig" => drop(read(&path).unwrap_or_else(|error| panic!("{what}: {error}"))),
            "journal.yaml" | "imported.yaml" => drop(serde_yaml::from_str::<serde_yaml::Value>(&text).unwrap()),
            "key.pem" => assert!(text.ends_with("-----END PRIVATE KEY-----\n"), "{what}: half a key"),
            "request.pem" | "jane.crt" => assert!(text.trim_end().ends_with("-----"), "{what}: half of {name}"),
            _ if path.extension().is_some_and(|end| end == "bak") => {
                assert!(Kubeconfig::parse(&text).is_ok(), "{what}: half of {name}")
            }
            _ => {}
        }
    }
    let now = read(&person.kubeconfig()).unwrap();
    for kind in [Kind::Cluster, Kind::User, Kind::Context] {
        for name in before.names(kind) {
            assert_eq!(now.get(kind, name), before.get(kind, name), "{what}: {} {name}", kind.word());
        }
    }
}

/// Files that hold a private key, plain or in base64, by name.
fn with_key(person: &Person) -> BTreeSet<String> {
    let holds = |path: &PathBuf| {
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        ["PRIVATE KEY", "LS0tLS1CRUdJTiBQUklWQVRFIEtFW", "LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFW"]
            .iter()
            .any(|key| text.contains(key))
    };
    let held = files(&person.path("")).into_iter().filter(holds);
    held.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

/// An issuance of one kind for one user.
struct Issuance<'a> {
    plane: &'a Practice,
    user: String,
    role: String,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Into the own kubeconfig, and switched to.
    Merged,
    /// Into a file of its own, in a folder that is not there.
    Separate,
    /// For a request whose key is elsewhere.
    Request,
}

impl<'a> Issuance<'a> {
    fn new(plane: &'a Practice, form: Form) -> Self {
        Self { plane, user: unique("killed"), role: unique("cut"), form }
    }

    fn arguments(&self) -> Vec<&str> {
        let mut arguments = vec!["--context", "admin", "issue", &self.user, "--role", &self.role, "-n", "default"];
        arguments.extend(match self.form {
            Form::Merged => ["--key-type", "ecdsa-p256"].to_vec(),
            Form::Separate => ["--key-type", "ecdsa-p256", "--out", "new/new.kubeconfig"].to_vec(),
            Form::Request => ["--request", "request.pem", "--out", "jane.crt"].to_vec(),
        });
        arguments
    }

    /// A home with what the issuance needs.
    fn person(&self) -> (Person, Kubeconfig) {
        let (person, before) = person(self.plane);
        if self.form == Form::Request {
            person.shell(&format!(
                "umask 077; openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null \
                 -subj /CN={} -out request.pem 2>/dev/null",
                self.user
            ));
        }
        (person, before)
    }

    fn codes(&self) -> [u16; 3] {
        let api = Api::admin(self.plane);
        let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
        [
            format!("/apis/certificates.k8s.io/v1/certificatesigningrequests/{}", self.user),
            format!("{rbac}/roles/{}", self.role),
            format!("{rbac}/rolebindings/{}-binding-{}", self.role, self.user),
        ]
        .map(|path| api.get(&path).code)
    }

    /// Nothing of it is left but, in the log folder, what says that it was.
    fn is_undone(&self, person: &Person, before: &Kubeconfig, what: &str) {
        assert_eq!(self.codes(), [404; 3], "{what}");
        assert!(read(&person.kubeconfig()).unwrap() == *before, "{what}: another kubeconfig");
        // What was cut off before there was a journal is swept once it is old.
        grow_old(&person.path(".local"));
        person.done(&["contexts"]);
        let mut left: Vec<_> = files(&person.path("")).iter().map(|path| path.display().to_string()).collect();
        left.retain(|path| !path.contains("/countersign.log."));
        let own = [person.kubeconfig(), person.path("request.pem")].map(|path| path.display().to_string());
        left.retain(|path| !own.contains(path));
        assert!(left.is_empty(), "{what}: {left:?}");
        assert!(!person.path("new").exists() || std::fs::read_dir(person.path("new")).unwrap().count() > 0, "{what}");
    }

    /// All of it is there, and works.
    fn is_done(&self, person: &Person, what: &str) {
        assert_eq!(self.codes(), [200; 3], "{what}");
        let holding = match self.form {
            Form::Request => {
                assert!(person.path("jane.crt").exists(), "{what}");
                return assert_eq!(with_key(person), BTreeSet::from(["config".to_owned()]), "{what}");
            }
            Form::Merged => person.kubeconfig(),
            Form::Separate => person.path("new/new.kubeconfig"),
        };
        let login = Api::with(&std::fs::read_to_string(&holding).unwrap());
        let review = serde_json::json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
        let who = login.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", &review).ok();
        assert_eq!(who["status"]["userInfo"]["username"], self.user, "{what}");
        let names = ["config".to_owned(), holding.file_name().unwrap().to_str().unwrap().to_owned()];
        assert_eq!(with_key(person), BTreeSet::from(names), "{what}");
    }

    fn is_begun(&self) -> bool {
        self.codes() != [404; 3]
    }
}

fn says_nothing_unfinished(output: &Output) -> bool {
    String::from_utf8_lossy(&output.stderr).contains("nothing was left unfinished")
}

/// Kills an issuance at a moment, then resumes it.
fn killed_and_resumed(plane: &Practice, form: Form, moment: usize) -> bool {
    let issuance = Issuance::new(plane, form);
    let (person, before) = issuance.person();
    let run = traced(&person, &moment.to_string(), &issuance.arguments());
    let what = format!("{form:?}, killed at {moment} ({}) and resumed", run.at);
    is_whole(&person, &before, &what);
    let resumed = person.countersign(&["--context", "admin", "issue", "--resume", &issuance.user]);
    if !resumed.status.success() {
        assert!(says_nothing_unfinished(&resumed), "{what}: {resumed:?}");
        if !issuance.is_begun() {
            let again = person.countersign(&issuance.arguments());
            assert!(again.status.success(), "{what}: {again:?}");
        }
    }
    issuance.is_done(&person, &what);
    is_whole(&person, &before, &what);
    run.is_killed()
}

/// Kills an issuance at a moment, then undoes it.
fn killed_and_undone(plane: &Practice, form: Form, moment: usize) -> bool {
    let issuance = Issuance::new(plane, form);
    let (person, before) = issuance.person();
    let run = traced(&person, &moment.to_string(), &issuance.arguments());
    let what = format!("{form:?}, killed at {moment} ({}) and undone", run.at);
    is_whole(&person, &before, &what);
    let undone = person.countersign(&["--context", "admin", "issue", "--undo", &issuance.user]);
    is_whole(&person, &before, &what);
    if !undone.status.success() && says_nothing_unfinished(&undone) && issuance.is_begun() {
        // It was over.
        issuance.is_done(&person, &what);
    } else {
        assert!(undone.status.success() || says_nothing_unfinished(&undone), "{what}: {undone:?}");
        issuance.is_undone(&person, &before, &what);
    }
    run.is_killed()
}

/// Kills an undo at a moment, then undoes again.
fn undo_killed(plane: &Practice, form: Form, moment: usize) -> bool {
    let issuance = Issuance::new(plane, form);
    let (person, before) = issuance.person();
    all_but_over(&person, &issuance);
    let undo = ["--context", "admin", "issue", "--undo", &issuance.user];
    let run = traced(&person, &moment.to_string(), &undo);
    let what = format!("undo of {form:?}, killed at {moment} ({})", run.at);
    is_whole(&person, &before, &what);
    let again = person.countersign(&undo);
    assert!(again.status.success() || says_nothing_unfinished(&again), "{what}: {again:?}");
    issuance.is_undone(&person, &before, &what);
    run.is_killed()
}

/// Issues, and kills it when all is done but to forget the journal.
fn all_but_over(person: &Person, issuance: &Issuance<'_>) {
    // Removed before: the kubeconfig's lock and the key where there are such, then the key once more.
    let removal = if issuance.form == Form::Request { "unlink:2" } else { "unlink:4" };
    let run = traced(person, removal, &issuance.arguments());
    assert!(run.is_killed(), "{:?}", run.output);
    assert_eq!(issuance.codes(), [200; 3]);
    assert!(files(&person.path(".local")).iter().any(|path| path.ends_with("journal.yaml")), "it is over");
}

/// How many calls write while `run` is carried out.
fn total(form: Form, plane: &Practice, undo: bool) -> usize {
    let issuance = Issuance::new(plane, form);
    let (person, _) = issuance.person();
    if !undo {
        return traced(&person, "0", &issuance.arguments()).count;
    }
    all_but_over(&person, &issuance);
    traced(&person, "0", &["--context", "admin", "issue", "--undo", &issuance.user]).count
}

fn kill_everywhere(name: &str, form: Form, share: usize, undo: bool, run: fn(&Practice, Form, usize) -> bool) {
    let Some(plane) = practice(name) else { return };
    let total = total(form, &plane, undo);
    let moments = moments(total, share);
    let killed = each(&moments, |moment| run(&plane, form, moment));
    eprintln!("{name}: {total} calls write, killed at {killed} of {} moments", moments.len());
    assert!(killed * 2 >= moments.len(), "only {killed} of {} were killed", moments.len());
}

#[test]
fn an_issuance_killed_at_any_write_is_resumed_to_a_login() {
    kill_everywhere("resume, merged", Form::Merged, 8, false, killed_and_resumed);
}

#[test]
fn an_issuance_into_a_new_file_killed_at_any_write_is_resumed_to_a_login() {
    kill_everywhere("resume, new file", Form::Separate, 5, false, killed_and_resumed);
}

#[test]
fn an_issuance_for_a_request_killed_at_any_write_is_resumed_to_a_certificate() {
    kill_everywhere("resume, request", Form::Request, 4, false, killed_and_resumed);
}

#[test]
fn an_issuance_killed_at_any_write_is_undone_without_a_trace() {
    kill_everywhere("undo, merged", Form::Merged, 8, false, killed_and_undone);
}

#[test]
fn an_issuance_into_a_new_file_killed_at_any_write_is_undone_without_a_trace() {
    kill_everywhere("undo, new file", Form::Separate, 6, false, killed_and_undone);
}

#[test]
fn an_issuance_for_a_request_killed_at_any_write_is_undone_without_a_trace() {
    kill_everywhere("undo, request", Form::Request, 4, false, killed_and_undone);
}

#[test]
fn an_undo_killed_at_any_write_is_finished_by_another() {
    kill_everywhere("undo killed, merged", Form::Merged, 4, true, undo_killed);
    kill_everywhere("undo killed, new file", Form::Separate, 4, true, undo_killed);
    kill_everywhere("undo killed, request", Form::Request, 3, true, undo_killed);
}

#[test]
fn an_undo_puts_back_the_entries_that_the_issuance_replaced() {
    let Some(plane) = practice("undo of a replacement") else { return };
    let issuance = Issuance::new(&plane, Form::Merged);
    let (person, _) = issuance.person();
    person.kubectl_done(&["config", "set-credentials", &issuance.user, "--token=old"]);
    person.kubectl_done(&["config", "set-context", &issuance.user, "--cluster=test", "--user=old"]);
    let before = read(&person.kubeconfig()).unwrap();
    let mut arguments = issuance.arguments();
    arguments.push("--overwrite");
    let run = traced(&person, "unlink:4", &arguments);
    assert!(run.is_killed() && read(&person.kubeconfig()).unwrap() != before, "{:?}", run.output);
    person.done(&["--context", "admin", "issue", "--undo", &issuance.user]);
    let after = read(&person.kubeconfig()).unwrap();
    for kind in [Kind::Cluster, Kind::User, Kind::Context] {
        for name in before.names(kind) {
            assert_eq!(after.get(kind, name), before.get(kind, name), "{} {name}", kind.word());
        }
    }
    assert_eq!(after.current_context(), Some("admin"));
}

/// Kubeconfig edits: killed, the file is the old or the new one, and the same command again makes it the new one.
const EDITS: &[&[&str]] = &[
    &["rename", "robot", "machine"],
    &["delete-context", "robot", "--orphans"],
    &["use", "robot"],
    &["namespace", "elsewhere", "robot"],
    &["import", "incoming", "--accept-risks"],
    &["embed", "filed"],
];

/// What a person with contexts to edit has, and a kubeconfig to import that runs a program.
struct Editor {
    files: Vec<(&'static str, String)>,
}

impl Editor {
    fn new(plane: &dyn Plane) -> Self {
        let (person, _) = person(plane);
        person.shell(
            "export KUBECONFIG=$HOME/.kube/config
             kubectl config set-credentials robot --token=s3cret
             kubectl config set-context robot --cluster=test --user=robot
             kubectl config view --raw -o jsonpath='{.clusters[0].cluster.certificate-authority-data}' | base64 -d > .kube/ca.pem
             kubectl config set-cluster filed --server=https://filed --certificate-authority=$HOME/.kube/ca.pem
             kubectl config set-context filed --cluster=filed --user=admin",
        );
        let incoming = "clusters: [{name: far, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: runner, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/login, interactiveMode: Never}}}]
contexts: [{name: far, context: {cluster: far, user: runner}}]
";
        let read = |name: &str| std::fs::read_to_string(person.path(name)).unwrap();
        Self {
            files: vec![
                (".kube/config", read(".kube/config")),
                (".kube/ca.pem", read(".kube/ca.pem")),
                ("incoming", incoming.to_owned()),
            ],
        }
    }

    fn person(&self, plane: &dyn Plane) -> Person {
        let person = Person::with(plane, "");
        for (name, text) in &self.files {
            std::fs::write(person.path(name), text).unwrap();
            std::fs::set_permissions(person.path(name), PermissionsExt::from_mode(0o600)).unwrap();
        }
        person
    }
}

fn edit_killed(person: &Person, edit: &[&str], wanted: &Kubeconfig, moment: usize) -> bool {
    let before = read(&person.kubeconfig()).unwrap();
    let run = traced(person, &moment.to_string(), edit);
    let what = format!("{edit:?}, killed at {moment} ({})", run.at);
    let now = read(&person.kubeconfig()).unwrap();
    assert!(now == before || now == *wanted, "{what}: neither the old nor the new kubeconfig");
    for path in files(&person.path("")) {
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert!(mode.trailing_zeros() >= 6, "{what}: {} is {mode:o}", path.display());
    }
    if now.has(Kind::Context, "far") {
        let used = person.countersign(&["--context", "far", "list"]);
        assert_eq!(used.status.code(), Some(3), "{what}: it runs its program unasked: {used:?}");
    }
    if now == before {
        person.done(edit);
    }
    assert!(read(&person.kubeconfig()).unwrap() == *wanted, "{what}: the same command again");
    // What the killed run left is swept once it is old, and no lock keeps kubectl out.
    grow_old(&person.path(".kube"));
    grow_old(&person.path(".local"));
    person.done(&["contexts"]);
    let left: Vec<_> =
        files(&person.path("")).into_iter().filter(|path| path.extension().is_some_and(|end| end == "new")).collect();
    assert!(left.is_empty(), "{what}: {left:?}");
    assert!(!person.path(".kube/config.lock").exists(), "{what}");
    assert!(person.kubectl(&["config", "use-context", "admin"]).status.success(), "{what}");
    run.is_killed()
}

#[test]
fn a_kubeconfig_edit_killed_at_any_write_is_whole_and_done_by_the_same_command_again() {
    let Some(plane) = practice("edits killed") else { return };
    let editor = Editor::new(&plane);
    let (mut all, mut killed, mut tried) = (0, 0, 0);
    for edit in EDITS {
        let unharmed = editor.person(&plane);
        let total = traced(&unharmed, "0", edit).count;
        let wanted = read(&unharmed.kubeconfig()).unwrap();
        let moments = moments(total, 4);
        killed += each(&moments, |moment| edit_killed(&editor.person(&plane), edit, &wanted, moment));
        (all, tried) = (all + total, tried + moments.len());
    }
    eprintln!("edits: {all} calls write, killed at {killed} of {tried} moments");
    assert!(killed * 2 >= tried, "only {killed} of {tried} were killed");
}
