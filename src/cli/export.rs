//! `countersign export`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;

use super::candidates;
use super::error::CliError;
use super::output::print_data;
use super::session::{CliSession, RunCommand};
use crate::domain::output::pem::Certificates;
use crate::domain::text::printable;
use crate::files::{self, atomic};

/// Write an issued certificate to a file, or to standard output
#[derive(Debug, Args)]
pub(crate) struct ExportFlags {
    /// The request
    #[arg(add = ArgValueCompleter::new(candidates::issued))]
    pub name: String,
    /// The file (default: standard output)
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "output")]
    pub force: bool,
}

impl RunCommand for ExportFlags {
    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let cluster = session.connect().await?;
        let csr = cluster.request(&self.name).await?;
        let Some(certificate) = csr.status.and_then(|status| status.certificate).filter(|bytes| !bytes.0.is_empty())
        else {
            return Err(CliError::new(format!("{} has no certificate", printable(&self.name))));
        };
        let found = Certificates::read(&certificate.0).map_err(|why| CliError::new(printable(&why)))?;
        if found.had_other_text {
            session.out.print_note("note: the signer wrote text around the certificate; it is left out");
        }
        let Some(path) = &self.output else { return print_data(&found.pem) };
        // A new file is the output of a command, as with a redirection; replacing one is a write.
        let replace = if self.force && path.exists() { Some(cluster.permit()?) } else { None };
        match atomic::write_public(path, found.pem.as_bytes(), replace) {
            Err(files::FileError::Exists(path)) => {
                Err(CliError::refused(format!("{} exists already", path.display()), "--force replaces it"))
            }
            other => {
                other?;
                session.out.print_note(&format!("certificate written to {}", path.display()));
                Ok(())
            }
        }
    }
}
