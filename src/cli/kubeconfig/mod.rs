//! The commands about kubeconfigs: what they hold (`contexts`, `check`), and edits of them.

mod contexts;
mod edits;
pub(super) mod flags;
mod import;

use super::flags::Global;
use super::output::CliError;
use crate::cluster::Target;
use crate::domain::gate::WriteAccess;
use flags::KubeconfigCommand;

/// A bare 401 says nothing of why; where the certificate or token in use has expired, that is why.
pub(super) fn explained(failed: CliError, global: &Global) -> CliError {
    if !failed.is_unauthorized() {
        return failed;
    }
    match contexts::expired(global) {
        Some(since) => failed.advised(format!("What you log in with expired {since} ago: get a new certificate.")),
        None => failed,
    }
}

/// Does what a command says.
pub(super) fn run(command: &KubeconfigCommand, global: &Global) -> Result<(), CliError> {
    let files =
        edits::Files { explicit: global.kubeconfig.as_deref(), access: kubeconfig_access(&global.target(), command) };
    match command {
        KubeconfigCommand::Contexts(flags) => contexts::list(global, flags),
        KubeconfigCommand::Check(flags) => contexts::check(global, flags),
        KubeconfigCommand::Use(flags) => files.make_current(flags),
        KubeconfigCommand::Rename(flags) => files.rename(flags),
        KubeconfigCommand::DeleteContext(flags) => files.delete(flags),
        KubeconfigCommand::Namespace(flags) => files.set_namespace(flags, global.context.as_deref()),
        KubeconfigCommand::Import(flags) => files.import(flags),
        KubeconfigCommand::Trust(flags) => files.trust(flags),
        KubeconfigCommand::Extract(flags) => files.extract(flags),
        KubeconfigCommand::Embed(flags) => files.embed(flags),
        KubeconfigCommand::Unlock(flags) => files.unlock(flags),
    }
}

/// A write of a kubeconfig concerns the context in force, as it does in the console, and those that the command names.
fn kubeconfig_access(target: &Target, command: &KubeconfigCommand) -> WriteAccess {
    let named: &[&str] = match command {
        KubeconfigCommand::Use(flags) => &[&flags.name],
        KubeconfigCommand::Rename(flags) => &[&flags.old, &flags.new],
        KubeconfigCommand::DeleteContext(flags) => &[&flags.name],
        KubeconfigCommand::Namespace(flags) => &[flags.of.as_deref().unwrap_or_default()],
        KubeconfigCommand::Embed(flags) => &[&flags.name],
        _ => &[],
    };
    target.kubeconfig_access(named)
}
