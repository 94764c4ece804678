//! What went wrong, and what to do about it: the form in which every failure reaches a person.

use crate::{cluster, files, keys};

/// Why something did not work, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserError {
    /// A sentence. Printable.
    pub text: String,
    /// What to do about it.
    pub advice: Option<String>,
}

impl UserError {
    /// Trouble without advice.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), advice: None }
    }

    /// Trouble with advice.
    pub(crate) fn advised(text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { text: text.into(), advice: Some(advice.into()) }
    }
}

impl From<cluster::ClusterError> for UserError {
    fn from(error: cluster::ClusterError) -> Self {
        Self { text: error.to_string(), advice: error.advice() }
    }
}

impl From<files::FileError> for UserError {
    fn from(error: files::FileError) -> Self {
        Self { text: error.to_string(), advice: error.advice() }
    }
}

impl From<keys::KeyError> for UserError {
    fn from(error: keys::KeyError) -> Self {
        Self::new(error.to_string())
    }
}

impl std::fmt::Display for UserError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for UserError {}
