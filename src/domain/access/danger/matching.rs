//! Which dangerous permissions a rule or an action contains.

use k8s_openapi::api::rbac::v1::PolicyRule;

use super::super::action::{Action, ResourceName};
use super::super::rule::{list, touches};
use super::permission::{Permission, RiskyPermission};
use super::table::{
    BYPASSES_RBAC, CLUSTER_ADMIN, CONSTRAINED_IMPERSONATION, DANGERS, IMPERSONATE_ON, NAMESPACE_ADMIN, WILDCARD,
};
use crate::domain::level::Level;

pub(crate) use super::permission::CONTROL_PLANE;

/// All of them, the worst first.
pub(super) fn all() -> impl Iterator<Item = &'static RiskyPermission> {
    [&BYPASSES_RBAC, &CLUSTER_ADMIN, &NAMESPACE_ADMIN]
        .into_iter()
        .chain(&DANGERS)
        .chain([&CONSTRAINED_IMPERSONATION, &WILDCARD])
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
        return vec![if scope.is_none() { &CLUSTER_ADMIN } else { &NAMESPACE_ADMIN }];
    }
    let mut found: Vec<_> = DANGERS
        .iter()
        .filter(|danger| danger.permissions.iter().any(|permission| fits(permission, rule, scope)))
        .collect();
    if rule.verbs.iter().any(|verb| verb.starts_with(IMPERSONATE_ON)) {
        found.push(&CONSTRAINED_IMPERSONATION);
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
        return Some(&CONSTRAINED_IMPERSONATION);
    }
    let permissions = |permission: &Permission| {
        permission.group == name.group
            && permission.is_of(&name.name)
            && permission.verbs.contains(&action.verb.as_str())
            && !(permission.cluster && scope.is_some())
    };
    let level = |danger: &&RiskyPermission| danger.level(scope, !action.name.is_empty());
    DANGERS.iter().filter(|danger| danger.permissions.iter().any(permissions)).max_by_key(level)
}

fn fits(permission: &Permission, rule: &PolicyRule, scope: Option<&str>) -> bool {
    if permission.cluster && scope.is_some() {
        return false;
    }
    let parts = permission.any_part_of();
    let mut written = list(rule.resources.as_ref()).iter().filter(|name| parts.is_some() && permission.is_of(name));
    touches(rule, permission.verbs, permission.group, permission.name)
        || written.any(|name| touches(rule, permission.verbs, permission.group, name))
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
                    let is_documented = level < Level::Warning || danger.rule.levels.contains(&level);
                    assert!(is_documented, "{} in {scope:?}, named {named}: {level:?}", danger.rule.id);
                }
            }
        }
    }
}
