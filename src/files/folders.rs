//! Where things are kept between runs (XDG Base Directory Specification).

use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::Error;

/// The home folder.
///
/// # Errors
/// [`Error::NoHome`].
pub fn home() -> Result<PathBuf, Error> {
    std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from).ok_or(Error::NoHome)
}

static OWN_STATE: OnceLock<PathBuf> = OnceLock::new();

/// From now on this process keeps its state in this folder, whatever [`state`] says else. The first call counts.
pub fn keep_state_in(folder: PathBuf) {
    let _ = OWN_STATE.set(folder);
}

/// The state folder: `$XDG_STATE_HOME/countersign`, `~/.local/state/countersign` by default. For the owner alone.
///
/// # Errors
/// [`Error::NoHome`], [`Error::Io`].
pub fn state() -> Result<PathBuf, Error> {
    if let Some(folder) = OWN_STATE.get() {
        make_private(folder)?;
        return Ok(folder.clone());
    }
    let base = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = match base {
        Some(base) => base,
        None => home()?.join(".local/state"),
    };
    let folder = base.join("countersign");
    make_private(&folder)?;
    Ok(folder)
}

/// The config folder: `$XDG_CONFIG_HOME/countersign`, `~/.config/countersign` by default. It need not be there.
///
/// # Errors
/// [`Error::NoHome`].
pub fn config() -> Result<PathBuf, Error> {
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
/// [`Error::Io`].
pub fn make_private(folder: &Path) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(Error::io(folder))?;
    std::fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(Error::io(folder))
}
