//! Privilege escalation check: no user may grant what they do not hold (`k8s.io/component-helpers/auth/rbac/validation/policy_comparator.go`,
//! `pkg/registry/rbac/validation`).

use k8s_openapi::api::rbac::v1::PolicyRule;

use super::rule::{list, url_covers};

/// The parts of `wanted` that `held` does not cover, each with one verb and one resource or path.
pub(crate) fn uncovered(held: &[PolicyRule], wanted: &[PolicyRule]) -> Vec<PolicyRule> {
    wanted.iter().flat_map(parts).filter(|part| !held.iter().any(|rule| covers(rule, part))).collect()
}

/// Rules that differ by their verbs alone as one (`CompactRules`).
pub(crate) fn compact(rules: Vec<PolicyRule>) -> Vec<PolicyRule> {
    let mut compacted: Vec<PolicyRule> = Vec::new();
    for rule in rules {
        let same = |other: &&mut PolicyRule| {
            rule.non_resource_urls.is_none()
                && other.api_groups == rule.api_groups
                && other.resources == rule.resources
                && other.resource_names == rule.resource_names
        };
        match compacted.iter_mut().find(same) {
            Some(other) => other.verbs.extend(rule.verbs),
            None => compacted.push(rule),
        }
    }
    compacted
}

/// A rule in one line, as the server's errors print it (`CompactString`).
pub(crate) fn compact_text(rule: &PolicyRule) -> String {
    let lists = [
        ("APIGroups", list(rule.api_groups.as_ref())),
        ("Resources", list(rule.resources.as_ref())),
        ("NonResourceURLs", list(rule.non_resource_urls.as_ref())),
        ("ResourceNames", list(rule.resource_names.as_ref())),
        ("Verbs", &rule.verbs),
    ];
    let given = lists.into_iter().filter(|(_, values)| !values.is_empty());
    let rendered = given.map(|(name, values)| {
        let values: Vec<_> = values.iter().map(|value| format!("{value:?}")).collect();
        format!("{name}:[{}]", values.join(" "))
    });
    format!("{{{}}}", rendered.collect::<Vec<_>>().join(", "))
}

/// A rule as rules of one verb, one resource and one name each (`BreakdownRule`).
fn parts(rule: &PolicyRule) -> Vec<PolicyRule> {
    let mut parts = Vec::new();
    let names = list(rule.resource_names.as_ref());
    for group in list(rule.api_groups.as_ref()) {
        for resource in list(rule.resources.as_ref()) {
            for verb in &rule.verbs {
                let part = PolicyRule {
                    api_groups: Some(vec![group.clone()]),
                    resources: Some(vec![resource.clone()]),
                    verbs: vec![verb.clone()],
                    ..PolicyRule::default()
                };
                let named =
                    names.iter().map(|name| PolicyRule { resource_names: Some(vec![name.clone()]), ..part.clone() });
                parts.extend(named);
                if names.is_empty() {
                    parts.push(part);
                }
            }
        }
    }
    for url in list(rule.non_resource_urls.as_ref()) {
        let part = |verb: &String| PolicyRule {
            non_resource_urls: Some(vec![url.clone()]),
            verbs: vec![verb.clone()],
            ..PolicyRule::default()
        };
        parts.extend(rule.verbs.iter().map(part));
    }
    parts
}

/// Whether `held` covers a part as [`parts`] makes them.
fn covers(held: &PolicyRule, part: &PolicyRule) -> bool {
    let all = |held: &[String], wanted: &[String]| wanted.iter().all(|entry| held.contains(entry));
    let star = |held: &[String], wanted: &[String]| held.iter().any(|entry| entry == "*") || all(held, wanted);
    let (held_names, names) = (list(held.resource_names.as_ref()), list(part.resource_names.as_ref()));
    let urls = |path: &String| list(held.non_resource_urls.as_ref()).iter().any(|url| url_covers(url, path));
    star(&held.verbs, &part.verbs)
        && star(list(held.api_groups.as_ref()), list(part.api_groups.as_ref()))
        && list(part.resources.as_ref()).iter().all(|wanted| covers_resource(list(held.resources.as_ref()), wanted))
        && (held_names.is_empty() || (!names.is_empty() && all(held_names, names)))
        && list(part.non_resource_urls.as_ref()).iter().all(urls)
}

/// `*`, the same, or `*/sub` for `resource/sub`.
fn covers_resource(held: &[String], wanted: &str) -> bool {
    held.iter().any(|entry| {
        let any_of_it = entry.strip_prefix("*/").zip(wanted.split_once('/'));
        entry == "*" || entry == wanted || any_of_it.is_some_and(|(held, (_, wanted))| held == wanted)
    })
}
