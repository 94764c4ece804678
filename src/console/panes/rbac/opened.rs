//! A page of the trail: what it is about, its rows, and where its cursor is.

use crate::console::panes::rbac::Access;
use crate::console::panes::rbac::access::Server;
use crate::console::panes::rbac::rows::RowEntry;
use crate::domain::access::object::Named;
use crate::domain::access::{Action, Principal};

/// What a page is about.
#[derive(Debug)]
pub enum RbacPage {
    /// All subjects of bindings, and those that pending requests would create.
    Subjects,
    /// All roles.
    Roles,
    /// All bindings.
    Bindings,
    /// Who can do something; `None` until it is asked.
    WhoCan(Option<Action>),
    /// What someone may do, as a table.
    Access(Box<Access>),
    /// The bindings of someone that grant something.
    Grants(Principal, Action),
    /// A role's rules.
    Role(Named),
    /// Who holds a role.
    Holders(Named),
    /// A binding's role and subjects.
    Binding(Named),
}

/// The four ways in, in the order of the view key.
pub(crate) const WAYS: [&str; 4] = ["Subjects", "Roles", "Bindings", "Who can"];

impl RbacPage {
    /// Which way in it is; `None` for pages that are walked to.
    pub(crate) const fn way(&self) -> Option<usize> {
        match self {
            Self::Subjects => Some(0),
            Self::Roles => Some(1),
            Self::Bindings => Some(2),
            Self::WhoCan(_) => Some(3),
            _ => None,
        }
    }

    /// The way in of that number.
    pub(crate) const fn of_way(way: usize) -> Self {
        match way {
            0 => Self::Subjects,
            1 => Self::Roles,
            2 => Self::Bindings,
            _ => Self::WhoCan(None),
        }
    }

    /// What the title says of it. Not yet made printable.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::Subjects => "Subjects".to_owned(),
            Self::Roles => "Roles".to_owned(),
            Self::Bindings => "Bindings".to_owned(),
            Self::WhoCan(None) => "Who can".to_owned(),
            Self::WhoCan(Some(action)) => format!("Who can {action}"),
            Self::Access(access) => access.title(),
            Self::Grants(who, action) => format!("{who}: what grants {action}"),
            Self::Role(named) | Self::Binding(named) => named.to_string(),
            Self::Holders(named) => format!("who holds {named}"),
        }
    }
}

/// A page with its rows and its cursor. The cursor stays on its row whatever changes around it.
#[derive(Debug)]
pub struct PageState {
    /// What it is about.
    pub page: RbacPage,
    /// Its rows, those that the search leaves.
    pub rows: Vec<RowEntry>,
    /// How many there are without the search.
    pub total: usize,
    /// The search.
    pub search: String,
    /// The server's word on what was asked last.
    pub server: Option<Server>,
    place: usize,
    top: usize,
}

impl PageState {
    /// A page whose rows are not made yet.
    pub(crate) const fn new(page: RbacPage) -> Self {
        Self { page, rows: Vec::new(), total: 0, search: String::new(), server: None, place: 0, top: 0 }
    }

    /// The row under the cursor.
    pub(crate) fn chosen(&self) -> Option<&RowEntry> {
        self.rows.get(self.place)
    }

    /// The first row that is seen.
    pub(crate) const fn top(&self) -> usize {
        self.top
    }

    /// The cursor's place.
    pub(crate) const fn place(&self) -> usize {
        self.place
    }

    /// The rows that are seen on `height` lines, each with whether it is under the cursor.
    pub(crate) fn window(&self, height: usize) -> impl Iterator<Item = (&RowEntry, bool)> {
        let rows = self.rows.iter().enumerate().skip(self.top).take(height);
        rows.map(|(at, row)| (row, at == self.place))
    }

    /// Puts new rows in; the cursor follows its row, or stays where it was.
    pub(crate) fn fill(&mut self, rows: Vec<RowEntry>, height: usize) {
        let key = self.chosen().map(|row| row.key.clone());
        self.total = rows.len();
        let wanted = self.search.to_lowercase();
        self.rows = rows.into_iter().filter(|row| wanted.is_empty() || row.says(&wanted)).collect();
        let place = key.and_then(|key| self.rows.iter().position(|row| row.key == key));
        self.go(place.unwrap_or(self.place), height);
    }

    /// Moves by `steps` rows.
    pub(crate) fn step(&mut self, steps: isize, height: usize) {
        self.go(self.place.saturating_add_signed(steps), height);
    }

    /// Moves to a place, the last one if there are fewer.
    pub(crate) fn go(&mut self, place: usize, height: usize) {
        self.place = place.min(self.rows.len().saturating_sub(1));
        let height = height.max(1);
        let last = self.rows.len().saturating_sub(height);
        self.top = self.top.min(self.place).max((self.place + 1).saturating_sub(height)).min(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(names: &[&str]) -> Vec<RowEntry> {
        names.iter().map(|name| RowEntry::new(name.to_string(), vec![name.to_string()])).collect()
    }

    #[test]
    fn what_arrives_above_never_moves_the_cursor_to_another_row() {
        let mut opened = PageState::new(RbacPage::Roles);
        opened.fill(rows(&["b", "d"]), 5);
        opened.go(1, 5);
        opened.fill(rows(&["a", "b", "c", "d"]), 5);
        assert_eq!(opened.chosen().unwrap().key, "d");
        opened.fill(rows(&["a", "b", "c"]), 5);
        assert_eq!(opened.chosen().unwrap().key, "c");
    }

    #[test]
    fn the_cursor_is_always_in_sight() {
        let names: Vec<String> = (0..50).map(|at| at.to_string()).collect();
        let mut opened = PageState::new(RbacPage::Roles);
        opened.fill(rows(&names.iter().map(String::as_str).collect::<Vec<_>>()), 7);
        for steps in [1, 20, -3, 100, -7, -200, 49] {
            opened.step(steps, 7);
            assert_eq!(opened.window(7).filter(|(_, chosen)| *chosen).count(), 1, "{steps}");
        }
    }
}
