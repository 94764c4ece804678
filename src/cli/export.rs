//! `countersign export`.

use super::flags::ExportFlags;
use super::output::{Failed, print_data, tell};
use crate::cluster::Cluster;
use crate::files::{self, atomic};

/// Writes an issued certificate out.
pub(super) async fn run(cluster: &Cluster, flags: &ExportFlags) -> Result<(), Failed> {
    let csr = cluster.request(&flags.name).await?;
    let Some(certificate) = csr.status.and_then(|status| status.certificate).filter(|bytes| !bytes.0.is_empty()) else {
        return Err(Failed::new(format!("{} has no certificate", crate::domain::text::printable(&flags.name))));
    };
    let pem = String::from_utf8(certificate.0).map_err(|_| Failed::new("the certificate is not PEM"))?;
    let Some(path) = &flags.output else { return print_data(&pem) };
    // A new file is the output of a command, as with a redirection; replacing one is a write.
    let replace = if flags.force && path.exists() { Some(cluster.permit()?) } else { None };
    match atomic::write_public(path, pem.as_bytes(), replace) {
        Err(files::Error::Exists(path)) => {
            Err(Failed::refused(format!("{} exists already", path.display()), "--force replaces it"))
        }
        other => {
            other?;
            tell(&format!("certificate written to {}", path.display()));
            Ok(())
        }
    }
}
