//! `countersign man`: the manual page, from the one definition of the flags.

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::flags::Arguments;
use super::output::{CliError, print_data};

/// Prints the page of countersign, or of one of its commands.
pub(super) fn run(name: Option<&str>) -> Result<(), CliError> {
    let mut command = Arguments::command();
    command.build();
    let page = match name {
        None => command,
        Some(name) => of(&command, name)?,
    };
    let mut roff = Vec::new();
    Man::new(page).manual("countersign").render(&mut roff)?;
    print_data(&String::from_utf8_lossy(&roff))
}

fn of(command: &Command, name: &str) -> Result<Command, CliError> {
    let known = || command.get_subcommands().map(Command::get_name).collect::<Vec<_>>().join(", ");
    let found = command
        .find_subcommand(name)
        .ok_or_else(|| CliError::usage(format!("no command {name}; there are: {}", known())))?;
    Ok(found.clone().name(format!("countersign-{name}")).version(env!("CARGO_PKG_VERSION")))
}
