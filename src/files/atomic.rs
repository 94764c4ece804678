//! Writing a file so that at every moment the old or the new one is there, never half of one.

use std::fs::{File, Metadata, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use tempfile::{Builder, NamedTempFile};

use super::FileError;
use crate::domain::gate::WritePermit;

/// For the owner alone.
const PRIVATE: u32 = 0o600;
/// For everybody to read.
const PUBLIC: u32 = 0o644;
/// Before a file has its name: `.NAME.RANDOM.new`.
pub(super) const UNFINISHED: &str = ".new";
/// Random characters in such a name.
pub(super) const RANDOM: usize = 6;

/// Writes a file that only its owner may read, replacing one that is there. The owner stays who it was: root who edits
/// a user's file leaves it to the user.
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
    settle(path)
}

/// [`write_private`], but never in the place of a file that is there.
///
/// # Errors
/// [`FileError::Exists`], [`FileError::Io`].
pub(crate) fn write_private_new(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    put_new(prepared(path, bytes, PRIVATE, None)?, path)?;
    settle(path)
}

/// Writes a file that everybody may read (a certificate). One that is there is replaced only with a permit.
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
    settle(path)
}

/// Removes a file so that the removal survives a power cut. One that is not there is fine.
///
/// # Errors
/// [`FileError::Io`].
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(FileError::io(path)(error)),
        Ok(()) => settle(path),
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

/// A complete file under another name in the same folder; the system creates it for the owner alone. It is held with
/// flock(2) until it has its name, so that one that a killed run left is known by being free.
fn prepared(path: &Path, bytes: &[u8], mode: u32, owner: Option<&Metadata>) -> Result<NamedTempFile, FileError> {
    super::sweep::beside(path, false);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut file = Builder::new()
        .prefix(&format!(".{name}."))
        .rand_bytes(RANDOM)
        .suffix(UNFINISHED)
        .tempfile_in(folder(path))
        .map_err(FileError::io(path))?;
    // A file system without locks has no other use for it.
    let _ = flock(file.as_file(), FlockOperation::NonBlockingLockExclusive);
    file.write_all(bytes).map_err(FileError::io(path))?;
    leave_to(file.as_file(), owner).map_err(FileError::io(path))?;
    file.as_file().set_permissions(Permissions::from_mode(mode)).map_err(FileError::io(path))?;
    file.as_file().sync_all().map_err(FileError::io(path))?;
    Ok(file)
}

/// Gives the new file to the old one's owner and group.
fn leave_to(file: &File, owner: Option<&Metadata>) -> std::io::Result<()> {
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

/// The rename itself survives a power cut once the folder is synced.
fn settle(path: &Path) -> Result<(), FileError> {
    File::open(folder(path)).and_then(|folder| folder.sync_all()).map_err(FileError::io(path))
}

pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_private_file_is_private_even_where_an_open_one_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        write_private(&path, b"new").unwrap();
        assert_eq!((std::fs::read_to_string(&path).unwrap(), mode(&path)), ("new".to_owned(), 0o600));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_certificate_replaces_no_file_unasked() {
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
