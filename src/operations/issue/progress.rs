//! What an issuance tells while it runs.

use std::time::Duration;

use crate::domain::output::shell::ShellLine;
use crate::domain::plan::StepKind;
use crate::error::UserError;
use crate::operations::issue::journal::Journal;
use crate::operations::issue::verify_login::Proof;

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
    Wrote(WriteRecord),
    /// It stopped at a step. What was done stays done and the journal knows of it.
    Failed(StepKind, UserError),
    /// All steps are done.
    Finished(Box<IssueOutcome>),
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteRecord {
    /// The verb.
    pub what: &'static str,
    /// What was written.
    pub object: String,
    /// What came of it.
    pub outcome: Result<String, String>,
    /// The same by hand.
    pub command: ShellLine,
}

/// The result of an issuance.
#[derive(Debug, Clone)]
pub struct IssueOutcome {
    /// What was made: enough to undo it.
    pub journal: Journal,
    /// The certificate, PEM.
    pub certificate: String,
    /// Who the cluster says that the new user is; `None` where the key is elsewhere.
    pub proof: Option<Proof>,
}
