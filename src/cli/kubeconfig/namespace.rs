//! `countersign namespace`.

use clap::Args;

use super::editor::{EditFlags, Editor};
use crate::cli::error::CliError;
use crate::cli::session::{CliSession, Needs, RunCommand};
use crate::domain::kubeconfig::edit::Edit;
use crate::domain::text::printable;

/// Set the namespace of a context
#[derive(Debug, Args)]
pub(crate) struct NamespaceFlags {
    /// The namespace; an empty one ("") takes it out
    #[arg(value_name = "NAMESPACE")]
    pub name: String,
    /// The context (default: the current one)
    #[arg(value_name = "CONTEXT")]
    pub of: Option<String>,
    #[command(flatten)]
    pub edit: EditFlags,
}

impl RunCommand for NamespaceFlags {
    fn needs(&self) -> Needs {
        Needs::Settings
    }

    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let editor = Editor::new(session, &self.edit, &[self.of.as_deref().unwrap_or_default()]);
        let named = self.of.as_deref().or(session.global.context.as_deref()).map(str::to_owned);
        let changed = editor.writer()?.change(|all| {
            let current = all.current_context().map(str::to_owned);
            let context = named.or(current).ok_or("no context is current; name one")?;
            all.apply(&Edit::Namespace { context: context.clone(), namespace: self.name.clone() })?;
            Ok(context)
        });
        let context = editor.report(changed)?;
        let namespace = if self.name.is_empty() { "default" } else { &self.name };
        session.out.print(&format!("the namespace of {} is {} now", printable(&context), printable(namespace)))
    }
}
