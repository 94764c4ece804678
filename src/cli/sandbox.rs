//! `countersign sandbox`, and `--sandbox` for every other command.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tokio::signal::unix::{SignalKind, signal};

use super::flags::SandboxFlags;
use super::output::{CliError, print_script, tell};
use crate::domain::output::shell::ShellCommand;
use crate::files::{bounded, folders};
use crate::sandbox::{Options, Sandbox};

/// Starts the cluster that `--sandbox` asks for. What this process keeps from now on, it keeps in the cluster's folder.
pub(super) async fn start(traffic: u32) -> Result<Sandbox, CliError> {
    let sandbox = Sandbox::start(&Options { traffic, ..Options::default() }).await?;
    folders::keep_state_in(sandbox.folder().join("state"));
    Ok(sandbox)
}

/// Serves a cluster until a signal comes.
pub(super) async fn run(flags: &SandboxFlags) -> Result<(), CliError> {
    // Whoever reads our line may end us at once: listen for that first.
    let mut ends = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?];
    let options = Options { listen: flags.listen, empty: flags.empty, traffic: flags.traffic, ..Options::default() };
    let sandbox = Sandbox::start(&options).await?;
    let out = flags.kubeconfig_out.as_deref().map(|path| KubeconfigFile::new(path, &sandbox)).transpose()?;
    let kubeconfig = out.as_ref().map_or_else(|| sandbox.kubeconfig(), |out| out.0.clone());
    if !flags.listen.ip().is_loopback() {
        tell(&format!(
            "WARNING: the practice cluster listens on {} and can be reached from other machines.",
            flags.listen
        ));
    }
    if !flags.quiet {
        tell(&format!("A practice cluster listens at {} ({}).", sandbox.url(), reach(flags.listen)));
        tell(&format!("Its kubeconfig is {}. Ctrl-C ends it and removes everything.", kubeconfig.display()));
    }
    print_script(&[ShellCommand::assign("export KUBECONFIG", &kubeconfig.display().to_string()).line()])?;
    let [interrupt, terminate, hangup] = &mut ends;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}

fn reach(listen: SocketAddr) -> &'static str {
    if listen.ip().is_loopback() { "this machine alone" } else { "NOT this machine alone" }
}

/// A kubeconfig where the user wants it, for as long as the cluster runs.
struct KubeconfigFile(PathBuf);

impl KubeconfigFile {
    fn new(path: &Path, sandbox: &Sandbox) -> Result<Self, CliError> {
        let text = bounded::read(&sandbox.kubeconfig(), bounded::KUBECONFIG)?;
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path);
        let mut file = file.map_err(|error| CliError::new(format!("{}: {error}", path.display())))?;
        io::Write::write_all(&mut file, &text)?;
        Ok(Self(std::path::absolute(path)?))
    }
}

impl Drop for KubeconfigFile {
    fn drop(&mut self) {
        // The cluster is gone with us, so its kubeconfig is of no use to anybody.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl From<crate::sandbox::SandboxError> for CliError {
    fn from(error: crate::sandbox::SandboxError) -> Self {
        Self::new(error.to_string())
    }
}
