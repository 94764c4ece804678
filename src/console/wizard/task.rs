//! What the wizard asks for, and the results.

use crate::console::core::effect_id::EffectId;
use crate::domain::gate::WritePermit;
use crate::domain::issuance_request::IssuanceRequest;
use crate::error::UserError;
use crate::operations::issue::{Journal, PreflightReport, Progress, WriteRecord};
use std::path::PathBuf;

/// What the wizard wants done.
#[derive(Debug)]
pub enum WizardTask {
    /// Find issuances that were left unfinished.
    LookForUnfinished,
    /// Read a PKCS#10 file.
    ReadRequest(PathBuf),
    /// Rehearse an order.
    Rehearse(EffectId, Box<IssuanceRequest>),
    /// Begin an issuance, with the names that confirm what is dangerous.
    Begin(EffectId, WritePermit, Box<IssuanceRequest>, Vec<String>),
    /// Go on with one, with the names that confirm what is dangerous.
    Resume(EffectId, WritePermit, Box<Journal>, Vec<String>),
    /// Stop at the next step's edge; what is done stays done.
    Cancel,
    /// Take back what an issuance made.
    Undo(EffectId, WritePermit, Box<Journal>),
}

/// A result for the wizard.
#[derive(Debug)]
pub enum WizardResult {
    /// Answer to [`WizardTask::LookForUnfinished`], the oldest first.
    Unfinished(Vec<Journal>),
    /// Answer to [`WizardTask::ReadRequest`].
    RequestRead(PathBuf, Result<String, String>),
    /// Answer to [`WizardTask::Rehearse`].
    Rehearsed(EffectId, Result<PreflightReport, UserError>),
    /// The journal of the issuance that begins.
    Began(EffectId, Box<Journal>),
    /// Its progress.
    Progress(EffectId, Progress),
    /// Answer to [`WizardTask::Undo`].
    Undone(EffectId, Result<Vec<WriteRecord>, UserError>),
}
