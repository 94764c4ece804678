//! The Activity pane: the writes that this process made, the last [`KEPT`] of them.

pub(crate) mod pane;
pub(crate) mod update;
pub(crate) mod view;

use chrono::{DateTime, Utc};

use crate::operations::issue::WriteRecord;

/// As many writes are kept: a console that is open for months does not grow by what was done in it.
pub const KEPT: usize = 1_000;

/// One write, and when it ended.
#[derive(Debug, Clone)]
pub struct Record {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub written: WriteRecord,
}

/// The writes, the last one first.
#[derive(Debug, Default)]
pub struct ActivityPane {
    records: Vec<Record>,
    /// How many there were in all.
    count: usize,
    /// The place of the cursor.
    pub place: usize,
}

impl ActivityPane {
    /// Adds a write that has just ended. The cursor stays on the record it was on, as long as that is kept.
    pub fn add(&mut self, at: DateTime<Utc>, written: WriteRecord) {
        self.count += 1;
        self.records.truncate(KEPT - 1);
        self.records.insert(0, Record { at, written });
        if self.place > 0 {
            self.place = (self.place + 1).min(self.records.len() - 1);
        }
    }

    /// How many writes there were, those that are not kept too.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The writes that are kept, the last one first.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The write under the cursor.
    pub(crate) fn chosen(&self) -> Option<&Record> {
        self.records.get(self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_thousand_are_kept_and_all_are_counted() {
        let mut activity = ActivityPane::default();
        let written = |number: usize| WriteRecord {
            what: "approve",
            object: number.to_string(),
            outcome: Ok("done".into()),
            command: crate::domain::output::shell::ShellLine::default(),
        };
        activity.add(DateTime::UNIX_EPOCH, written(0));
        activity.add(DateTime::UNIX_EPOCH, written(1));
        activity.place = 1;
        for number in 2..KEPT + 500 {
            activity.add(DateTime::UNIX_EPOCH, written(number));
            assert!(activity.chosen().is_some());
        }
        assert_eq!((activity.records().len(), activity.count()), (KEPT, KEPT + 500));
        assert_eq!(activity.records()[0].written.object, (KEPT + 499).to_string());
        assert_eq!(activity.chosen().map(|record| record.written.object.as_str()), Some("500"));
    }
}
