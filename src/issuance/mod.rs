//! Carries out an order step by step, journals it, resumes it, undoes it, proves it.
//!
//! Before a step that would lose something if the process died, the journal in the state folder says so. Every step
//! first looks whether it has been done, so that an issuance goes on wherever it was cut off.

pub mod journal;
pub mod progress;
pub mod proof;
pub mod rehearsal;
mod run;
mod steps;
pub mod undo;

pub use journal::Journal;
pub use progress::{Outcome, Progress, Written};
pub use rehearsal::{Note, Rehearsal, rehearse};
pub use run::run;
pub use undo::undo;
