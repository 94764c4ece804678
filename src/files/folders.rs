//! The folders of state and configuration (XDG Base Directory Specification).

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

/// Sets the state folder of this process; only the first call has an effect.
pub(crate) fn keep_state_in(folder: PathBuf) {
    let _ = OWN_STATE.set(folder);
}

/// The state folder: `$XDG_STATE_HOME/countersign`, `~/.local/state/countersign` by default. It is created if needed,
/// readable by its owner only.
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

/// The path of the state folder, which need not exist.
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

/// The config folder: `$XDG_CONFIG_HOME/countersign`, `~/.config/countersign` by default. It need not exist.
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

/// The folder that a file is in; the current one for a bare name.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates a folder (and those above it) for its owner only; an existing one is closed to other users.
///
/// # Errors
/// [`FileError::Io`].
pub(crate) fn make_private(folder: &Path) -> Result<(), FileError> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(FileError::io(folder))?;
    // One that is closed already may be on a read-only file system.
    let is_closed = |meta: std::fs::Metadata| meta.permissions().mode().trailing_zeros() >= 6;
    if folder.metadata().is_ok_and(is_closed) {
        return Ok(());
    }
    std::fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(FileError::io(folder))
}

/// Whether reading a file failed because of a folder above it, which may not be searched or is no folder. Then it is unknown
/// whether the file exists. A file that exists and may not be read is a different error.
pub(crate) fn is_unreachable(path: &Path, error: &io::Error) -> bool {
    let denied = |kind: ErrorKind| matches!(kind, ErrorKind::NotADirectory | ErrorKind::PermissionDenied);
    denied(error.kind()) && path.symlink_metadata().is_err_and(|error| denied(error.kind()))
}

/// What does not work because the config folder or kubectl's cannot be read or the state folder cannot be used, as
/// sentences; `None` if all can. Creates nothing.
pub(crate) fn problems(uses_state: bool) -> Option<String> {
    let config = config().ok().and_then(|folder| {
        let error = unreachable(&folder.join("config.yaml"))?;
        let folder = folder.display();
        Some(format!("The folder {folder} cannot be read ({error}): settings, themes and a policy in it do not apply."))
    });
    let state = state_path().ok().filter(|_| uses_state).and_then(|folder| {
        let error = check_usable(&folder).err()?;
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

/// The error because of which a file is unreachable.
fn unreachable(path: &Path) -> Option<io::Error> {
    path.symlink_metadata().err().filter(|error| is_unreachable(path, error))
}

/// Checks that a folder can be used, or created.
fn check_usable(folder: &Path) -> io::Result<()> {
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
    fn only_a_file_below_something_else_than_a_folder_is_unreachable() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let reached = |path: &Path| is_unreachable(path, &std::fs::read(path).unwrap_err());
        assert!(reached(&file.join("config.yaml")) && reached(Path::new("/dev/null/x")));
        assert!(!reached(&folder.path().join("missing")) && !reached(folder.path()));
    }

    #[test]
    fn a_folder_that_can_be_created_is_usable_and_is_not_created() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        check_usable(&folder.path().join("a/b")).unwrap();
        assert!(!folder.path().join("a").exists());
        for folder in [file.clone(), file.join("state"), "/dev/null/state".into()] {
            assert_eq!(check_usable(&folder).unwrap_err().kind(), ErrorKind::NotADirectory, "{}", folder.display());
        }
    }
}
