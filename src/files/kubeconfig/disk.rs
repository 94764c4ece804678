//! What a kubeconfig refers to, as it lies on this machine's disk.

use std::io::ErrorKind;
use std::path::Path;

use crate::domain::kubeconfig::diagnose::FileAccess;
use crate::domain::x509::private_key::public_sha256;
use crate::files::programs::look_path;
use crate::files::{bounded, kuberc};

/// The disk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disk;

impl FileAccess for Disk {
    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        read(path)
    }

    fn public_key(&self, pem: &[u8]) -> Result<String, String> {
        public_sha256(pem).map_err(|why| why.to_string())
    }

    fn program(&self, command: &str) -> Result<(), String> {
        let policy = kuberc::plugin_policy().map_err(|error| error.to_string())?;
        policy.allows(command, |command| look_path(command).ok()).map_err(|refused| refused.to_string())?;
        look_path(command).map(drop)
    }

    fn is_inside(&self, folder: &Path, path: &Path) -> bool {
        match (folder.canonicalize(), path.canonicalize()) {
            (Ok(folder), Ok(path)) => path.starts_with(folder),
            _ => path.starts_with(folder),
        }
    }
}

/// A file that a kubeconfig refers to.
///
/// # Errors
/// Why it cannot be read, in words, without its name.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let words = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => "not found".to_owned(),
        ErrorKind::PermissionDenied => "you may not read it".to_owned(),
        _ => error.to_string(),
    };
    bounded::read(path, bounded::CREDENTIAL).map_err(words)
}
