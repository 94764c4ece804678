//! `countersign config`.

use clap::{Args, Subcommand};

use super::error::CliError;
use super::output::print_data;
use super::session::{CliSession, Needs, RunCommand};
use super::settings;
use crate::config::EXAMPLE;
use crate::console::core::keys::listing;
use crate::files::config;

/// The config file: where it is, whether it is right, an example
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

impl RunCommand for ConfigFlags {
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        match self.what {
            ConfigCommand::Path => session.out.print(&config::path()?.display().to_string()),
            ConfigCommand::Example => print_data(EXAMPLE),
            ConfigCommand::Keys => session.out.print(&listing(&settings::keymap(&settings::load_config()?)?)),
            ConfigCommand::Check => check(session),
        }
    }
}

fn check(session: &CliSession) -> Result<(), CliError> {
    let found = settings::load_config()?;
    settings::resolve(&session.global, &session.screen, &found)?;
    let path = found.path.clone().unwrap_or_default();
    let path = path.display();
    session.out.print_note(&if found.text.is_empty() {
        format!("there is no {path}: everything is as by default")
    } else {
        format!("{path} is right")
    });
    Ok(())
}
