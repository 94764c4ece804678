//! Programs that only write down what they were called with, for lines that are pasted into real shells.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::TempDir;

use super::eventually;

/// A folder with stubs of kubectl, openssl and countersign, and what they were called with.
pub(crate) struct Stubs {
    folder: TempDir,
}

impl Stubs {
    /// An empty record.
    pub(crate) fn new() -> Self {
        let stubs = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(stubs.path("bin")).unwrap();
        std::fs::create_dir(stubs.path("work")).unwrap();
        for program in ["kubectl", "openssl", "countersign"] {
            // Every call is one write, so that calls of a pipeline do not mix.
            let script = format!(
                "#!/bin/sh\n{{ printf '%s\\0' {program} \"$@\"; printf '\\001\\0'; }} > '{0}'/call.$$ &&\n\
                 cat '{0}'/call.$$ >> '{0}'/calls && rm '{0}'/call.$$\n",
                stubs.folder.path().display()
            );
            let path = stubs.path("bin").join(program);
            std::fs::write(&path, script).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        stubs
    }

    /// A path in its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `PATH` with the stubs first.
    pub(crate) fn search_path(&self) -> String {
        format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap())
    }

    /// What was called so far: the program and its arguments.
    pub(crate) fn calls(&self) -> Vec<Vec<String>> {
        let text = std::fs::read_to_string(self.path("calls")).unwrap_or_default();
        let calls = text.split("\u{1}\0").filter(|call| !call.is_empty());
        calls.map(|call| call.split_terminator('\0').map(str::to_owned).collect()).collect()
    }

    /// The calls before one of `kubectl` with this argument alone, which is waited for; the record is empty again.
    pub(crate) fn calls_before(&self, last: &str) -> Vec<Vec<String>> {
        let is_last = |call: &Vec<String>| call.len() == 2 && call[1] == last;
        eventually(&format!("kubectl {last}"), || self.calls().iter().any(is_last).then_some(()));
        let mut calls = self.calls();
        std::fs::remove_file(self.path("calls")).unwrap();
        calls.retain(|call| !is_last(call));
        calls
    }

    /// Whether something that was not meant ran.
    pub(crate) fn was_hit(&self) -> bool {
        self.path("work/PWNED").exists()
    }
}
