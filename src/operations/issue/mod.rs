//! Carries out an order step by step, journals it, resumes it, undoes it, proves it.
//!
//! Before each write the journal in the state folder says what is about to be written. Every step and every undo first
//! looks whether that was done, so that both are right wherever an issuance was cut off.

mod approval;
pub mod entries;
pub mod journal;
mod judging;
pub mod preflight;
pub mod progress;
mod run;
mod steps;
pub mod undo;
pub mod verify_login;

pub use approval::why_refused;
pub use journal::Journal;
pub use judging::Issuer;
pub use preflight::{Note, PreflightReport, preflight};
pub use progress::{IssueOutcome, Progress, WriteRecord};
pub use run::{Stopped, run};
pub use undo::undo;
