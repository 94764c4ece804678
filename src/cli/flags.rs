//! The flags: kubectl's names where kubectl has them.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use super::access::AccessFlags;
use super::complete;
use super::kubeconfig::flags::KubeconfigCommand;
use super::who_can::WhoCanFlags;
use super::why::WhyFlags;
use crate::cli::program_flags::{APPROVE_EXAMPLES, COMPLETIONS_EXAMPLES, ISSUE_EXAMPLES, LIST_EXAMPLES};
pub(crate) use crate::cli::program_flags::{CompletionsFlags, ConfigCommand, ConfigFlags, ManFlags, ScreenFlags};
use crate::cluster::Target;
use crate::domain::glob::Glob;
use crate::domain::go_duration::parse_timeout;
use crate::domain::key_type::KeyType;
use crate::domain::request::CLIENT_SIGNER;
use crate::domain::validity;

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

/// A terminal admin console for issuing certificates to Kubernetes users
#[derive(Debug, Parser)]
#[command(name = "countersign", version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Which cluster, and as whom.
    #[command(flatten)]
    pub global: Global,
    /// How the console looks and asks.
    #[command(flatten)]
    pub screen: ScreenFlags,
    /// Use a practice cluster inside this process, gone when it ends
    #[cfg(feature = "sandbox")]
    #[arg(long, conflicts_with_all = ["context", "kubeconfig"])]
    pub sandbox: bool,
    /// With --sandbox: new requests a minute, such as 6 or 6/min; 0 for none
    #[cfg(feature = "sandbox")]
    #[arg(long, requires = "sandbox", value_name = "N/min", default_value = "2", value_parser = traffic)]
    pub traffic: u32,
    /// Without one: the console.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags that hold everywhere.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The kubeconfig context to use
    #[arg(long, global = true, value_name = "NAME", add = ArgValueCompleter::new(complete::contexts))]
    pub context: Option<String>,
    /// The kubeconfig file to use (default: KUBECONFIG, else ~/.kube/config)
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The namespace for roles and bindings (default: the context's)
    #[arg(long, short, global = true, value_name = "NAME")]
    pub namespace: Option<String>,
    /// Act as this user (impersonation)
    #[arg(long = "as", global = true, value_name = "USER")]
    pub as_user: Option<String>,
    /// Act as a member of this group; can be repeated
    #[arg(long = "as-group", global = true, value_name = "GROUP", requires = "as_user")]
    pub as_groups: Vec<String>,
    /// How long one request may take, such as 30, 1m30s or 1.5h; 0 means no limit (default: 30s)
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_timeout, allow_hyphen_values = true)]
    pub request_timeout: Option<Duration>,
    /// Refuse every write
    #[arg(long, global = true)]
    pub read_only: bool,
    /// The policy to judge by (default: countersign/policy.yaml in the config folder, if it is there)
    #[arg(long, global = true, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Keep to ASCII (by itself where the locale is not UTF-8)
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Write times in UTC instead of the local zone
    #[arg(long, global = true)]
    pub utc: bool,
    /// From the config file: contexts in which nothing may be written.
    #[arg(skip)]
    pub read_only_in: Vec<Glob>,
    /// What the log file in the state folder tells
    #[arg(long, global = true, value_enum, default_value_t = LogLevel::Warn, value_name = "LEVEL")]
    pub log_level: LogLevel,
}

