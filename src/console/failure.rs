//! Why something did not work, in words for the screen.

use crate::cluster;

/// What happened, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// One plain sentence.
    pub text: String,
    /// What to do, where something is known to help.
    pub advice: Option<String>,
}

impl Failure {
    /// A failure without advice.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), advice: None }
    }
}

impl From<cluster::Error> for Failure {
    fn from(error: cluster::Error) -> Self {
        Self { text: error.to_string(), advice: error.advice() }
    }
}
