//! The run: how each step fares.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::console::core::effect_id::EffectId;
use crate::console::core::keymap::Action;
use crate::domain::plan::{Plan, StepKind};
use crate::error::UserError;
use crate::operations::issue::{IssueOutcome, Journal, Progress};

/// An issuance on the screen.
#[derive(Debug)]
pub struct Run {
    /// Whose news count.
    pub id: EffectId,
    /// The steps and how each fares.
    pub steps: Vec<(StepKind, String, StepStatus)>,
    /// When it began.
    pub since: DateTime<Utc>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// What is needed to go on with it or to undo it.
    pub journal: Option<Box<Journal>>,
    /// What came of it.
    pub end: Option<End>,
    /// The names typed to confirm what is dangerous.
    pub confirmed: Vec<String>,
}

/// How a step fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepStatus {
    /// Not begun.
    Ahead,
    /// At work.
    Running,
    /// Waiting for someone or something else.
    Waiting(String),
    /// Done: what came of it, how long it took.
    Done(String, Duration),
    /// Failed.
    Failed(UserError),
}

/// How a run ended.
#[derive(Debug)]
pub enum End {
    /// All done.
    Done(Box<IssueOutcome>),
    /// Stopped at a step.
    Failed,
    /// What was done is being undone.
    Undoing,
    /// Undone, or not.
    Undone(Result<(), UserError>),
}

impl Run {
    /// A run of `plan` that begins.
    pub(crate) fn new(id: EffectId, plan: &Plan, confirmed: Vec<String>, now: DateTime<Utc>) -> Self {
        let steps = plan.steps.iter().map(|step| (step.kind, step.title.clone(), StepStatus::Ahead)).collect();
        Self { id, steps, since: now, ended: None, journal: None, end: None, confirmed }
    }

    /// Takes news in.
    pub(crate) fn apply(&mut self, progress: Progress, now: DateTime<Utc>) {
        match progress {
            Progress::Started(kind) => self.set(kind, StepStatus::Running),
            Progress::Waiting(kind, why) => self.set(kind, StepStatus::Waiting(why)),
            Progress::Done(kind, text, took) => self.set(kind, StepStatus::Done(text, took)),
            Progress::Failed(kind, trouble) => {
                self.set(kind, StepStatus::Failed(trouble));
                (self.end, self.ended) = (Some(End::Failed), Some(now));
            }
            Progress::Finished(outcome) => {
                self.journal = Some(Box::new(outcome.journal.clone()));
                (self.end, self.ended) = (Some(End::Done(outcome)), Some(now));
            }
            Progress::Wrote(_) => {}
        }
    }

    fn set(&mut self, kind: StepKind, fare: StepStatus) {
        if let Some(step) = self.steps.iter_mut().find(|step| step.0 == kind) {
            step.2 = fare;
        }
    }

    /// Whether it is at work.
    pub(crate) fn is_running(&self) -> bool {
        self.end.is_none() || matches!(self.end, Some(End::Undoing))
    }

    /// Whether `action` would do something now.
    pub(crate) fn possible(&self, action: Action) -> bool {
        match action {
            Action::Enter => matches!(self.end, Some(End::Done(_) | End::Undone(_))),
            Action::Retry => matches!(self.end, Some(End::Failed)) && self.journal.is_some(),
            Action::Undo => {
                matches!(self.end, Some(End::Done(_) | End::Failed | End::Undone(Err(_)))) && self.journal.is_some()
            }
            Action::Later => matches!(self.end, None | Some(End::Failed)),
            _ => true,
        }
    }
}
