//! Many requests decided on one sheet: what they are, what is excluded and why, progress, results.
//!
//! The sheet holds the rows as they were when it was drawn. Nothing that came or changed later is decided by it.

pub(crate) mod result;
mod run;
mod sheet;
pub(crate) mod update;
pub(crate) mod view;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::cluster::Verb;
use crate::console::widgets::form::Form;
use crate::domain::policy_file::PolicyFile;
use crate::domain::row::Row;
use crate::domain::verdict::Level;

pub(crate) use run::{Phase, Run};

/// A bulk decision being made.
#[derive(Debug)]
pub(crate) struct BulkDialog {
    /// Approve or deny.
    pub verb: Verb,
    /// The requests, as they were when the sheet was drawn.
    pub rows: Vec<Row>,
    /// The levels of verdict that are decided here.
    pub included: Vec<Level>,
    /// The names typed of dangerous ones, by their places.
    pub confirmed: HashMap<usize, String>,
    /// Counts the changes of what a yes would decide.
    revision: u64,
    /// Requests that were meant but are decided already.
    pub decided_before: usize,
    /// What the policy lets bulk decisions approve.
    pub policy: PolicyFile,
    /// The line that the cursor is on.
    pub line: BulkLine,
    /// The name of a dangerous one, reason, message.
    pub form: Form<BulkField>,
    /// A remark about the last key.
    pub note: Option<String>,
    /// How far it is.
    pub phase: Phase,
}

/// A line of the sheet that the cursor can be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BulkLine {
    /// The requests of one level.
    Level(Level),
    /// A field.
    Field(BulkField),
}

/// The fields of the sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BulkField {
    /// The name of a dangerous one, to be included.
    Name,
    /// One word for machines.
    Reason,
    /// A sentence for people.
    Message,
}

/// The levels in the order of the sheet.
pub(crate) const LEVELS: [Level; 5] = [Level::Ok, Level::Notice, Level::Warning, Level::Danger, Level::WillFail];

impl BulkDialog {
    /// Whether a field has the keyboard.
    pub(crate) fn is_typing(&self) -> bool {
        matches!((&self.phase, self.line), (Phase::Asking, BulkLine::Field(_)))
    }
}
