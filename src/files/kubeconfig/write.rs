//! Putting new contents in the place of old ones: several files, all of them or none.

use std::path::{Path, PathBuf};

use super::super::{FileError, atomic};
use super::backups;
use super::search::followed;
use super::text::Text;
use crate::domain::kubeconfig::{Kubeconfig, has_comments};
use crate::domain::output::shell::ShellCommand;
use crate::domain::secret::Secret;

/// What is to happen to comments that cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comments {
    /// Rather write nothing.
    Keep,
    /// They may go; the backup has them.
    MayGo,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrittenFile {
    /// The file, as it was named.
    pub path: PathBuf,
    /// The previous file's copy, where something of it was lost.
    pub backup: Option<PathBuf>,
    /// Whether comments were lost (the backup has them).
    pub comments_lost: bool,
    /// Users whose key, token or password is no longer in the file, each with the backups that still have it.
    pub still_in: Vec<(String, Vec<PathBuf>)>,
}

impl WrittenFile {
    /// What to know of the backups: where a secret that was deleted still is, and how to remove it there.
    pub(crate) fn notes(&self) -> Vec<String> {
        let note = |(user, backups): &(String, Vec<PathBuf>)| {
            let files: Vec<_> = backups.iter().map(|path| path.display().to_string()).collect();
            let count = if files.len() == 1 { "a backup".to_owned() } else { format!("{} backups", files.len()) };
            let remove = ShellCommand::new("rm").operands(files.iter().map(String::as_str)).line();
            format!("the credentials of user {user} are still in {count}; to remove them: {remove}")
        };
        self.still_in.iter().map(note).collect()
    }
}

/// A file to be written.
pub(super) struct Plan {
    /// As it was named.
    path: PathBuf,
    /// Where it is.
    target: PathBuf,
    before: Option<Text>,
    after: Secret,
    comments_lost: bool,
    /// Whether the old file is worth a copy.
    keeps_backup: bool,
    /// Secrets that are in the old file alone, by user.
    removed_secrets: Vec<(String, Secret)>,
}

impl Plan {
    /// What a file will be.
    pub(crate) fn new(
        path: &Path,
        before: Option<Text>,
        old: &Kubeconfig,
        new: &Kubeconfig,
    ) -> Result<Self, FileError> {
        let content = |why: String| FileError::Content { path: path.to_owned(), why };
        let text = before.as_ref().map_or("", Text::expose);
        let (after, kept) = new.to_yaml_like(text, old).map_err(content)?;
        let after = Secret::new(after);
        // Nothing is written that would not be read back as what was meant.
        if Kubeconfig::parse(after.expose()).map_err(content)? != *new {
            return Err(content("it cannot be written so that it reads the same".to_owned()));
        }
        let comments_lost = !kept && has_comments(text);
        let reencoded = before.as_ref().is_some_and(Text::is_reencoded);
        let loses = comments_lost || reencoded || old.loses(new);
        let keeps_backup = before.is_some() && backups::kept() > 0 && loses;
        let removed_secrets = old.secrets_beside(new);
        Ok(Self {
            path: path.to_owned(),
            target: followed(path)?,
            before,
            after,
            comments_lost,
            keeps_backup,
            removed_secrets,
        })
    }

    /// The same, but the old file is not kept.
    pub(crate) fn without_backup(self) -> Self {
        Self { keeps_backup: false, ..self }
    }

    /// The copy of the old file, where it is worth one, for the same owner.
    fn back_up(&self) -> Result<Option<PathBuf>, FileError> {
        let Some(before) = self.before.as_ref().filter(|_| self.keeps_backup) else { return Ok(None) };
        let owner = self.target.metadata().ok();
        backups::make(&self.target, before.bytes(), owner.as_ref()).map(Some)
    }

    fn still_in(&self) -> Vec<(String, Vec<PathBuf>)> {
        let mut found: Vec<(String, Vec<PathBuf>)> = Vec::new();
        for (user, secret) in &self.removed_secrets {
            let backups = backups::holding(&self.target, secret);
            match found.iter_mut().find(|(known, _)| known == user) {
                _ if backups.is_empty() => {}
                Some((_, known)) => {
                    let more: Vec<_> = backups.into_iter().filter(|path| !known.contains(path)).collect();
                    known.extend(more);
                }
                None => found.push((user.clone(), backups)),
            }
        }
        found
    }

    fn undo(&self) {
        // The first failure is reported; the backup stays in any case.
        let _ = match &self.before {
            Some(before) => atomic::write_private(&self.target, before.bytes()),
            None => atomic::remove(&self.target),
        };
    }
}

/// Writes them all. The locks are the caller's.
pub(super) fn all(plans: Vec<Plan>, comments: Comments) -> Result<Vec<WrittenFile>, FileError> {
    if let Some(plan) = plans.iter().find(|plan| plan.comments_lost && comments == Comments::Keep) {
        return Err(FileError::Comments(plan.path.clone()));
    }
    let mut backups = Vec::new();
    for plan in &plans {
        let now = Text::read(&plan.target)?;
        if now.as_ref().map(Text::bytes) != plan.before.as_ref().map(Text::bytes) {
            return Err(FileError::Raced(plan.path.clone()));
        }
        backups.push(plan.back_up()?);
    }
    for (done, plan) in plans.iter().enumerate() {
        if let Err(error) = atomic::write_private(&plan.target, plan.after.as_bytes()) {
            plans[..done].iter().for_each(Plan::undo);
            return Err(error);
        }
    }
    let written = |(plan, backup): (Plan, _)| {
        backups::prune(&plan.target);
        let still_in = plan.still_in();
        WrittenFile { path: plan.path, backup, comments_lost: plan.comments_lost, still_in }
    };
    Ok(plans.into_iter().zip(backups).map(written).collect())
}
