//! Flags over environment over config file: what holds.

use std::sync::Arc;

use super::flags::Arguments;
use super::output::CliError;
use crate::config::When;
use crate::console::core::ascii::locale_is_utf8;
use crate::console::core::keys::Keymap;
use crate::console::core::settings::Settings;
use crate::console::panes::requests::columns::Choice;
use crate::console::widgets::theme::Theme;
use crate::domain::config_error::ConfigError;
use crate::files::config::{self, LoadedConfig};
use crate::terminal::color_depth::{ColorDepth, ColorMode};

/// A file that is wrong is an error of usage, not one of the cluster.
pub(super) fn found() -> Result<LoadedConfig, CliError> {
    config::read().map_err(|error| CliError::usage(error.to_string()))
}

/// The keys that the file makes of the table's.
pub(super) fn keymap(found: &LoadedConfig) -> Result<Keymap, CliError> {
    Keymap::with(&found.config.keys, &found.text)
        .map_err(|error| CliError::usage(found.content_error(&error).to_string()))
}

/// Whether only ASCII is shown: by flag, by config file, or because the locale is not UTF-8.
pub(super) fn ascii(arguments: &Arguments, found: &LoadedConfig) -> bool {
    arguments.global.ascii || found.config.ascii.unwrap_or_else(|| !locale_is_utf8(variable))
}

/// What holds for the console.
pub(super) fn resolve(arguments: &Arguments, found: &LoadedConfig) -> Result<Settings, CliError> {
    let (screen, config) = (&arguments.screen, &found.config);
    let ascii = ascii(arguments, found);
    let depth = ColorDepth::detect(color_mode(screen.color.unwrap_or(config.color)), variable);
    let name = screen.theme.as_deref().or(config.theme.as_deref());
    let theme = config::theme(name).map_err(|error| match error {
        // A name that came from the file has its place there.
        crate::files::FileError::NoTheme { .. } if screen.theme.is_none() => {
            let error = ConfigError::at(&found.text, &["theme"], error.to_string());
            CliError::usage(found.content_error(&error).to_string())
        }
        error => CliError::usage(error.to_string()),
    })?;
    Ok(Settings {
        theme: Theme::new(&theme, depth),
        keymap: keymap(found)?.in_ascii(ascii),
        ascii,
        mouse: (config.mouse || screen.mouse) && !screen.no_mouse,
        utc: arguments.global.utc || config.utc,
        columns: config.columns.as_deref().map(Choice::of).unwrap_or_default(),
        confirm: screen.confirm.unwrap_or(config.confirm),
        practice: false,
        notice: None,
        // Read when everything else is settled.
        policy: Arc::default(),
    })
}

fn color_mode(when: When) -> ColorMode {
    match when {
        When::Auto => ColorMode::Auto,
        When::Always => ColorMode::Always,
        When::Never => ColorMode::Never,
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
