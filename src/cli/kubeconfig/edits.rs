//! `countersign use`, `rename`, `delete-context`, `namespace`, `import`, `extract`, `embed`, `unlock`.

use std::path::Path;
use std::time::Duration;

use super::flags::{
    DeleteFlags, EditFlags, EmbedFlags, ExtractFlags, NamespaceFlags, RenameFlags, UnlockFlags, UseFlags,
};
use crate::cli::output::{CliError, print, print_data, tell};
use crate::domain::gate::WriteAccess;
use crate::domain::kubeconfig::edit::Edit;
use crate::domain::kubeconfig::set::Kubeconfigs;
use crate::domain::secret::Secret;
use crate::domain::text::printable;
use crate::domain::validity;
use crate::files::kubeconfig::disk::Disk;
use crate::files::kubeconfig::{self, Comments, WrittenFile};
use crate::files::{FileError, imported, lock};

/// A lock younger than this may well be in use.
const YOUNG: Duration = Duration::from_secs(60);

/// The kubeconfigs that the commands work on.
pub(super) struct Files<'a> {
    /// `--kubeconfig`.
    pub explicit: Option<&'a Path>,
    /// Whether they may be written.
    pub access: WriteAccess,
}

impl Files<'_> {
    pub(crate) fn change<T>(
        &self,
        flags: &EditFlags,
        edit: impl FnOnce(&mut Kubeconfigs) -> Result<T, String>,
    ) -> Result<T, CliError> {
        let comments = if flags.drop_comments { Comments::MayGo } else { Comments::Keep };
        match kubeconfig::change(self.access.permit()?, self.explicit, comments, edit) {
            Ok((told, written)) => {
                written.iter().for_each(say);
                Ok(told)
            }
            Err(error @ FileError::Comments(_)) => {
                Err(CliError::refused(error.to_string(), error.advice().unwrap_or_default()))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn edit(&self, flags: &EditFlags, edit: &Edit) -> Result<(), CliError> {
        self.change(flags, |all| all.apply(edit))?.iter().for_each(|note| tell(&format!("note: {note}")));
        Ok(())
    }

    pub(crate) fn make_current(&self, flags: &UseFlags) -> Result<(), CliError> {
        self.edit(&flags.edit, &Edit::Use(flags.name.clone()))?;
        print(&format!("the current context is {}", printable(&flags.name)))
    }

    pub(crate) fn rename(&self, flags: &RenameFlags) -> Result<(), CliError> {
        self.edit(&flags.edit, &Edit::Rename { old: flags.old.clone(), new: flags.new.clone() })?;
        print(&format!("context {} is called {} now", printable(&flags.old), printable(&flags.new)))
    }

    pub(crate) fn delete(&self, flags: &DeleteFlags) -> Result<(), CliError> {
        self.edit(&flags.edit, &Edit::Delete { context: flags.name.clone(), orphans: flags.orphans })?;
        print(&format!("context {} is deleted", printable(&flags.name)))
    }

    pub(crate) fn set_namespace(&self, flags: &NamespaceFlags, context: Option<&str>) -> Result<(), CliError> {
        let named = flags.of.as_deref().or(context).map(str::to_owned);
        let context = self.change(&flags.edit, |all| {
            let current = all.current_context().map(str::to_owned);
            let context = named.or(current).ok_or("no context is current; name one")?;
            all.apply(&Edit::Namespace { context: context.clone(), namespace: flags.name.clone() })?;
            Ok(context)
        })?;
        let namespace = if flags.name.is_empty() { "default" } else { &flags.name };
        print(&format!("the namespace of {} is {} now", printable(&context), printable(namespace)))
    }

    pub(crate) fn embed(&self, flags: &EmbedFlags) -> Result<(), CliError> {
        imported::check(&kubeconfig::load(self.explicit)?, &flags.name)?;
        let embedded = self.change(&flags.edit, |all| all.embed(&flags.name, &Disk))?;
        if embedded.is_empty() {
            return print("nothing to embed");
        }
        print(&embedded.join("\n"))
    }

    pub(crate) fn extract(&self, flags: &ExtractFlags) -> Result<(), CliError> {
        let all = kubeconfig::load(self.explicit)?;
        imported::check(&all, &flags.name)?;
        let alone = all.extract(&flags.name, &Disk);
        let alone = alone.map_err(|why| CliError::new(printable(&why)))?;
        let yaml = Secret::new(alone.to_yaml().map_err(CliError::new)?);
        let Some(path) = &flags.out else { return print_data(yaml.expose()) };
        let replace = if flags.force && path.exists() { Some(self.access.permit()?) } else { None };
        match kubeconfig::write_extracted(path, &yaml, replace) {
            Err(FileError::Exists(path)) => {
                Err(CliError::refused(format!("{} exists already", path.display()), "--force replaces it"))
            }
            other => {
                other?;
                tell(&format!("context {} written to {}", printable(&flags.name), path.display()));
                Ok(())
            }
        }
    }

    pub(crate) fn unlock(&self, flags: &UnlockFlags) -> Result<(), CliError> {
        self.access.permit()?;
        let files = match self.explicit {
            Some(path) => vec![path.to_owned()],
            None => kubeconfig::search_path(),
        };
        let mut removed = 0;
        for file in files {
            let real = file.canonicalize().ok().filter(|real| *real != file);
            for file in [Some(file), real].into_iter().flatten() {
                let Some(found) = lock::find(&file) else { continue };
                let age = validity::age(i64::try_from(found.age.as_secs()).unwrap_or(i64::MAX));
                let name = found.lock.display();
                if found.is_held {
                    return Err(CliError::refused(format!("{name} is held by a running countersign"), "Wait for it."));
                }
                if found.age < YOUNG && !flags.force {
                    let text = format!("{name} is only {age} old: a program may be writing");
                    return Err(CliError::refused(text, "--force removes it all the same"));
                }
                lock::remove(&file, &found)?;
                print(&format!("removed {name}, {age} old"))?;
                removed += 1;
            }
        }
        if removed == 0 { print("there is no lock") } else { Ok(()) }
    }
}

fn say(written: &WrittenFile) {
    let backup = written.backup.as_ref().map(|path| format!(", backup {}", path.display())).unwrap_or_default();
    let comments = if written.comments_lost { ", without its comments" } else { "" };
    tell(&format!("written: {}{backup}{comments}", written.path.display()));
    written.notes().iter().for_each(|note| tell(&format!("note: {note}")));
}
