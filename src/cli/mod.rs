//! The command line: the same operations for scripts, and for screens of zero rows.
//!
//! A command is a file with its flags and their [`RunCommand`], and a line in the table below.

mod access;
mod approve;
mod candidates;
mod complete_gate;
mod completions;
mod config;
mod decision;
mod deny;
mod error;
mod exit_status;
mod explain;
mod export;
mod format;
mod global;
mod issue;
mod json;
mod judge;
mod kubeconfig;
mod list;
mod log;
mod man;
mod output;
mod rbac;
#[cfg(feature = "sandbox")]
mod sandbox;
mod session;
mod settings;
mod show;
mod table;
mod who_can;
mod why;

use std::any::Any;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, Parser, Subcommand};
use tokio::runtime::Runtime;

use error::CliError;
use exit_status::ExitStatus;
use global::{Global, ScreenFlags};
use output::Output;
use session::{CliSession, Needs, RunCommand};

use crate::files::config::LoadedConfig;
use crate::{console, files};

const EXAMPLES: &str = "Examples:
  countersign                                  the console
  countersign --sandbox                        the console on a practice cluster, no other cluster needed
  countersign --context prod --read-only       look, and write nothing
  countersign list --state pending             what waits for a decision
  countersign approve jane-7f3k                approve one request
  countersign issue jane --group dev           key, certificate, role, kubeconfig, proof
  countersign issue jane --dry-run             what that would do, and the commands that do it by hand
  countersign access --user jane --group dev   what jane may do as a member of dev
  countersign who-can get secrets -n payments  who may do that
  countersign why jane delete pods -n payments why, or why not

Exit codes: 0 done, 1 failed, 2 usage, 3 refused.";

