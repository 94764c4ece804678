//! The page of someone's access: a table of resources × verbs in one namespace, with a cursor on a cell.

use std::collections::BTreeSet;

use crate::cluster::rbac::Review;
use crate::console::core::effect_id::EffectId;
use crate::domain::access::matrix::{self, COLUMNS, Cell, MatrixRow};
use crate::domain::access::{Action, Catalogue, Grant, Policy, Principal};

/// The table and its cursor.
#[derive(Debug)]
pub struct Access {
    /// Whose access.
    pub who: Principal,
    /// The namespaces that can be looked at; `None` is the whole cluster.
    namespaces: Vec<Option<String>>,
    /// The one that is.
    at: usize,
    /// The table's lines, those that the search leaves.
    pub lines: Vec<MatrixRow>,
    /// Whether resources without any right are shown too.
    pub all: bool,
    /// Whether it has not been shown yet: it then begins where something is bound to them.
    fresh: bool,
    place: usize,
    top: usize,
    column: usize,
}

/// The server's word on one action.
#[derive(Debug)]
pub struct Server {
    /// What was asked.
    pub action: Action,
    pub who: Principal,
    /// Its state.
    pub answer: ServerAnswer,
}

/// The state of a question to the server.
#[derive(Debug)]
pub enum ServerAnswer {
    /// On its way.
    Asked(EffectId),
    /// The answer, and how many milliseconds it took.
    Answered(Review, u64),
    /// No answer, and why.
    Failed(String),
}

impl Access {
    /// The table of someone, beginning in `namespace`.
    pub(crate) fn new(who: Principal, namespace: Option<&str>) -> Self {
        let namespaces = vec![namespace.filter(|name| !name.is_empty()).map(ToOwned::to_owned)];
        Self { who, namespaces, at: 0, lines: Vec::new(), all: false, fresh: true, place: 0, top: 0, column: 0 }
    }

