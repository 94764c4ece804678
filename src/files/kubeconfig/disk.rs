//! What a kubeconfig refers to, as it lies on this machine's disk.

use std::io::ErrorKind;
use std::path::Path;

use crate::domain::kubeconfig::diagnose::Surroundings;
use crate::files::bounded;
use crate::keys::PrivateKey;

/// The disk.
#[derive(Debug, Clone, Copy)]
pub struct Disk;

impl Surroundings for Disk {
    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        read(path)
    }

    fn public_key(&self, pem: &[u8]) -> Result<String, String> {
        let pem = zeroize::Zeroizing::new(String::from_utf8_lossy(pem).into_owned());
        if pem.contains("ENCRYPTED") {
            return Err("it is encrypted, which clients cannot use".to_owned());
        }
        PrivateKey::from_pem(&pem).map(|key| key.public_sha256()).map_err(|error| error.to_string())
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
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    let words = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => "it is not there".to_owned(),
        ErrorKind::PermissionDenied => "you may not read it".to_owned(),
        _ => error.to_string(),
    };
    bounded::read(path, bounded::CREDENTIAL).map_err(words)
}
