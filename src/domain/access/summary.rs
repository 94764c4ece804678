//! What a principal holds, one line for each binding: `create get list pods in default (dev-jane → developer)`.

use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1::PolicyRule;

use super::action::ResourceName;
use super::own::UNSEEN;
use super::policy::{Binding, Policy, Role};
use super::principal::{AUTHENTICATED, Principal, UNAUTHENTICATED};
use super::rule::list;
use crate::domain::level::Level;

/// Resources that are listed by name; of more only the number is.
const NAMED: usize = 3;

/// What one binding gives.
#[derive(Debug, Clone)]
pub(crate) struct SummaryLine<'a> {
    pub binding: &'a Binding,
    /// Its role; `None` where it is not there, and gives nothing.
    pub role: Option<&'a Role>,
    /// How dangerous it is.
    pub level: Level,
}

/// What each binding gives `who`, the most dangerous first; what everybody has who logs in is left out unless it is
/// dangerous.
pub(crate) fn would_get<'a>(policy: &'a Policy, who: &Principal) -> Vec<SummaryLine<'a>> {
    let mut lines = Vec::new();
    for (binding, subject) in policy.all_bindings_of(who) {
        let role = policy.role_of(binding);
        let level = policy.level_of(binding);
        let everybody = subject.kind == "Group" && [AUTHENTICATED, UNAUTHENTICATED].contains(&subject.name.as_str());
        if !everybody || level >= Level::Warning {
            lines.push(SummaryLine { binding, role, level });
        }
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.level));
    lines
}

/// [`would_get`] in one line for a list's detail: the first, and how many more there are. Not yet made printable.
pub(crate) fn one_line(policy: &Policy, who: &Principal) -> String {
    if who.is_master() {
        return "everything: system:masters is above RBAC".to_owned();
    }
    let lines = would_get(policy, who);
    match lines.as_slice() {
        [] => "nothing beyond what everybody has who logs in".to_owned(),
        [one] => one.text(),
        [first, rest @ ..] => format!("{}; {} more", first.text(), rest.len()),
    }
}

impl SummaryLine<'_> {
    /// `create get list pods in default (dev-jane → developer)`. Not yet made printable.
    pub(crate) fn text(&self) -> String {
        let place = self.binding.scope.as_ref().map_or_else(|| "everywhere".to_owned(), |ns| format!("in {ns}"));
        let what = match self.role {
            Some(role) => rules(&role.rules),
            None => "nothing known: the role is not there, or may not be seen,".to_owned(),
        };
        if self.binding.name == UNSEEN {
            return format!("{what} {place}");
        }
        format!("{what} {place} ({} → {})", self.binding.name, self.binding.role.name)
    }
}

/// Rules in a few words: those with the same verbs together, the widest first.
pub(crate) fn rules(rules: &[PolicyRule]) -> String {
    let mut parts: Vec<(Vec<&str>, BTreeSet<String>)> = Vec::new();
    for rule in rules {
        let verbs: Vec<_> = rule.verbs.iter().map(String::as_str).collect();
        let names = things(rule);
        match parts.iter_mut().find(|(other, _)| *other == verbs) {
            Some((_, all)) => all.extend(names),
            None => parts.push((verbs, names.into_iter().collect())),
        }
    }
    let is_everything = |(verbs, names): &(Vec<&str>, BTreeSet<String>)| verbs == &["*"] && names.contains("*.*");
    if parts.iter().any(is_everything) {
        return "everything".to_owned();
    }
    parts.sort_by_key(|(_, names)| std::cmp::Reverse(names.len()));
    let Some((verbs, names)) = parts.first() else { return "nothing".to_owned() };
    let verbs = if verbs.contains(&"*") { "everything with".to_owned() } else { verbs.join(" ") };
    let shown: Vec<_> = names.iter().take(NAMED).map(String::as_str).collect();
    let shown = if shown.contains(&"*.*") { "all resources".to_owned() } else { shown.join(", ") };
    let more = names.len().saturating_sub(NAMED);
    let more = if more == 0 || shown == "all resources" { String::new() } else { format!(" and {more} more") };
    let others = parts.len() - 1;
    let others = match others {
        0 => String::new(),
        1 => ", and another set of verbs".to_owned(),
        _ => format!(", and {others} other sets of verbs"),
    };
    format!("{verbs} {shown}{more}{others}")
}

/// What a rule is about: resources with the names that it is limited to, or paths.
pub(crate) fn things(rule: &PolicyRule) -> Vec<String> {
    let only = list(rule.resource_names.as_ref());
    let only = if only.is_empty() { String::new() } else { format!(" {}", only.join("|")) };
    let groups = list(rule.api_groups.as_ref()).iter();
    let resources = groups.flat_map(|group| {
        let resources = list(rule.resources.as_ref()).iter();
        let only = &only;
        resources.map(move |name| format!("{}{only}", ResourceName::new(group, name)))
    });
    resources.chain(list(rule.non_resource_urls.as_ref()).iter().cloned()).collect()
}
