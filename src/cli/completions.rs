//! `countersign completions`: the few lines that make a shell ask this program what to complete. The flags come from their
//! one definition, the values from [`super::candidates`].

use std::io::Write;

use clap::{Args, Command};
use clap_complete::env::CompleteEnv;

use super::complete_gate::SHELLS;
use super::error::CliError;
use super::output::print_data;
use super::session::{CliSession, Needs, RunCommand};

const EXAMPLES: &str = "Examples:
  countersign completions bash > /etc/bash_completion.d/countersign
  source <(countersign completions zsh)
  countersign completions fish > ~/.config/fish/completions/countersign.fish";

/// The variable by which the shell says that it wants to complete.
const VARIABLE: &str = "COUNTERSIGN_COMPLETE";

/// Print what makes a shell complete countersign's flags, contexts, requests and users
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsFlags {
    /// Which shell
    pub shell: clap_complete::Shell,
}

impl RunCommand for CompletionsFlags {
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    async fn run(&self, _session: &CliSession) -> Result<(), CliError> {
        let name = self.shell.to_string();
        let completer = SHELLS
            .completer(&name)
            .ok_or_else(|| CliError::usage(format!("completion for {name} is not supported")))?;
        let mut script = Vec::new();
        completer.write_registration(VARIABLE, "countersign", "countersign", "countersign", &mut script)?;
        writeln!(script)?;
        print_data(&String::from_utf8_lossy(&script))
    }
}

/// Answers the shell and ends this process, if it is a shell that started it.
pub(super) fn answer_shell(definition: fn() -> Command) {
    CompleteEnv::with_factory(definition).var(VARIABLE).shells(SHELLS).complete();
}
