//! What we make of kubeconfigs, compared with what kubectl makes of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use countersign::testing::domain::kubeconfig::EntryKind;
use countersign::testing::files::kubeconfig::load_from;
use serde_json::Value;
use tempfile::TempDir;

use super::sets::{Set, generated, handmade};
use crate::control_plane::{Missing, programs};
use crate::support::program;

pub(super) fn kubectl() -> Option<PathBuf> {
    match programs() {
        Ok(folder) => Some(folder.join("kubectl")),
        Err(Missing::Programs) if std::env::var_os("CI").is_none() => {
            eprintln!("LEFT OUT, for want of kubectl");
            None
        }
        Err(Missing::Programs) => panic!("no kubectl is here"),
        Err(Missing::Broken(why)) => panic!("{why}"),
    }
}

/// A set on disk, and a program that works on it.
struct Side<'a> {
    folder: TempDir,
    set: &'a Set,
    kubectl: &'a Path,
}

impl<'a> Side<'a> {
    fn new(set: &'a Set, kubectl: &'a Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in set {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap().join("pki")).unwrap();
            for file in ["ca.pem", "pki/a.crt", "pki/a.key"] {
                std::fs::write(path.parent().unwrap().join(file), format!("content of {name}'s {file}\n")).unwrap();
            }
            if let Some(text) = text {
                std::fs::write(path, text).unwrap();
            }
        }
        Self { folder, set, kubectl }
    }

    fn paths(&self) -> Vec<PathBuf> {
        let mut seen = std::collections::HashSet::new();
        let names = self.set.iter().map(|(name, _)| *name).filter(|name| seen.insert(*name));
        names.map(|name| self.folder.path().join(name)).collect()
    }

    fn run(&self, program: &Path, kubeconfig: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.folder.path()).env("KUBECONFIG", kubeconfig);
        command.current_dir(self.folder.path()).args(arguments).output().unwrap()
    }

    fn kubectl(&self, arguments: &[&str]) -> Output {
        self.run(self.kubectl, &self.variable(), arguments)
    }

    fn countersign(&self, arguments: &[&str]) -> Output {
        self.run(&program(), &self.variable(), arguments)
    }

    /// Relative names: both programs run in the folder.
    fn variable(&self) -> String {
        self.set.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(":")
    }

    fn view_of(&self, file: &str, more: &[&str]) -> Result<Value, String> {
        let arguments = [&["--kubeconfig", file, "config", "view", "--raw", "-o", "json"], more].concat();
        json(&self.run(self.kubectl, "", &arguments))
    }

    /// Each file as kubectl sees it; what was not touched is not looked at.
    fn files(&self) -> BTreeMap<&'static str, Result<Value, String>> {
        let mut seen = BTreeMap::new();
        for (name, text) in self.set {
            let now = std::fs::read_to_string(self.folder.path().join(name)).ok();
            let view = if now == *text { Ok(Value::from("untouched")) } else { self.view_of(name, &[]) };
            seen.insert(*name, view);
        }
        seen
    }
}

pub(super) fn json(output: &Output) -> Result<Value, String> {
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap())
}

fn sets() -> Vec<(String, Set)> {
    let made = generated(24).into_iter().enumerate().map(|(number, set)| (format!("generated {number}"), set));
    handmade().into_iter().map(|(name, set)| (name.to_owned(), set)).chain(made).collect()
}

/// Looks at every set, some at a time, and tells of all that differ.
fn for_every_set(look: impl Fn(&str, &Set, &Path) -> Vec<String> + Sync) {
    let Some(kubectl) = kubectl() else { return };
    let sets = sets();
    assert!(sets.len() >= 40);
    for_each(&sets, |(name, set)| {
        look(name, set, &kubectl).into_iter().map(|text| format!("{name}: {text}")).collect()
    });
}

