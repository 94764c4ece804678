//! The rows of the list: kept by uid, shown filtered and sorted.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use crate::cluster::watch::Change;
use crate::domain::request::State;
use crate::domain::row::Row;

/// Which states the list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Filter {
    /// Nobody decided yet.
    #[default]
    Pending,
    /// Exactly this state.
    Only(State),
    /// Everything.
    All,
}

impl Filter {
    /// In the order in which the filter key walks through them.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Only(State::Approved),
        Self::Only(State::Issued),
        Self::Only(State::Denied),
        Self::Only(State::Failed),
        Self::All,
    ];

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|filter| *filter == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// The word in the title.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending | Self::Only(State::Pending) => "pending",
            Self::Only(State::Approved) => "approved, not issued",
            Self::Only(State::Issued) => "issued",
            Self::Only(State::Denied) => "denied",
            Self::Only(State::Failed) => "failed",
            Self::All => "all",
        }
    }

    fn admits(self, row: &Row) -> bool {
        match self {
            Self::Pending => row.state == State::Pending,
            Self::Only(state) => row.state == state,
            Self::All => true,
        }
    }
}

/// What the list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Column {
    /// The oldest request first: it waits longest.
    #[default]
    Age,
    /// By name.
    Name,
    /// By the user that it would become.
    Identity,
    /// By signer.
    Signer,
    /// The longest life first.
    Life,
    /// The worst verdict first.
    Verdict,
}

impl Column {
    /// In the order in which the sort key walks through them.
    pub const ALL: [Self; 6] = [Self::Age, Self::Name, Self::Identity, Self::Signer, Self::Life, Self::Verdict];

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|column| *column == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// The word in the title.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Name => "name",
            Self::Identity => "identity",
            Self::Signer => "signer",
            Self::Life => "life",
            Self::Verdict => "verdict",
        }
    }

    fn order(self, a: &Row, b: &Row) -> Ordering {
        match self {
            Self::Age => a.created_at.cmp(&b.created_at),
            Self::Name => Ordering::Equal,
            Self::Identity => a.identity.user.cmp(&b.identity.user),
            Self::Signer => a.signer_name.cmp(&b.signer_name),
            Self::Life => life(b).cmp(&life(a)),
            Self::Verdict => b.level.cmp(&a.level),
        }
    }
}

/// No life asked for means the signer's longest.
fn life(row: &Row) -> i32 {
    row.expiration_seconds.unwrap_or(i32::MAX)
}

/// All rows, and which of them are on the list in which order.
#[derive(Debug, Default)]
pub struct Index {
    rows: HashMap<String, Row>,
    /// Uids seen since a list began; the others are gone when it is complete.
    relisted: Option<HashSet<String>>,
    shown: Vec<String>,
    filter: Filter,
    column: Column,
    reversed: bool,
    search: String,
    held: Option<String>,
    pending: usize,
    /// How many rows there were when they were last put in order.
    arranged: usize,
}

impl Index {
    /// A list begins: rows that it does not mention are dropped when it is complete, not before.
    pub fn begin_list(&mut self) {
        self.relisted = Some(HashSet::new());
    }

    /// The list is complete.
    pub fn end_list(&mut self) {
        if let Some(seen) = self.relisted.take() {
            self.rows.retain(|uid, _| seen.contains(uid));
            self.arrange();
        }
    }

