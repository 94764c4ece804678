//! Flags and commands that concern the program itself: how it looks and asks, its config file, completions, its manual.
//! And the examples that the commands' help shows.

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCompleter;

use crate::cli::complete;
use crate::config::{Confirm, When};

/// How the console looks and asks. Each of them wins over the config file.
#[derive(Debug, Args)]
pub(crate) struct ScreenFlags {
    /// Whether to use colours
    #[arg(long, alias = "colour", value_enum, value_name = "WHEN")]
    pub color: Option<When>,
    /// dark, light, high-contrast, colour-blind, mono, or one in the config folder
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(complete::themes))]
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

/// `countersign completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsFlags {
    /// Which shell
    pub shell: clap_complete::Shell,
}

/// Of `completions`.
pub(crate) const COMPLETIONS_EXAMPLES: &str = "Examples:
  countersign completions bash > /etc/bash_completion.d/countersign
  source <(countersign completions zsh)
  countersign completions fish > ~/.config/fish/completions/countersign.fish";

/// `countersign man`.
#[derive(Debug, Args)]
pub(crate) struct ManFlags {
    /// Which command
    pub command: Option<String>,
}

/// `countersign config`.
#[derive(Debug, Args)]
pub(crate) struct ConfigFlags {
    /// What to do with it.
    #[command(subcommand)]
    pub what: ConfigCommand,
}

/// What can be done with the config file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Where it is, whether it is there or not
    Path,
    /// Say what is wrong with it, with line and column
    Check,
    /// Print one that says everything, with its defaults
    Example,
    /// Every key in force, by the names that the file gives them
    Keys,
}

/// Of `list`.
pub(crate) const LIST_EXAMPLES: &str = "Examples:
  countersign list --state pending
  countersign list -o json | jq -r '.[] | select(.verdict.level == \"danger\") | .name'";

/// Of `approve`.
pub(crate) const APPROVE_EXAMPLES: &str = "Examples:
  countersign approve jane-7f3k pavel
  countersign approve jane-7f3k --dry-run
  countersign approve kcm-helper --dangerous kcm-helper   it says what is dangerous first, and decides nothing";

/// Of `issue`.
pub(crate) const ISSUE_EXAMPLES: &str = "Examples:
  countersign issue jane --group dev --group qa -n team-a
  countersign issue jane --cluster-role view --expires 8h --out jane.kubeconfig
  countersign issue --request jane.csr                    the key never leaves its owner
  countersign issue --resume jane                         go on where it was cut off";
