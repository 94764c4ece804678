//! The kubeconfig on disk: which files, and editing them safely.

pub(crate) mod backups;
pub(crate) mod disk;
mod text;
mod write;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::lock::{Lock, lock_name};
use super::{FileError, atomic, folders, sweep};
use crate::domain::gate::WritePermit;
use crate::domain::kubeconfig::Kubeconfig;
use crate::domain::kubeconfig::set::{Kubeconfigs, Source};
use crate::domain::secret::Secret;
use text::Text;

pub(crate) use backups::backup_of;
pub(crate) use write::{Comments, WrittenFile};

/// How long another program's lock is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a reader waits for a program that is writing; kubectl's writes are not atomic.
const GLANCE: Duration = Duration::from_millis(300);
/// How long a lock is kept after the write. kubectl reads before it takes its lock, and writes back what it read
/// (kubectl, `pkg/cmd/config`, then `ModifyConfig`): one that has just read the old file would undo the write. So it
/// finds the lock taken and fails, as it does while we write.
const LINGER: Duration = Duration::from_millis(100);

/// What an edit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The previous file's copy, where there was one and something changed.
    pub backup: Option<PathBuf>,
    /// Whether comments were lost (the backup has them).
    pub comments_lost: bool,
}

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
    let until = Instant::now() + GLANCE;
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

/// Changes kubeconfigs under kubectl's locks, so that all of it happens or nothing: an old file of
/// which something is lost stays as a backup, the new ones take their places whole and are for their owner alone, and a
/// link stays a link. Where nothing changes, nothing is written. Blocks.
///
/// # Errors
/// [`FileError::Refused`] with what `change` said, [`FileError::Comments`], [`FileError::Locked`], [`FileError::Content`],
/// [`FileError::Raced`], [`FileError::Io`], [`FileError::NoHome`]; the files are as before then.
pub(crate) fn change<T>(
    _permit: WritePermit,
    explicit: Option<&Path>,
    comments: Comments,
    change: impl FnOnce(&mut Kubeconfigs) -> Result<T, String>,
) -> Result<(T, Vec<WrittenFile>), FileError> {
    let paths = paths(explicit)?;
    let target = for_new_entries(explicit)?;
    check_writable(&target)?;
    make_folder(&target)?;
    let written: Vec<_> = paths.iter().filter(|path| path.is_file() || **path == target).collect();
    let _locks = lock_all(&written)?;
    let texts = paths.iter().map(|path| Text::read(path)).collect::<Result<Vec<_>, FileError>>()?;
    let sources = paths.iter().zip(&texts).map(|(path, text)| source(path, text.as_ref()));
    let before = Kubeconfigs::new(sources.collect::<Result<_, FileError>>()?).ok_or(FileError::NoHome)?;
    let mut after = before.clone();
    let told = change(&mut after).map_err(FileError::Refused)?;
    let pairs = before.sources().iter().zip(after.sources()).zip(texts);
    let changed = pairs.filter(|((before, after), _)| before.config != after.config);
    let plans =
        changed.map(|((before, after), text)| write::Plan::new(&before.path, text, &before.config, &after.config));
    let plans = plans.collect::<Result<Vec<_>, FileError>>()?;
    let written = write::all(plans, comments)?;
    if !written.is_empty() {
        std::thread::sleep(LINGER);
    }
    Ok((told, written))
}

/// [`change`] for one file, whatever else counts.
///
/// # Errors
/// As there.
pub fn edit(_permit: WritePermit, path: &Path, change: impl Fn(&mut Kubeconfig)) -> Result<Edited, FileError> {
    check_writable(path)?;
    make_folder(path)?;
    let _locks = lock_all(&[&path.to_owned()])?;
    let before = Text::read(path)?;
    let old = read_text(path, before.as_ref())?;
    let mut new = old.clone();
    change(&mut new);
    if new == old && before.is_some() {
        return Ok(Edited { backup: None, comments_lost: false });
    }
    let plan = write::Plan::new(path, before, &old, &new)?;
    let written = write::all(vec![plan], Comments::MayGo)?;
    std::thread::sleep(LINGER);
    let written = written.into_iter().next();
    Ok(Edited {
        comments_lost: written.as_ref().is_some_and(|written| written.comments_lost),
        backup: written.and_then(|written| written.backup),
    })
}

