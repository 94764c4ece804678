//! The Activity pane: every write that this process made.

pub mod view;

use chrono::{DateTime, Utc};

use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::overlay::{Overlay, Reader};
use crate::console::requests::update::steps;
use crate::console::state::State;
use crate::issuance::Written;

/// One write, and when it ended.
#[derive(Debug, Clone)]
pub struct Record {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub written: Written,
}

/// The writes, the last one first.
#[derive(Debug, Default)]
pub struct Activity {
    records: Vec<Record>,
    /// The place of the cursor.
    pub place: usize,
}

impl Activity {
    /// Adds a write that has just ended. The cursor stays on the record it was on.
    pub fn add(&mut self, at: DateTime<Utc>, written: Written) {
        if self.place > 0 {
            self.place += 1;
        }
        self.records.insert(0, Record { at, written });
    }

    /// The writes, the last one first.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The write under the cursor.
    pub fn chosen(&self) -> Option<&Record> {
        self.records.get(self.place)
    }
}

/// A key in this pane.
pub fn key(state: &mut State, action: Option<Action>) -> Vec<Effect> {
    let height = usize::from(state.body().height);
    let activity = &mut state.activity;
    match action {
        Some(Action::Commands) => {
            let lines: Vec<_> = activity.records.iter().rev().map(|record| record.written.command.clone()).collect();
            state.overlays.push(Overlay::Reader(Reader::new("Everything done here, by hand", lines)));
        }
        Some(Action::Back) => state.notice = None,
        Some(action) => {
            if let Some(steps) = steps(action, height) {
                let last = activity.records.len().saturating_sub(1);
                activity.place = activity.place.saturating_add_signed(steps).min(last);
            }
        }
        None => {}
    }
    Vec::new()
}
