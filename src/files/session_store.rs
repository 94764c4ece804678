//! What the console keeps between sessions: a small file in the state folder.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::yaml;
use crate::files::{FileError, atomic, bounded, folders};

/// The number of contexts that are kept, most recently used first.
const CONTEXTS: usize = 50;

/// The console's view of a context at the end of a session.
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

/// The saved view of a context, and whether there is a file at all. A file that cannot be read counts as empty.
pub(crate) fn load(context: &str) -> (Option<Memory>, bool) {
    let file = read();
    let known = file.is_some();
    (file.and_then(|mut file| file.remove(context)), known)
}

/// Saves the view of a context.
///
/// # Errors
/// [`FileError::NoHome`], [`FileError::Io`].
pub(crate) fn save(context: &str, memory: &Memory) -> Result<(), FileError> {
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
