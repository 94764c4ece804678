//! The same operations for scripts, and for screens of zero rows. One file a subcommand.
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 failed, 2 usage, 3 refused
//! by a verdict or by the user.

mod decide;
mod export;
mod flags;
mod issue;
mod json;
mod list;
mod log;
mod output;
mod show;

use std::process::ExitCode;

use clap::Parser;

pub use flags::Arguments;
use flags::Command;
use output::Failed;

use crate::cluster::Cluster;
use crate::console;

/// Reads the arguments and does what they say.
///
/// # Errors
/// What nobody expected, for the error report; expected failures are told in plain words and give an exit code.
pub fn run() -> color_eyre::Result<ExitCode> {
    let arguments = Arguments::parse();
    let _log = log::start(arguments.global.log_level);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let Some(command) = arguments.command else {
        let ended = runtime.block_on(console::run(arguments.global.target()))?;
        // Tasks that still wait for the cluster are not waited for.
        runtime.shutdown_background();
        return Ok(ended.map_or(ExitCode::SUCCESS, |signal| ExitCode::from(u8::try_from(128 + signal).unwrap_or(1))));
    };
    let done = runtime.block_on(carry_out(command, &arguments.global));
    runtime.shutdown_background();
    Ok(match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => failed.report(),
    })
}

async fn carry_out(command: Command, global: &flags::Global) -> Result<(), Failed> {
    let cluster = Cluster::connect(&global.target()).await?;
    match command {
        Command::List(flags) => list::run(&cluster, &flags).await,
        Command::Show(flags) => show::run(&cluster, &flags).await,
        Command::Approve(flags) => decide::approve(&cluster, &flags).await,
        Command::Deny(flags) => decide::deny(&cluster, &flags).await,
        Command::Export(flags) => export::run(&cluster, &flags).await,
        Command::Issue(flags) => issue::run(&cluster, global, &flags).await,
    }
}
