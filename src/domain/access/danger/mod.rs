//! What is dangerous in what somebody holds, by one [table](table).

mod table;

use k8s_openapi::api::rbac::v1::PolicyRule;

use super::rule::{list, touches};
use super::{Action, Grant, Policy, Principal, ResourceName, Scope};
use crate::domain::verdict::{Level, Rule};
use table::{ABOVE, ACT_AS, DANGERS, EVERYTHING, EVERYTHING_THERE, IMPERSONATE_ON, WILDCARD};

/// Names of objects that are told before they are counted.
const NAMES: usize = 5;

/// The namespace of the control plane: what is dangerous there is so for the whole cluster.
pub(super) const CONTROL_PLANE: &str = "kube-system";

/// One dangerous right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RiskyPermission {
    /// The rule that stands for it in verdicts, docs and JSON.
    pub rule: &'static Rule,
    /// How bad it is for the whole cluster, and how bad in one namespace.
    levels: (Level, Level),
    /// What it allows, so that `… in namespace x` can follow.
    pub text: &'static str,
    /// Whether it is as bad where the rule names the objects.
    even_named: bool,
    deeds: &'static [Permission],
}

/// Verbs with a resource that make a rule dangerous.
#[derive(Debug, PartialEq, Eq)]
struct Permission {
    verbs: &'static [&'static str],
    group: &'static str,
    name: &'static str,
    /// Whether a `RoleBinding` cannot grant it.
    cluster: bool,
}

impl Permission {
    /// The resource of which any subresource is meant: `userextras` of `userextras/*`. In a rule of RBAC itself that
    /// matches nothing.
    fn any_part_of(&self) -> Option<&'static str> {
        self.name.strip_suffix("/*")
    }

    /// Whether it is about this resource, such as `pods/exec`.
    fn is_of(&self, name: &str) -> bool {
        match self.any_part_of() {
            Some(of) => name.split_once('/').is_some_and(|(resource, _)| resource == of),
            None => self.name == name,
        }
    }
}

impl RiskyPermission {
    /// How bad it is in a namespace, or (without one) in the whole cluster, for every object or for named ones.
    pub(crate) fn level(&self, scope: Option<&str>, named: bool) -> Level {
        let wide = scope.is_none_or(|namespace| namespace == CONTROL_PLANE);
        let level = if wide { self.levels.0 } else { self.levels.1 };
        match level {
            Level::Danger if named && !self.even_named => Level::Warning,
            Level::Warning if named && !self.even_named => Level::Notice,
            other => other,
        }
    }
}

/// All of them, the worst first.
fn all() -> impl Iterator<Item = &'static RiskyPermission> {
    [&ABOVE, &EVERYTHING, &EVERYTHING_THERE].into_iter().chain(&DANGERS).chain([&ACT_AS, &WILDCARD])
}

/// Something dangerous that somebody holds.
#[derive(Debug, Clone)]
pub(crate) struct RiskFinding<'a> {
    /// The rule that found it.
    pub danger: &'static RiskyPermission,
    /// How bad it is.
    pub level: Level,
    /// Where it holds.
    pub scope: Scope,
    /// The objects that it is about, where the granting rule names them.
    pub names: &'a [String],
    /// The chain; `None` where no binding grants it (`masters`).
    pub grant: Option<Grant<'a>>,
}

impl RiskFinding<'_> {
    /// A sentence without its subject: `reads secrets in namespace qa`. Names are not yet made printable.
    pub(crate) fn text(&self) -> String {
        let place = match (&self.scope, self.grant) {
            (_, None) => String::new(),
            (Some(namespace), _) => format!(" in namespace {namespace}"),
            (None, _) => " in the whole cluster".to_owned(),
        };
        let shown = self.names.iter().take(NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
        let only = match self.names.len() {
            0 => String::new(),
            1..=NAMES => format!(" (only {shown})"),
            many => format!(" (only {shown} and {} more)", many - NAMES),
        };
        format!("{}{place}{only}", self.danger.text)
    }
}

/// What is dangerous in everything that `who` holds, in all namespaces: the worst first, each kind once a place.
pub(crate) fn findings<'a>(policy: &'a Policy, who: &Principal) -> Vec<RiskFinding<'a>> {
    let mut found = Vec::new();
    if who.is_master() {
        found.push(RiskFinding { danger: &ABOVE, level: Level::Danger, scope: None, names: &[], grant: None });
    }
    found.extend(policy.all_rules_of(who).flat_map(of_grant));
    sorted(found)
}

