//! What an issuance reports while it runs.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::domain::output::shell::ShellLine;
use crate::domain::plan::StepKind;
use crate::error::UserError;
use crate::operations::issue::journal::Journal;
use crate::operations::issue::verify_login::Proof;

/// One report.
#[derive(Debug)]
pub enum Progress {
    /// A step begins.
    Started(StepKind),
    /// A step waits for another person or program; why.
    Waiting(StepKind, String),
    /// A step is done: its result, and how long it took.
    Done(StepKind, String, Duration),
    /// Something was written.
    Wrote(WriteRecord),
    /// It stopped at a step. What was done stays done, and the journal has it.
    Failed(StepKind, UserError),
    /// All steps are done.
    Finished(Box<IssueOutcome>),
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteRecord {
    /// The verb, such as `create`.
    pub what: &'static str,
    /// What was written.
    pub object: String,
    /// Its result, or why it failed.
    pub outcome: Result<String, String>,
    /// The equivalent command.
    pub command: ShellLine,
}

/// The result of an issuance.
#[derive(Debug, Clone)]
pub struct IssueOutcome {
    /// Enough to undo it.
    pub journal: Journal,
    /// PEM.
    pub certificate: String,
    /// Who the cluster says that the new user is; `None` where the key is elsewhere.
    pub proof: Option<Proof>,
}

/// Where an issuance sends its reports. A receiver that is closed does not stop the issuance.
#[derive(Debug, Clone)]
pub(super) struct ProgressSender(UnboundedSender<Progress>);

impl ProgressSender {
    pub(super) const fn new(sender: UnboundedSender<Progress>) -> Self {
        Self(sender)
    }

    pub(super) fn send(&self, progress: Progress) {
        let _ = self.0.send(progress);
    }

    /// Reports a write.
    pub(super) fn wrote<E: std::fmt::Display>(
        &self,
        what: &'static str,
        object: String,
        outcome: Result<&str, E>,
        command: ShellLine,
    ) {
        let outcome = outcome.map(str::to_owned).map_err(|error| error.to_string());
        self.send(Progress::Wrote(WriteRecord { what, object, outcome, command }));
    }
}
