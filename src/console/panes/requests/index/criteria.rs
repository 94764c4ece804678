//! Which rows the list shows, and in which order they stand.

use std::cmp::Ordering;

use crate::console::panes::requests::columns;
use crate::domain::request::RequestState;
use crate::domain::row::Row;
use crate::domain::verdict::Level;

/// Which states the list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Filter {
    /// No one decided yet.
    #[default]
    Pending,
    /// Exactly this state.
    Only(RequestState),
    /// Everything.
    All,
}

impl Filter {
    /// In the order in which the filter key walks through them.
    pub(crate) const ALL: [Self; 6] = [
        Self::Pending,
        Self::Only(RequestState::Approved),
        Self::Only(RequestState::Issued),
        Self::Only(RequestState::Denied),
        Self::Only(RequestState::Failed),
        Self::All,
    ];

    /// The next one.
    #[must_use]
    pub(crate) fn next(self) -> Self {
        let at = Self::ALL.iter().position(|filter| *filter == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// The word in the title.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Pending => RequestState::Pending.word(),
            Self::Only(RequestState::Approved) => "approved, not issued",
            Self::Only(state) => state.word(),
            Self::All => "all",
        }
    }

    pub(super) fn admits(self, row: &Row) -> bool {
        match self {
            Self::Pending => row.state == RequestState::Pending,
            Self::Only(state) => row.state == state,
            Self::All => true,
        }
    }
}

/// What the list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortKey {
    /// The oldest request first: it waits longest.
    #[default]
    Age,
    /// By name.
    Name,
    /// By the user that it would become.
    Identity,
    /// By who asked.
    Requester,
    /// By signer.
    Signer,
    /// The longest life first.
    Life,
    /// The worst verdict first.
    Verdict,
}

impl SortKey {
    /// In the order in which the sort key walks through them.
    pub(crate) const ALL: [Self; 7] =
        [Self::Age, Self::Name, Self::Identity, Self::Requester, Self::Signer, Self::Life, Self::Verdict];

    /// The next one.
    #[must_use]
    pub(crate) fn next(self) -> Self {
        let at = Self::ALL.iter().position(|column| *column == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// The word in the title.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Name => "name",
            Self::Identity => "identity",
            Self::Requester => "requester",
            Self::Signer => "signer",
            Self::Life => "life",
            Self::Verdict => "verdict",
        }
    }

    /// The column of the list that shows what is sorted by.
    pub(crate) const fn column(self) -> columns::Column {
        match self {
            Self::Age => columns::Column::Age,
            Self::Name => columns::Column::Name,
            Self::Identity => columns::Column::Identity,
            Self::Requester => columns::Column::Requester,
            Self::Signer => columns::Column::Signer,
            Self::Life => columns::Column::Life,
            Self::Verdict => columns::Column::Verdict,
        }
    }

    /// The text that rows are ordered by, where it is one.
    pub(super) fn text(self, row: &Row) -> Option<&str> {
        match self {
            Self::Identity => Some(&row.user),
            Self::Requester => Some(&row.requester.user),
            Self::Signer => Some(&row.signer),
            Self::Age | Self::Name | Self::Life | Self::Verdict => None,
        }
    }

    /// The number that rows are ordered by where it is no text; equal ones stand by name.
    pub(super) fn number(self, row: &Row) -> u64 {
        match self {
            Self::Age => row.created_at.map_or(0, |at| at.timestamp().cast_unsigned() ^ (1 << 63)),
            // No life asked for means the signer's longest.
            Self::Life => u64::from(u32::MAX) - u64::from(row.expiration_seconds.unwrap_or(i32::MAX).cast_unsigned()),
            Self::Verdict => Level::Danger as u64 - row.level as u64,
            Self::Name | Self::Identity | Self::Requester | Self::Signer => 0,
        }
    }
}

/// What the list shows, and in which order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Criteria {
    /// Which states.
    pub filter: Filter,
    /// The column that it is sorted by.
    pub column: SortKey,
    /// The other way round.
    pub reversed: bool,
    /// Only rows that contain this, in lower case; empty: all.
    pub search: String,
}

impl Criteria {
    /// Everything by name: the order that all others fall back on.
    pub(super) fn by_name() -> Self {
        Self { filter: Filter::All, column: SortKey::Name, ..Self::default() }
    }

    /// Which of two rows is first. No two rows are equal.
    pub(super) fn order(&self, a: &Row, b: &Row) -> Ordering {
        let column = match (self.column, self.column.text(a), self.column.text(b)) {
            (SortKey::Name, ..) => by_name(a, b),
            (_, Some(a), Some(b)) => a.cmp(b),
            _ => self.column.number(a).cmp(&self.column.number(b)),
        };
        let column = if self.reversed { column.reverse() } else { column };
        column.then_with(|| by_name(a, b))
    }
}

fn by_name(a: &Row, b: &Row) -> Ordering {
    a.name.cmp(&b.name).then_with(|| a.uid.cmp(&b.uid))
}
