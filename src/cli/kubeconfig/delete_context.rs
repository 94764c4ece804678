//! `countersign delete-context`.

use clap::Args;

use super::editor::{EditFlags, Editor};
use crate::cli::error::CliError;
use crate::cli::session::{CliSession, Needs, RunCommand};
use crate::domain::kubeconfig::edit::Edit;
use crate::domain::text::printable;

/// Delete a context
#[derive(Debug, Args)]
pub(crate) struct DeleteContextFlags {
    /// The context
    #[arg(value_name = "CONTEXT")]
    pub name: String,
    /// Delete its cluster and user too, where no other context needs them
    #[arg(long)]
    pub orphans: bool,
    #[command(flatten)]
    pub edit: EditFlags,
}

impl RunCommand for DeleteContextFlags {
    fn needs(&self) -> Needs {
        Needs::Settings
    }

    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let editor = Editor::new(session, &self.edit, &[&self.name]);
        editor.edit(&Edit::Delete { context: self.name.clone(), orphans: self.orphans })?;
        session.out.print(&format!("context {} is deleted", printable(&self.name)))
    }
}
