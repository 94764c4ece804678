//! Whether the organization lets a login program run: `credentialPluginPolicy` of kuberc.

use super::failed::Failed;
use super::program::Program;

/// Whether a program may run.
///
/// # Errors
/// Why not.
pub(super) fn check(_program: &Program) -> Result<(), Failed> {
    Ok(())
}
