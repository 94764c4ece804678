//! Operations on the kubeconfigs: change, import, embed, extract, trust, unlock. Blocking.

use std::path::{Path, PathBuf};

use crate::domain::gate::WritePermit;
use crate::domain::kubeconfig::edit::Edit;
use crate::domain::kubeconfig::import::Incoming;
use crate::domain::kubeconfig::set::Kubeconfigs;
use crate::domain::kubeconfig::{EntryKind, Kubeconfig};
use crate::domain::secret::Secret;
use crate::files::FileError;
use crate::files::imported::{self, Incomer};
use crate::files::kubeconfig::disk::Disk;
use crate::files::kubeconfig::{self, Comments, WrittenFile};
use crate::files::lock::{self, LockInfo};

/// What a change gives back, and the files that it wrote.
pub(crate) type Changed<T> = Result<(T, Vec<WrittenFile>), FileError>;

/// The permit to change the kubeconfigs, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KubeconfigWriter<'a> {
    pub permit: WritePermit,
    /// The file of `--kubeconfig`; `None`: kubectl's search path.
    pub explicit: Option<&'a Path>,
    pub comments: Comments,
}

impl KubeconfigWriter<'_> {
    /// Applies any change; all of it is written or nothing.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Kubeconfigs) -> Result<T, String>) -> Changed<T> {
        kubeconfig::change(self.permit, self.explicit, self.comments, change)
    }

    /// Applies an edit; gives back notes on its consequences.
    pub(crate) fn edit(&self, edit: &Edit) -> Changed<Vec<String>> {
        self.change(|all| all.apply(edit))
    }

    /// Embeds the files that a trusted context refers to; gives back a line for each.
    pub(crate) fn embed(&self, context: &str) -> Changed<Vec<String>> {
        imported::check(&kubeconfig::load(self.explicit)?, context)?;
        self.change(|all| all.embed(context, &Disk))
    }

    /// Imports another kubeconfig. What of it must not be used unasked is remembered before it is written.
    pub(crate) fn import(&self, import: &Import<'_>) -> Changed<Vec<Incoming>> {
        self.change(|all| import.apply(all))
    }
}

/// A new name for an entry of another kubeconfig.
pub(crate) type Renaming = (EntryKind, String, String);

/// An import: another kubeconfig, read, and how it comes in.
pub(crate) struct Import<'a> {
    file: &'a Path,
    renamings: &'a [Renaming],
    make_current: bool,
    /// What was read.
    pub incomer: Incomer,
}

impl<'a> Import<'a> {
    /// Reads `file`. Files in its own folder are embedded; those outside of it only with `embed_outside`.
    pub(crate) fn read(file: &'a Path, embed_outside: bool) -> Result<Self, FileError> {
        let incomer = Incomer::read(file, embed_outside)?;
        Ok(Self { file, renamings: &[], make_current: false, incomer })
    }

    /// Entries come in under these names.
    #[must_use]
    pub(crate) fn renamed(self, renamings: &'a [Renaming]) -> Self {
        Self { renamings, ..self }
    }

    /// Whether the other file's current context becomes the current one.
    #[must_use]
    pub(crate) fn make_current(self, make_current: bool) -> Self {
        Self { make_current, ..self }
    }

    /// What would come in, and under which names; nothing is written.
    pub(crate) fn preview(&self, all: &Kubeconfigs) -> Result<Vec<Incoming>, FileError> {
        self.plan(all).map_err(FileError::Refused)
    }

    fn config(&self) -> &Kubeconfig {
        &self.incomer.config
    }

    fn plan(&self, all: &Kubeconfigs) -> Result<Vec<Incoming>, String> {
        if let Some((kind, old, _)) = self.renamings.iter().find(|(kind, old, _)| !self.config().has(*kind, old)) {
            return Err(format!("{} has no {} {old}", self.file.display(), kind.word()));
        }
        let renamed = |kind: EntryKind, name: &str| {
            let renaming = self.renamings.iter().find(|(of, old, _)| *of == kind && old == name);
            renaming.map(|(_, _, new)| new.clone())
        };
        let stem = self.file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        all.plan_import(self.config(), &stem, &renamed)
    }

    fn apply(&self, all: &mut Kubeconfigs) -> Result<Vec<Incoming>, String> {
        let plan = self.plan(all)?;
        self.incomer.record(all, &plan)?;
        all.import(self.config(), &plan);
        let current = self.config().current_context().filter(|_| self.make_current);
        let current =
            current.and_then(|name| plan.iter().find(|entry| entry.kind == EntryKind::Context && entry.name == name));
        if let Some(context) = current {
            all.make_current(&context.target);
        }
        Ok(plan)
    }
}

/// A trusted context as a kubeconfig that needs no other file. It holds the key.
pub(crate) fn extract(explicit: Option<&Path>, context: &str) -> Result<Secret, FileError> {
    let all = kubeconfig::load(explicit)?;
    imported::check(&all, context)?;
    let alone = all.extract(context, &Disk).map_err(FileError::Refused)?;
    alone.to_yaml().map(Secret::new).map_err(FileError::Refused)
}

/// Writes an extracted context for the owner alone; a file that is there is replaced only with a permit.
pub(crate) fn write_extracted(path: &Path, yaml: &Secret, replace: Option<WritePermit>) -> Result<(), FileError> {
    kubeconfig::write_extracted(path, yaml, replace)
}

/// Trusts what a context runs and reads from now on; gives back a sentence for each of it. The state folder is written,
/// no kubeconfig.
pub(crate) fn trust(explicit: Option<&Path>, context: &str) -> Result<Vec<String>, FileError> {
    let entries = imported::of_context(&kubeconfig::load(explicit)?, context)?;
    if !entries.is_empty() {
        imported::trust(&entries)?;
    }
    Ok(entries.into_iter().flat_map(|entry| entry.what).collect())
}

/// A kubeconfig's lock that is there.
pub(crate) struct FoundLock {
    file: PathBuf,
    pub info: LockInfo,
}

impl FoundLock {
    /// Removes the lock, if it is still the one that was found.
    pub(crate) fn remove(&self) -> Result<(), FileError> {
        lock::remove(&self.file, &self.info)
    }
}

/// The locks beside the kubeconfigs, and beside the files that they link to. Each is looked for when the one before has
/// been taken.
pub(crate) fn locks(explicit: Option<&Path>) -> impl Iterator<Item = FoundLock> {
    let files = explicit.map_or_else(kubeconfig::search_path, |path| vec![path.to_owned()]);
    let with_targets = files.into_iter().flat_map(|file| {
        let target = file.canonicalize().ok().filter(|target| *target != file);
        [Some(file), target].into_iter().flatten()
    });
    with_targets.filter_map(|file| lock::find(&file).map(|info| FoundLock { file, info }))
}

/// How a summary names a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BackupAs {
    Path,
    /// The name alone: it is beside the file.
    FileName,
}

/// The file that was written, and its backup.
pub(crate) fn summary_of(written: &WrittenFile, backup_as: BackupAs) -> String {
    let backup = written.backup.as_deref().and_then(|path| match backup_as {
        BackupAs::Path => Some(path.as_os_str()),
        BackupAs::FileName => path.file_name(),
    });
    let backup = backup.map(|name| format!(", backup {}", name.display())).unwrap_or_default();
    format!("{}{backup}", written.path.display())
}
