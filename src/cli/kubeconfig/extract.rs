//! `countersign extract`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::output::print_data;
use crate::cli::session::{CliSession, Needs, RunCommand};
use crate::domain::text::printable;
use crate::files::FileError;
use crate::operations::kubeconfig::{extract, write_extracted};

/// Write one context as a kubeconfig of its own, with its files embedded
#[derive(Debug, Args)]
pub(crate) struct ExtractFlags {
    /// The context
    #[arg(value_name = "CONTEXT")]
    pub name: String,
    /// The file (default: standard output; it holds the key)
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "out")]
    pub force: bool,
}

impl RunCommand for ExtractFlags {
    fn needs(&self) -> Needs {
        Needs::Settings
    }

    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let target = session.global.target();
        let yaml = extract(target.kubeconfig.as_deref(), &self.name)?;
        let Some(path) = &self.out else { return print_data(yaml.expose()) };
        let is_replacing = self.force && path.exists();
        let replace = if is_replacing { Some(target.kubeconfig_access(&[]).permit()?) } else { None };
        match write_extracted(path, &yaml, replace) {
            Err(FileError::Exists(path)) => {
                Err(CliError::refused(format!("{} exists already", path.display()), "--force replaces it"))
            }
            other => {
                other?;
                session.out.print_note(&format!("context {} written to {}", printable(&self.name), path.display()));
                Ok(())
            }
        }
    }
}
