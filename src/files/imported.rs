//! What was imported and not used yet: entries that run a program, or read a file that their sender chose. The first use
//! asks. Kubeconfigs that were not imported by this program are trusted, as kubectl trusts them.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_yaml::{Mapping, Value};

use super::kubeconfig::disk::Disk;
use super::lock::Lock;
use super::{FileError, atomic, bounded, folders};
use crate::domain::kubeconfig::diagnose::{CONTRADICTION, names_authority};
use crate::domain::kubeconfig::extract::detach;
use crate::domain::kubeconfig::import::{Fate, Incoming};
use crate::domain::kubeconfig::risks::{Risk, fingerprint, risks};
use crate::domain::kubeconfig::set::Kubeconfigs;
use crate::domain::kubeconfig::{EntryKind, Kubeconfig};

/// The list, in the state folder.
pub(super) const FILE: &str = "imported.yaml";
/// How long another run of this program is waited for.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// An entry that was imported and is not trusted yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Untrusted {
    /// The kubeconfig that it was imported into.
    pub file: PathBuf,
    /// The fingerprint of what it runs and reads.
    pub fingerprint: String,
    /// What that is, a sentence each.
    pub what: Vec<String>,
}

/// Another person's kubeconfig, with its relative paths and files resolved.
pub(crate) struct Incomer {
    /// What is in it, its own files embedded.
    pub config: Kubeconfig,
    /// What could not be embedded.
    pub notes: Vec<String>,
    /// What is dangerous in it.
    pub risks: Vec<Risk>,
}

impl Incomer {
    /// Reads it. Files in its own folder are embedded; those outside of it only with `outside`.
    ///
    /// # Errors
    /// [`FileError::Refused`] where it is not there, or a file that it names is not what it should be; [`FileError::Content`],
    /// [`FileError::Io`].
    pub(crate) fn read(path: &Path, outside: bool) -> Result<Self, FileError> {
        if !path.exists() {
            return Err(FileError::Refused(format!("{} is not there", path.display())));
        }
        let mut config = super::kubeconfig::read(path)?;
        let full = std::path::absolute(path).map_err(FileError::io(path))?;
        let folder = full.parent().unwrap_or(Path::new("/"));
        if let Some(cluster) = contradicting(&config) {
            return Err(FileError::Refused(format!("{}: cluster {cluster}: {CONTRADICTION}", path.display())));
        }
        let risks = risks(&config, folder, &Disk);
        let notes = detach(&mut config, folder, &Disk, outside).map_err(FileError::Refused)?;
        Ok(Self { config, notes, risks })
    }

    /// Records, before an import is written, which of its entries need consent before their first use.
    ///
    /// # Errors
    /// Why that cannot be kept.
    pub(crate) fn record(&self, all: &Kubeconfigs, plan: &[Incoming]) -> Result<(), String> {
        let file = real(&all.sources()[all.default_file()].path);
        let mut new = Vec::new();
        for incoming in plan.iter().filter(|incoming| incoming.fate != Fate::Known) {
            let asks = |risk: &&Risk| risk.asks_at_first_use() && risk.entry() == (incoming.kind, &incoming.name);
            let what: Vec<_> = self.risks.iter().filter(asks).map(Risk::text).collect();
            let print =
                self.config.get(incoming.kind, &incoming.name).and_then(|fields| fingerprint(incoming.kind, fields));
            if let Some(fingerprint) = print.filter(|_| !what.is_empty()) {
                new.push(Untrusted { file: file.clone(), fingerprint, what });
            }
        }
        add(&new).map_err(|error| error.to_string())
    }
}

fn add(new: &[Untrusted]) -> Result<(), FileError> {
    if new.is_empty() {
        return Ok(());
    }
    update(|known| {
        known.retain(|one| !new.iter().any(|other| (&other.file, &other.fingerprint) == (&one.file, &one.fingerprint)));
        known.extend_from_slice(new);
    })
}

/// Trusts entries from now on.
///
/// # Errors
/// [`FileError::NoHome`], [`FileError::Io`], [`FileError::Locked`].
pub(crate) fn trust(entries: &[Untrusted]) -> Result<(), FileError> {
    if entries.is_empty() { Ok(()) } else { update(|known| known.retain(|one| !entries.contains(one))) }
}