impl Global {
    /// As the cluster adapter takes it.
    pub(crate) fn target(&self) -> Target {
        Target {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            namespace: self.namespace.clone(),
            as_user: self.as_user.clone(),
            as_groups: self.as_groups.clone(),
            request_timeout: self.request_timeout,
            read_only: self.read_only,
            read_only_in: self.read_only_in.clone(),
        }
    }
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List certificate signing requests
    #[command(after_help = LIST_EXAMPLES)]
    List(ListFlags),
    /// Show one request: who, what, how long, and what to think of it
    Show(ShowFlags),
    /// Explain a verdict's rule, or list them all
    Explain(ExplainFlags),
    /// Approve requests
    #[command(after_help = APPROVE_EXAMPLES)]
    Approve(DecideFlags),
    /// Deny requests
    Deny(DenyFlags),
    /// Write an issued certificate to a file, or to standard output
    Export(ExportFlags),
    /// Issue a certificate, access and a kubeconfig to a new user
    #[command(after_help = ISSUE_EXAMPLES)]
    Issue(Box<IssueFlags>),
    /// Those about kubeconfigs.
    #[command(flatten)]
    Kubeconfig(KubeconfigCommand),
    /// What somebody may do, through which bindings, and what is dangerous in it
    Access(AccessFlags),
    /// Who may do something, and through which bindings
    WhoCan(WhoCanFlags),
    /// Why somebody may do something, or why not and what would change that
    Why(WhyFlags),
    /// The config file: where it is, whether it is right, an example
    Config(ConfigFlags),
    /// Print what makes a shell complete countersign's flags, contexts, requests and users
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsFlags),
    /// Print the manual page, of one command if it is named
    Man(ManFlags),
    /// Serve a practice cluster, and print the line that makes kubectl use it
    #[cfg(feature = "sandbox")]
    Sandbox(SandboxFlags),
}

/// `countersign sandbox`.
#[cfg(feature = "sandbox")]
#[derive(Debug, Args)]
pub(crate) struct SandboxFlags {
    /// Where to listen; without this, at a free port for this machine alone
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0", hide_default_value = true)]
    pub listen: std::net::SocketAddr,
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

/// `countersign list`.
#[derive(Debug, Args)]
pub(crate) struct ListFlags {
    /// How to print
    #[arg(long, short, value_enum, default_value_t = ListOutput::Table, value_name = "FORMAT")]
    pub output: ListOutput,
    /// Only requests in this state
    #[arg(long, value_enum, value_name = "STATE")]
    pub state: Option<StateFlag>,
    /// Only requests for this signer
    #[arg(long, value_name = "NAME")]
    pub signer: Option<String>,
}

/// Formats of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListOutput {
    Table,
    Wide,
    Json,
    Yaml,
    Name,
}

/// States of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StateFlag {
    Pending,
    Approved,
    Issued,
    Denied,
    Failed,
}

/// Formats of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Text,
    Json,
    Yaml,
}

/// `countersign show`.
#[derive(Debug, Args)]
pub(crate) struct ShowFlags {
    /// The request
    #[arg(add = ArgValueCompleter::new(complete::all))]
    pub name: String,
    /// How to print
    #[arg(long, short, value_enum, default_value_t = Output::Text, value_name = "FORMAT")]
    pub output: Output,
}

/// `countersign explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainFlags {
    /// The rule, such as key-weak (default: all of them)
    pub rule: Option<String>,
    /// How to print
    #[arg(long, short, value_enum, default_value_t = ExplainOutput::Text, value_name = "FORMAT")]
    pub output: ExplainOutput,
}

/// Formats of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainOutput {
    Text,
    Json,
}

/// `countersign approve`.
#[derive(Debug, Args)]
pub(crate) struct DecideFlags {
    /// What is common to both decisions.
    #[command(flatten)]
    pub common: DenyFlags,
    /// Approve this request although its verdict is danger; once for each, by name
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(complete::pending))]
    pub dangerous: Vec<String>,
}

/// `countersign deny`.
#[derive(Debug, Args)]
pub(crate) struct DenyFlags {
    /// The requests
    #[arg(required = true, add = ArgValueCompleter::new(complete::pending))]
    pub names: Vec<String>,
    /// One word for machines
    #[arg(long, value_name = "WORD")]
    pub reason: Option<String>,
    /// A sentence for people
    #[arg(long, value_name = "TEXT")]
    pub message: Option<String>,
    /// Say what would be decided, and decide nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `countersign export`.
#[derive(Debug, Args)]
pub(crate) struct ExportFlags {
    /// The request
    #[arg(add = ArgValueCompleter::new(complete::issued))]
    pub name: String,
    /// The file (default: standard output)
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "output")]
    pub force: bool,
}