/// Defines the enum of the subcommands, and what is asked of each.
macro_rules! commands {
    ($($name:ident($flags:ty) $(if $feature:literal)?,)*) => {
        /// The subcommands, in the order of `--help`.
        #[derive(Debug, Subcommand)]
        enum Command {
            $($(#[cfg(feature = $feature)])? $name($flags),)*
        }

        impl Command {
            fn needs(&self) -> Needs {
                match self {
                    $($(#[cfg(feature = $feature)])? Self::$name(flags) => flags.needs(),)*
                }
            }

            async fn run(&self, session: &CliSession) -> Result<(), CliError> {
                match self {
                    $($(#[cfg(feature = $feature)])? Self::$name(flags) => Box::pin(flags.run(session)).await,)*
                }
            }
        }
    };
}

commands! {
    List(list::ListFlags),
    Show(show::ShowFlags),
    Explain(explain::ExplainFlags),
    Approve(approve::ApproveFlags),
    Deny(deny::DenyFlags),
    Export(export::ExportFlags),
    Issue(Box<issue::IssueFlags>),
    Contexts(kubeconfig::contexts::ContextsFlags),
    Use(kubeconfig::use_context::UseFlags),
    Rename(kubeconfig::rename::RenameFlags),
    DeleteContext(kubeconfig::delete_context::DeleteContextFlags),
    Namespace(kubeconfig::namespace::NamespaceFlags),
    Import(kubeconfig::import::ImportFlags),
    Trust(kubeconfig::trust::TrustFlags),
    Extract(kubeconfig::extract::ExtractFlags),
    Embed(kubeconfig::embed::EmbedFlags),
    Check(kubeconfig::check::CheckFlags),
    Unlock(kubeconfig::unlock::UnlockFlags),
    Access(access::AccessFlags),
    WhoCan(who_can::WhoCanFlags),
    Why(why::WhyFlags),
    Config(config::ConfigFlags),
    Completions(completions::CompletionsFlags),
    Man(man::ManFlags),
    Sandbox(sandbox::SandboxFlags) if "sandbox",
}

/// A terminal admin console for issuing certificates to Kubernetes users
#[derive(Debug, Parser)]
#[command(name = "countersign", version, after_help = EXAMPLES)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(flatten)]
    screen: ScreenFlags,
    /// Use a practice cluster inside this process, gone when it ends
    #[cfg(feature = "sandbox")]
    #[arg(long, conflicts_with_all = ["context", "kubeconfig"])]
    sandbox: bool,
    /// With --sandbox: new requests a minute, such as 6 or 6/min; 0 for none
    #[cfg(feature = "sandbox")]
    #[arg(long, requires = "sandbox", value_name = "N/min", default_value = "2", value_parser = sandbox::traffic)]
    traffic: u32,
    /// Without one: the console.
    #[command(subcommand)]
    command: Option<Command>,
}

/// Reads the arguments and runs the command, or the console.
///
/// # Errors
/// Unexpected ones, for the error report. Expected ones are printed and give an exit code.
pub fn run() -> color_eyre::Result<ExitCode> {
    completions::answer_shell(Arguments::command);
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut out = Output::default();
    let status = execute(arguments, &runtime, &mut out).unwrap_or_else(|error| {
        error.lines().iter().for_each(|line| out.print_note(line));
        error.status()
    });
    // Tasks that still wait for the cluster are not waited for.
    runtime.shutdown_background();
    Ok(status.into())
}

/// `out` follows flags and config file as soon as these are read.
fn execute(mut arguments: Arguments, runtime: &Runtime, out: &mut Output) -> Result<ExitStatus, CliError> {
    let needs = arguments.command.as_ref().map(Command::needs);
    if let Some(command) = arguments.command.take_if(|_| needs == Some(Needs::Nothing)) {
        let Arguments { global, screen, .. } = arguments;
        let session = CliSession { global, screen, policy: Arc::default(), out: *out, definition: Arguments::command };
        return runtime.block_on(command.run(&session)).map(|()| ExitStatus::Done);
    }
    let settings = apply_config(&mut arguments, &settings::load_config()?, out)?;
    // A policy that cannot be used stops everything, before anything is decided without it.
    let policy = files::policy::read(arguments.global.policy.as_deref());
    let policy = Arc::new(policy.map_err(|error| CliError::usage(error.to_string()))?);
    if arguments.command.is_none() && !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        let why = "the console needs a terminal; `countersign list` and the other commands do not (see --help)";
        return Err(CliError::usage(why));
    }
    // Dropped after the log, and before the runtime.
    let practice = runtime.block_on(start_practice_cluster(&mut arguments))?;
    let notice = folders_notice(needs, *out);
    let _log = log::start(arguments.global.log_level);
    sweep(&arguments.global, needs);
    let Arguments { global, screen, command, .. } = arguments;
    let Some(command) = command else {
        let settings = console::core::settings::Settings { practice: practice.is_some(), policy, notice, ..settings };
        return match runtime.block_on(console::run(global.target(), settings)) {
            Ok(None) => Ok(ExitStatus::Done),
            Ok(Some(signal)) => Ok(ExitStatus::Signal(signal)),
            Err(error) => Err(CliError::new(format!("{error:#}"))),
        };
    };
    let session = CliSession { global, screen, policy, out: *out, definition: Arguments::command };
    let done = runtime.block_on(command.run(&session));
    done.map(|()| ExitStatus::Done).map_err(|error| match command.needs() {
        Needs::Cluster => kubeconfig::validity::explain_unauthorized(error, &session.global),
        _ => error,
    })
}

/// Whether a run keeps nothing outside of the folder of the cluster that it serves.
fn owns_its_folder(needs: Option<Needs>) -> bool {
    needs == Some(Needs::OwnFolder)
}

/// What does not work because of the folders of this program; a command prints it once, at its start.
fn folders_notice(needs: Option<Needs>, out: Output) -> Option<String> {
    let notice = files::folders::problems(!owns_its_folder(needs))?;
    if needs.is_some() {
        out.print_note(&format!("note: {notice}"));
    }
    Some(notice)
}

/// Removes what killed runs left behind, unless this run is to write nothing.
fn sweep(global: &Global, needs: Option<Needs>) {
    if !owns_its_folder(needs) && !global.read_only {
        let kubeconfigs = global.kubeconfig.clone().map_or_else(files::kubeconfig::search_path, |path| vec![path]);
        files::sweep::sweep(&kubeconfigs, files::folders::state().ok().as_deref());
    }
}

/// Applies the config file where no flag is given.
fn apply_config(
    arguments: &mut Arguments,
    found: &LoadedConfig,
    out: &mut Output,
) -> Result<console::core::settings::Settings, CliError> {
    let Arguments { global, screen, .. } = arguments;
    let settings = settings::resolve(global, screen, found)?;
    global.utc = settings.utc;
    global.read_only_in.clone_from(&found.config.read_only);
    files::kubeconfig::backups::keep(found.config.backups);
    // Output that is not for a terminal is for a program, which can read UTF-8 unless it asks for ASCII.
    out.ascii = global.ascii || (settings.ascii && std::io::stdout().is_terminal());
    Ok(settings)
}

/// The practice cluster, where the arguments ask for one; from then on they point at it. It ends when this is dropped.
#[cfg(feature = "sandbox")]
async fn start_practice_cluster(arguments: &mut Arguments) -> Result<Option<Box<dyn Any>>, CliError> {
    let serves = owns_its_folder(arguments.command.as_ref().map(Command::needs));
    if serves {
        // A served cluster has nothing to log.
        arguments.global.log_level = global::LogLevel::Off;
    }
    if !arguments.sandbox {
        return Ok(None);
    }
    if serves {
        return Err(CliError::usage("either --sandbox or the command sandbox"));
    }
    let sandbox = sandbox::start(arguments.traffic).await?;
    arguments.global.kubeconfig = Some(sandbox.kubeconfig());
    Ok(Some(Box::new(sandbox)))
}

/// This build has no practice cluster.
#[cfg(not(feature = "sandbox"))]
#[expect(clippy::unused_async, reason = "as the one above")]
async fn start_practice_cluster(_: &mut Arguments) -> Result<Option<Box<dyn Any>>, CliError> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn flag_definitions_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn request_timeouts_are_parsed_as_kubectl_parses_them() {
        let read = |text: &str| {
            let arguments = Arguments::try_parse_from(["countersign", "list", "--request-timeout", text]);
            arguments.map(|arguments| arguments.global.target().request_timeout)
        };
        for (text, timeout) in [
            ("30", Duration::from_secs(30)),
            ("1m30s", Duration::from_secs(90)),
            ("1.5s", Duration::from_millis(1500)),
            ("0", Duration::ZERO),
            ("-5s", Duration::ZERO),
        ] {
            assert_eq!(read(text).unwrap(), Some(timeout), "{text}");
        }
        let error = read("1d").unwrap_err().to_string();
        assert!(error.contains("unknown unit"), "{error}");
        assert_eq!(Arguments::parse_from(["countersign", "list"]).global.target().request_timeout, None);
    }
}
