//! `issue` and its undo, killed.

use std::collections::BTreeSet;
use std::process::Output;

use countersign::testing::domain::kubeconfig::{EntryKind, Kubeconfig};
use countersign::testing::files::kubeconfig::read;

use super::{backdate, each, files, is_whole, moments, person, traced, with_key};
use crate::support::api::Api;
use crate::support::plane::{Practice, practice};
use crate::support::{TestUser, unique};

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
    /// Into a separate file, in a folder that does not exist.
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
    fn person(&self) -> (TestUser, Kubeconfig) {
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
    fn is_undone(&self, person: &TestUser, before: &Kubeconfig, what: &str) {
        assert_eq!(self.codes(), [404; 3], "{what}");
        assert!(read(&person.kubeconfig()).unwrap() == *before, "{what}: another kubeconfig");
        // What was cut off before there was a journal is swept once it is old.
        backdate(&person.path(".local"));
        person.run_ok(&["contexts"]);
        let mut left: Vec<_> = files(&person.path("")).iter().map(|path| path.display().to_string()).collect();
        left.retain(|path| !path.contains("/countersign.log."));
        let own = [person.kubeconfig(), person.path("request.pem")].map(|path| path.display().to_string());
        left.retain(|path| !own.contains(path));
        assert!(left.is_empty(), "{what}: {left:?}");
        assert!(!person.path("new").exists() || std::fs::read_dir(person.path("new")).unwrap().count() > 0, "{what}");
    }

    /// All of it is there, and works.
    fn is_done(&self, person: &TestUser, what: &str) {
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

    fn has_started(&self) -> bool {
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
        if !issuance.has_started() {
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
    if !undone.status.success() && says_nothing_unfinished(&undone) && issuance.has_started() {
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
    run_until_journal_removal(&person, &issuance);
    let undo = ["--context", "admin", "issue", "--undo", &issuance.user];
    let run = traced(&person, &moment.to_string(), &undo);
    let what = format!("undo of {form:?}, killed at {moment} ({})", run.at);
    is_whole(&person, &before, &what);
    let again = person.countersign(&undo);
    assert!(again.status.success() || says_nothing_unfinished(&again), "{what}: {again:?}");
    issuance.is_undone(&person, &before, &what);
    run.is_killed()
}

/// Runs the issuance and kills it before its last step, the removal of the journal.
fn run_until_journal_removal(person: &TestUser, issuance: &Issuance<'_>) {
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
    run_until_journal_removal(&person, &issuance);
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
fn an_undo_after_a_kill_between_the_kubeconfig_and_its_journal_leaves_neither_key_nor_context() {
    let Some(plane) = practice("killed before the journal") else { return };
    for (form, path) in [(Form::Merged, ".kube/config"), (Form::Separate, "new/new.kubeconfig")] {
        let issuance = Issuance::new(&plane, form);
        let (person, before) = issuance.person();
        let run = traced(&person, &format!("after:{path}"), &issuance.arguments());
        assert!(run.is_killed(), "{form:?}: {:?}", run.output);
        assert!(
            read(&person.path(path)).unwrap().has(EntryKind::Context, &issuance.user),
            "{form:?}: it is not written yet"
        );
        let journal = files(&person.path(".local")).into_iter().find(|path| path.ends_with("journal.yaml")).unwrap();
        let journal = std::fs::read_to_string(journal).unwrap();
        assert!(journal.contains("kubeconfig_written: false"), "{form:?}: it is journaled already: {journal}");
        person.run_ok(&["--context", "admin", "issue", "--undo", &issuance.user]);
        issuance.is_undone(&person, &before, &format!("{form:?}"));
        assert_eq!(with_key(&person), ["config".to_owned()].into());
    }
}

#[test]
fn an_undo_puts_back_the_entries_that_the_issuance_replaced() {
    let Some(plane) = practice("undo of a replacement") else { return };
    let issuance = Issuance::new(&plane, Form::Merged);
    let (person, _) = issuance.person();
    person.kubectl_ok(&["config", "set-credentials", &issuance.user, "--token=old"]);
    person.kubectl_ok(&["config", "set-context", &issuance.user, "--cluster=test", "--user=old"]);
    let before = read(&person.kubeconfig()).unwrap();
    let mut arguments = issuance.arguments();
    arguments.push("--overwrite");
    let run = traced(&person, "unlink:4", &arguments);
    assert!(run.is_killed() && read(&person.kubeconfig()).unwrap() != before, "{:?}", run.output);
    person.run_ok(&["--context", "admin", "issue", "--undo", &issuance.user]);
    let after = read(&person.kubeconfig()).unwrap();
    for kind in [EntryKind::Cluster, EntryKind::User, EntryKind::Context] {
        for name in before.names(kind) {
            assert_eq!(after.get(kind, name), before.get(kind, name), "{} {name}", kind.word());
        }
    }
    assert_eq!(after.current_context(), Some("admin"));
}
