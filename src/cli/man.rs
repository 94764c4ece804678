//! `countersign man`: the manual page, from the one definition of the flags.

use clap::{Args, Command};
use clap_mangen::Man;

use super::error::CliError;
use super::output::print_data;
use super::session::{CliSession, Needs, RunCommand};

/// Print the manual page, of one command if it is named
#[derive(Debug, Args)]
pub(crate) struct ManFlags {
    /// Which command
    pub command: Option<String>,
}

impl RunCommand for ManFlags {
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let mut command = (session.definition)();
        command.build();
        let page = match &self.command {
            None => command,
            Some(name) => subcommand(&command, name)?,
        };
        let mut roff = Vec::new();
        Man::new(page).manual("countersign").render(&mut roff)?;
        print_data(&String::from_utf8_lossy(&roff))
    }
}

fn subcommand(command: &Command, name: &str) -> Result<Command, CliError> {
    let known = || command.get_subcommands().map(Command::get_name).collect::<Vec<_>>().join(", ");
    let found = command
        .find_subcommand(name)
        .ok_or_else(|| CliError::usage(format!("no command {name}; there are: {}", known())))?;
    Ok(found.clone().name(format!("countersign-{name}")).version(env!("CARGO_PKG_VERSION")))
}
