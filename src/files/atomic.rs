//! Writing a file so that at every moment the old or the new one is there, never half of one.

use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use super::Error;

/// For the owner alone.
const PRIVATE: u32 = 0o600;
/// For everybody to read.
const PUBLIC: u32 = 0o644;

/// Writes a file that only its owner may read, replacing one that is there.
///
/// # Errors
/// [`Error::Io`].
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let file = prepared(path, bytes, PRIVATE)?;
    file.persist(path).map_err(|failed| Error::io(path)(failed.error))?;
    settle(path)
}

/// [`write_private`], but never in the place of a file that is there.
///
/// # Errors
/// [`Error::Exists`], [`Error::Io`].
pub fn write_private_new(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    put_new(prepared(path, bytes, PRIVATE)?, path)?;
    settle(path)
}

/// Writes a file that everybody may read (a certificate). One that is there is replaced only if `overwrite`.
///
/// # Errors
/// [`Error::Exists`], [`Error::Io`].
pub fn write_public(path: &Path, bytes: &[u8], overwrite: bool) -> Result<(), Error> {
    let file = prepared(path, bytes, PUBLIC)?;
    if overwrite {
        file.persist(path).map_err(|failed| Error::io(path)(failed.error))?;
    } else {
        put_new(file, path)?;
    }
    settle(path)
}

fn put_new(file: NamedTempFile, path: &Path) -> Result<(), Error> {
    let failed = match file.persist_noclobber(path) {
        Ok(_) => return Ok(()),
        Err(failed) => failed.error,
    };
    Err(match failed.kind() {
        std::io::ErrorKind::AlreadyExists => Error::Exists(path.to_owned()),
        _ => Error::io(path)(failed),
    })
}

/// A complete file under another name in the same folder; the system creates it for the owner alone.
fn prepared(path: &Path, bytes: &[u8], mode: u32) -> Result<NamedTempFile, Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut file = Builder::new()
        .prefix(&format!(".{name}."))
        .suffix(".new")
        .tempfile_in(folder(path))
        .map_err(Error::io(path))?;
    file.write_all(bytes).map_err(Error::io(path))?;
    file.as_file().set_permissions(Permissions::from_mode(mode)).map_err(Error::io(path))?;
    file.as_file().sync_all().map_err(Error::io(path))?;
    Ok(file)
}

/// The rename itself survives a power cut once the folder is synced.
fn settle(path: &Path) -> Result<(), Error> {
    File::open(folder(path)).and_then(|folder| folder.sync_all()).map_err(Error::io(path))
}

fn folder(path: &Path) -> &Path {
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
        write_public(&path, b"one", false).unwrap();
        assert!(matches!(write_public(&path, b"two", false), Err(Error::Exists(_))));
        assert_eq!((std::fs::read(&path).unwrap(), mode(&path)), (b"one".to_vec(), 0o644));
        write_public(&path, b"two", true).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
    }
}
