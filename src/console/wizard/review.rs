//! The review: the plan, rehearsed by the server and judged, before anything is written.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::console::core::effect_id::EffectId;
use crate::console::widgets::form::Form;
use crate::domain::plan::StepKind;
use crate::domain::verdict::Verdict;
use crate::error::UserError;
use crate::operations::issue::{Note, PreflightReport};

/// How far the rehearsal is.
#[derive(Debug, Default)]
pub struct Review {
    /// The question that is open.
    pub asked: Option<EffectId>,
    /// Its answer.
    pub answer: Option<Result<PreflightReport, UserError>>,
    /// First line of the plan shown.
    pub scroll: usize,
    /// The user's name, typed to confirm what is dangerous.
    pub name: Form<()>,
    /// A remark about the last key.
    pub note: Option<&'static str>,
}

impl Review {
    /// A rehearsal begins.
    pub(crate) fn ask(&mut self, id: EffectId) {
        *self = Self { asked: Some(id), name: Form::default().text((), "Name", ""), ..Self::default() };
    }

    /// Its answer came; one to an older question is ignored.
    pub(crate) fn apply(&mut self, id: EffectId, answer: Result<PreflightReport, UserError>) {
        if self.asked == Some(id) {
            self.asked = None;
            self.answer = Some(answer);
        }
    }

    fn rehearsal(&self) -> Option<&PreflightReport> {
        self.answer.as_ref().and_then(|answer| answer.as_ref().ok())
    }

    /// Whether the plan may be run.
    pub(crate) fn is_clear(&self) -> bool {
        self.rehearsal().is_some_and(PreflightReport::is_clear)
    }

    /// Whether the plan may be run by who types the user's name.
    pub(crate) fn wants_name(&self) -> bool {
        self.rehearsal().is_some_and(PreflightReport::wants_name)
    }

    /// The verdict on the request that would be made.
    pub(crate) fn verdict(&self) -> Option<&Verdict> {
        self.rehearsal()?.verdict.as_ref()
    }

    /// What a yes depends on: another number whenever that changes.
    pub(crate) fn question(&self) -> u64 {
        let mut hash = DefaultHasher::new();
        (self.is_clear(), self.wants_name()).hash(&mut hash);
        for finding in self.verdict().iter().flat_map(|verdict| &verdict.findings) {
            (finding.rule, finding.level, &finding.text).hash(&mut hash);
        }
        hash.finish()
    }

    /// What was found out about a step.
    pub(crate) fn notes(&self, step: StepKind) -> impl Iterator<Item = &Note> {
        let notes = self.rehearsal().map_or(&[][..], |rehearsal| rehearsal.notes.as_slice());
        notes.iter().filter(move |note| note.step == step)
    }
}
