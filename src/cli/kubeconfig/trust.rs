//! `countersign trust`.

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::session::{CliSession, Needs, RunCommand};
use crate::domain::kubeconfig::EntryKind;
use crate::domain::text::printable;
use crate::files::kubeconfig;
use crate::operations::kubeconfig::trust;

/// Agree to what an imported context runs and reads; its first use is refused until then
#[derive(Debug, Args)]
pub(crate) struct TrustFlags {
    /// The context
    #[arg(value_name = "CONTEXT")]
    pub name: String,
}

impl RunCommand for TrustFlags {
    fn needs(&self) -> Needs {
        Needs::Settings
    }

    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let explicit = session.global.kubeconfig.as_deref();
        if kubeconfig::load(explicit)?.get(EntryKind::Context, &self.name).is_none() {
            return Err(CliError::new(format!("context {} not found", printable(&self.name))));
        }
        let trusted = trust(explicit, &self.name)?;
        if trusted.is_empty() {
            return session.out.print(&format!("context {} needs no consent", printable(&self.name)));
        }
        let lines = trusted.iter().map(|what| format!("trusted: {}", printable(what)));
        session.out.print(&lines.collect::<Vec<_>>().join("\n"))
    }
}
