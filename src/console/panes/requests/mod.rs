//! The Requests pane: the live list of CSRs, what is behind the one under the cursor, and what can be done to it.

pub(crate) mod access;
pub(crate) mod columns;
pub(crate) mod cursor;
pub(crate) mod detail;
pub(crate) mod index;
pub(crate) mod judging;
pub(crate) mod layout;
pub(crate) mod list;
pub(crate) mod pane;
pub(crate) mod table;
pub(crate) mod update;
pub(crate) mod view;

#[cfg(test)]
pub(crate) mod testing;

use tui_input::Input;

use crate::domain::interner::Uid;
use crate::domain::request::{Request, RequestVersion};
use crate::domain::row::Row;
use crate::domain::verdict::Verdict;

use cursor::Cursor;
use list::RequestList;

/// What the pane shows of the list, and where in it the user is.
#[derive(Debug, Default)]
pub struct RequestsPane {
    /// The row that is meant, and the part of the list that is seen.
    pub cursor: Cursor,
    /// What was read of the request under the cursor.
    pub detail: Detail,
    /// The search while it is typed.
    pub typing: Option<Input>,
    /// The request opened as a page.
    pub page: Option<DetailPage>,
}

/// What is known of the request under the cursor beyond its row.
#[derive(Debug, Default)]
pub struct Detail {
    /// The last one that was read.
    pub loaded: Option<Box<Loaded>>,
    /// Why the last reading failed.
    pub trouble: Option<String>,
    /// The object being read. One at a time: a held-down key does not flood the server.
    pub reading: Option<RequestVersion>,
}

/// A request read in full.
#[derive(Debug)]
pub struct Loaded {
    /// Decoded.
    pub request: Request,
    /// Judged.
    pub verdict: Verdict,
    /// The object as YAML, without managedFields.
    pub yaml: String,
}

/// A request as a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DetailPage {
    /// What of it is shown.
    pub tab: Tab,
    /// First line shown.
    pub scroll: usize,
}

/// The parts of a request's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    /// Who, what, how long, the verdict.
    #[default]
    Summary,
    /// What it would hand out.
    Access,
    /// The issued certificate.
    Certificate,
    /// The object.
    Yaml,
}

impl Tab {
    /// In the order in which they are shown.
    pub(crate) const ALL: [Self; 4] = [Self::Summary, Self::Access, Self::Certificate, Self::Yaml];

    /// The next one.
    #[must_use]
    pub(crate) fn next(self) -> Self {
        let at = Self::ALL.iter().position(|tab| *tab == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// Its heading.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::Access => "Access",
            Self::Certificate => "Certificate",
            Self::Yaml => "YAML",
        }
    }
}

impl RequestsPane {
    /// The row under the cursor.
    pub(crate) fn chosen<'a>(&self, list: &'a RequestList) -> Option<&'a Row> {
        list.index.get(self.cursor.uid()?)
    }

    /// The request under the cursor in full, once it is read: of this object, perhaps of an older version of it.
    pub(crate) fn loaded(&self) -> Option<&Loaded> {
        let uid = self.cursor.uid()?;
        self.detail.loaded.as_deref().filter(|loaded| Uid::of(&loaded.request.pin.uid) == *uid)
    }

    /// [`Self::loaded`], but only if it is the version that the row shows: what a decision may be based on.
    pub(crate) fn current(&self, list: &RequestList) -> Option<&Loaded> {
        let row = self.chosen(list)?;
        self.loaded().filter(|loaded| row.is(&loaded.request.pin))
    }
}
