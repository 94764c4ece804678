//! Edits of kubeconfigs, killed.

use std::os::unix::fs::PermissionsExt;

use countersign::testing::domain::kubeconfig::{EntryKind, Kubeconfig};
use countersign::testing::files::kubeconfig::read;

use super::{backdate, each, files, moments, person, traced};
use crate::support::TestUser;
use crate::support::plane::{Plane, practice};

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

    fn person(&self, plane: &dyn Plane) -> TestUser {
        let person = TestUser::with(plane, "");
        for (name, text) in &self.files {
            std::fs::write(person.path(name), text).unwrap();
            std::fs::set_permissions(person.path(name), PermissionsExt::from_mode(0o600)).unwrap();
        }
        person
    }
}

fn edit_killed(person: &TestUser, edit: &[&str], wanted: &Kubeconfig, moment: usize) -> bool {
    let before = read(&person.kubeconfig()).unwrap();
    let run = traced(person, &moment.to_string(), edit);
    let what = format!("{edit:?}, killed at {moment} ({})", run.at);
    let now = read(&person.kubeconfig()).unwrap();
    assert!(now == before || now == *wanted, "{what}: neither the old nor the new kubeconfig");
    for path in files(&person.path("")) {
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert!(mode.trailing_zeros() >= 6, "{what}: {} is {mode:o}", path.display());
    }
    if now.has(EntryKind::Context, "far") {
        let used = person.countersign(&["--context", "far", "list"]);
        assert_eq!(used.status.code(), Some(3), "{what}: it runs its program unasked: {used:?}");
    }
    if now == before {
        person.run_ok(edit);
    }
    assert!(read(&person.kubeconfig()).unwrap() == *wanted, "{what}: the same command again");
    // What the killed run left is swept once it is old, and no lock keeps kubectl out.
    backdate(&person.path(".kube"));
    backdate(&person.path(".local"));
    person.run_ok(&["contexts"]);
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
