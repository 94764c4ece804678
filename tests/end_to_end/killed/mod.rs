//! kill -9 right before each system call that writes, over all threads, under umask 000: no half file, no lost entry, no
//! key for others' eyes, and afterwards resume, undo or the same command again are right.
//!
//! A fixed share of the moments is tried in every test run; all of them with `KILL_EVERYWHERE=1` (some minutes).

mod edits;
mod issuances;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use countersign::testing::domain::kubeconfig::{EntryKind, Kubeconfig};
use countersign::testing::files::kubeconfig::read;

use crate::support::plane::Plane;
use crate::support::{TestUser, program};

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
fn traced(person: &TestUser, when: &str, arguments: &[&str]) -> Traced {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/end_to_end/support/kill_at.py");
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

/// A person whose own files are closed to others, and what their kubeconfig holds.
fn person(plane: &dyn Plane) -> (TestUser, Kubeconfig) {
    let person = TestUser::admin(plane);
    std::fs::set_permissions(person.kubeconfig(), PermissionsExt::from_mode(0o600)).unwrap();
    let before = read(&person.kubeconfig()).unwrap();
    (person, before)
}

/// Makes the files and folders below a folder an hour older.
fn backdate(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            backdate(&path);
        }
        let an_hour_ago = SystemTime::now() - Duration::from_secs(3600);
        std::fs::File::open(&path).unwrap().set_modified(an_hour_ago).unwrap();
    }
}

/// Whatever was cut off: every file is whole and for its owner alone, and no old entry is lost.
fn is_whole(person: &TestUser, before: &Kubeconfig, what: &str) {
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
                assert!(Kubeconfig::parse(&text).is_ok(), "{what}: half of {name}");
            }
            _ => {}
        }
    }
    let now = read(&person.kubeconfig()).unwrap();
    for kind in [EntryKind::Cluster, EntryKind::User, EntryKind::Context] {
        for name in before.names(kind) {
            assert_eq!(now.get(kind, name), before.get(kind, name), "{what}: {} {name}", kind.word());
        }
    }
}

/// Files that hold a private key, plain or in base64, by name.
fn with_key(person: &TestUser) -> BTreeSet<String> {
    let holds = |path: &PathBuf| {
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        ["PRIVATE KEY", "LS0tLS1CRUdJTiBQUklWQVRFIEtFW", "LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFW"]
            .iter()
            .any(|key| text.contains(key))
    };
    let held = files(&person.path("")).into_iter().filter(holds);
    held.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}
