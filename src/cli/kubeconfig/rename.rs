//! `countersign rename`.

use clap::Args;

use super::editor::{EditFlags, Editor};
use crate::cli::error::CliError;
use crate::cli::session::{CliSession, Needs, RunCommand};
use crate::domain::kubeconfig::edit::Edit;
use crate::domain::text::printable;

/// Give a context another name
#[derive(Debug, Args)]
pub(crate) struct RenameFlags {
    /// The context
    pub old: String,
    /// Its new name
    pub new: String,
    #[command(flatten)]
    pub edit: EditFlags,
}

impl RunCommand for RenameFlags {
    fn needs(&self) -> Needs {
        Needs::Settings
    }

    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let editor = Editor::new(session, &self.edit, &[&self.old, &self.new]);
        editor.edit(&Edit::Rename { old: self.old.clone(), new: self.new.clone() })?;
        session.out.print(&format!("context {} is called {} now", printable(&self.old), printable(&self.new)))
    }
}
