//! The flags of every command, and those of the console.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use super::candidates;
use crate::cluster::Target;
use crate::config::{Confirm, When};
use crate::domain::glob::Glob;
use crate::domain::go_duration::parse_timeout;

/// Flags of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The kubeconfig context to use
    #[arg(long, global = true, value_name = "NAME", add = ArgValueCompleter::new(candidates::contexts))]
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

/// How the console looks and asks. Each of them wins over the config file.
#[derive(Debug, Args)]
pub(crate) struct ScreenFlags {
    /// Whether to use colours
    #[arg(long, alias = "colour", value_enum, value_name = "WHEN")]
    pub color: Option<When>,
    /// dark, light, high-contrast, colour-blind, mono, or one in the config folder
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(candidates::themes))]
    pub theme: Option<String>,
    /// Which decisions ask first; a dangerous one always asks for its name
    #[arg(long, value_enum, value_name = "WHICH")]
    pub confirm: Option<Confirm>,
    /// Let the mouse scroll and choose (the terminal then selects text with Shift held)
    #[arg(long, overrides_with = "no_mouse")]
    pub mouse: bool,
    /// Leave the mouse to the terminal
    #[arg(long)]
    pub no_mouse: bool,
}
