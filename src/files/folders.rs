//! Where things are kept between runs (XDG Base Directory Specification).

use std::fs::{DirBuilder, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::FileError;

/// The home folder.
///
/// # Errors
/// [`FileError::NoHome`].
pub(crate) fn home() -> Result<PathBuf, FileError> {
    std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from).ok_or(FileError::NoHome)
}

static OWN_STATE: OnceLock<PathBuf> = OnceLock::new();

/// From now on this process keeps its state in this folder, whatever [`state`] says else. The first call counts.
pub(crate) fn keep_state_in(folder: PathBuf) {
    let _ = OWN_STATE.set(folder);
}

/// The state folder: `$XDG_STATE_HOME/countersign`, `~/.local/state/countersign` by default. For the owner alone; it is
/// made where there is none.
///
/// # Errors
/// [`FileError::NoHome`], [`FileError::State`].
pub(crate) fn state() -> Result<PathBuf, FileError> {
    let folder = state_path()?;
    match make_private(&folder) {
        Err(FileError::Io { path, error }) => Err(FileError::State { path, error }),
        made => made.map(|()| folder),
    }
}

/// Where the state folder is or would be.
///
/// # Errors
/// [`FileError::NoHome`].
pub(crate) fn state_path() -> Result<PathBuf, FileError> {
    if let Some(folder) = OWN_STATE.get() {
        return Ok(folder.clone());
    }
    let base = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = match base {
        Some(base) => base,
        None => home()?.join(".local/state"),
    };
    Ok(base.join("countersign"))
}

/// The config folder: `$XDG_CONFIG_HOME/countersign`, `~/.config/countersign` by default. It need not be there.
///
/// # Errors
/// [`FileError::NoHome`].
pub(crate) fn config() -> Result<PathBuf, FileError> {
    let base = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = match base {
        Some(base) => base,
        None => home()?.join(".config"),
    };
    Ok(base.join("countersign"))
}

/// Makes a folder (and those above it) for the owner alone; one that is there is closed to others.
///
/// # Errors
/// [`FileError::Io`].
pub(crate) fn make_private(folder: &Path) -> Result<(), FileError> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(FileError::io(folder))?;
    // One that is closed already may lie on a file system that cannot be written.
    let is_closed = |meta: std::fs::Metadata| meta.permissions().mode().trailing_zeros() >= 6;
    if folder.metadata().is_ok_and(is_closed) {
        return Ok(());
    }
    std::fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(FileError::io(folder))
}

/// Whether a file was not read because of a folder above it: one that may not be searched, or is none. Whether the file
/// exists cannot be told then. A file that exists and may not be read is something else.
pub(crate) fn is_unreachable(path: &Path, error: &io::Error) -> bool {
    let denied = |kind: ErrorKind| matches!(kind, ErrorKind::NotADirectory | ErrorKind::PermissionDenied);
    denied(error.kind()) && path.symlink_metadata().is_err_and(|error| denied(error.kind()))
}

/// What does not work because the config folder or kubectl's cannot be read or the state folder cannot be used, in
/// sentences; `None` where they are as they should be. Makes nothing.
pub(crate) fn trouble(uses_state: bool) -> Option<String> {
    let config = config().ok().and_then(|folder| {
        let error = unreachable(&folder.join("config.yaml"))?;
        let folder = folder.display();
        Some(format!("The folder {folder} cannot be read ({error}): settings, themes and a policy in it do not apply."))
    });
    let state = state_path().ok().filter(|_| uses_state).and_then(|folder| {
        let error = usable(&folder).err()?;
        let denied = unreachable(&folder.join("file")).is_some_and(|error| error.kind() == ErrorKind::PermissionDenied);
        let imports = if denied { ", and no consent is asked for what was imported" } else { "" };
        let folder = folder.display();
        Some(format!("The folder {folder} cannot be used ({error}): nothing is logged or remembered in it{imports}."))
    });
    let kubectl = home().ok().map(|home| home.join(".kube")).and_then(|folder| {
        let error = unreachable(&folder.join("kuberc")).filter(|error| error.kind() == ErrorKind::PermissionDenied)?;
        Some(format!("The folder {} cannot be read ({error}): a kuberc in it does not apply.", folder.display()))
    });
    let sentences: Vec<_> = [config, state, kubectl].into_iter().flatten().collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// The error for which a file cannot be reached.
fn unreachable(path: &Path) -> Option<io::Error> {
    path.symlink_metadata().err().filter(|error| is_unreachable(path, error))
}

/// Whether a folder can be used, or made.
fn usable(folder: &Path) -> io::Result<()> {
    let (there, meta) = folder
        .ancestors()
        .find_map(|folder| match folder.metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            meta => Some((folder, meta)),
        })
        .ok_or(ErrorKind::NotFound)?;
    if !meta?.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    Ok(accessat(CWD, there, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_below_a_file_is_unreachable_and_one_that_is_missing_or_a_folder_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let reached = |path: &Path| is_unreachable(path, &std::fs::read(path).unwrap_err());
        assert!(reached(&file.join("config.yaml")) && reached(Path::new("/dev/null/x")));
        assert!(!reached(&folder.path().join("missing")) && !reached(folder.path()));
    }

    #[test]
    fn a_folder_that_can_be_made_is_usable_and_nothing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        usable(&folder.path().join("a/b")).unwrap();
        assert!(!folder.path().join("a").exists());
        for folder in [file.clone(), file.join("state"), "/dev/null/state".into()] {
            assert_eq!(usable(&folder).unwrap_err().kind(), ErrorKind::NotADirectory, "{}", folder.display());
        }
    }
}
