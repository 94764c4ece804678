//! `countersign use`.

use clap::Args;

use super::editor::{EditFlags, Editor};
use crate::cli::error::CliError;
use crate::cli::session::{CliSession, Needs, RunCommand};
use crate::domain::kubeconfig::edit::Edit;
use crate::domain::text::printable;

/// Make a context the current one
#[derive(Debug, Args)]
pub(crate) struct UseFlags {
    /// The context
    #[arg(value_name = "CONTEXT")]
    pub name: String,
    #[command(flatten)]
    pub edit: EditFlags,
}

impl RunCommand for UseFlags {
    fn needs(&self) -> Needs {
        Needs::Settings
    }

    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let editor = Editor::new(session, &self.edit, &[&self.name]);
        editor.edit(&Edit::Use(self.name.clone()))?;
        session.out.print(&format!("the current context is {}", printable(&self.name)))
    }
}
