//! Which kubeconfig files count (client-go, `tools/clientcmd`).

use std::path::{Path, PathBuf};

use super::super::{FileError, folders};

/// The files that kubectl reads: those of `KUBECONFIG`, each once, else `~/.kube/config` (client-go,
/// `tools/clientcmd/loader.go`).
pub(crate) fn search_path() -> Vec<PathBuf> {
    let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
    let mut seen = std::collections::HashSet::new();
    let listed: Vec<_> = std::env::split_paths(&listed)
        .filter(|path| !path.as_os_str().is_empty() && seen.insert(path.clone()))
        .collect();
    if listed.is_empty() { folders::home().map(|home| home.join(".kube/config")).into_iter().collect() } else { listed }
}

/// The file that kubectl writes a new entry to: `--kubeconfig`, else the first of the search path that exists, else
/// the last of it (client-go, `tools/clientcmd/config.go`, `GetDefaultFilename`).
///
/// # Errors
/// [`FileError::NoHome`] where there is neither.
pub(crate) fn for_new_entries(explicit: Option<&Path>) -> Result<PathBuf, FileError> {
    if let Some(path) = explicit {
        return Ok(path.to_owned());
    }
    let paths = search_path();
    paths.iter().find(|path| path.exists()).or(paths.last()).cloned().ok_or(FileError::NoHome)
}

pub(super) fn paths(explicit: Option<&Path>) -> Result<Vec<PathBuf>, FileError> {
    let paths = explicit.map_or_else(search_path, |path| vec![path.to_owned()]);
    if paths.is_empty() { Err(FileError::NoHome) } else { Ok(paths) }
}

/// The target of a symbolic link, so that writing it keeps the link.
pub(super) fn followed(path: &Path) -> Result<PathBuf, FileError> {
    if path.is_symlink() && path.exists() {
        path.canonicalize().map_err(FileError::io(path))
    } else {
        Ok(path.to_owned())
    }
}
