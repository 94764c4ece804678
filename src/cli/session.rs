//! What a command is given, and the trait that each implements.

use std::sync::Arc;

use super::error::CliError;
use super::global::{Global, ScreenFlags};
use super::output::Output;
use crate::cluster::{Cluster, Prompt};
use crate::domain::policy_file::PolicyFile;

/// What a command is given beside its own flags.
pub(super) struct CliSession {
    /// The flags of every command; settings of the config file are applied unless the command needs nothing.
    pub global: Global,
    pub screen: ScreenFlags,
    pub policy: Arc<PolicyFile>,
    pub out: Output,
    /// The definition of all commands and flags.
    pub definition: fn() -> clap::Command,
}

impl CliSession {
    /// Connects to the cluster that the flags select.
    pub(super) async fn connect(&self) -> Result<Cluster, CliError> {
        Ok(Cluster::connect(&self.global.target(), Prompt::Terminal).await?)
    }
}

/// What has to be there before a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Runs before the config file and the policy are read, so that a mistake in them does not stop it.
    Nothing,
    /// Config file and policy.
    Settings,
    /// As [`Self::Settings`]; it connects to a cluster.
    Cluster,
    /// As [`Self::Settings`]; it serves a cluster and keeps nothing outside that cluster's folder.
    OwnFolder,
}

/// A subcommand: its flags, which know how to run.
pub(super) trait RunCommand {
    fn needs(&self) -> Needs {
        Needs::Cluster
    }

    async fn run(&self, session: &CliSession) -> Result<(), CliError>;
}
