//! Which dangerous permissions a rule or an action contains.

use k8s_openapi::api::rbac::v1::PolicyRule;

use super::super::action::{Action, ResourceName};
use super::super::rule::{list, touches};
use super::permission::{Permission, RiskyPermission};
use super::table::{ABOVE, ACT_AS, DANGERS, EVERYTHING, EVERYTHING_THERE, IMPERSONATE_ON, WILDCARD};
use crate::domain::level::Level;

pub(crate) use super::permission::CONTROL_PLANE;

/// All of them, the worst first.
pub(super) fn all() -> impl Iterator<Item = &'static RiskyPermission> {
    [&ABOVE, &EVERYTHING, &EVERYTHING_THERE].into_iter().chain(&DANGERS).chain([&ACT_AS, &WILDCARD])
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
