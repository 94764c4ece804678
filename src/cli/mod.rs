//! The same operations for scripts, and for screens of zero rows. One file a subcommand.
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 failed, 2 usage, 3 refused
//! by a verdict or by the user.

mod access;
mod complete;
mod complete_gate;
mod config;
mod decide;
mod explain;
mod export;
mod flags;
mod issue;
mod json;
mod judge;
mod kubeconfig;
mod list;
mod log;
mod man;
mod output;
mod program_flags;
mod rbac;
#[cfg(feature = "sandbox")]
mod sandbox;
mod settings;
mod show;
mod who_can;
mod why;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

pub(crate) use flags::Arguments;
use flags::Command;
use output::CliError;

use crate::cluster::{Cluster, Prompt};
use crate::console;
use crate::domain::policy_file::PolicyFile;
use crate::files;
use crate::files::config::LoadedConfig;

/// Reads the arguments and does what they say.
///
/// # Errors
/// What nobody expected, for the error report; expected failures are told in plain words and give an exit code.
pub fn run() -> color_eyre::Result<ExitCode> {
    complete::answer_shell();
    let mut arguments = Arguments::parse();
    let told = match &arguments.command {
        Some(Command::Config(flags)) => Some(config::run(flags.what, &arguments)),
        Some(Command::Completions(flags)) => Some(complete::registration(flags.shell)),
        Some(Command::Man(flags)) => Some(man::run(flags.command.as_deref())),
        _ => None,
    };
    if let Some(told) = told {
        return Ok(told.map_or_else(|failed| failed.report(), |()| ExitCode::SUCCESS));
    }
    let settings = match settings::found().and_then(|found| settled(&mut arguments, &found)) {
        Ok(settings) => settings,
        Err(failed) => return Ok(failed.report()),
    };
    // A policy that cannot be used stops everything, before anything is decided without it.
    let policy = match files::policy::read(arguments.global.policy.as_deref()) {
        Ok(policy) => Arc::new(policy),
        Err(error) => return Ok(CliError::usage(error.to_string()).report()),
    };
    if arguments.command.is_none() && !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        let why = "the console needs a terminal; `countersign list` and the other commands do not (see --help)";
        return Ok(CliError::usage(why).report());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let practice = match runtime.block_on(practice(&mut arguments)) {
        Ok(practice) => practice,
        Err(failed) => return Ok(failed.report()),
    };
    let notice = folders_notice(&arguments);
    let log = log::start(arguments.global.log_level);
    sweep(&arguments);
    let done = match arguments.command {
        None => {
            let settings =
                console::core::settings::Settings { practice: practice.is_some(), policy, notice, ..settings };
            Ok(match runtime.block_on(console::run(arguments.global.target(), settings)) {
                Ok(None) => ExitCode::SUCCESS,
                Ok(Some(signal)) => ExitCode::from(u8::try_from(128 + signal).unwrap_or(1)),
                Err(error) => CliError::new(format!("{error:#}")).report(),
            })
        }
        Some(command) => Ok(match runtime.block_on(carry_out(command, &arguments.global, &policy)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failed) => failed.report(),
        }),
    };
    drop(log);
    drop(practice);
    // Tasks that still wait for the cluster are not waited for.
    runtime.shutdown_background();
    done
}

/// What does not work because of the folders of this program; a command says it once, at its start.
fn folders_notice(arguments: &Arguments) -> Option<String> {
    #[cfg(feature = "sandbox")]
    let uses_state = !matches!(arguments.command, Some(Command::Sandbox(_)));
    #[cfg(not(feature = "sandbox"))]
    let uses_state = true;
    let notice = files::folders::problems(uses_state)?;
    if arguments.command.is_some() {
        output::tell(&format!("note: {notice}"));
    }
    Some(notice)
}

