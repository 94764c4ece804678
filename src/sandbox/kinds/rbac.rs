//! Roles and bindings (`pkg/apis/rbac/validation`, `pkg/registry/rbac`).

use k8s_openapi::api::rbac::v1::{PolicyRule, RoleRef};
use serde_json::{Value, json};

use super::names;
use crate::domain::access::{Action, ResourceAction, compact, compact_text, uncovered};
use crate::sandbox::object::{items, text};
use crate::sandbox::resource::{CLUSTER_ROLES, ROLES, Resource};
use crate::sandbox::status::{ApiFailure, Cause};
use crate::sandbox::write::WriteRequest;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Groups of references and subjects, and `rules` where there are none.
pub(super) fn defaults(object: &mut Value, resource: &Resource) {
    let Some(map) = object.as_object_mut() else { return };
    if resource.plural.ends_with("roles") {
        map.entry("rules").or_insert(Value::Null);
        return;
    }
    if let Some(role) = map.get_mut("roleRef").and_then(Value::as_object_mut)
        && role.get("apiGroup").and_then(Value::as_str).unwrap_or_default().is_empty()
    {
        role.insert("apiGroup".to_owned(), GROUP.into());
    }
    for subject in map.get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten() {
        let person = matches!(text(subject, "/kind"), "User" | "Group");
        if person && text(subject, "/apiGroup").is_empty() {
            subject["apiGroup"] = GROUP.into();
        }
    }
}

pub(super) fn causes(object: &Value, old: Option<&Value>, resource: &Resource) -> Vec<Cause> {
    if resource.plural.ends_with("bindings") {
        return binding_causes(object, old, resource);
    }
    let mut causes = Vec::new();
    for (at, rule) in items(object, "/rules").enumerate() {
        causes.extend(rule_causes(rule, at, resource.namespaced));
    }
    let selectors =
        object.get("aggregationRule").map(|_| items(object, "/aggregationRule/clusterRoleSelectors").count());
    if selectors == Some(0) {
        let why = "at least one clusterRoleSelector required if aggregationRule is non-nil";
        causes.push(Cause::required("aggregationRule.clusterRoleSelectors", why));
    }
    causes
}

fn rule_causes(rule: &Value, at: usize, namespaced: bool) -> Vec<Cause> {
    let field = |name: &str| format!("rules[{at}].{name}");
    let empty = |name: &str| items(rule, &format!("/{name}")).next().is_none();
    let mut causes = Vec::new();
    if empty("verbs") {
        causes.push(Cause::required(field("verbs"), "verbs must contain at least one value"));
    }
    if !empty("nonResourceURLs") {
        let urls = &rule["nonResourceURLs"];
        if namespaced {
            let why = "namespaced rules cannot apply to non-resource URLs";
            causes.push(Cause::invalid(field("nonResourceURLs"), urls, why));
        }
        if !(empty("apiGroups") && empty("resources") && empty("resourceNames")) {
            let why = "rules cannot apply to both regular resources and non-resource URLs";
            causes.push(Cause::invalid(field("nonResourceURLs"), urls, why));
        }
        return causes;
    }
    if empty("apiGroups") {
        causes.push(Cause::required(field("apiGroups"), "resource rules must supply at least one api group"));
    }
    if empty("resources") {
        causes.push(Cause::required(field("resources"), "resource rules must supply at least one resource"));
    }
    causes
}

fn binding_causes(object: &Value, old: Option<&Value>, resource: &Resource) -> Vec<Cause> {
    let mut causes = Vec::new();
    let role = |part: &str| text(object, &format!("/roleRef/{part}"));
    if role("apiGroup") != GROUP {
        causes.push(Cause::unsupported("roleRef.apiGroup", role("apiGroup"), &[GROUP]));
    }
    let kinds: &[&str] = if resource.namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !kinds.contains(&role("kind")) {
        causes.push(Cause::unsupported("roleRef.kind", role("kind"), kinds));
    }
    if role("name").is_empty() {
        causes.push(Cause::required("roleRef.name", ""));
    } else if let Some(wrong) = names::path_segment(role("name")) {
        causes.push(Cause::invalid("roleRef.name", &role("name").into(), &wrong));
    }
    for (at, subject) in items(object, "/subjects").enumerate() {
        causes.extend(subject_causes(subject, at, resource.namespaced));
    }
    if old.is_some_and(|old| old.get("roleRef") != object.get("roleRef")) {
        causes.push(Cause::invalid("roleRef", &object["roleRef"], "cannot change roleRef"));
    }
    causes
}

fn subject_causes(subject: &Value, at: usize, namespaced: bool) -> Vec<Cause> {
    let field = |name: &str| format!("subjects[{at}].{name}");
    let own = |name: &str| text(subject, &format!("/{name}"));
    let mut causes = Vec::new();
    if own("name").is_empty() {
        causes.push(Cause::required(field("name"), ""));
    }
    match own("kind") {
        "ServiceAccount" => {
            if let Some(wrong) = Some(own("name")).filter(|name| !name.is_empty()).and_then(names::subdomain) {
                causes.push(Cause::invalid(field("name"), &own("name").into(), &wrong));
            }
            if !own("apiGroup").is_empty() {
                causes.push(Cause::unsupported(field("apiGroup"), own("apiGroup"), &[""]));
            }
            if !namespaced && own("namespace").is_empty() {
                causes.push(Cause::required(field("namespace"), ""));
            }
        }
        "User" | "Group" if own("apiGroup") != GROUP => {
            causes.push(Cause::unsupported(field("apiGroup"), own("apiGroup"), &[GROUP]));
        }
        "User" | "Group" => {}
        other => causes.push(Cause::unsupported(field("kind"), other, &["Group", "ServiceAccount", "User"])),
    }
    causes
}

