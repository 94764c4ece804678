//! The flags of the commands about kubeconfigs.

use std::path::PathBuf;

use chrono::TimeDelta;
use clap::{Args, Subcommand, ValueEnum};

use crate::domain::kubeconfig::EntryKind;
use crate::domain::validity;

/// The subcommands about kubeconfigs. They ask no cluster.
#[derive(Debug, Subcommand)]
pub(crate) enum KubeconfigCommand {
    /// List the contexts of the kubeconfigs: how each logs in, for how long, and what is broken
    Contexts(ContextsFlags),
    /// Make a context the current one
    Use(UseFlags),
    /// Give a context another name
    Rename(RenameFlags),
    /// Delete a context
    DeleteContext(DeleteFlags),
    /// Set the namespace of a context
    Namespace(NamespaceFlags),
    /// Bring another kubeconfig in; what clashes comes in under another name, what is dangerous is shown first
    Import(ImportFlags),
    /// Agree to what an imported context runs and reads; its first use is refused until then
    Trust(TrustFlags),
    /// Write one context as a kubeconfig of its own, with its files embedded
    Extract(ExtractFlags),
    /// Embed the files that a context refers to
    Embed(EmbedFlags),
    /// Say what has expired, expires soon or is broken; for cron: exit code 0 nothing, 1 expired or broken, 3 soon
    Check(CheckFlags),
    /// Remove a kubeconfig's lock that a killed program left behind
    Unlock(UnlockFlags),
}

/// `countersign contexts`.
#[derive(Debug, Args)]
pub(crate) struct ContextsFlags {
    /// How to print
    #[arg(long, short, value_enum, default_value_t = ContextsOutput::Table, value_name = "FORMAT")]
    pub output: ContextsOutput,
    /// Call what ends within this time soon: 14d, 12h (default: 14d, or a fifth of a short certificate's life)
    #[arg(long, value_name = "TIME", value_parser = warning)]
    pub warn: Option<TimeDelta>,
}

/// Formats of the list of contexts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ContextsOutput {
    Table,
    Wide,
    Json,
    Name,
}

/// What every edit takes.
#[derive(Debug, Args)]
pub(crate) struct EditFlags {
    /// Write a file although its comments are lost by that (a backup keeps them)
    #[arg(long)]
    pub drop_comments: bool,
}

/// `countersign use`.
#[derive(Debug, Args)]
pub(crate) struct UseFlags {
    /// The context
    #[arg(value_name = "CONTEXT")]
    pub name: String,
    /// What is common to edits.
    #[command(flatten)]
    pub edit: EditFlags,
}

/// `countersign rename`.
#[derive(Debug, Args)]
pub(crate) struct RenameFlags {
    /// The context
    pub old: String,
    /// Its new name
    pub new: String,
    /// What is common to edits.
    #[command(flatten)]
    pub edit: EditFlags,
}

/// `countersign delete-context`.
#[derive(Debug, Args)]
pub(crate) struct DeleteFlags {
    /// The context
    #[arg(value_name = "CONTEXT")]
    pub name: String,
    /// Delete its cluster and user too, where no other context needs them
    #[arg(long)]
    pub orphans: bool,
    /// What is common to edits.
    #[command(flatten)]
    pub edit: EditFlags,
}

/// `countersign namespace`.
#[derive(Debug, Args)]
pub(crate) struct NamespaceFlags {
    /// The namespace; an empty one ("") takes it out
    #[arg(value_name = "NAMESPACE")]
    pub name: String,
    /// The context (default: the current one)
    #[arg(value_name = "CONTEXT")]
    pub of: Option<String>,
    /// What is common to edits.
    #[command(flatten)]
    pub edit: EditFlags,
}

/// `countersign import`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct ImportFlags {
    /// The kubeconfig to bring in
    pub file: PathBuf,
    /// A name of one's own: context/OLD=NEW, cluster/OLD=NEW or user/OLD=NEW; can be repeated
    #[arg(long = "name", value_name = "KIND/OLD=NEW", value_parser = renaming)]
    pub names: Vec<(EntryKind, String, String)>,
    /// Make the imported current context the current one here
    #[arg(long = "use")]
    pub switch: bool,
    /// Say what would come in, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Import although it runs programs, names files, or does not verify its server, as an import without this says
    #[arg(long)]
    pub accept_risks: bool,
    /// Embed certificates and keys from outside of the folder of FILE, too
    #[arg(long)]
    pub embed_outside: bool,
    /// What is common to edits.
    #[command(flatten)]
    pub edit: EditFlags,
}

/// `countersign trust`.
#[derive(Debug, Args)]
pub(crate) struct TrustFlags {
    /// The context
    #[arg(value_name = "CONTEXT")]
    pub name: String,
}

/// `countersign extract`.
#[derive(Debug, Args)]
pub(crate) struct ExtractFlags {
    /// The context
    #[arg(value_name = "CONTEXT")]
    pub name: String,
    /// The file (default: standard output; it holds the key)
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "out")]
    pub force: bool,
}

/// `countersign embed`.
#[derive(Debug, Args)]
pub(crate) struct EmbedFlags {
    /// The context
    #[arg(value_name = "CONTEXT")]
    pub name: String,
    /// What is common to edits.
    #[command(flatten)]
    pub edit: EditFlags,
}

/// `countersign check`.
#[derive(Debug, Args)]
pub(crate) struct CheckFlags {
    /// The contexts to look at (default: all)
    #[arg(value_name = "CONTEXT")]
    pub names: Vec<String>,
    /// Warn of what ends within this time: 14d, 12h (default: 14d, or a fifth of a short certificate's life)
    #[arg(long, value_name = "TIME", value_parser = warning)]
    pub warn: Option<TimeDelta>,
}

/// `countersign unlock`.
#[derive(Debug, Args)]
pub(crate) struct UnlockFlags {
    /// Remove a lock that is younger than a minute too
    #[arg(long)]
    pub force: bool,
}

fn warning(text: &str) -> Result<TimeDelta, String> {
    validity::parse(text).map(|seconds| TimeDelta::seconds(seconds.into()))
}

fn renaming(text: &str) -> Result<(EntryKind, String, String), String> {
    let wrong = || "such as context/admin@kubernetes=prod".to_owned();
    let (kind, names) = text.split_once('/').ok_or_else(wrong)?;
    let (old, new) = names.split_once('=').ok_or_else(wrong)?;
    let kind = [EntryKind::Context, EntryKind::Cluster, EntryKind::User].into_iter().find(|known| known.word() == kind);
    Ok((kind.ok_or_else(wrong)?, old.to_owned(), new.to_owned()))
}
