//! A cluster or user entry, and the files that its fields name.

use std::path::{Path, PathBuf};

use serde_yaml::{Mapping, Value};

use super::super::schema::decoded;
use crate::domain::kubeconfig::EntryKind;

/// A cluster or user entry, looked at.
pub(super) struct UserEntry {
    pub(super) kind: EntryKind,
    pub(super) name: String,
    pub(super) file: PathBuf,
    /// Its fields, paths in full.
    pub(super) fields: Mapping,
}

impl UserEntry {
    /// A sentence about a field.
    pub(super) fn problem(&self, field: &str, why: &str) -> String {
        let (kind, name, file) = (self.kind.word(), &self.name, self.file.display());
        if field == kind {
            format!("{kind} {name}: {why} ({file})")
        } else {
            format!("{kind} {name}: {field}: {why} ({file})")
        }
    }

    /// Whether a file is named and its content is given as well, which clients refuse.
    pub(super) fn has_both(&self, field: &str) -> bool {
        !text(&self.fields, field).is_empty() && !text(&self.fields, &format!("{field}-data")).is_empty()
    }
}

/// What lies outside of the kubeconfigs.
pub(crate) trait FileAccess {
    /// Reads a file that a kubeconfig refers to.
    ///
    /// # Errors
    /// Why it cannot be read; not its content.
    fn read(&self, path: &Path) -> Result<Vec<u8>, String>;

    /// SHA-256 of the public half of a private key in PEM, hex.
    ///
    /// # Errors
    /// Why it is unknown; nothing of the key.
    fn public_key(&self, pem: &[u8]) -> Result<String, String>;

    /// Whether a command can be run to log in.
    ///
    /// # Errors
    /// Why not, without its name.
    fn program(&self, command: &str) -> Result<(), String>;

    /// Whether a file lies in a folder or below it, wherever links lead. Both are in full.
    fn is_inside(&self, folder: &Path, path: &Path) -> bool {
        path.starts_with(folder)
    }
}

/// The field that counts of a file and its content beside it, with the content; `None` where there is neither.
pub(super) fn content(
    fields: &Mapping,
    name: &str,
    files: &dyn FileAccess,
) -> Option<(String, Result<Vec<u8>, String>)> {
    let field = format!("{name}-data");
    let data = text(fields, &field);
    if !data.is_empty() {
        return Some((field, decoded(&data).ok_or_else(|| "it is no base64".to_owned())));
    }
    let path = text(fields, name);
    let read = || files.read(Path::new(&path)).map_err(|why| format!("{path}: {why}"));
    (!path.is_empty()).then(|| (name.to_owned(), read()))
}

pub(super) fn text(fields: &Mapping, name: &str) -> String {
    fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