/// What becomes of a file that something was taken out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// It stays.
    Keep,
    /// It is removed: there was none before.
    Remove,
}

/// [`edit`] that removes what this program put in: no backup is made, which would only keep it. A file that is not
/// there stays so.
///
/// # Errors
/// As there.
pub(crate) fn take_out(
    _permit: WritePermit,
    path: &Path,
    change: impl FnOnce(&mut Kubeconfig) -> Rest,
) -> Result<(), FileError> {
    if !path.exists() {
        sweep::dead_lock(path);
        sweep::beside(path, true);
        return Ok(());
    }
    check_writable(path)?;
    let _locks = lock_all(&[&path.to_owned()])?;
    let Some(before) = Text::read(path)? else { return Ok(()) };
    let old = parse(path, before.expose())?;
    let mut new = old.clone();
    let rest = change(&mut new);
    if rest == Rest::Remove {
        atomic::remove(&followed(path)?)?;
    } else if new != old {
        let plan = write::Plan::new(path, Some(before), &old, &new)?.without_backup();
        write::all(vec![plan], Comments::MayGo)?;
    } else {
        return Ok(());
    }
    std::thread::sleep(LINGER);
    Ok(())
}

/// Writes an extracted kubeconfig, which holds a key, for its owner alone. A new file is the output of a command and needs
/// no permit, as a redirection of a shell needs none; replacing one does.
///
/// # Errors
/// [`FileError::Exists`] without a permit, [`FileError::Io`].
pub(crate) fn write_extracted(path: &Path, yaml: &Secret, replace: Option<WritePermit>) -> Result<(), FileError> {
    match replace {
        Some(_) => atomic::write_private(path, yaml.as_bytes()),
        None => atomic::write_private_new(path, yaml.as_bytes()),
    }
}

fn paths(explicit: Option<&Path>) -> Result<Vec<PathBuf>, FileError> {
    let paths = explicit.map_or_else(search_path, |path| vec![path.to_owned()]);
    if paths.is_empty() { Err(FileError::NoHome) } else { Ok(paths) }
}

fn source(path: &Path, text: Option<&Text>) -> Result<Source, FileError> {
    let full = std::path::absolute(path).map_err(FileError::io(path))?;
    Ok(Source {
        path: path.to_owned(),
        folder: full.parent().unwrap_or(Path::new("/")).to_owned(),
        exists: text.is_some(),
        config: read_text(path, text)?,
    })
}

/// Every lock that keeps another program from these files: kubectl locks the name that it was given, be it a link's,
/// and takes several in the order of their names.
fn lock_all(paths: &[&PathBuf]) -> Result<Vec<Lock>, FileError> {
    let mut files = std::collections::BTreeSet::new();
    for path in paths {
        files.insert((*path).clone());
        files.insert(followed(path)?);
    }
    let locks = files.iter().map(|file| Lock::take(file, PATIENCE)).collect::<Result<_, FileError>>()?;
    // Who writes has the lock: what is unfinished now was left by a killed run.
    for file in &files {
        sweep::beside(file, true);
    }
    Ok(locks)
}

/// Refuses to put a file in the place of something else, such as `/dev/null`.
fn check_writable(path: &Path) -> Result<(), FileError> {
    match path.metadata() {
        Ok(meta) if !meta.is_file() => Err(FileError::Content {
            path: path.to_owned(),
            why: "not a regular file, so it is not written".to_owned(),
        }),
        _ => Ok(()),
    }
}

fn make_folder(path: &Path) -> Result<(), FileError> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        Some(folder) => folders::make_private(folder),
        None => Ok(()),
    }
}

fn read_text(path: &Path, text: Option<&Text>) -> Result<Kubeconfig, FileError> {
    parse(path, text.map_or("", Text::expose))
}

fn parse(path: &Path, text: &str) -> Result<Kubeconfig, FileError> {
    Kubeconfig::parse(text).map_err(|why| FileError::Content { path: path.to_owned(), why })
}

/// The file that a link leads to, so that the link stays.
fn followed(path: &Path) -> Result<PathBuf, FileError> {
    if path.is_symlink() && path.exists() {
        path.canonicalize().map_err(FileError::io(path))
    } else {
        Ok(path.to_owned())
    }
}

#[cfg(test)]
mod tests;
