//! Files that were not renamed to their final name yet (see [`super::atomic`]): `.NAME.RANDOM.new`.

use std::fs::{DirEntry, File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::backup_name::backup_of;
use super::folders::parent;

/// The end of such a name.
pub(super) const SUFFIX: &str = ".new";
/// Random characters in such a name.
pub(super) const RANDOM: usize = 6;
/// Younger files may be in use by a run on a file system without locks.
const YOUNG: Duration = Duration::from_secs(60);

/// The least age of files to remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MinimumAge {
    None,
    /// [`YOUNG`].
    Old,
}

/// Removes old unfinished files that were to become this one.
pub(super) fn remove_old(path: &Path) {
    remove_of(path, MinimumAge::Old);
}

/// Removes all unfinished files that were to become this one and that are not locked. The caller knows that no other run of
/// this program can be writing it.
pub(crate) fn remove_all(path: &Path) {
    remove_of(path, MinimumAge::None);
}

fn remove_of(path: &Path, age: MinimumAge) {
    let is_target = |name: &str| path.file_name().is_some_and(|own| own.to_str() == Some(name));
    remove_in(parent(path), &is_target, age);
}

/// Removes unfinished files whose final name `is_target`; a backup counts as the file that it belongs to.
pub(super) fn remove_in(folder: &Path, is_target: &dyn Fn(&str) -> bool, age: MinimumAge) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(target) = name.to_str().and_then(target_of) else { continue };
        let target = backup_of(target).unwrap_or(target);
        if is_target(target) && is_abandoned(&entry, age) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// The final name of `.NAME.RANDOM.new`.
fn target_of(name: &str) -> Option<&str> {
    let (target, random) = name.strip_prefix('.')?.strip_suffix(SUFFIX)?.rsplit_once('.')?;
    let is_random = random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_random && !target.is_empty()).then_some(target)
}

/// Whether an entry is a file of this user that no process is writing.
fn is_abandoned(entry: &DirEntry, age: MinimumAge) -> bool {
    let Ok(meta) = entry.path().symlink_metadata() else { return false };
    if !meta.is_file() || !is_own(&meta) || !(age == MinimumAge::None || is_old(&meta)) || meta.nlink() != 1 {
        return false;
    }
    let Ok(file) = File::open(entry.path()) else { return false };
    flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
}

pub(super) fn is_own(meta: &Metadata) -> bool {
    meta.uid() == rustix::process::geteuid().as_raw()
}

pub(super) fn is_old(meta: &Metadata) -> bool {
    meta.modified().ok().and_then(|at| at.elapsed().ok()).is_some_and(|age| age >= YOUNG)
}
