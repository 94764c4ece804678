//! The access of a principal as a table: resources × verbs, each cell with the chains that grant it.

use std::collections::BTreeSet;

use super::action::{Action, ResourceName};
use super::catalogue::Catalogue;
use super::policy::Grant;
use super::rule::{allows, list};

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatrixRow {
    /// A resource; `*` in it is what a rule with a wildcard says.
    Resource(ResourceName),
    /// A path that is no resource.
    Path(String),
}

/// The columns with one verb each; all other verbs share the last one.
pub(crate) const COLUMNS: [&str; 7] = ["get", "list", "watch", "create", "update", "patch", "delete"];

/// What one cell holds.
#[derive(Debug, Default)]
pub(crate) struct Cell<'a> {
    /// The verbs of the cell that are granted: one, or in the last column perhaps several.
    pub verbs: Vec<String>,
    /// What grants it for every object.
    pub grants: Vec<Grant<'a>>,
    /// What grants it for named objects alone.
    pub named: Vec<Grant<'a>>,
}

impl Cell<'_> {
    /// Whether anything is granted.
    pub(crate) fn is_granted(&self) -> bool {
        !(self.grants.is_empty() && self.named.is_empty())
    }

    /// The names that it is granted for, where it is not granted for all.
    pub(crate) fn names(&self) -> Vec<&str> {
        if !self.grants.is_empty() {
            return Vec::new();
        }
        let names = self.named.iter().flat_map(|grant| list(grant.rule.resource_names.as_ref()));
        names.map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl MatrixRow {
    /// As it is shown.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Resource(name) => name.to_string(),
            Self::Path(path) => path.clone(),
        }
    }

    /// An action with it; on `namespace` where its objects are in one.
    pub(crate) fn action(&self, verb: &str, namespace: Option<&str>) -> Action {
        match self {
            Self::Path(path) => Action::Path { verb: verb.to_owned(), path: path.clone() },
            Self::Resource(name) => Action::Resource(name.action(verb).within(namespace.unwrap_or_default())),
        }
    }
}

/// The lines that the rules are about, or with `all` every resource too. What a rule with wildcards covers is spelled
/// out by the catalogue.
pub(crate) fn lines(grants: &[Grant<'_>], catalogue: &Catalogue, namespace: Option<&str>, all: bool) -> Vec<MatrixRow> {
    let mut lines: BTreeSet<MatrixRow> = BTreeSet::new();
    for grant in grants {
        for group in list(grant.rule.api_groups.as_ref()) {
            let names = list(grant.rule.resources.as_ref()).iter();
            lines.extend(names.map(|name| MatrixRow::Resource(ResourceName::new(group, name))));
        }
        // A path is in no namespace: a RoleBinding grants none.
        if grant.binding.scope.is_none() {
            lines.extend(list(grant.rule.non_resource_urls.as_ref()).iter().cloned().map(MatrixRow::Path));
        }
    }
    let wild =
        |line: &MatrixRow| matches!(line, MatrixRow::Resource(name) if name.group == "*" || name.name.contains('*'));
    if all || lines.iter().any(wild) {
        for kind in catalogue.kinds().iter().filter(|kind| namespace.is_none() || kind.namespaced) {
            let line = MatrixRow::Resource(kind.name.clone());
            let touched = || grants.iter().any(|grant| touches(grant, &kind.name));
            if !lines.contains(&line) && (all || touched()) {
                lines.insert(line);
            }
        }
    }
    lines.into_iter().collect()
}

/// The cell of a column: one of [`COLUMNS`], or beyond them all other verbs together.
pub(crate) fn cell<'a>(grants: &[Grant<'a>], line: &MatrixRow, column: usize, catalogue: &Catalogue) -> Cell<'a> {
    let verbs = match COLUMNS.get(column) {
        Some(verb) => vec![(*verb).to_owned()],
        None => other_verbs(grants, line, catalogue),
    };
    let mut cell = Cell::default();
    for verb in verbs {
        let action = line.action(&verb, None);
        let before = cell.grants.len() + cell.named.len();
        for grant in grants.iter().filter(|grant| grant.binding.scope.is_none() || !matches!(line, MatrixRow::Path(_)))
        {
            if allows(grant.rule, &action) {
                cell.grants.push(*grant);
            } else if allows_named(grant, &action) {
                cell.named.push(*grant);
            }
        }
        if cell.grants.len() + cell.named.len() > before {
            cell.verbs.push(verb);
        }
    }
    cell
}

/// Verbs without a column of their own: those that the resource has, and those that rules about it name.
fn other_verbs(grants: &[Grant<'_>], line: &MatrixRow, catalogue: &Catalogue) -> Vec<String> {
    let MatrixRow::Resource(name) = line else { return Vec::new() };
    let touching = grants.iter().filter(|grant| touches(grant, name));
    let named = touching.flat_map(|grant| &grant.rule.verbs).filter(|verb| *verb != "*");
    let own = catalogue.kind(name).map(|kind| kind.verbs.as_slice()).unwrap_or_default();
    let all = named.chain(own).filter(|verb| !COLUMNS.contains(&verb.as_str()));
    all.cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether a rule is about the resource at all, whatever the verb and the object.
fn touches(grant: &Grant<'_>, name: &ResourceName) -> bool {
    let any = grant.rule.verbs.first().map_or("", String::as_str);
    let action = Action::Resource(name.action(any));
    allows(grant.rule, &action) || allows_named(grant, &action)
}

/// Whether a rule allows the action on some named object.
pub(super) fn allows_named(grant: &Grant<'_>, action: &Action) -> bool {
    let Action::Resource(action) = action else { return false };
    let first = list(grant.rule.resource_names.as_ref()).first();
    first.is_some_and(|name| allows(grant.rule, &Action::Resource(action.clone().named(name))))
}