/// What a context would run or read that is not trusted yet.
///
/// # Errors
/// [`FileError::Content`], [`FileError::Io`]: a list that exists and cannot be read is not an empty one. In a folder that cannot
/// be read there is none ([`folders::problems`] says so): an import that could not write it there was refused.
pub(crate) fn of_context(all: &Kubeconfigs, context: &str) -> Result<Vec<Untrusted>, FileError> {
    // Without a home nothing can have been imported.
    let Ok(state) = folders::state_path() else { return Ok(Vec::new()) };
    let known = read(&state.join(FILE))?;
    if known.is_empty() {
        return Ok(known);
    }
    let fields = all.get(EntryKind::Context, context).unwrap_or_default();
    let entry = |kind: EntryKind| {
        let name = fields.get(kind.word()).and_then(Value::as_str)?;
        let print = fingerprint(kind, &all.resolved(kind, name)?)?;
        let file = real(all.file(kind, name)?);
        known.iter().find(|one| one.file == file && one.fingerprint == print).cloned()
    };
    Ok([EntryKind::Cluster, EntryKind::User].into_iter().filter_map(entry).collect())
}

/// Refuses a context with something that is not trusted yet.
///
/// # Errors
/// [`FileError::Untrusted`], and those of [`of_context`].
pub(crate) fn check(all: &Kubeconfigs, context: &str) -> Result<(), FileError> {
    let what: Vec<_> = of_context(all, context)?.into_iter().flat_map(|one| one.what).collect();
    if what.is_empty() { Ok(()) } else { Err(FileError::Untrusted { context: context.to_owned(), what }) }
}

/// A cluster that names a CA and says that none is asked for.
fn contradicting(config: &Kubeconfig) -> Option<String> {
    let insecure = |fields: &Mapping| fields.get("insecure-skip-tls-verify").and_then(Value::as_bool) == Some(true);
    let both = |name: &&str| {
        config.get(EntryKind::Cluster, name).is_some_and(|fields| insecure(fields) && names_authority(fields))
    };
    config.names(EntryKind::Cluster).into_iter().find(both).map(str::to_owned)
}

/// A file's name that stays the same whichever link leads to it, whether the file is there or not.
pub(crate) fn real(path: &Path) -> PathBuf {
    let by_folder = || Some(folders::parent(path).canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(by_folder).unwrap_or_else(|| path.to_owned())
}

fn update(change: impl FnOnce(&mut Vec<Untrusted>)) -> Result<(), FileError> {
    let path = folders::state()?.join(FILE);
    let _lock = Lock::take(&path, LOCK_TIMEOUT)?;
    let mut known = read(&path)?;
    change(&mut known);
    let text = crate::domain::yaml::to_string(&known);
    let text = text.map_err(|error| FileError::Content { path: path.clone(), why: error.to_string() })?;
    atomic::write_private(&path, text.as_bytes())
}

fn read(path: &Path) -> Result<Vec<Untrusted>, FileError> {
    let text = match bounded::read_text(path, bounded::SETTINGS) {
        Err(error) if error.kind() == ErrorKind::NotFound || folders::is_unreachable(path, &error) => {
            return Ok(Vec::new());
        }
        text => text.map_err(FileError::io(path))?,
    };
    serde_yaml::from_str(&text).map_err(|error| FileError::Content { path: path.to_owned(), why: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_cannot_be_read_is_an_error_and_not_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        assert_eq!(read(&path).unwrap(), []);
        std::fs::write(&path, "- file: /k\n  fingerprint: a\n  what: [runs x]\n").unwrap();
        assert_eq!(read(&path).unwrap().len(), 1);
        for broken in ["- file: [", "{}", "- fingerprint: a\n"] {
            std::fs::write(&path, broken).unwrap();
            assert!(matches!(read(&path), Err(FileError::Content { .. })), "{broken}");
        }
        std::fs::write(&path, [0xff]).unwrap();
        assert!(matches!(read(&path), Err(FileError::Io { .. })));
    }
}
