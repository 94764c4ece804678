//! kubectl's lock beside a kubeconfig: `<file>.lock`, made only where it is not there (client-go,
//! `tools/clientcmd/config.go`, lockFile).
//!
//! A lock that this program made says so inside and is held with flock(2) as long as its owner lives, so that one
//! left behind by a killed run is taken over. A lock of another program is never touched.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, CWD, FlockOperation, Mode, OFlags, flock, linkat};
use rustix::io::Errno;

use super::{FileError, bounded};

/// What stands in a lock of ours.
const MARK: &str = "countersign";
/// How often a taken lock is looked at again.
const PAUSE: Duration = Duration::from_millis(20);

/// A lock held; it is given back when dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    _held: File,
}

impl Lock {
    /// Takes the lock of `file`, waiting up to `patience` for whoever has it. Blocks.
    ///
    /// # Errors
    /// [`FileError::Locked`] where it stays taken, [`FileError::Io`].
    pub(crate) fn take(file: &Path, patience: Duration) -> Result<Self, FileError> {
        let path = lock_name(file);
        let until = Instant::now() + patience;
        loop {
            if let Some(held) = made(&path)?.or_else(|| left_behind(&path)) {
                return Ok(Self { path, _held: held });
            }
            if Instant::now() >= until {
                let modified = path.metadata().and_then(|meta| meta.modified()).ok();
                let age_seconds = modified.and_then(|at| at.elapsed().ok()).map(|age| age.as_secs());
                return Err(FileError::Locked { lock: path, age_seconds });
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// The lock's name for a file.
pub(crate) fn lock_name(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".lock");
    PathBuf::from(name)
}

/// A lock that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LockInfo {
    /// The lock file.
    pub lock: PathBuf,
    /// How old it is.
    pub age: Duration,
    /// Whether this program made it.
    pub ours: bool,
    /// Whether a process of ours holds it and lives: then it is no use to remove it.
    pub held: bool,
}

/// The lock beside a file, if there is one.
pub(crate) fn find(file: &Path) -> Option<LockInfo> {
    let lock = lock_name(file);
    let modified = lock.symlink_metadata().ok()?.modified().ok()?;
    let age = modified.elapsed().unwrap_or_default();
    let ours = bounded::read(&lock, 64).is_ok_and(|content| content == MARK.as_bytes());
    let held = ours && left_behind(&lock).is_none();
    Some(LockInfo { lock, age, ours, held })
}

/// Removes a lock that was found, if it is still the very one.
///
/// # Errors
/// [`FileError::Raced`] where another program has made a new one meanwhile, [`FileError::Io`].
pub(crate) fn remove(file: &Path, found: &LockInfo) -> Result<(), FileError> {
    match find(file) {
        None => Ok(()),
        Some(now) if now.age >= found.age => std::fs::remove_file(&found.lock).map_err(FileError::io(&found.lock)),
        Some(_) => Err(FileError::Raced(found.lock.clone())),
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Nothing can be done about a lock that cannot be removed; the next run takes it over.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The lock, if it was not there. It appears under its name marked and held, so that no kill leaves one that is not
/// known as ours; where the file system cannot do that, it is made and then marked.
fn made(path: &Path) -> Result<Option<File>, FileError> {
    let Some(file) = nameless(path) else { return made_then_marked(path) };
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|error| FileError::io(path)(error.into()))?;
    (&file).write_all(MARK.as_bytes()).map_err(FileError::io(path))?;
    // Without a name of its own a file is reached by its descriptor (open(2), O_TMPFILE).
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    match linkat(CWD, own, CWD, path, AtFlags::SYMLINK_FOLLOW) {
        Ok(()) => Ok(Some(file)),
        Err(Errno::EXIST) => Ok(None),
        Err(_) => made_then_marked(path),
    }
}

/// A file in the lock's folder that has no name yet; `None` where there can be none.
fn nameless(path: &Path) -> Option<File> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR).ok().map(File::from)
}

fn made_then_marked(path: &Path) -> Result<Option<File>, FileError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            // Held before it is marked: whoever sees the mark finds it held.
            flock(&file, FlockOperation::NonBlockingLockExclusive)
                .map_err(|error| FileError::io(path)(error.into()))?;
            file.write_all(MARK.as_bytes()).map_err(FileError::io(path))?;
            Ok(Some(file))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(FileError::io(path)(error)),
    }
}

/// The lock, if it is one of ours whose owner is dead.
fn left_behind(path: &Path) -> Option<File> {
    let file = bounded::open(path, OFlags::RDWR).ok()?;
    let mut mark = String::new();
    (&file).take(64).read_to_string(&mut mark).ok()?;
    if mark != MARK {
        return None;
    }
    flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
    // Its owner may have removed it between our opening and our holding it: then another file has its name.
    let same = path.metadata().ok()?.ino() == file.metadata().ok()?.ino();
    same.then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubectls_lock_is_waited_for_and_never_stolen() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        let lock = folder.path().join("config.lock");
        std::fs::write(&lock, "").unwrap();
        let error = Lock::take(&config, Duration::ZERO).unwrap_err();
        assert!(matches!(&error, FileError::Locked { lock: found, .. } if *found == lock), "{error}");
        assert!(lock.exists());
    }

    #[test]
    fn a_lock_left_behind_is_found_and_removed_only_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        assert_eq!(find(&config), None);
        let lock = Lock::take(&config, Duration::ZERO).unwrap();
        assert!(find(&config).unwrap().held);
        drop(lock);
        std::fs::write(folder.path().join("config.lock"), "").unwrap();
        let found = find(&config).unwrap();
        assert!(!found.held && Lock::take(&config, Duration::ZERO).is_err());
        remove(&config, &found).unwrap();
        assert!(Lock::take(&config, Duration::ZERO).is_ok());
    }

    #[test]
    fn a_lock_of_ours_left_behind_is_taken_over_and_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        std::fs::write(folder.path().join("config.lock"), MARK).unwrap();
        let lock = Lock::take(&config, Duration::ZERO).unwrap();
        assert!(Lock::take(&config, Duration::ZERO).is_err());
        drop(lock);
        assert!(!folder.path().join("config.lock").exists());
        assert!(Lock::take(&config, Duration::ZERO).is_ok());
    }
}
