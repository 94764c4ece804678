//! Putting new contents in the place of old ones: several files, all of them or none.

use std::path::{Path, PathBuf};

use chrono::Utc;

use super::super::{Error, atomic};
use super::{followed, text};
use crate::domain::kubeconfig::{Kubeconfig, has_comments};

/// What is to happen to comments that cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comments {
    /// Rather write nothing.
    Keep,
    /// They may go; the backup has them.
    MayGo,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file, as it was named.
    pub path: PathBuf,
    /// The previous file's copy, where there was one.
    pub backup: Option<PathBuf>,
    /// Whether comments were lost (the backup has them).
    pub comments_lost: bool,
}

/// A file to be written.
pub(super) struct Plan {
    /// As it was named.
    path: PathBuf,
    /// Where it is.
    target: PathBuf,
    before: Option<String>,
    after: String,
    comments_lost: bool,
}

impl Plan {
    /// What a file will be.
    pub fn new(path: &Path, before: Option<String>, old: &Kubeconfig, new: &Kubeconfig) -> Result<Self, Error> {
        let content = |why: String| Error::Content { path: path.to_owned(), why };
        let text = before.as_deref().unwrap_or_default();
        let (after, kept) = new.to_yaml_like(text, old).map_err(content)?;
        // Nothing is written that would not be read back as what was meant.
        if Kubeconfig::parse(&after).map_err(content)? != *new {
            return Err(content("it cannot be written so that it reads the same".to_owned()));
        }
        let comments_lost = !kept && has_comments(text);
        Ok(Self { path: path.to_owned(), target: followed(path)?, before, after, comments_lost })
    }

    fn undo(&self) {
        // The first failure is the one to tell; the backup stays in any case.
        let _ = match &self.before {
            Some(before) => atomic::write_private(&self.target, before.as_bytes()),
            None => std::fs::remove_file(&self.target).map_err(Error::io(&self.target)),
        };
    }
}

/// Writes them all. The locks are the caller's.
pub(super) fn all(plans: Vec<Plan>, comments: Comments) -> Result<Vec<Written>, Error> {
    if let Some(plan) = plans.iter().find(|plan| plan.comments_lost && comments == Comments::Keep) {
        return Err(Error::Comments(plan.path.clone()));
    }
    let mut backups = Vec::new();
    for plan in &plans {
        if text(&plan.target)? != plan.before {
            return Err(Error::Raced(plan.path.clone()));
        }
        backups.push(plan.before.as_deref().map(|text| back_up(&plan.target, text)).transpose()?);
    }
    for (done, plan) in plans.iter().enumerate() {
        if let Err(error) = atomic::write_private(&plan.target, plan.after.as_bytes()) {
            plans[..done].iter().for_each(Plan::undo);
            return Err(error);
        }
    }
    let written = |(plan, backup): (Plan, _)| Written { path: plan.path, backup, comments_lost: plan.comments_lost };
    Ok(plans.into_iter().zip(backups).map(written).collect())
}

/// A copy beside the file, named by the second, made unique.
fn back_up(path: &Path, text: &str) -> Result<PathBuf, Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let moment = Utc::now().format("%Y%m%d-%H%M%S");
    let mut backup = path.with_file_name(format!("{name}.{moment}.bak"));
    let mut number = 1;
    while backup.exists() {
        number += 1;
        backup = path.with_file_name(format!("{name}.{moment}-{number}.bak"));
    }
    atomic::write_private(&backup, text.as_bytes())?;
    Ok(backup)
}
