//! What the console remembers from one time to the next: a small file in the state folder.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::yaml;
use crate::files::{FileError, atomic, bounded, folders};

/// As many contexts are remembered, the ones used last.
const CONTEXTS: usize = 50;

/// How a console looked when it was left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Memory {
    /// The pane that was seen.
    pub pane: String,
    /// What the requests were sorted by.
    pub sort: String,
    /// Whether the other way round.
    pub reversed: bool,
    /// Which requests were shown.
    pub filter: String,
    /// The columns of the requests, in their order; none: those of the config file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// When it was left, in seconds since 1970.
    pub left: i64,
}

type File = BTreeMap<String, Memory>;

/// What is remembered of a context; and whether anything is remembered at all, of any.
///
/// A file that cannot be read is one that says nothing: it only saves a few keys.
pub(crate) fn recall(context: &str) -> (Option<Memory>, bool) {
    let file = read();
    let known = file.is_some();
    (file.and_then(|mut file| file.remove(context)), known)
}

/// Remembers a context.
///
/// # Errors
/// [`FileError::NoHome`], [`FileError::Io`].
pub(crate) fn remember(context: &str, memory: &Memory) -> Result<(), FileError> {
    let path = folders::state()?.join("memory.yaml");
    let mut file = read().unwrap_or_default();
    file.insert(context.to_owned(), memory.clone());
    while file.len() > CONTEXTS {
        let oldest = file.iter().min_by_key(|(_, memory)| memory.left).map(|(context, _)| context.clone());
        file.retain(|context, _| Some(context) != oldest.as_ref());
    }
    let text = yaml::to_string(&file).unwrap_or_default();
    atomic::write_private(&path, text.as_bytes())
}

fn read() -> Option<File> {
    let path = folders::state().ok()?.join("memory.yaml");
    let text = bounded::read_text(&path, bounded::SETTINGS).ok()?;
    Some(yaml::from_str(&text).unwrap_or_default())
}
