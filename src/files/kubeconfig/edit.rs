//! Changing kubeconfigs under kubectl's locks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::lock::{self, Lock};
use super::super::{FileError, atomic, folders, unfinished};
use super::read::{parse, read_text, source};
use super::search::{followed, for_new_entries, paths};
use super::text::Text;
use super::write::{self, Comments, WrittenFile};
use crate::domain::gate::WritePermit;
use crate::domain::kubeconfig::Kubeconfig;
use crate::domain::kubeconfig::set::Kubeconfigs;
use crate::domain::secret::Secret;

/// How long another program's lock is waited for.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a lock is kept after the write. kubectl reads before it takes its lock, and writes back what it read
/// (kubectl, `pkg/cmd/config`, then `ModifyConfig`): one that has just read the old file would undo the write. So it
/// finds the lock taken and fails, as it does while we write.
const LOCK_HOLD: Duration = Duration::from_millis(100);

/// What an edit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The previous file's copy, where there was one and something changed.
    pub backup: Option<PathBuf>,
    /// Whether comments were lost (the backup has them).
    pub comments_lost: bool,
}

/// Changes kubeconfigs under kubectl's locks, so that all of it happens or nothing: an old file of
/// which something is lost stays as a backup, the new ones take their places whole and are for their owner alone, and a
/// link stays a link. Where nothing changes, nothing is written. Blocks.
///
/// # Errors
/// [`FileError::Refused`] with the error of `change`, [`FileError::Comments`], [`FileError::Locked`], [`FileError::Content`],
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
    let result = change(&mut after).map_err(FileError::Refused)?;
    let pairs = before.sources().iter().zip(after.sources()).zip(texts);
    let changed = pairs.filter(|((before, after), _)| before.config != after.config);
    let plans =
        changed.map(|((before, after), text)| write::Plan::new(&before.path, text, &before.config, &after.config));
    let plans = plans.collect::<Result<Vec<_>, FileError>>()?;
    let written = write::all(plans, comments)?;
    if !written.is_empty() {
        std::thread::sleep(LOCK_HOLD);
    }
    Ok((result, written))
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
    std::thread::sleep(LOCK_HOLD);
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
        lock::remove_dead(path);
        unfinished::remove_all(path);
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
    std::thread::sleep(LOCK_HOLD);
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

/// Every lock that keeps another program from these files: kubectl locks the name that it was given, be it a link's,
/// and takes several in the order of their names.
fn lock_all(paths: &[&PathBuf]) -> Result<Vec<Lock>, FileError> {
    let mut files = std::collections::BTreeSet::new();
    for path in paths {
        files.insert((*path).clone());
        files.insert(followed(path)?);
    }
    let locks = files.iter().map(|file| Lock::take(file, LOCK_TIMEOUT)).collect::<Result<_, FileError>>()?;
    // Every writer holds the lock, so what is unfinished now was left by a killed run.
    for file in &files {
        unfinished::remove_all(file);
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
