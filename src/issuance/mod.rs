//! Carries out an order step by step, journals it, resumes it, undoes it, proves it.
//!
//! Before each write the journal in the state folder says what is about to be written. Every step and every undo first
//! looks whether that was done, so that both are right wherever an issuance was cut off.

mod approval;
pub mod entries;
pub mod journal;
mod judging;
pub mod progress;
pub mod proof;
pub mod rehearsal;
mod run;
mod steps;
pub mod undo;

pub use approval::why_refused;
pub use journal::Journal;
pub use judging::Issuer;
pub use progress::{Outcome, Progress, Written};
pub use rehearsal::{Note, Rehearsal, rehearse};
pub use run::{Stopped, run};
pub use undo::undo;
