//! The settings in force: flags over environment over config file.

use std::sync::Arc;

use super::error::CliError;
use super::global::{Global, ScreenFlags};
use crate::config::When;
use crate::console::core::ascii::locale_is_utf8;
use crate::console::core::keys::Keymap;
use crate::console::core::settings::Settings;
use crate::console::panes::requests::columns::Choice;
use crate::console::widgets::theme::Theme;
use crate::domain::config_error::ConfigError;
use crate::files::config::{self, LoadedConfig};
use crate::terminal::color_depth::{ColorDepth, ColorMode};

/// Reads the config file; a mistake in it is a usage error.
pub(super) fn load_config() -> Result<LoadedConfig, CliError> {
    config::read().map_err(|error| CliError::usage(error.to_string()))
}

/// The key table with the changes of the config file.
pub(super) fn keymap(found: &LoadedConfig) -> Result<Keymap, CliError> {
    Keymap::with(&found.config.keys, &found.text)
        .map_err(|error| CliError::usage(found.content_error(&error).to_string()))
}

/// Whether only ASCII is shown: by flag, by config file, or because the locale is not UTF-8.
fn keeps_to_ascii(global: &Global, found: &LoadedConfig) -> bool {
    global.ascii || found.config.ascii.unwrap_or_else(|| !locale_is_utf8(variable))
}

/// The settings in force.
pub(super) fn resolve(global: &Global, screen: &ScreenFlags, found: &LoadedConfig) -> Result<Settings, CliError> {
    let config = &found.config;
    let ascii = keeps_to_ascii(global, found);
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
        utc: global.utc || config.utc,
        columns: config.columns.as_deref().map(Choice::of).unwrap_or_default(),
        confirm: screen.confirm.unwrap_or(config.confirm),
        practice: false,
        notice: None,
        // Read after the settings.
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