/// Removes what killed runs left behind, unless this run is to write nothing.
fn sweep(arguments: &Arguments) {
    #[cfg(feature = "sandbox")]
    if matches!(arguments.command, Some(Command::Sandbox(_))) {
        return;
    }
    if !arguments.global.read_only {
        let kubeconfigs =
            arguments.global.kubeconfig.clone().map_or_else(files::kubeconfig::search_path, |path| vec![path]);
        files::sweep::sweep(&kubeconfigs, files::folders::state().ok().as_deref());
    }
}

/// What the config file says goes where the flags left room; what concerns the output holds from now on.
fn settled(arguments: &mut Arguments, found: &LoadedConfig) -> Result<console::core::settings::Settings, CliError> {
    let settings = settings::resolve(arguments, found)?;
    arguments.global.utc = settings.utc;
    arguments.global.read_only_in.clone_from(&found.config.read_only);
    files::kubeconfig::backups::keep(found.config.backups);
    // What is not for a terminal is for a program, which knows what it asked for.
    if arguments.global.ascii || (settings.ascii && std::io::stdout().is_terminal()) {
        output::keep_to_ascii();
    }
    Ok(settings)
}

/// The practice cluster, where the arguments ask for one; from then on they point at it.
#[cfg(feature = "sandbox")]
async fn practice(arguments: &mut Arguments) -> Result<Option<crate::sandbox::Sandbox>, CliError> {
    let serves = matches!(arguments.command, Some(Command::Sandbox(_)));
    if serves {
        // A served cluster keeps nothing outside its own folder, and it has nothing to log.
        arguments.global.log_level = flags::LogLevel::Off;
    }
    if !arguments.sandbox {
        return Ok(None);
    }
    if serves {
        return Err(CliError::usage("either --sandbox or the command sandbox"));
    }
    let sandbox = sandbox::start(arguments.traffic).await?;
    arguments.global.kubeconfig = Some(sandbox.kubeconfig());
    Ok(Some(sandbox))
}

/// This build has no practice cluster.
#[cfg(not(feature = "sandbox"))]
struct NoSandbox;

#[cfg(not(feature = "sandbox"))]
impl Drop for NoSandbox {
    fn drop(&mut self) {}
}

#[cfg(not(feature = "sandbox"))]
#[expect(clippy::unused_async, reason = "as the one above")]
async fn practice(_: &mut Arguments) -> Result<Option<NoSandbox>, CliError> {
    Ok(None)
}

async fn carry_out(command: Command, global: &flags::Global, policy: &Arc<PolicyFile>) -> Result<(), CliError> {
    if let Command::Explain(flags) = &command {
        return explain::run(flags);
    }
    #[cfg(feature = "sandbox")]
    if let Command::Sandbox(flags) = &command {
        return sandbox::run(flags).await;
    }
    if let Command::Kubeconfig(command) = &command {
        return kubeconfig::run(command, global);
    }
    let done = with_cluster(command, global, policy).await;
    done.map_err(|failed| kubeconfig::explained(failed, global))
}

async fn with_cluster(command: Command, global: &flags::Global, policy: &Arc<PolicyFile>) -> Result<(), CliError> {
    let cluster = Cluster::connect(&global.target(), Prompt::Terminal).await?;
    match command {
        Command::List(flags) => list::run(&cluster, policy, &flags).await,
        Command::Show(flags) => show::run(&cluster, policy, &flags, global.utc).await,
        Command::Approve(flags) => decide::approve(&cluster, policy, &flags).await,
        Command::Deny(flags) => decide::deny(&cluster, &flags).await,
        Command::Export(flags) => export::run(&cluster, &flags).await,
        Command::Issue(flags) => issue::run(&cluster, policy, global, &flags).await,
        Command::Access(flags) => Box::pin(access::run(&cluster, global, &flags)).await,
        Command::WhoCan(flags) => Box::pin(who_can::run(&cluster, &flags)).await,
        Command::Why(flags) => Box::pin(why::run(&cluster, &flags)).await,
        // These have been answered without a cluster.
        Command::Explain(_)
        | Command::Kubeconfig(_)
        | Command::Config(_)
        | Command::Completions(_)
        | Command::Man(_) => Ok(()),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(_) => Ok(()),
    }
}
