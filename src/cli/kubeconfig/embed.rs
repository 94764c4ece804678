//! `countersign embed`.

use clap::Args;

use super::editor::{EditFlags, Editor};
use crate::cli::error::CliError;
use crate::cli::session::{CliSession, Needs, RunCommand};

/// Embed the files that a context refers to
#[derive(Debug, Args)]
pub(crate) struct EmbedFlags {
    /// The context
    #[arg(value_name = "CONTEXT")]
    pub name: String,
    #[command(flatten)]
    pub edit: EditFlags,
}

impl RunCommand for EmbedFlags {
    fn needs(&self) -> Needs {
        Needs::Settings
    }

    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let editor = Editor::new(session, &self.edit, &[&self.name]);
        let embedded = editor.report(editor.writer()?.embed(&self.name))?;
        if embedded.is_empty() {
            return session.out.print("nothing to embed");
        }
        session.out.print(&embedded.join("\n"))
    }
}
