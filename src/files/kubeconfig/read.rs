//! Reading kubeconfigs.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::FileError;
use super::super::lock::lock_name;
use super::search::paths;
use super::text::Text;
use crate::domain::kubeconfig::Kubeconfig;
use crate::domain::kubeconfig::set::{Kubeconfigs, Source};

/// How long a reader waits for a program that is writing; kubectl's writes are not atomic.
const READ_LOCK_WAIT: Duration = Duration::from_millis(300);
/// The kubeconfig in a file; an empty one where there is no file.
///
/// # Errors
/// [`FileError::Content`] where it is none, [`FileError::Io`].
pub fn read(path: &Path) -> Result<Kubeconfig, FileError> {
    read_text(path, Text::read(path)?.as_ref())
}

/// All kubeconfigs that count: `--kubeconfig` alone, else the search path. A file that is being written is waited for
/// a moment. Blocks.
///
/// # Errors
/// [`FileError::Missing`] where there is no file of `--kubeconfig`; [`FileError::Content`], [`FileError::Io`] of the first file that
/// cannot be read (as kubectl, which then reads none); [`FileError::NoHome`].
pub(crate) fn load(explicit: Option<&Path>) -> Result<Kubeconfigs, FileError> {
    let all = load_for_change(explicit)?;
    match explicit {
        // client-go, `tools/clientcmd/loader.go`, `Load`.
        Some(path) if !all.sources().iter().any(|source| source.exists) => Err(FileError::Missing(path.to_owned())),
        _ => Ok(all),
    }
}

/// [`load`] before a change, which makes the file of `--kubeconfig` where there is none.
///
/// # Errors
/// As there, but [`FileError::Missing`].
pub(crate) fn load_for_change(explicit: Option<&Path>) -> Result<Kubeconfigs, FileError> {
    load_from(&paths(explicit)?)
}

/// [`load`] of these files, of which any may be missing.
///
/// # Errors
/// As there.
pub fn load_from(paths: &[PathBuf]) -> Result<Kubeconfigs, FileError> {
    let until = Instant::now() + READ_LOCK_WAIT;
    while paths.iter().any(|path| lock_name(path).exists()) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    let sources =
        paths.iter().map(|path| source(path, Text::read(path)?.as_ref())).collect::<Result<_, FileError>>()?;
    Kubeconfigs::new(sources).ok_or(FileError::NoHome)
}

/// Whether a file has comments; one that cannot be read has none that could be lost.
pub(crate) fn has_comments(path: &Path) -> bool {
    Text::read(path).ok().flatten().is_some_and(|text| crate::domain::kubeconfig::has_comments(text.expose()))
}

pub(super) fn source(path: &Path, text: Option<&Text>) -> Result<Source, FileError> {
    let full = std::path::absolute(path).map_err(FileError::io(path))?;
    Ok(Source {
        path: path.to_owned(),
        folder: full.parent().unwrap_or(Path::new("/")).to_owned(),
        exists: text.is_some(),
        config: read_text(path, text)?,
    })
}

pub(super) fn read_text(path: &Path, text: Option<&Text>) -> Result<Kubeconfig, FileError> {
    parse(path, text.map_or("", Text::expose))
}

pub(super) fn parse(path: &Path, text: &str) -> Result<Kubeconfig, FileError> {
    Kubeconfig::parse(text).map_err(|why| FileError::Content { path: path.to_owned(), why })
}