/// What is dangerous in one rule of a role, as it would be where that is bound.
pub(crate) fn of_grant(grant: Grant<'_>) -> Vec<RiskFinding<'_>> {
    let names = list(grant.rule.resource_names.as_ref());
    let scope = grant.binding.scope.clone();
    let finding = |danger: &'static RiskyPermission| {
        let level = danger.level(scope.as_deref(), !names.is_empty());
        RiskFinding { danger, level, scope: scope.clone(), names, grant: Some(grant) }
    };
    of_rule(grant.rule, scope.as_deref()).into_iter().map(finding).collect()
}

/// What is dangerous in a rule that is bound in a namespace, or (without one) in the cluster.
pub(crate) fn of_rule(rule: &PolicyRule, scope: Option<&str>) -> Vec<&'static RiskyPermission> {
    let star = |values: &[String]| values.iter().any(|value| value == "*");
    let resources = list(rule.resources.as_ref());
    if list(rule.resource_names.as_ref()).is_empty()
        && star(&rule.verbs)
        && star(resources)
        && star(list(rule.api_groups.as_ref()))
    {
        return vec![if scope.is_none() { &EVERYTHING } else { &EVERYTHING_THERE }];
    }
    let mut found: Vec<_> =
        DANGERS.iter().filter(|danger| danger.deeds.iter().any(|deed| fits(deed, rule, scope))).collect();
    if rule.verbs.iter().any(|verb| verb.starts_with(IMPERSONATE_ON)) {
        found.push(&ACT_AS);
    }
    if star(resources) || (star(&rule.verbs) && !resources.is_empty()) {
        found.push(&WILDCARD);
    }
    found
}

/// How dangerous the worst in a rule is.
pub(crate) fn level_of_rule(rule: &PolicyRule, scope: Option<&str>) -> Level {
    let named = !list(rule.resource_names.as_ref()).is_empty();
    of_rule(rule, scope).into_iter().map(|danger| danger.level(scope, named)).max().unwrap_or(Level::Ok)
}

/// What is dangerous about one thing that is allowed: the worst rule about it.
pub(crate) fn of_action(action: &Action) -> Option<&'static RiskyPermission> {
    let Action::Resource(action) = action else { return None };
    let name = ResourceName::asked(action);
    let scope = Some(action.namespace.as_str()).filter(|namespace| !namespace.is_empty());
    if action.verb.starts_with(IMPERSONATE_ON) {
        return Some(&ACT_AS);
    }
    let deeds = |deed: &Permission| {
        deed.group == name.group
            && deed.is_of(&name.name)
            && deed.verbs.contains(&action.verb.as_str())
            && !(deed.cluster && scope.is_some())
    };
    let level = |danger: &&RiskyPermission| danger.level(scope, !action.name.is_empty());
    DANGERS.iter().filter(|danger| danger.deeds.iter().any(deeds)).max_by_key(level)
}

fn fits(deed: &Permission, rule: &PolicyRule, scope: Option<&str>) -> bool {
    if deed.cluster && scope.is_some() {
        return false;
    }
    let parts = deed.any_part_of();
    let mut written = list(rule.resources.as_ref()).iter().filter(|name| parts.is_some() && deed.is_of(name));
    touches(rule, deed.verbs, deed.group, deed.name) || written.any(|name| touches(rule, deed.verbs, deed.group, name))
}

/// The worst first; of several chains to the same danger in the same place the first.
fn sorted(mut found: Vec<RiskFinding<'_>>) -> Vec<RiskFinding<'_>> {
    let order = |danger: &'static RiskyPermission| all().position(|other| std::ptr::eq(other, danger));
    found.sort_by_key(|finding| (std::cmp::Reverse(finding.level), order(finding.danger), finding.scope.clone()));
    found.dedup_by(|a, b| std::ptr::eq(a.danger, b.danger) && a.scope == b.scope && a.level == b.level);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_that_is_worth_a_question_is_one_that_the_docs_name() {
        for danger in DANGERS.iter().chain([&WILDCARD]) {
            for scope in [None, Some(CONTROL_PLANE), Some("dev")] {
                for named in [false, true] {
                    let level = danger.level(scope, named);
                    let told = level < Level::Warning || danger.rule.levels.contains(&level);
                    assert!(told, "{} in {scope:?}, named {named}: {level:?}", danger.rule.id);
                }
            }
        }
    }
}