/// A user may grant in a role only permissions that they hold, unless they may `escalate` it.
pub(super) fn admit_role(object: &Value, old: Option<&Value>, write: &WriteRequest<'_>) -> Result<(), ApiFailure> {
    let same = |old: &Value| {
        old.get("rules") == object.get("rules") && old.get("aggregationRule") == object.get("aggregationRule")
    };
    if write.user.who.is_master() || old.is_some_and(same) {
        return Ok(());
    }
    let named = if old.is_some() { write.name } else { "" };
    let escalate = ResourceAction::new("escalate", GROUP, write.resource.plural).named(named).within(write.namespace);
    if write.access.permits(&write.user.who, &Action::Resource(escalate)) {
        return Ok(());
    }
    let mut rules = rules_of(object);
    if object.get("aggregationRule").is_some() {
        rules = vec![everything(), every_path()];
    }
    no_escalation(&rules, write)
}

/// A user may bind only a role whose permissions they hold, unless they may `bind` it.
pub(super) fn admit_binding(object: &Value, old: Option<&Value>, write: &WriteRequest<'_>) -> Result<(), ApiFailure> {
    let same =
        |old: &Value| old.get("subjects") == object.get("subjects") && old.get("roleRef") == object.get("roleRef");
    if write.user.who.is_master() || old.is_some_and(same) {
        return Ok(());
    }
    let role: RoleRef = serde_json::from_value(object["roleRef"].clone()).unwrap_or_default();
    let kind = if role.kind == "ClusterRole" { &CLUSTER_ROLES } else { &ROLES };
    let bind = ResourceAction::new("bind", GROUP, kind.plural).named(&role.name).within(write.namespace);
    if write.access.permits(&write.user.who, &Action::Resource(bind)) {
        return Ok(());
    }
    let scope = Some(write.namespace).filter(|namespace| !namespace.is_empty());
    match write.access.policy().referenced(&role, scope) {
        Some(role) => no_escalation(&role.rules, write),
        // As the API server words it: the role's name with the resource that is written.
        None => Err(ApiFailure::not_found(write.resource, &role.name)),
    }
}

fn no_escalation(rules: &[PolicyRule], write: &WriteRequest<'_>) -> Result<(), ApiFailure> {
    let who = &write.user.who;
    let scope = Some(write.namespace).filter(|namespace| !namespace.is_empty());
    let held: Vec<_> = write.access.policy().rules_of(who, scope).map(|grant| grant.rule.clone()).collect();
    let missing = uncovered(&held, rules);
    if missing.is_empty() {
        return Ok(());
    }
    let mut permissions: Vec<_> = compact(missing).iter().map(compact_text).collect();
    permissions.sort_unstable();
    permissions.dedup();
    let groups: Vec<_> = who.groups.iter().map(|group| format!("{group:?}")).collect();
    Err(write.forbidden(&format!(
        "user {:?} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
        who.user,
        groups.join(" "),
        permissions.join("\n")
    )))
}

fn rules_of(object: &Value) -> Vec<PolicyRule> {
    object.get("rules").and_then(|rules| serde_json::from_value(rules.clone()).ok()).unwrap_or_default()
}

fn everything() -> PolicyRule {
    let all = || Some(vec!["*".to_owned()]);
    PolicyRule { api_groups: all(), resources: all(), verbs: vec!["*".to_owned()], ..PolicyRule::default() }
}

fn every_path() -> PolicyRule {
    let urls = Some(vec!["*".to_owned()]);
    PolicyRule { non_resource_urls: urls, verbs: vec!["*".to_owned()], ..PolicyRule::default() }
}

/// The rules of a role that gathers those of others, in the order of their names.
pub(crate) fn aggregated<'a>(role: &Value, others: impl Iterator<Item = &'a Value>) -> Value {
    let mut rules: Vec<Value> = Vec::new();
    let selectors: Vec<_> = items(role, "/aggregationRule/clusterRoleSelectors").collect();
    let own = text(role, "/metadata/name");
    for other in others.filter(|other| text(other, "/metadata/name") != own) {
        let labels = |selector: &&&Value| {
            let wanted = selector.get("matchLabels").and_then(Value::as_object);
            wanted.is_some_and(|wanted| {
                wanted.iter().all(|(key, value)| other["metadata"]["labels"].get(key) == Some(value))
            })
        };
        if selectors.iter().any(|selector| labels(&selector)) {
            for rule in items(other, "/rules") {
                if !rules.contains(rule) {
                    rules.push(rule.clone());
                }
            }
        }
    }
    if rules.is_empty() { Value::Null } else { json!(rules) }
}
