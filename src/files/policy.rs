//! The policy file on disk.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::folders::home;
use super::{Error, bounded};
use crate::domain::policy_file::PolicyFile;

/// Reads the policy: the file that is named, else `$XDG_CONFIG_HOME/countersign/policy.yaml` (`~/.config` by default) if
/// it is there, else the built-in one.
///
/// # Errors
/// [`Error::Io`], and [`Error::Content`] with line and column: an invalid policy is never ignored.
pub fn read(named: Option<&Path>) -> Result<PolicyFile, Error> {
    let Some(path) = named.map(Path::to_owned).or_else(usual) else { return Ok(PolicyFile::default()) };
    match bounded::read_text(&path, bounded::SETTINGS) {
        Ok(text) => PolicyFile::parse(&text).map_err(|why| Error::Content { path, why: why.to_string() }),
        Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => Ok(PolicyFile::default()),
        Err(error) => Err(Error::Io { path, error }),
    }
}

/// Where it is looked for; `None` without a home.
fn usual() -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    Some(base.or_else(|| Some(home().ok()?.join(".config")))?.join("countersign/policy.yaml"))
}
