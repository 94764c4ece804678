//! The rows of each page.

use std::collections::BTreeSet;

use crate::console::panes::rbac::{RbacModel, RbacPage};
use crate::console::panes::requests::list::RequestList;
use crate::console::widgets::theme::symbol;
use crate::domain::access::object::Named;
use crate::domain::access::{Binding, Grant, Policy, Principal, Role, SubjectKey, allows, danger, summary};
use crate::domain::verdict::Level;

/// Requests that are looked at for future users.
const REQUESTS: usize = 2000;

/// Where Enter leads.
#[derive(Debug, Clone, PartialEq)]
pub enum RowTarget {
    /// What someone may do.
    Who(Principal),
    /// A role's rules.
    Role(Named),
    /// Who holds a role.
    Holders(Named),
    /// A binding.
    Binding(Named),
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowEntry {
    /// What it is, whatever else changes.
    pub key: String,
    /// Its cells, not yet made printable.
    pub cells: Vec<String>,
    /// How much attention it wants.
    pub level: Level,
    /// Where Enter leads.
    pub target: Option<RowTarget>,
    /// Its object.
    pub object: Option<Named>,
    /// The rule's place in its role, on a role's page.
    pub place: usize,
}

impl RowEntry {
    /// A row that leads nowhere.
    pub(crate) const fn new(key: String, cells: Vec<String>) -> Self {
        Self { key, cells, level: Level::Ok, target: None, object: None, place: 0 }
    }

    fn leads(self, target: RowTarget) -> Self {
        Self { target: Some(target), ..self }
    }

    fn with_object(self, named: Named) -> Self {
        Self { object: Some(named), ..self }
    }

    fn at(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// Whether it contains a text that is written in small letters.
    pub(crate) fn says(&self, wanted: &str) -> bool {
        self.cells.iter().any(|cell| cell.to_lowercase().contains(wanted))
    }

    /// Its mark: a symbol with a word beside it somewhere in the row or below it.
    pub(crate) fn mark(&self) -> &'static str {
        if self.level >= Level::Warning { symbol(self.level) } else { " " }
    }
}

/// A column: its heading, its cells, and its share of a hundred of what is left of the width.
pub(crate) type ColumnSpec = (&'static str, usize, usize);

/// The columns of a page.
pub(crate) const fn columns(page: &RbacPage) -> &'static [ColumnSpec] {
    match page {
        RbacPage::Subjects => &[("KIND", 7, 0), ("NAME", 0, 100), ("BINDINGS", 9, 0), ("HOLDS", 21, 0)],
        RbacPage::Roles => &[("NAME", 0, 100), ("IN", 14, 0), ("RULES", 6, 0), ("HELD BY", 8, 0), ("GIVES", 10, 0)],
        RbacPage::Bindings | RbacPage::Grants(..) => {
            &[("NAME", 0, 38), ("IN", 13, 0), ("ROLE", 0, 34), ("SUBJECTS", 0, 28)]
        }
        RbacPage::WhoCan(_) | RbacPage::Holders(_) => &[("SUBJECT", 0, 40), ("THROUGH", 0, 60)],
        RbacPage::Role(_) => &[("RULE", 8, 0), ("VERBS", 0, 36), ("RESOURCES", 0, 64)],
        RbacPage::Binding(_) => &[("", 7, 0), ("NAME", 0, 100)],
        RbacPage::Access(_) => &[],
    }
}

/// All rows of a page.
pub(crate) fn rows(page: &RbacPage, rbac: &RbacModel, requests: &RequestList) -> Vec<RowEntry> {
    let policy = rbac.seen();
    match page {
        RbacPage::Subjects => subjects(policy, requests),
        RbacPage::Roles => policy.roles().iter().map(|role| role_row(policy, role)).collect(),
        RbacPage::Bindings => policy.bindings().iter().map(|binding| binding_row(policy, binding)).collect(),
        RbacPage::WhoCan(asked) => asked.as_ref().map(|action| who_can(policy, action)).unwrap_or_default(),
        RbacPage::Grants(who, action) => grants(policy, who, action),
        RbacPage::Role(named) => find_role(policy, named).map(|role| rules(role, named)).unwrap_or_default(),
        RbacPage::Holders(named) => find_role(policy, named).map(|role| holders(policy, role)).unwrap_or_default(),
        RbacPage::Binding(named) => find_binding(policy, named).map(|it| binding_parts(policy, it)).unwrap_or_default(),
        RbacPage::Access(_) => Vec::new(),
    }
}

/// The role that is meant, if it is there.
pub(crate) fn find_role<'a>(policy: &'a Policy, named: &Named) -> Option<&'a Role> {
    policy.role(named.scope.as_deref(), &named.name).map(|role| &**role)
}

