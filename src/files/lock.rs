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

/// The content of a lock that this program made.
const MARK: &str = "countersign";
/// How often a lock of another owner is checked again.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A lock that is held, and released when dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    _held: File,
}

impl Lock {
    /// Takes the lock of `file`, waiting up to `timeout` for its owner. Blocks.
    ///
    /// # Errors
    /// [`FileError::Locked`] where it stays taken, [`FileError::Io`].
    pub(crate) fn take(file: &Path, timeout: Duration) -> Result<Self, FileError> {
        let path = lock_name(file);
        let until = Instant::now() + timeout;
        loop {
            if let Some(held) = create(&path)?.or_else(|| take_over(&path)) {
                return Ok(Self { path, _held: held });
            }
            if Instant::now() >= until {
                let modified = path.metadata().and_then(|meta| meta.modified()).ok();
                let age_seconds = modified.and_then(|at| at.elapsed().ok()).map(|age| age.as_secs());
                return Err(FileError::Locked { lock: path, age_seconds });
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

/// The lock's name for a file.
pub(crate) fn lock_name(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".lock");
    PathBuf::from(name)
}

/// An existing lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LockInfo {
    /// The lock file.
    pub lock: PathBuf,
    pub age: Duration,
    /// Whether this program made it.
    pub is_ours: bool,
    /// Whether a live process of this program holds it, so that it must not be removed.
    pub is_held: bool,
}

/// The lock of a file, if it exists.
pub(crate) fn find(file: &Path) -> Option<LockInfo> {
    let lock = lock_name(file);
    let modified = lock.symlink_metadata().ok()?.modified().ok()?;
    let age = modified.elapsed().unwrap_or_default();
    let is_ours = bounded::read(&lock, 64).is_ok_and(|content| content == MARK.as_bytes());
    let is_held = is_ours && take_over(&lock).is_none();
    Some(LockInfo { lock, age, is_ours, is_held })
}

/// Removes a lock that was found, if it is still the same.
///
/// # Errors
/// [`FileError::Raced`] where another program has made a new one since, [`FileError::Io`].
pub(crate) fn remove(file: &Path, found: &LockInfo) -> Result<(), FileError> {
    match find(file) {
        None => Ok(()),
        Some(now) if now.age >= found.age => std::fs::remove_file(&found.lock).map_err(FileError::io(&found.lock)),
        Some(_) => Err(FileError::Raced(found.lock.clone())),
    }
}

/// Removes a lock of this program whose owner is dead. The next write would take it over, but other programs wait for it.
pub(super) fn remove_dead(path: &Path) {
    if find(path).is_some_and(|found| found.is_ours && !found.is_held) {
        drop(Lock::take(path, Duration::ZERO));
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Nothing can be done about a lock that cannot be removed; the next run takes it over.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Creates the lock, if it does not exist. It appears under its name marked and held, so that a killed run never leaves one
/// that is not recognized as ours. A file system that cannot do that gets it created and then marked.
fn create(path: &Path) -> Result<Option<File>, FileError> {
    let Some(file) = nameless(path) else { return create_then_mark(path) };
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|error| FileError::io(path)(error.into()))?;
    (&file).write_all(MARK.as_bytes()).map_err(FileError::io(path))?;
    // A file without a name is reached by its descriptor (open(2), O_TMPFILE).
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    match linkat(CWD, own, CWD, path, AtFlags::SYMLINK_FOLLOW) {
        Ok(()) => Ok(Some(file)),
        Err(Errno::EXIST) => Ok(None),
        Err(_) => create_then_mark(path),
    }
}

/// A file in the lock's folder that has no name yet; `None` where there can be none.
fn nameless(path: &Path) -> Option<File> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR).ok().map(File::from)
}

fn create_then_mark(path: &Path) -> Result<Option<File>, FileError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            // Held before it is marked, so that a marked lock is always held.
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
fn take_over(path: &Path) -> Option<File> {
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
    fn a_lock_of_kubectl_is_never_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        let lock = folder.path().join("config.lock");
        std::fs::write(&lock, "").unwrap();
        let error = Lock::take(&config, Duration::ZERO).unwrap_err();
        assert!(matches!(&error, FileError::Locked { lock: found, .. } if *found == lock), "{error}");
        assert!(lock.exists());
    }

    #[test]
    fn finds_a_stale_lock_and_removes_it_on_request() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        assert_eq!(find(&config), None);
        let lock = Lock::take(&config, Duration::ZERO).unwrap();
        assert!(find(&config).unwrap().is_held);
        drop(lock);
        std::fs::write(folder.path().join("config.lock"), "").unwrap();
        let found = find(&config).unwrap();
        assert!(!found.is_held && Lock::take(&config, Duration::ZERO).is_err());
        remove(&config, &found).unwrap();
        assert!(Lock::take(&config, Duration::ZERO).is_ok());
    }

    #[test]
    fn takes_over_a_stale_lock_of_countersign_and_releases_it() {
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
