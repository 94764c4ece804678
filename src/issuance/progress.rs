//! What an issuance tells while it runs.

use std::time::Duration;

use super::journal::Journal;
use super::proof::Proof;
use crate::domain::plan::StepKind;
use crate::{cluster, files, keys};

/// One piece of news.
#[derive(Debug)]
pub enum Progress {
    /// A step begins.
    Started(StepKind),
    /// A step waits for somebody or something else.
    Waiting(StepKind, String),
    /// A step is done: what came of it, how long it took.
    Done(StepKind, String, Duration),
    /// Something was written.
    Wrote(Written),
    /// It stopped at a step. What was done stays done and the journal knows of it.
    Failed(StepKind, Trouble),
    /// All steps are done.
    Finished(Box<Outcome>),
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The verb.
    pub what: &'static str,
    /// What was written.
    pub object: String,
    /// What came of it.
    pub outcome: Result<String, String>,
    /// The same by hand.
    pub command: String,
}

/// The result of an issuance.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What was made: enough to undo it.
    pub journal: Journal,
    /// The certificate, PEM.
    pub certificate: String,
    /// Who the cluster says that the new user is; `None` where the key is elsewhere.
    pub proof: Option<Proof>,
}

/// Why an issuance stopped, in plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// A sentence. Printable.
    pub text: String,
    /// What to do about it.
    pub advice: Option<String>,
}

impl Trouble {
    /// Trouble without advice.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), advice: None }
    }

    /// Trouble with advice.
    pub fn advised(text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { text: text.into(), advice: Some(advice.into()) }
    }
}

impl From<cluster::Error> for Trouble {
    fn from(error: cluster::Error) -> Self {
        Self { text: error.to_string(), advice: error.advice() }
    }
}

impl From<files::Error> for Trouble {
    fn from(error: files::Error) -> Self {
        Self { text: error.to_string(), advice: error.advice() }
    }
}

impl From<keys::Error> for Trouble {
    fn from(error: keys::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Trouble {}
