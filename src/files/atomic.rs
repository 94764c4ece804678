//! Atomic writes: at every moment either the old or the complete new file exists.

use std::fs::{File, Metadata, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use tempfile::{Builder, NamedTempFile};

use super::unfinished::{self, RANDOM, SUFFIX};
use super::{FileError, folders};
use crate::domain::gate::WritePermit;

/// Readable and writable by the owner only.
const PRIVATE: u32 = 0o600;
/// Readable by all users.
const PUBLIC: u32 = 0o644;
/// Writes a file that only its owner may read, replacing an existing one. The owner stays the same: a user's file that root
/// edits still belongs to the user.
///
/// # Errors
/// [`FileError::Io`], also where another user's file cannot be left to that user.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let owner = path.metadata().ok();
    write_private_for(path, bytes, owner.as_ref())
}

/// [`write_private`], for the owner of another file.
///
/// # Errors
/// As there.
pub(crate) fn write_private_for(path: &Path, bytes: &[u8], owner: Option<&Metadata>) -> Result<(), FileError> {
    let file = prepared(path, bytes, PRIVATE, owner)?;
    file.persist(path).map_err(|failed| FileError::io(path)(failed.error))?;
    sync_folder(path)
}

/// [`write_private`], but never over an existing file.
///
/// # Errors
/// [`FileError::Exists`], [`FileError::Io`].
pub(crate) fn write_private_new(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    put_new(prepared(path, bytes, PRIVATE, None)?, path)?;
    sync_folder(path)
}

/// Writes a file that all users may read (a certificate). An existing one is replaced only with a permit.
///
/// # Errors
/// [`FileError::Exists`], [`FileError::Io`].
pub(crate) fn write_public(path: &Path, bytes: &[u8], replace: Option<WritePermit>) -> Result<(), FileError> {
    let owner = path.metadata().ok().filter(|_| replace.is_some());
    let file = prepared(path, bytes, PUBLIC, owner.as_ref())?;
    if replace.is_some() {
        file.persist(path).map_err(|failed| FileError::io(path)(failed.error))?;
    } else {
        put_new(file, path)?;
    }
    sync_folder(path)
}

/// Removes a file durably. A missing file is no error.
///
/// # Errors
/// [`FileError::Io`].
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(FileError::io(path)(error)),
        Ok(()) => sync_folder(path),
    }
}

fn put_new(file: NamedTempFile, path: &Path) -> Result<(), FileError> {
    let failed = match file.persist_noclobber(path) {
        Ok(_) => return Ok(()),
        Err(failed) => failed.error,
    };
    Err(match failed.kind() {
        std::io::ErrorKind::AlreadyExists => FileError::Exists(path.to_owned()),
        _ => FileError::io(path)(failed),
    })
}

/// Writes a complete file under a temporary name in the same folder, readable by the owner only. It is locked with flock(2)
/// until it is renamed, so that one that a killed run left is recognized by being unlocked.
fn prepared(path: &Path, bytes: &[u8], mode: u32, owner: Option<&Metadata>) -> Result<NamedTempFile, FileError> {
    unfinished::remove_old(path);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut file = Builder::new()
        .prefix(&format!(".{name}."))
        .rand_bytes(RANDOM)
        .suffix(SUFFIX)
        .tempfile_in(folders::parent(path))
        .map_err(FileError::io(path))?;
    // A file system without locks only loses that recognition.
    let _ = flock(file.as_file(), FlockOperation::NonBlockingLockExclusive);
    file.write_all(bytes).map_err(FileError::io(path))?;
    set_owner(file.as_file(), owner).map_err(FileError::io(path))?;
    file.as_file().set_permissions(Permissions::from_mode(mode)).map_err(FileError::io(path))?;
    file.as_file().sync_all().map_err(FileError::io(path))?;
    Ok(file)
}

/// Sets owner and group of the new file to those of the old one.
fn set_owner(file: &File, owner: Option<&Metadata>) -> std::io::Result<()> {
    let Some(owner) = owner else { return Ok(()) };
    let now = file.metadata()?;
    if now.uid() != owner.uid() {
        return fchown(file, Some(owner.uid()), Some(owner.gid()));
    }
    if now.gid() != owner.gid() {
        // The group reads nothing of a private file; a group that we are not in cannot be given.
        let _ = fchown(file, None, Some(owner.gid()));
    }
    Ok(())
}

/// Syncs the folder, after which the rename survives a power failure.
fn sync_folder(path: &Path) -> Result<(), FileError> {
    File::open(folders::parent(path)).and_then(|folder| folder.sync_all()).map_err(FileError::io(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_private_file_replaces_an_open_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        write_private(&path, b"new").unwrap();
        assert_eq!((std::fs::read_to_string(&path).unwrap(), mode(&path)), ("new".to_owned(), 0o600));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_certificate_replaces_a_file_only_with_a_permit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jane.crt");
        write_public(&path, b"one", None).unwrap();
        assert!(matches!(write_public(&path, b"two", None), Err(FileError::Exists(_))));
        assert_eq!((std::fs::read(&path).unwrap(), mode(&path)), (b"one".to_vec(), 0o644));
        write_public(&path, b"two", crate::domain::gate::WriteAccess::new(false, None).permit().ok()).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
    }

    #[test]
    fn a_replaced_file_keeps_its_owner_and_group() {
        if !rustix::process::geteuid().is_root() {
            return; // Only root can make a file of another user.
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, "old").unwrap();
        std::os::unix::fs::chown(&path, Some(65_534), Some(65_533)).unwrap();
        write_private(&path, b"new").unwrap();
        let meta = path.metadata().unwrap();
        assert_eq!((meta.uid(), meta.gid(), mode(&path)), (65_534, 65_533, 0o600));
    }
}
