//! Removing what a killed run left: unfinished files, locks that no process holds, issuances that were not started.

use std::path::Path;

use super::unfinished::{self, MinimumAge, is_old, is_own, remove_in};
use super::{imported, lock};

/// The files of an issuance that are written by this program.
const ISSUANCE_FILES: [&str; 3] = ["journal.yaml", "key.pem", "request.pem"];

/// Removes the leftovers beside these kubeconfigs and in the state folder. Failures are ignored, because nothing depends on
/// it.
pub(crate) fn sweep(kubeconfigs: &[impl AsRef<Path>], state: Option<&Path>) {
    for path in kubeconfigs {
        let path = path.as_ref();
        let real = path.canonicalize().ok();
        for path in std::iter::once(path).chain(real.as_deref().filter(|real| *real != path)) {
            unfinished::remove_old(path);
            lock::remove_dead(path);
        }
    }
    if let Some(state) = state {
        remove_in(state, &|name| matches!(name, "memory.yaml" | imported::FILE), MinimumAge::Old);
        lock::remove_dead(&state.join(imported::FILE));
        sweep_issuances(&state.join("issuances"));
    }
}

/// Unfinished files in each issuance, and issuances that were killed before they had a journal.
fn sweep_issuances(root: &Path) {
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(meta) = path.symlink_metadata() else { continue };
        if !meta.is_dir() || !is_own(&meta) {
            continue;
        }
        remove_in(&path, &|name| ISSUANCE_FILES.contains(&name), MinimumAge::Old);
        // It is removed only if nothing at all is left in it.
        if is_old(&meta) && !path.join("journal.yaml").exists() {
            let _ = std::fs::remove_dir(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::{Duration, SystemTime};

    use rustix::fs::{FlockOperation, flock};

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
    fn removes_the_leftovers_of_a_killed_run_and_nothing_else() {
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
    fn leaves_a_symbolic_link_with_the_name_of_an_unfinished_file() {
        let folder = tempfile::tempdir().unwrap();
        let (config, link) = (folder.path().join("config"), folder.path().join(".config.aB3dE6.new"));
        put(&config, true);
        std::os::unix::fs::symlink(&config, &link).unwrap();
        sweep(&[&config], None);
        assert!(link.is_symlink() && config.exists());
    }

    #[test]
    fn removes_a_stale_lock_of_countersign_and_none_of_kubectl() {
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
