//! The policy file on disk.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::folders::{config, is_unreachable};
use super::{FileError, bounded};
use crate::domain::policy_file::PolicyFile;

/// Reads the policy: the file that is named, else `$XDG_CONFIG_HOME/countersign/policy.yaml` (`~/.config` by default) if
/// it is there, else the built-in one. A folder that cannot be read holds none ([`super::folders::problems`] says so).
///
/// # Errors
/// [`FileError::Io`], and [`FileError::Content`] with line and column: an invalid policy is never ignored, nor one that exists
/// and cannot be read, nor one that is named.
pub(crate) fn read(named: Option<&Path>) -> Result<PolicyFile, FileError> {
    let Some(path) = named.map(Path::to_owned).or_else(default_path) else { return Ok(PolicyFile::default()) };
    match bounded::read_text(&path, bounded::SETTINGS) {
        Ok(text) => PolicyFile::parse(&text).map_err(|why| FileError::Content { path, why: why.to_string() }),
        Err(error) if named.is_none() && (error.kind() == ErrorKind::NotFound || is_unreachable(&path, &error)) => {
            Ok(PolicyFile::default())
        }
        Err(error) => Err(FileError::Io { path, error }),
    }
}

/// Where it is looked for; `None` without a home.
fn default_path() -> Option<PathBuf> {
    Some(config().ok()?.join("policy.yaml"))
}
