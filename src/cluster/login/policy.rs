//! Whether the organization lets a login program run: `credentialPluginPolicy` of kuberc.

use super::failed::{LoginError, Reason};
use super::program::Program;
use crate::files::kuberc;
use crate::files::programs::look_path;

/// Whether a program may run. Blocks.
///
/// # Errors
/// Why not.
pub(super) fn check(program: &Program) -> Result<(), LoginError> {
    let refused = |why: String| program.failed(Reason::NotAllowed(why));
    let found = kuberc::find().map_err(|error| refused(error.to_string()))?;
    if let Some(note) = &found.note {
        // kubectl warns of it and continues.
        tracing::warn!("{note}");
    }
    found.policy.allows(&program.command, |command| look_path(command).ok()).map_err(|error| {
        let path = kuberc::path().map(|path| format!(" ({})", path.display())).unwrap_or_default();
        refused(format!("{error}{path}"))
    })
}