/// Looks at every item, some at a time, and tells of all that differ.
pub(super) fn for_each<T: Sync>(items: &[T], look: impl Fn(&T) -> Vec<String> + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let differing = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    let found = look(item);
                    differing.lock().unwrap().extend(found);
                }
            });
        }
    });
    let differing = differing.into_inner().unwrap();
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
}

pub(super) fn difference<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, theirs: &T) -> Option<String> {
    (ours != theirs).then(|| format!("{what}\n  ours   {ours:?}\n  theirs {theirs:?}"))
}

#[test]
fn several_files_are_merged_as_kubectl_merges_them() {
    for_every_set(|_, set, kubectl| {
        let side = Side::new(set, kubectl);
        let theirs = json(&side.kubectl(&["config", "view", "--raw", "-o", "json"]));
        let ours = load_from(&side.paths()).map_err(|error| error.to_string()).and_then(|all| {
            std::fs::write(side.folder.path().join("merged"), all.merged(false).to_yaml()?).unwrap();
            side.view_of("merged", &[])
        });
        match (ours, theirs) {
            (Err(_), Err(_)) => Vec::new(),
            (ours, theirs) => difference("the merged view", &ours, &theirs).into_iter().collect(),
        }
    });
}

#[test]
fn edits_change_the_files_that_kubectl_changes_to_what_it_changes_them_to() {
    for_every_set(|name, set, kubectl| {
        let names = names(&Side::new(set, kubectl));
        let (first, last) = (names.first().map_or("nope", String::as_str), names.last().map_or("nope", String::as_str));
        let edits: Vec<(Vec<&str>, Vec<&str>)> = vec![
            (vec!["use", last], vec!["use-context", last]),
            (vec!["use", "not there"], vec!["use-context", "not there"]),
            (vec!["rename", first, "new name"], vec!["rename-context", first, "new name"]),
            (vec!["rename", first, last], vec!["rename-context", first, last]),
            (vec!["delete-context", last], vec!["delete-context", last]),
            (vec!["namespace", "dev", last], vec!["set-context", last, "--namespace=dev"]),
            (vec!["namespace", "", first], vec!["set-context", first, "--namespace="]),
        ];
        // A set made at random gets some of them, in turn.
        let turn = name.strip_prefix("generated ").map(|number| number.parse::<usize>().unwrap());
        let mut found = Vec::new();
        for (number, (ours, theirs)) in edits.into_iter().enumerate() {
            if turn.is_some_and(|turn| !(number + turn).is_multiple_of(3)) {
                continue;
            }
            // kubectl makes a context that is not there; that would be a typing error here.
            if theirs[0] == "set-context" && names.is_empty() {
                continue;
            }
            found.extend(edit_differs(set, kubectl, &ours, &theirs));
        }
        found
    });
}

fn edit_differs(set: &Set, kubectl: &Path, ours: &[&str], theirs: &[&str]) -> Option<String> {
    let (mine, other) = (Side::new(set, kubectl), Side::new(set, kubectl));
    let arguments = [&ours[..1], &["--drop-comments", "--"], &ours[1..]].concat();
    let done = mine.countersign(&arguments);
    let reference = other.kubectl(&[&["config"], theirs].concat());
    let what = format!("{ours:?}");
    if done.status.success() != reference.status.success() {
        let printed = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
        return Some(format!("{what}\n  ours   {:?}\n  theirs {:?}", printed(&done), printed(&reference)));
    }
    difference(&what, &mine.files(), &other.files())
}

fn names(side: &Side<'_>) -> Vec<String> {
    let all = load_from(&side.paths());
    all.map(|all| all.names(EntryKind::Context).into_iter().map(str::to_owned).collect()).unwrap_or_default()
}