/// The binding that is meant, if it is there.
pub(crate) fn find_binding<'a>(policy: &'a Policy, named: &Named) -> Option<&'a Binding> {
    policy.binding(named.scope.as_deref(), &named.name).map(|binding| &**binding)
}

fn subjects(policy: &Policy, requests: &RequestList) -> Vec<RowEntry> {
    let row = |(key, count): (&SubjectKey, usize)| {
        let level = policy.level_of_subject(key);
        let cells = vec![key.word().to_owned(), key.name(), count.to_string(), word(level).to_owned()];
        RowEntry::new(key.to_string(), cells).leads(RowTarget::Who(Principal::of(key))).at(level)
    };
    let mut rows: Vec<_> = policy.subjects().into_iter().map(row).collect();
    for who in future_users(requests) {
        let bindings = policy.all_bindings_of(&who);
        let level = bindings.iter().map(|(binding, _)| policy.level_of(binding)).max().unwrap_or(Level::Ok);
        let holds = format!("{}, requested", word(level));
        let cells = vec!["future".to_owned(), who.to_string(), bindings.len().to_string(), holds];
        rows.push(RowEntry::new(format!("future {who}"), cells).leads(RowTarget::Who(who)).at(level));
    }
    rows
}

/// The users that the listed requests would create, each once.
fn future_users(requests: &RequestList) -> Vec<Principal> {
    let mut known = BTreeSet::new();
    let rows = requests.index.window(0, REQUESTS).map(|(row, _)| row);
    let fresh = rows.filter(|row| !row.user.is_empty() && known.insert((&row.user, &row.groups)));
    fresh
        .map(|row| Principal::named(&row.user, &row.groups.iter().map(ToString::to_string).collect::<Vec<_>>()))
        .collect()
}

/// A level in a word about what is held.
const fn word(level: Level) -> &'static str {
    match level {
        Level::Danger => "dangerous",
        Level::Warning | Level::WillFail => "sensitive",
        Level::Notice | Level::Ok => "ordinary",
    }
}

fn place(scope: Option<&str>) -> String {
    scope.unwrap_or("everywhere").to_owned()
}

fn role_row(policy: &Policy, role: &Role) -> RowEntry {
    let named = Named::role(role);
    let holders: BTreeSet<_> =
        policy.bindings_of_role(role).flat_map(|binding| binding.keys().map(|(key, _)| key)).collect();
    let scope = role.scope.as_deref();
    let level = role.rules.iter().map(|rule| danger::level_of_rule(rule, scope)).max().unwrap_or(Level::Ok);
    let place = role.scope.clone().unwrap_or_else(|| "cluster role".to_owned());
    let cells =
        vec![role.name.clone(), place, role.rules.len().to_string(), holders.len().to_string(), word(level).to_owned()];
    RowEntry::new(named.to_string(), cells).with_object(named.clone()).leads(RowTarget::Role(named)).at(level)
}

fn binding_row(policy: &Policy, binding: &Binding) -> RowEntry {
    let named = Named::binding(binding);
    let missing = if policy.role_of(binding).is_none() { " (not seen)" } else { "" };
    let subjects: Vec<_> = binding.keys().map(|(key, _)| key.to_string()).collect();
    let subjects = if subjects.is_empty() { "nobody".to_owned() } else { subjects.join(", ") };
    let role = format!("{}{missing}", binding.role.name);
    let cells = vec![binding.name.clone(), place(binding.scope.as_deref()), role, subjects];
    let row = RowEntry::new(named.to_string(), cells).with_object(named.clone());
    row.leads(RowTarget::Binding(named)).at(policy.level_of(binding))
}

