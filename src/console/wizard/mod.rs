//! The new-user wizard: fields in four steps, a review, a run that ends with a proof.

pub(crate) mod fields;
pub(crate) mod review;
pub(crate) mod review_view;
pub(crate) mod run;
pub(crate) mod runner;
pub(crate) mod task;
pub(crate) mod update;
pub(crate) mod view;

pub(crate) use task::{WizardResult, WizardTask};

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use crate::console::core::clock::Clock;
use crate::console::core::dialog::PASTED;
use crate::console::core::keymap::{Action, KeyContext};
use crate::console::widgets::form::Form;
use crate::domain::issuance_request::OrderDefaults;
use crate::operations::issue::Journal;

use fields::WizardField;
use review::Review;
use run::Run;

/// The steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WizardStep {
    /// User, groups, key.
    Who,
    /// Signer, life, usages.
    Cert,
    /// What the user may do.
    Access,
    /// Where the credentials go.
    Kubeconfig,
    /// The whole plan, rehearsed.
    Review,
    /// At work, or done.
    Run,
}

impl WizardStep {
    /// In order.
    pub(crate) const ALL: [Self; 6] = [Self::Who, Self::Cert, Self::Access, Self::Kubeconfig, Self::Review, Self::Run];

    /// The word in the title.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Who => "1 Who",
            Self::Cert => "2 Cert",
            Self::Access => "3 Access",
            Self::Kubeconfig => "4 Kubeconfig",
            Self::Review => "5 Review",
            Self::Run => "6 Run",
        }
    }

    fn next(self) -> Self {
        Self::ALL.into_iter().find(|step| *step > self).unwrap_or(self)
    }

    fn previous(self) -> Self {
        Self::ALL.into_iter().rfind(|step| *step < self).unwrap_or(self)
    }
}

/// Everything about the wizard.
#[derive(Debug)]
pub struct Wizard {
    /// Where it is.
    pub step: WizardStep,
    /// All fields of all steps; which are seen depends on the step.
    pub form: Form<WizardField>,
    /// What the defaults depend on.
    pub around: OrderDefaults,
    /// The PKCS#10 file that was read last: its path, and its text or why it cannot be read.
    pub request: Option<(PathBuf, Result<String, String>)>,
    /// Whether problems are shown: not before someone wanted to go on.
    pub complain: bool,
    /// The review.
    pub review: Review,
    /// The run.
    pub run: Option<Run>,
    /// Issuances that were left unfinished.
    pub unfinished: Vec<Journal>,
}

impl Wizard {
    /// An empty wizard.
    pub(crate) fn new(around: OrderDefaults) -> Self {
        Self {
            step: WizardStep::Who,
            form: fields::form(&around),
            around,
            request: None,
            complain: false,
            review: Review::default(),
            run: None,
            unfinished: Vec::new(),
        }
    }

    /// Where keys are looked up.
    pub(crate) fn places(&self) -> Vec<KeyContext> {
        match self.step {
            WizardStep::Review if self.review.wants_name() => vec![KeyContext::Form, KeyContext::Always],
            WizardStep::Review => vec![KeyContext::WizardReview, KeyContext::Always],
            WizardStep::Run => vec![KeyContext::WizardRun, KeyContext::Always],
            _ => vec![KeyContext::Form, KeyContext::Always],
        }
    }

    /// Whether `action` would do something now.
    pub(crate) fn possible(&self, action: Action) -> bool {
        match (self.step, action) {
            (WizardStep::Review, Action::Yes) => self.review.is_clear(),
            (WizardStep::Run, action) => self.run.as_ref().is_some_and(|run| run.possible(action)),
            (WizardStep::Review, Action::NextStep | Action::Review | Action::Resume)
            | (WizardStep::Who, Action::PreviousStep) => false,
            _ => true,
        }
    }

    /// Whether `action` writes something, or ends more than what is seen. Resuming an issuance asks nothing, but what it is
    /// about must be on the screen.
    pub(crate) fn confirms(&self, action: Action) -> bool {
        match action {
            Action::Yes | Action::Resume | Action::Retry => true,
            Action::Enter => self.step >= WizardStep::Review,
            _ => false,
        }
    }

    /// When something changes by itself: the time that a run has taken.
    pub(crate) fn next_change(&self, clock: &Clock) -> Option<DateTime<Utc>> {
        self.run.as_ref().filter(|run| run.is_running()).map(|_| clock.now + chrono::TimeDelta::milliseconds(200))
    }

    /// Text pasted into the field that has the keyboard.
    ///
    /// # Errors
    /// Why nothing was pasted.
    pub(crate) fn paste(&mut self, text: &str) -> Result<(), &'static str> {
        if self.step < WizardStep::Review {
            self.form.paste(text)?;
            fields::follow(&mut self.form);
        } else if self.confirming_name().is_some() {
            self.review.name.clear(());
            self.review.note = Some(PASTED);
        }
        Ok(())
    }

    /// What has been typed of the name that confirms, while its field has the keyboard.
    pub(crate) fn confirming_name(&self) -> Option<&str> {
        (self.step == WizardStep::Review && self.review.wants_name()).then(|| self.review.name.value(()))
    }

    /// Whether a field is on the screen now.
    pub(crate) fn shows(&self, field: WizardField) -> bool {
        field.step() == self.step && fields::applies(&self.form, field)
    }

    /// Moves to a step, with the keyboard on its first field.
    fn go(&mut self, step: WizardStep) {
        self.step = step;
        let first = self.form.fields().iter().map(|field| field.id).find(|field| self.shows(*field));
        if let Some(first) = first {
            self.form.focus(first);
        }
    }
}