#[test]
fn a_context_extracted_is_what_kubectl_minifies_and_flattens() {
    for_every_set(|_, set, kubectl| {
        let side = Side::new(set, kubectl);
        let mut found = Vec::new();
        for name in names(&side).iter().filter(|name| !name.is_empty()).take(3) {
            let minify = ["--context", name, "config", "view", "--minify", "--flatten", "--raw", "-o", "json"];
            let theirs = json(&side.kubectl(&minify));
            let done = side.countersign(&["extract", "--", name]);
            std::fs::write(side.folder.path().join("alone"), &done.stdout).unwrap();
            let ours = if done.status.success() { side.view_of("alone", &[]) } else { Err(String::new()) };
            match (ours, theirs) {
                (Err(_), Err(_)) => {}
                (Ok(mut ours), Ok(theirs)) => {
                    // kubectl leaves a relative command relative, which no other folder understands.
                    let command = "/users/0/user/exec/command";
                    if theirs.pointer(command) == Some(&Value::from("./rel")) {
                        let own = ours.pointer_mut(command).unwrap();
                        assert_eq!(own, side.folder.path().join("rel").to_str().unwrap());
                        *own = "./rel".into();
                    }
                    found.extend(difference(name, &ours, &theirs));
                }
                (ours, theirs) => found.extend(difference(name, &ours, &theirs)),
            }
        }
        found
    });
}

#[test]
fn keeps_what_kubectl_loses_on_writing() {
    let Some(kubectl) = kubectl() else { return };
    // It drops the second document of a file, and fields that it does not know.
    for (name, kept) in [("two documents", "https://stage"), ("unknown fields everywhere", "2.5")] {
        let (_, set) = handmade().into_iter().find(|(of, _)| *of == name).unwrap();
        let side = Side::new(&set, &kubectl);
        let context = names(&side).remove(0);
        assert!(side.countersign(&["rename", &context, "x"]).status.success(), "{name}");
        let text = std::fs::read_to_string(&side.paths()[0]).unwrap();
        assert!(text.contains(kept), "{name}: {text}");
    }
}

#[test]
fn concurrent_writes_by_two_processes_and_kubectl_lose_nothing() {
    const EACH: usize = 12;
    let Some(kubectl) = kubectl() else { return };
    let entry = |of: &str, n: usize| format!("- {{name: {of}-{n}, context: {{user: u}}}}\n");
    let contexts = |of: &str| (0..EACH).map(|n| entry(of, n)).collect::<Vec<_>>().concat();
    let text = format!("x-own: kept\ncontexts:\n{}{}", contexts("a"), contexts("b"));
    let set: Set = vec![("config", Some(text))];
    let side = Side::new(&set, &kubectl);
    // kubectl gives up at once where the lock is taken, and we after a while; their users try again.
    let until_done = |run: &dyn Fn() -> Output| {
        crate::support::eventually("the lock is free", || run().status.success().then_some(()));
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..EACH {
                let context = format!("a-{n}");
                until_done(&|| side.countersign(&["namespace", "dev", &context]));
            }
        });
        scope.spawn(|| {
            for n in 0..EACH {
                let (old, new) = (format!("b-{n}"), format!("new-{n}"));
                until_done(&|| side.countersign(&["rename", &old, &new]));
            }
        });
        scope.spawn(|| {
            for n in 0..EACH {
                let context = format!("k-{n}");
                until_done(&|| side.kubectl(&["config", "set-context", &context, "--user=k"]));
            }
        });
    });
    let path = side.paths().remove(0);
    let all = load_from(std::slice::from_ref(&path)).unwrap();
    for n in 0..EACH {
        assert_eq!(all.get(EntryKind::Context, &format!("a-{n}")).unwrap()["namespace"], "dev");
        assert!(
            all.get(EntryKind::Context, &format!("new-{n}")).is_some()
                && all.get(EntryKind::Context, &format!("b-{n}")).is_none()
        );
        assert_eq!(all.get(EntryKind::Context, &format!("k-{n}")).unwrap()["user"], "k");
    }
    assert!(!path.with_extension("lock").exists());
}