fn who_can(policy: &Policy, action: &crate::domain::access::Action) -> Vec<RowEntry> {
    let row = |holder: crate::domain::access::Holder<'_>| {
        let through: Vec<_> = holder.grants.iter().map(|grant| through(policy, grant)).collect();
        let key = &holder.subject;
        let level = policy.level_of_subject(key);
        RowEntry::new(key.to_string(), vec![key.to_string(), through.join("; ")])
            .leads(RowTarget::Who(Principal::of(key)))
            .at(level)
    };
    policy.who_can(action).into_iter().map(row).collect()
}

/// `dev/developers → developer, rule 2`.
fn through(policy: &Policy, grant: &Grant<'_>) -> String {
    let binding = grant.binding.scope.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    let origin = policy.origin(grant).map(|(role, _)| format!(" (from {})", role.name)).unwrap_or_default();
    format!("{binding}{} → {}, rule {}{origin}", grant.binding.name, grant.role.name, grant.place + 1)
}

fn grants(policy: &Policy, who: &Principal, action: &crate::domain::access::Action) -> Vec<RowEntry> {
    let granting = |binding: &Binding| {
        let rules = policy.role_of(binding).map(|role| role.rules.as_slice()).unwrap_or_default();
        let here = binding.scope.is_none() || binding.scope.as_deref() == action.namespace();
        here && rules.iter().any(|rule| allows(rule, action))
    };
    let mine = policy.all_bindings_of(who).into_iter().filter(|(binding, _)| granting(binding));
    let row = |(binding, subject): (&Binding, _)| {
        let mut row = binding_row(policy, binding);
        let key = SubjectKey::of(subject, binding.scope.as_deref());
        row.cells[3] = key.map(|key| format!("as {key}")).unwrap_or_default();
        if let Some(role) = policy.role_of(binding) {
            row.target = Some(RowTarget::Role(Named::role(role)));
        }
        row
    };
    mine.map(row).collect()
}

fn rules(role: &Role, named: &Named) -> Vec<RowEntry> {
    let row = |(place, rule): (usize, &k8s_openapi::api::rbac::v1::PolicyRule)| {
        let level = danger::level_of_rule(rule, role.scope.as_deref());
        let cells = vec![format!("rule {}", place + 1), rule.verbs.join(" "), summary::things(rule).join(", ")];
        let row = RowEntry::new(format!("{named} {place}"), cells).leads(RowTarget::Holders(named.clone())).at(level);
        RowEntry { place, ..row }
    };
    role.rules.iter().enumerate().map(row).collect()
}

fn holders(policy: &Policy, role: &Role) -> Vec<RowEntry> {
    let bindings = policy.bindings_of_role(role);
    let rows = bindings.flat_map(|binding| {
        let named = Named::binding(binding);
        let level = policy.level_of(binding);
        binding.keys().map(move |(key, _)| {
            let cells = vec![key.to_string(), named.to_string()];
            RowEntry::new(format!("{key} {named}"), cells).leads(RowTarget::Who(Principal::of(&key))).at(level)
        })
    });
    rows.collect()
}

fn binding_parts(policy: &Policy, binding: &Binding) -> Vec<RowEntry> {
    let role = if let Some(role) = policy.role_of(binding) {
        let named = Named::role(role);
        RowEntry::new("role".to_owned(), vec!["grants".to_owned(), named.to_string()])
            .leads(RowTarget::Role(named))
            .at(policy.level_of(binding))
    } else {
        let text = format!("{} {}, which is not there, or which you may not see", binding.role.kind, binding.role.name);
        RowEntry::new("role".to_owned(), vec!["names".to_owned(), text])
    };
    let subject = |(key, _): (SubjectKey, _)| {
        RowEntry::new(key.to_string(), vec!["to".to_owned(), key.to_string()])
            .leads(RowTarget::Who(Principal::of(&key)))
    };
    [role].into_iter().chain(binding.keys().map(subject)).collect()
}
