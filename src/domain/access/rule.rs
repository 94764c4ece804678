//! Whether one rule allows an action (`pkg/apis/rbac/v1/evaluation_helpers.go`).

use k8s_openapi::api::rbac::v1::PolicyRule;

use super::action::Action;

/// Whether `rule` allows `action`.
pub(crate) fn allows(rule: &PolicyRule, action: &Action) -> bool {
    match action {
        Action::Resource(action) => {
            has(&rule.verbs, &action.verb)
                && has(list(rule.api_groups.as_ref()), &action.group)
                && resource(list(rule.resources.as_ref()), &action.resource, &action.subresource)
                && name(list(rule.resource_names.as_ref()), &action.name)
        }
        Action::Path { verb, path } => {
            has(&rule.verbs, verb) && list(rule.non_resource_urls.as_ref()).iter().any(|url| url_covers(url, path))
        }
    }
}

/// Whether `rule` allows a verb on a resource (`pods/log`), for some object at least.
pub(super) fn touches(rule: &PolicyRule, verbs: &[&str], group: &str, name: &str) -> bool {
    let (of, sub) = name.split_once('/').unwrap_or((name, ""));
    verbs.iter().any(|verb| has(&rule.verbs, verb))
        && has(list(rule.api_groups.as_ref()), group)
        && resource(list(rule.resources.as_ref()), of, sub)
}

/// An optional list as a slice.
pub(super) fn list(list: Option<&Vec<String>>) -> &[String] {
    list.map(Vec::as_slice).unwrap_or_default()
}

fn has(list: &[String], wanted: &str) -> bool {
    list.iter().any(|entry| entry == "*" || entry == wanted)
}

/// `*`, the exact resource (`pods`, `pods/log`), or `*/log` for every resource's subresource.
fn resource(list: &[String], resource: &str, subresource: &str) -> bool {
    list.iter().any(|entry| {
        if entry == "*" {
            return true;
        }
        match (subresource, entry.split_once('/')) {
            ("", _) => entry == resource,
            (wanted, Some((of, sub))) => (of == "*" || of == resource) && sub == wanted,
            (_, None) => false,
        }
    })
}

/// No names in a rule: any object. Names in it: those alone, and no action without a name.
fn name(list: &[String], wanted: &str) -> bool {
    list.is_empty() || list.iter().any(|entry| entry == wanted)
}

/// `*` at the end of a path matches any rest.
pub(super) fn url_covers(url: &str, path: &str) -> bool {
    url == path || url.strip_suffix('*').is_some_and(|start| path.starts_with(start.trim_end_matches('*')))
}
