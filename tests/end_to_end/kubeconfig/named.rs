//! Which kubeconfig is meant: files that are missing, folders, lists of both, compared with kubectl.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::differential::kubectl;
use crate::support::program;

const GOOD: &str = "contexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\nusers: [{name: u, user: {token: t}}]\ncurrent-context: a\n";

fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("folder")).unwrap();
    std::fs::write(home.path().join("good"), GOOD).unwrap();
    std::fs::write(home.path().join("bad"), "clusters: {}\n").unwrap();
    home
}

fn run(home: &TempDir, program: &Path, list: Option<&str>, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home.path()).envs(list.map(|list| ("KUBECONFIG", list)));
    command.current_dir(home.path()).args(arguments).output().unwrap()
}

#[test]
fn a_list_of_files_is_read_or_refused_as_kubectl_does() {
    let Some(kubectl) = kubectl() else { return };
    let home = home();
    for (list, contexts) in [
        (None, Some("")),
        (Some(""), Some("")),
        (Some(":"), Some("")),
        (Some("missing"), Some("")),
        (Some("missing:also-missing"), Some("")),
        (Some("missing:good"), Some("a\n")),
        (Some("/dev/null"), Some("")),
        (Some("/dev/null:good"), Some("a\n")),
        (Some("good"), Some("a\n")),
        (Some("folder"), None),
        (Some("folder:good"), None),
        (Some("good:folder"), None),
        (Some("bad:good"), None),
        (Some("good:bad"), None),
        (Some("good/below:good"), None),
    ] {
        let theirs = run(&home, &kubectl, list, &["config", "get-contexts", "-o", "name"]);
        let ours = run(&home, &program(), list, &["contexts", "-o", "name"]);
        assert_eq!(theirs.status.success(), contexts.is_some(), "{list:?}: {theirs:?}");
        assert_eq!(ours.status.success(), contexts.is_some(), "{list:?}: {ours:?}");
        if let Some(names) = contexts {
            assert_eq!([&ours.stdout, &theirs.stdout], [names.as_bytes(); 2], "{list:?}");
        } else {
            let error = String::from_utf8_lossy(&ours.stderr).into_owned();
            assert_eq!(ours.status.code(), Some(1), "{error}");
            assert!(["folder", "bad", "good/below"].iter().any(|file| error.contains(file)), "{error}");
        }
    }
}

#[test]
fn a_file_named_by_the_flag_must_be_there_for_whatever_reads_it() {
    let Some(kubectl) = kubectl() else { return };
    let home = home();
    // `kubectl config view` makes an empty kubeconfig of it; whatever asks a cluster refuses it.
    let theirs = run(&home, &kubectl, None, &["--kubeconfig", "typo", "get", "pods"]);
    assert_eq!(theirs.status.code(), Some(1));
    for arguments in [&["contexts"][..], &["check"], &["list"], &["extract", "a"], &["embed", "a"]] {
        let ours = run(&home, &program(), Some("good"), &[&["--kubeconfig", "typo"], arguments].concat());
        let error = String::from_utf8_lossy(&ours.stderr).into_owned();
        assert_eq!(ours.status.code(), Some(1), "{arguments:?}: {error}");
        assert!(error.contains("kubeconfig typo not found"), "{arguments:?}: {error}");
    }
    // An import makes it.
    for arguments in [&["import", "--dry-run", "good"][..], &["import", "good"]] {
        let ours = run(&home, &program(), None, &[&["--kubeconfig", "new"], arguments].concat());
        assert!(ours.status.success(), "{arguments:?}: {ours:?}");
    }
    assert!(home.path().join("new").exists());
}

#[test]
fn check_fails_where_there_is_nothing_to_log_in_with() {
    let home = home();
    std::fs::write(home.path().join("empty"), "").unwrap();
    std::fs::write(home.path().join("lost"), GOOD.replace("current-context: a", "current-context: lost")).unwrap();
    std::fs::write(home.path().join("mistyped"), GOOD.replace("server: 'https://127.0.0.1:1'", "server: 5")).unwrap();
    for (file, words) in [
        ("empty", "no contexts found in empty"),
        ("missing", "no contexts found in missing"),
        ("lost", "current-context: context lost not found"),
        ("mistyped", "mistyped: clusters[0].cluster.server is a number"),
        ("folder", "folder: not a regular file but a folder"),
    ] {
        let ours = run(&home, &program(), Some(file), &["check"]);
        let printed = [&ours.stdout, &ours.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat();
        assert_eq!(ours.status.code(), Some(1), "{file}: {printed}");
        assert!(printed.contains(words), "{file}: {printed}");
    }
    assert!(run(&home, &program(), Some("good"), &["check"]).status.success());
    assert!(run(&home, &program(), Some("lost"), &["check", "a"]).status.success());
}
