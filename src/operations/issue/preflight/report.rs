//! What a preflight finds.

use crate::cluster::ClusterError;
use crate::domain::gate::Refusal;
use crate::domain::plan::StepKind;
use crate::domain::verdict::Verdict;

/// What a note means for the issuance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It will work.
    Fine,
    /// It will work, and there is something to know.
    Notice,
    /// It will not work as it is.
    Problem,
}

impl Severity {
    /// The symbol in front of a note.
    pub(crate) const fn mark(self) -> &'static str {
        match self {
            Self::Fine => "✔",
            Self::Notice => "!",
            Self::Problem => "✖",
        }
    }
}

/// A finding about one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub step: StepKind,
    pub weight: Severity,
    /// A sentence.
    pub text: String,
}

/// What a preflight found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PreflightReport {
    /// In the order of the steps.
    pub notes: Vec<Note>,
    /// The verdict on the request as the list would judge it; `None` where the server rejects the request.
    pub verdict: Option<Verdict>,
    /// Why the gate refuses it as it is.
    pub refusal: Option<Refusal>,
}

impl PreflightReport {
    /// Whether the order can be carried out as it is.
    pub(crate) fn is_clear(&self) -> bool {
        self.works() && self.refusal.is_none()
    }

    /// Whether the steps would succeed, whatever the gate decides.
    pub(crate) fn works(&self) -> bool {
        self.notes.iter().all(|note| note.weight != Severity::Problem)
    }

    /// Whether nothing but the confirmation by the user's name is missing.
    pub(crate) fn wants_name(&self) -> bool {
        self.works() && matches!(self.refusal, Some(Refusal::Dangerous { .. }))
    }

    pub(super) fn add(&mut self, step: StepKind, weight: Severity, text: impl Into<String>) {
        self.notes.push(Note { step, weight, text: text.into() });
    }

    /// Adds the answer to a dry run.
    pub(super) fn add_answer(&mut self, step: StepKind, answer: Result<(), ClusterError>) {
        match answer {
            Ok(()) => self.add(step, Severity::Fine, "the server would take it"),
            Err(error) => self.add(step, Severity::Problem, error.to_string()),
        }
    }
}
