//! Issues a certificate and access: preflight, steps, journal, resume, undo, verification.
//!
//! Before each write the journal in the state folder says what is about to be written. Every step and every undo first
//! looks whether that was done, so that both are right wherever an issuance was cut off.

mod approval;
mod clearance;
pub(crate) mod entries;
pub(crate) mod journal;
pub(crate) mod preflight;
pub(crate) mod progress;
mod run;
mod steps;
pub(crate) mod undo;
pub(crate) mod verify_login;

pub(crate) use approval::why_refused;
pub(crate) use clearance::IssueAuthorization;
pub(crate) use journal::Journal;
pub(crate) use preflight::{Note, PreflightReport, preflight};
pub use progress::WriteRecord;
pub(crate) use progress::{IssueOutcome, Progress};
pub(crate) use run::{Stopped, run};
pub(crate) use undo::undo;
