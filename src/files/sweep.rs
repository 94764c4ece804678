//! Removing what a killed run left: unfinished files, locks that no process holds, issuances that never began.

use std::fs::{DirEntry, File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::atomic::{RANDOM, UNFINISHED, folder};
use super::{imported, lock};

/// What is younger may still be in use by a run on a file system without locks.
const YOUNG: Duration = Duration::from_secs(60);
/// The files of an issuance that are written by this program.
const OF_AN_ISSUANCE: [&str; 3] = ["journal.yaml", "key.pem", "request.pem"];

/// Removes unfinished files that were to become this one. Where the caller knows that no other run of this program can
/// be writing it, a `young` one is removed, too, if it is not held.
pub(crate) fn beside(path: &Path, young: bool) {
    let is_ours = |name: &str| path.file_name().is_some_and(|own| own.to_str() == Some(name));
    unfinished(folder(path), &is_ours, young);
}

/// Removes the leftovers beside these kubeconfigs and in the state folder. What cannot be removed stays: nothing
/// depends on it.
pub(crate) fn sweep(kubeconfigs: &[impl AsRef<Path>], state: Option<&Path>) {
    for path in kubeconfigs {
        let path = path.as_ref();
        let real = path.canonicalize().ok();
        for path in std::iter::once(path).chain(real.as_deref().filter(|real| *real != path)) {
            beside(path, false);
            dead_lock(path);
        }
    }
    if let Some(state) = state {
        unfinished(state, &|name| matches!(name, "memory.yaml" | imported::FILE), false);
        dead_lock(&state.join(imported::FILE));
        issuances(&state.join("issuances"));
    }
}

/// Unfinished files that become, under another name, one that `is_ours`. Backups of a kubeconfig are written so, too.
fn unfinished(folder: &Path, is_ours: &dyn Fn(&str) -> bool, young: bool) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(target) = name.to_str().and_then(target_of) else { continue };
        let target = super::kubeconfig::backup_of(target).unwrap_or(target);
        if is_ours(target) && is_abandoned(&entry, young) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// The name that `.NAME.RANDOM.new` was to get.
fn target_of(name: &str) -> Option<&str> {
    let (target, random) = name.strip_prefix('.')?.strip_suffix(UNFINISHED)?.rsplit_once('.')?;
    let is_random = random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_random && !target.is_empty()).then_some(target)
}

/// Whether an entry is a file of ours that no process is writing.
fn is_abandoned(entry: &DirEntry, young: bool) -> bool {
    let Ok(meta) = entry.path().symlink_metadata() else { return false };
    if !meta.is_file() || !is_own(&meta) || !(young || is_old(&meta)) || meta.nlink() != 1 {
        return false;
    }
    let Ok(file) = File::open(entry.path()) else { return false };
    flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
}

fn is_own(meta: &Metadata) -> bool {
    meta.uid() == rustix::process::geteuid().as_raw()
}

fn is_old(meta: &Metadata) -> bool {
    meta.modified().ok().and_then(|at| at.elapsed().ok()).is_some_and(|age| age >= YOUNG)
}

/// A lock of ours whose owner is dead: the next write would take it over, but other programs wait for it.
pub(super) fn dead_lock(path: &Path) {
    if lock::find(path).is_some_and(|found| found.ours && !found.held) {
        drop(lock::Lock::take(path, Duration::ZERO));
    }
}

/// Unfinished files in each issuance, and issuances that were killed before they had a journal.
fn issuances(root: &Path) {
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(meta) = path.symlink_metadata() else { continue };
        if !meta.is_dir() || !is_own(&meta) {
            continue;
        }
        unfinished(&path, &|name| OF_AN_ISSUANCE.contains(&name), false);
        // It is removed only if nothing at all is left in it.
        if is_old(&meta) && !path.join("journal.yaml").exists() {
            let _ = std::fs::remove_dir(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn put(path: &Path, old: bool) -> File {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let file = File::create(path).unwrap();
        if old {
            file.set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
        }
        file
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let left = [
            ".config.aB3dE6.new",
            ".config.20261125-031500.bak.aB3dE6.new",
            "state/.memory.yaml.aB3dE6.new",
            "state/issuances/jane-1/.key.pem.aB3dE6.new",
            "state/issuances/half/.journal.yaml.aB3dE6.new",
        ];
        let kept = [
            "config",
            "config.20261125-031500.bak",
            ".config.new",
            ".config.short.new",
            ".config.toolong7.new",
            ".other.aB3dE6.new",
            ".config.aB3d-6.new",
            "state/issuances/jane-1/journal.yaml",
            "state/issuances/jane-1/key.pem",
            "state/issuances/with-key/key.pem",
        ];
        left.iter().chain(&kept).for_each(|name| drop(put(&at(name), true)));
        let young = put(&at(".config.Young1.new"), false);
        let held = put(&at(".config.HeldAA.new"), true);
        flock(&held, FlockOperation::LockExclusive).unwrap();
        File::open(at("state/issuances/half")).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        sweep(&[at("config")], Some(&at("state")));
        for name in left {
            assert!(!at(name).exists(), "{name} is left");
        }
        for name in kept.iter().chain(&[".config.Young1.new", ".config.HeldAA.new"]) {
            assert!(at(name).exists(), "{name} is gone");
        }
        assert!(!at("state/issuances/half").exists());
        drop((young, held));
    }

    #[test]
    fn a_link_in_the_place_of_an_unfinished_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (config, link) = (folder.path().join("config"), folder.path().join(".config.aB3dE6.new"));
        put(&config, true);
        std::os::unix::fs::symlink(&config, &link).unwrap();
        sweep(&[&config], None);
        assert!(link.is_symlink() && config.exists());
    }

    #[test]
    fn a_lock_whose_owner_was_killed_is_removed_and_kubectls_stays() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        let lock = lock::lock_name(&config);
        std::fs::write(&lock, "countersign").unwrap();
        sweep(&[&config], None);
        assert!(!lock.exists());
        std::fs::write(&lock, "").unwrap();
        sweep(&[&config], None);
        assert!(lock.exists());
        std::fs::remove_file(&lock).unwrap();
        let held = lock::Lock::take(&config, Duration::ZERO).unwrap();
        sweep(&[&config], None);
        assert!(lock.exists());
        drop(held);
    }
}