/// `countersign issue`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct IssueFlags {
    /// The user's name: the certificate's CN
    #[arg(required_unless_present_any = ["resume", "undo", "request"], add = ArgValueCompleter::new(complete::users))]
    pub name: Option<String>,
    /// A group (an O each); can be repeated
    #[arg(long = "group", value_name = "GROUP")]
    pub groups: Vec<String>,
    /// rsa-2048, rsa-3072, rsa-4096, ecdsa-p256, ecdsa-p384 or ed25519
    #[arg(long, default_value = "rsa-2048", value_name = "TYPE", value_parser = key_type)]
    pub key_type: KeyType,
    /// A PKCS#10 file made by the key's owner; writes the certificate, and no kubeconfig
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key_type", "context_name", "no_switch", "overwrite"])]
    pub request: Option<PathBuf>,
    /// Name of the `CertificateSigningRequest` (default: the user's)
    #[arg(long, value_name = "NAME")]
    pub csr_name: Option<String>,
    /// How long it lives: 24h, 10d, or seconds
    #[arg(long, default_value = "24h", value_name = "LIFE", value_parser = validity::parse)]
    pub expires: i32,
    /// The signer
    #[arg(long, default_value = CLIENT_SIGNER, value_name = "NAME")]
    pub signer: String,
    /// A usage; can be repeated
    #[arg(long = "usage", default_value = "client auth", value_name = "USAGE")]
    pub usages: Vec<String>,
    /// The role: made with --verbs and --resources unless --existing-role
    #[arg(long, default_value = "developer", value_name = "NAME")]
    pub role: String,
    /// Bind the Role of that name as it is
    #[arg(long, conflicts_with_all = ["verbs", "resources", "cluster_role", "no_access"])]
    pub existing_role: bool,
    /// Bind this `ClusterRole`, in the namespace
    #[arg(long, value_name = "NAME", conflicts_with_all = ["verbs", "resources", "role", "no_access"])]
    pub cluster_role: Option<String>,
    /// Verbs of the new role
    #[arg(long, value_delimiter = ',', default_value = "create,get,list,update,delete", value_name = "VERBS")]
    pub verbs: Vec<String>,
    /// Resources of the new role: pods, pods/log, deployments.apps
    #[arg(long, value_delimiter = ',', default_value = "pods", value_name = "RESOURCES")]
    pub resources: Vec<String>,
    /// Grant nothing
    #[arg(long)]
    pub no_access: bool,
    /// Name of the `RoleBinding` (default: <role>-binding-<user>)
    #[arg(long, value_name = "NAME")]
    pub binding: Option<String>,
    /// The kubeconfig to write or merge into (default: kubectl's); with --request the certificate's file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Name of the user and context entries (default: the user's)
    #[arg(long, value_name = "NAME")]
    pub context_name: Option<String>,
    /// Leave the current context as it is
    #[arg(long)]
    pub no_switch: bool,
    /// Replace entries of the same name in the kubeconfig (a backup stays)
    #[arg(long)]
    pub overwrite: bool,
    /// Issue to this user although the verdict is danger; must be the user's name
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(complete::users))]
    pub dangerous: Vec<String>,
    /// Rehearse with the server, print the plan with its objects and commands, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How to print the result
    #[arg(long, short, value_enum, default_value_t = Output::Text, value_name = "FORMAT")]
    pub output: Output,
    /// Go on with an issuance that was left unfinished; with several, name the user
    #[arg(long, value_name = "USER", num_args = 0..=1, default_missing_value = "", conflicts_with = "undo",
        add = ArgValueCompleter::new(complete::unfinished))]
    pub resume: Option<String>,
    /// Take back what an unfinished issuance has done
    #[arg(long, value_name = "USER", add = ArgValueCompleter::new(complete::unfinished))]
    pub undo: Option<String>,
}

fn key_type(text: &str) -> Result<KeyType, String> {
    text.parse()
}

/// `6`, or `6/min`; at most 600, ten a second.
#[cfg(feature = "sandbox")]
fn traffic(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/min").unwrap_or(text).parse().ok();
    number.filter(|number| *number <= 600).ok_or_else(|| "a number from 0 to 600, such as 6 or 6/min".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn request_timeouts_are_durations_of_kubectl() {
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
