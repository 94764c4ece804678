//! `countersign config`.

use super::flags::{Arguments, ConfigCommand};
use super::output::{CliError, print, print_data, tell};
use super::settings;
use crate::config::EXAMPLE;
use crate::console::core::keys::listing;
use crate::files::config;

/// Tells about the config file.
pub(super) fn run(what: ConfigCommand, arguments: &Arguments) -> Result<(), CliError> {
    match what {
        ConfigCommand::Path => print(&config::path()?.display().to_string()),
        ConfigCommand::Example => print_data(EXAMPLE),
        ConfigCommand::Keys => print(&listing(&settings::keymap(&settings::found()?)?)),
        ConfigCommand::Check => {
            let found = settings::found()?;
            settings::resolve(arguments, &found)?;
            let path = found.path.clone().unwrap_or_default();
            let path = path.display();
            tell(&if found.text.is_empty() {
                format!("there is no {path}: everything is as by default")
            } else {
                format!("{path} is right")
            });
            Ok(())
        }
    }
}
