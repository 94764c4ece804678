//! The config file and the folder of themes beside it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{FileError, bounded, folders};
use crate::config::Config;
use crate::config::theme::{BUILT_IN, DEFAULT, ThemeFile};
use crate::domain::config_error::ConfigError;

/// A config file and what it says.
#[derive(Debug, Default)]
pub(crate) struct LoadedConfig {
    /// Where it is or would be; `None` without a home folder.
    pub path: Option<PathBuf>,
    /// Its text, empty where there is none.
    pub text: String,
    /// What it says.
    pub config: Config,
}

impl LoadedConfig {
    /// An error in this file.
    pub(crate) fn content_error(&self, error: &ConfigError) -> FileError {
        content(self.path.as_deref().unwrap_or(Path::new("")), error)
    }
}

/// Where the config file is: `$XDG_CONFIG_HOME/countersign/config.yaml`, `~/.config/countersign/config.yaml` by default.
///
/// # Errors
/// [`FileError::NoHome`].
pub(crate) fn path() -> Result<PathBuf, FileError> {
    Ok(folders::config()?.join("config.yaml"))
}

/// Reads the config file; without one, or in a folder that cannot be read, everything is as by default.
///
/// # Errors
/// [`FileError::Io`] where it cannot be read, [`FileError::Content`] where it is wrong.
pub(crate) fn read() -> Result<LoadedConfig, FileError> {
    let Ok(path) = path() else { return Ok(LoadedConfig::default()) };
    match bounded::read_text(&path, bounded::SETTINGS) {
        Ok(text) => {
            let config = Config::parse(&text).map_err(|wrong| content(&path, &wrong))?;
            Ok(LoadedConfig { path: Some(path), text, config })
        }
        Err(error) if is_absent(&path, &error) => Ok(LoadedConfig { path: Some(path), ..LoadedConfig::default() }),
        Err(error) => Err(FileError::io(&path)(error)),
    }
}

/// A theme: one of the config folder's `themes`, else one that comes along.
///
/// # Errors
/// [`FileError::Content`] where it is wrong or there is none of that name, [`FileError::Io`].
pub(crate) fn theme(name: Option<&str>) -> Result<ThemeFile, FileError> {
    let name = name.unwrap_or(DEFAULT);
    let folder = folders::config().ok().map(|folder| folder.join("themes"));
    let plain =
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_ .".contains(c)) && !name.starts_with('.');
    if let Some(path) = folder.as_ref().filter(|_| plain).map(|folder| folder.join(format!("{name}.yaml"))) {
        match bounded::read_text(&path, bounded::SETTINGS) {
            Ok(text) => return ThemeFile::parse(&text).map_err(|wrong| content(&path, &wrong)),
            Err(error) if is_absent(&path, &error) => {}
            Err(error) => return Err(FileError::io(&path)(error)),
        }
    }
    ThemeFile::built_in(name)
        .ok_or_else(|| FileError::NoTheme { name: name.to_owned(), known: themes(folder.as_deref()) })
}

/// Whether the file is absent for this user ([`folders::problems`] reports an unreadable folder).
fn is_absent(path: &Path, error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::NotFound || folders::is_unreachable(path, error)
}

/// The names of all themes.
fn themes(folder: Option<&Path>) -> Vec<String> {
    let mut names: Vec<_> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
    let own = folder.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().filter_map(Result::ok);
    names.extend(own.filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".yaml").map(str::to_owned)));
    names
}

fn content(path: &Path, wrong: &ConfigError) -> FileError {
    FileError::Content { path: path.to_owned(), why: wrong.to_string() }
}
