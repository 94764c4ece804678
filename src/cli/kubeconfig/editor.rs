//! What the commands that change kubeconfigs share.

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::session::CliSession;
use crate::domain::gate::WriteAccess;
use crate::domain::kubeconfig::edit::Edit;
use crate::files::FileError;
use crate::files::kubeconfig::Comments;
use crate::operations::kubeconfig::{BackupAs, Changed, KubeconfigWriter, summary_of};

/// What every edit takes.
#[derive(Debug, Args)]
pub(crate) struct EditFlags {
    /// Write a file although its comments are lost by that (a backup keeps them)
    #[arg(long)]
    pub drop_comments: bool,
}

/// Changes kubeconfigs, and prints what was written.
pub(super) struct Editor<'a> {
    session: &'a CliSession,
    access: WriteAccess,
    comments: Comments,
}

impl<'a> Editor<'a> {
    /// A write concerns the context in force, as it does in the console, and the `contexts` that the command names.
    pub(super) fn new(session: &'a CliSession, flags: &EditFlags, contexts: &[&str]) -> Self {
        let access = session.global.target().kubeconfig_access(contexts);
        Self { session, access, comments: if flags.drop_comments { Comments::MayGo } else { Comments::Keep } }
    }

    /// The permit to write.
    pub(super) fn writer(&self) -> Result<KubeconfigWriter<'_>, CliError> {
        let explicit = self.session.global.kubeconfig.as_deref();
        Ok(KubeconfigWriter { permit: self.access.permit()?, explicit, comments: self.comments })
    }

    /// Prints what a change wrote.
    pub(super) fn report<T>(&self, changed: Changed<T>) -> Result<T, CliError> {
        let out = self.session.out;
        match changed {
            Ok((value, written)) => {
                for file in &written {
                    let comments = if file.comments_lost { ", without its comments" } else { "" };
                    out.print_note(&format!("written: {}{comments}", summary_of(file, BackupAs::Path)));
                    file.notes().iter().for_each(|note| out.print_note(&format!("note: {note}")));
                }
                Ok(value)
            }
            Err(error @ FileError::Comments(_)) => {
                Err(CliError::refused(error.to_string(), error.advice().unwrap_or_default()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Applies an edit, and prints notes on its consequences.
    pub(super) fn edit(&self, edit: &Edit) -> Result<(), CliError> {
        let notes = self.report(self.writer()?.edit(edit))?;
        for note in notes {
            self.session.out.print_note(&format!("note: {note}"));
        }
        Ok(())
    }
}
