//! The review: the plan, rehearsed by the server, before anything is written.

use crate::console::effect::EffectId;
use crate::domain::plan::StepKind;
use crate::issuance::{Note, Rehearsal};
use crate::trouble::Trouble;

/// How far the rehearsal is.
#[derive(Debug, Default)]
pub struct Review {
    /// The question that is open.
    pub asked: Option<EffectId>,
    /// Its answer.
    pub answer: Option<Result<Rehearsal, Trouble>>,
    /// First line shown.
    pub scroll: usize,
}

impl Review {
    /// A rehearsal begins.
    pub fn ask(&mut self, id: EffectId) {
        *self = Self { asked: Some(id), answer: None, scroll: 0 };
    }

    /// Its answer came; one to an older question is ignored.
    pub fn heard(&mut self, id: EffectId, answer: Result<Rehearsal, Trouble>) {
        if self.asked == Some(id) {
            self.asked = None;
            self.answer = Some(answer);
        }
    }

    /// Whether the plan may be run.
    pub fn is_clear(&self) -> bool {
        matches!(&self.answer, Some(Ok(rehearsal)) if rehearsal.is_clear())
    }

    /// What was found out about a step.
    pub fn notes(&self, step: StepKind) -> impl Iterator<Item = &Note> {
        let notes = match &self.answer {
            Some(Ok(rehearsal)) => rehearsal.notes.as_slice(),
            _ => &[],
        };
        notes.iter().filter(move |note| note.step == step)
    }
}