    /// Takes a batch in.
    pub fn apply(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Applied(row) => {
                    if let Some(seen) = &mut self.relisted {
                        seen.insert(row.pin.uid.clone());
                    }
                    self.rows.insert(row.pin.uid.clone(), *row);
                }
                Change::Deleted { uid, .. } => {
                    self.rows.remove(&uid);
                }
            }
        }
        // While a long list is read, its rows are put in order whenever their number has doubled, and at its end.
        if self.relisted.is_none() || self.rows.len() >= self.arranged * 2 {
            self.arrange();
        }
    }

    /// Shows only what `filter` admits.
    pub fn set_filter(&mut self, filter: Filter) {
        self.filter = filter;
        self.arrange();
    }

    /// Sorts by `column`, the other way round if `reversed`.
    pub fn set_sort(&mut self, column: Column, reversed: bool) {
        (self.column, self.reversed) = (column, reversed);
        self.arrange();
    }

    /// Shows only rows that contain `text` in name, identity, groups, signer, requester or verdict; case is ignored.
    pub fn set_search(&mut self, text: &str) {
        self.search = text.to_lowercase();
        self.arrange();
    }

    /// Keeps one row on the list even when the filter would drop it: the one under the cursor, so that a decision's
    /// result is seen where the request stood.
    pub fn hold(&mut self, uid: Option<String>) {
        if self.held == uid {
            return;
        }
        let released = std::mem::replace(&mut self.held, uid);
        let leaves = released.and_then(|uid| self.rows.get(&uid)).is_some_and(|row| !self.admits(row));
        if leaves {
            self.arrange();
        }
    }

    /// The filter in force.
    pub fn filter(&self) -> Filter {
        self.filter
    }

    /// The sort in force: column and whether reversed.
    pub fn sort(&self) -> (Column, bool) {
        (self.column, self.reversed)
    }

    /// The search in force, in lower case.
    pub fn search(&self) -> &str {
        &self.search
    }

    /// How many rows are on the list.
    pub fn len(&self) -> usize {
        self.shown.len()
    }

    /// Whether the list shows nothing.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// How many requests there are.
    pub fn total(&self) -> usize {
        self.rows.len()
    }

    /// How many of them are pending.
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// The row at a place of the list.
    pub fn at(&self, place: usize) -> Option<&Row> {
        self.rows.get(self.shown.get(place)?)
    }

    /// The row of an object, on the list or not.
    pub fn get(&self, uid: &str) -> Option<&Row> {
        self.rows.get(uid)
    }

    /// Where an object stands on the list.
    pub fn place(&self, uid: &str) -> Option<usize> {
        self.shown.iter().position(|shown| shown == uid)
    }

    /// The rows from `top`, `count` at most.
    pub fn window(&self, top: usize, count: usize) -> impl Iterator<Item = &Row> {
        self.shown.iter().skip(top).take(count).filter_map(|uid| self.rows.get(uid))
    }

    fn arrange(&mut self) {
        self.arranged = self.rows.len();
        self.pending = self.rows.values().filter(|row| row.state == State::Pending).count();
        let mut shown: Vec<&Row> = self.rows.values().filter(|row| self.admits(row)).collect();
        let (column, reversed) = (self.column, self.reversed);
        shown.sort_unstable_by(|a, b| {
            let order = column.order(a, b);
            let order = if reversed { order.reverse() } else { order };
            order.then_with(|| a.pin.name.cmp(&b.pin.name)).then_with(|| a.pin.uid.cmp(&b.pin.uid))
        });
        if column == Column::Name && reversed {
            shown.reverse();
        }
        self.shown = shown.into_iter().map(|row| row.pin.uid.clone()).collect();
    }

    fn admits(&self, row: &Row) -> bool {
        let held = self.held.as_ref() == Some(&row.pin.uid);
        held || (self.filter.admits(row) && (self.search.is_empty() || self.found(row)))
    }

    fn found(&self, row: &Row) -> bool {
        [&row.pin.name, &row.identity.user, &row.signer_name, &row.requester]
            .into_iter()
            .chain(&row.identity.groups)
            .any(|text| text.to_lowercase().contains(&self.search))
            || row.headline.contains(&self.search)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::requests::testing::row;

    fn applied(rows: Vec<Row>) -> Vec<Change> {
        rows.into_iter().map(|row| Change::Applied(Box::new(row))).collect()
    }

    fn names(index: &Index) -> Vec<&str> {
        index.window(0, usize::MAX).map(|row| row.pin.name.as_str()).collect()
    }

    #[test]
    fn the_request_that_waits_longest_stands_first() {
        let mut index = Index::default();
        index.apply(applied(vec![row("young", 10), row("old", 1), row("middle", 5)]));
        assert_eq!(names(&index), ["old", "middle", "young"]);
        index.set_sort(Column::Age, true);
        assert_eq!(names(&index), ["young", "middle", "old"]);
        index.set_sort(Column::Name, true);
        assert_eq!(names(&index), ["young", "old", "middle"]);
    }

    #[test]
    fn a_decided_request_leaves_the_pending_list_unless_the_cursor_holds_it() {
        let mut index = Index::default();
        index.apply(applied(vec![row("a", 1), row("b", 2)]));
        index.hold(Some("uid-a".into()));
        let decided = Row { state: State::Approved, ..row("a", 1) };
        index.apply(applied(vec![decided]));
        assert_eq!((names(&index), index.pending(), index.total()), (vec!["a", "b"], 1, 2));
        index.hold(None);
        assert_eq!(names(&index), ["b"]);
    }

    #[test]
    fn old_rows_stay_while_a_list_is_read_again_and_go_when_it_is_complete() {
        let mut index = Index::default();
        index.apply(applied(vec![row("kept", 1), row("gone", 2)]));
        index.begin_list();
        index.apply(applied(vec![row("kept", 1)]));
        assert_eq!(names(&index), ["kept", "gone"]);
        index.end_list();
        assert_eq!(names(&index), ["kept"]);
    }

    #[test]
    fn search_looks_at_names_identities_and_groups() {
        let mut index = Index::default();
        let mut jane = row("req-1", 1);
        jane.identity.user = "Jane".into();
        jane.identity.groups = vec!["payments".into()];
        index.apply(applied(vec![jane, row("req-2", 2)]));
        for text in ["jane", "PAYM", "req-1"] {
            index.set_search(text);
            assert_eq!(names(&index), ["req-1"], "{text}");
        }
    }
}
