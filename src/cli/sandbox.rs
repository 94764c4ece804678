//! `countersign sandbox`, and `--sandbox` for every other command.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::error::CliError;
use super::session::{CliSession, Needs, RunCommand};
use crate::domain::output::shell::ShellCommand;
use crate::files::{bounded, folders};
use crate::sandbox::{Options, Sandbox};

/// Starts the cluster that `--sandbox` asks for. What this process keeps from now on, it keeps in the cluster's folder.
pub(super) async fn start(traffic: u32) -> Result<Sandbox, CliError> {
    let sandbox = Sandbox::start(&Options { traffic, ..Options::default() }).await?;
    folders::keep_state_in(sandbox.folder().join("state"));
    Ok(sandbox)
}

/// Serve a practice cluster, and print the line that makes kubectl use it
#[derive(Debug, Args)]
pub(crate) struct SandboxFlags {
    /// Where to listen; without this, at a free port for this machine alone
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0", hide_default_value = true)]
    pub listen: SocketAddr,
    /// Write the kubeconfig to this file, which must not be there (default: in a temporary folder)
    #[arg(long, value_name = "FILE")]
    pub kubeconfig_out: Option<PathBuf>,
    /// Begin without nodes, people and requests
    #[arg(long)]
    pub empty: bool,
    /// Print the export line alone
    #[arg(long, short)]
    pub quiet: bool,
    /// New requests a minute, such as 6 or 6/min; 0 for none
    #[arg(long, value_name = "N/min", default_value = "2", value_parser = traffic)]
    pub traffic: u32,
}

impl RunCommand for SandboxFlags {
    fn needs(&self) -> Needs {
        Needs::OwnFolder
    }

    /// Serves a cluster until a signal comes.
    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        // A program that reads the line below may send a signal at once: listen for that first.
        let mut ends =
            [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?];
        let options = Options { listen: self.listen, empty: self.empty, traffic: self.traffic, ..Options::default() };
        let sandbox = Sandbox::start(&options).await?;
        let out = self.kubeconfig_out.as_deref().map(|path| KubeconfigFile::new(path, &sandbox)).transpose()?;
        let kubeconfig = out.as_ref().map_or_else(|| sandbox.kubeconfig(), |out| out.0.clone());
        if !self.listen.ip().is_loopback() {
            session.out.print_note(&format!(
                "WARNING: the practice cluster listens on {} and can be reached from other machines.",
                self.listen
            ));
        }
        if !self.quiet {
            session.out.print_note(&format!(
                "A practice cluster listens at {} ({}).",
                sandbox.url(),
                reach(self.listen)
            ));
            session.out.print_note(&format!(
                "Its kubeconfig is {}. Ctrl-C ends it and removes everything.",
                kubeconfig.display()
            ));
        }
        session
            .out
            .print_script(&[ShellCommand::assign("export KUBECONFIG", &kubeconfig.display().to_string()).line()])?;
        let [interrupt, terminate, hangup] = &mut ends;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        Ok(())
    }
}

/// `6`, or `6/min`; at most 600, ten a second.
pub(super) fn traffic(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/min").unwrap_or(text).parse().ok();
    number.filter(|number| *number <= 600).ok_or_else(|| "a number from 0 to 600, such as 6 or 6/min".to_owned())
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
        // The cluster ends with this process, so its kubeconfig is of no use.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl From<crate::sandbox::SandboxError> for CliError {
    fn from(error: crate::sandbox::SandboxError) -> Self {
        Self::new(error.to_string())
    }
}
