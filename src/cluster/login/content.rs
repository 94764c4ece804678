//! Fields of a kubeconfig that are embedded or name a file.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_yaml::{Mapping, Value};
use zeroize::Zeroizing;

use crate::files::bounded;

/// The bytes of a field that is embedded (`…-data`, base64) or names a file; embedded data has precedence.
///
/// # Errors
/// Which field, and why it cannot be read.
pub(in crate::cluster) fn content(entry: &Mapping, field: &str) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
    let text = |field: &str| entry.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(data) = text(&format!("{field}-data")) {
        let compact: Zeroizing<String> = Zeroizing::new(data.chars().filter(|c| !matches!(c, '\n' | '\r')).collect());
        let bytes = STANDARD.decode(compact.as_bytes()).map(Zeroizing::new);
        return bytes.map(Some).map_err(|_| format!("{field}-data: not valid base64"));
    }
    let Some(path) = text(field) else { return Ok(None) };
    let bytes = bounded::read(Path::new(path), bounded::CREDENTIAL).map(Zeroizing::new);
    bytes.map(Some).map_err(|error| format!("{field}: {path}: {error}"))
}
