//! `countersign export`.

use super::flags::ExportFlags;
use super::output::{CliError, print_data, tell};
use crate::cluster::Cluster;
use crate::domain::output::pem::Certificates;
use crate::domain::text::printable;
use crate::files::{self, atomic};

/// Writes an issued certificate out.
pub(super) async fn run(cluster: &Cluster, flags: &ExportFlags) -> Result<(), CliError> {
    let csr = cluster.request(&flags.name).await?;
    let Some(certificate) = csr.status.and_then(|status| status.certificate).filter(|bytes| !bytes.0.is_empty()) else {
        return Err(CliError::new(format!("{} has no certificate", printable(&flags.name))));
    };
    let found = Certificates::read(&certificate.0).map_err(|why| CliError::new(printable(&why)))?;
    if found.had_other_text {
        tell("note: the signer wrote text around the certificate; it is left out");
    }
    let Some(path) = &flags.output else { return print_data(&found.pem) };
    // A new file is the output of a command, as with a redirection; replacing one is a write.
    let replace = if flags.force && path.exists() { Some(cluster.permit()?) } else { None };
    match atomic::write_public(path, found.pem.as_bytes(), replace) {
        Err(files::FileError::Exists(path)) => {
            Err(CliError::refused(format!("{} exists already", path.display()), "--force replaces it"))
        }
        other => {
            other?;
            tell(&format!("certificate written to {}", path.display()));
            Ok(())
        }
    }
}