    /// The namespace that is looked at; `None`: the whole cluster.
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.namespaces.get(self.at).and_then(Option::as_deref)
    }

    /// `user jane + groups dev, qa · namespace default`. Not yet made printable.
    pub(crate) fn title(&self) -> String {
        let place = self.namespace().map_or_else(|| "all namespaces".to_owned(), |name| format!("namespace {name}"));
        let several = if self.namespaces.len() > 1 {
            format!(" ({}/{})", self.at + 1, self.namespaces.len())
        } else {
            String::new()
        };
        let user = if self.who.user.is_empty() { "" } else { "user " };
        format!("{user}{} · {place}{several}", self.who)
    }

    /// Every rule that holds where the table looks.
    pub(crate) fn grants<'a>(&self, policy: &'a Policy) -> Vec<Grant<'a>> {
        policy.rules_of(&self.who, self.namespace()).collect()
    }

    /// Makes the lines again, those that contain `search`; `fixed` is the only namespace that anything is known of.
    pub(crate) fn refresh(
        &mut self,
        policy: &Policy,
        catalogue: &Catalogue,
        search: &str,
        fixed: Option<&str>,
        height: usize,
    ) {
        self.find_namespaces(policy, fixed);
        let line = self.line().cloned();
        let grants = self.grants(policy);
        let wanted = search.to_lowercase();
        self.lines = matrix::lines(&grants, catalogue, self.namespace(), self.all);
        self.lines.retain(|line| wanted.is_empty() || line.text().to_lowercase().contains(&wanted));
        let place = line.and_then(|line| self.lines.iter().position(|other| *other == line));
        self.go(place.unwrap_or(self.place), height);
    }

    /// The one looked at first, then those in which something is bound to them, then the whole cluster.
    fn find_namespaces(&mut self, policy: &Policy, fixed: Option<&str>) {
        let now = self.namespaces.get(self.at).cloned().flatten();
        if let Some(fixed) = fixed {
            (self.namespaces, self.at) = (vec![Some(fixed.to_owned())], 0);
            return;
        }
        let first = self.namespaces.first().cloned().flatten();
        let bound: BTreeSet<_> =
            policy.all_bindings_of(&self.who).into_iter().filter_map(|(binding, _)| binding.scope.clone()).collect();
        let others = bound.into_iter().filter(|name| Some(name) != first.as_ref()).map(Some);
        let had_cluster = self.at > 0 && now.is_none();
        self.namespaces = first.clone().map(Some).into_iter().chain(others).chain([None]).collect();
        let place = self.namespaces.iter().position(|name| *name == now);
        self.at = if had_cluster { self.namespaces.len() - 1 } else { place.unwrap_or(0) };
        let here = |namespace: Option<&str>| {
            let bound = policy.bindings_of(&self.who, namespace);
            bound.iter().any(|(_, subject)| subject.name != crate::domain::access::AUTHENTICATED)
        };
        if std::mem::take(&mut self.fresh) && !here(first.as_deref()) && self.namespaces.len() > 2 {
            self.at = 1;
        }
    }

    /// Looks at the next namespace, or the one before.
    pub(crate) fn turn_namespace(&mut self, forward: bool) {
        let count = self.namespaces.len().max(1);
        self.at = if forward { self.at + 1 } else { self.at + count - 1 } % count;
    }

    /// The line under the cursor.
    pub(crate) fn line(&self) -> Option<&MatrixRow> {
        self.lines.get(self.place)
    }

    /// The column under the cursor; beyond [`COLUMNS`] is the one of all other verbs.
    pub(crate) const fn column(&self) -> usize {
        self.column
    }

    /// The lines that are seen on `height` lines, each with whether it is under the cursor.
    pub(crate) fn window(&self, height: usize) -> impl Iterator<Item = (&MatrixRow, bool)> {
        self.lines.iter().enumerate().skip(self.top).take(height).map(|(at, line)| (line, at == self.place))
    }

    /// The cell under the cursor.
    pub(crate) fn cell<'a>(&self, policy: &'a Policy, catalogue: &Catalogue) -> Option<Cell<'a>> {
        Some(matrix::cell(&self.grants(policy), self.line()?, self.column, catalogue))
    }

    /// The action that the cell under the cursor is about.
    pub(crate) fn action(&self, policy: &Policy, catalogue: &Catalogue) -> Option<Action> {
        let line = self.line()?;
        let verb = match COLUMNS.get(self.column) {
            Some(verb) => (*verb).to_owned(),
            None => {
                self.cell(policy, catalogue)?.verbs.into_iter().next().unwrap_or_else(|| other_verb(line, catalogue))
            }
        };
        Some(line.action(&verb, self.namespace()))
    }

    /// Moves the cursor by columns.
    pub(crate) fn turn_column(&mut self, forward: bool) {
        let last = COLUMNS.len();
        self.column = if forward { (self.column + 1).min(last) } else { self.column.saturating_sub(1) };
    }

    /// Moves the cursor by `steps` lines.
    pub(crate) fn step(&mut self, steps: isize, height: usize) {
        self.go(self.place.saturating_add_signed(steps), height);
    }

    fn go(&mut self, place: usize, height: usize) {
        self.place = place.min(self.lines.len().saturating_sub(1));
        let height = height.max(1);
        let last = self.lines.len().saturating_sub(height);
        self.top = self.top.min(self.place).max((self.place + 1).saturating_sub(height)).min(last);
    }
}

/// A verb without a column that the resource has.
fn other_verb(line: &MatrixRow, catalogue: &Catalogue) -> String {
    let MatrixRow::Resource(name) = line else { return "post".to_owned() };
    let verbs = catalogue.kind(name).map(|kind| kind.verbs.as_slice()).unwrap_or_default();
    let other = verbs.iter().find(|verb| !COLUMNS.contains(&verb.as_str()));
    other.cloned().unwrap_or_else(|| "deletecollection".to_owned())
}
