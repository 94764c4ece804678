//! Roles and bindings as they are typed: rules in a line each, subjects by kind; and the objects that they make.

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde::Deserialize;
use serde_json::{Value, json};

use super::action::ResourceName;
use super::catalogue::Catalogue;
use super::object::Named;
use super::rule::list;
use super::subject::SubjectKey;
use super::summary;
use crate::domain::output::redact;
use crate::domain::yaml;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Rules to begin with.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Also the suggested name of the new role.
    pub name: String,
    /// The users it is meant for, in a few words.
    pub text: String,
    /// The rules of the new role.
    pub rules: Vec<PolicyRule>,
}

const PRESETS: [&str; 5] = [
    include_str!("../../../assets/presets/viewer.yaml"),
    include_str!("../../../assets/presets/developer.yaml"),
    include_str!("../../../assets/presets/deployer.yaml"),
    include_str!("../../../assets/presets/namespace-admin.yaml"),
    include_str!("../../../assets/presets/on-call.yaml"),
];

impl Preset {
    /// Those that are built in. That each can be read is tested.
    pub(crate) fn built_in() -> Vec<Self> {
        PRESETS.iter().filter_map(|text| Self::read(text).ok()).collect()
    }

    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it, and in which line.
    pub fn read(text: &str) -> Result<Self, String> {
        yaml::from_str(text).map_err(|error| redact::without_values(&error.to_string()))
    }
}

/// A rule in a line: `get list: pods deployments.apps only web cart`.
pub(crate) fn rule_text(rule: &PolicyRule) -> String {
    let plain = PolicyRule { resource_names: None, ..rule.clone() };
    let names = list(rule.resource_names.as_ref());
    let only = if names.is_empty() { String::new() } else { format!(" only {}", names.join(" ")) };
    format!("{}: {}{only}", rule.verbs.join(" "), summary::things(&plain).join(" "))
}

/// Reads such a line; resources of several API groups become a rule each, as `kubectl create role` makes them.
///
/// # Errors
/// What is missing.
pub(crate) fn parse_rule(text: &str, catalogue: &Catalogue) -> Result<Vec<PolicyRule>, String> {
    let words = |text: &str| -> Vec<String> {
        text.split([' ', ',']).filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect()
    };
    let (verbs, rest) = text.split_once(':').ok_or("a rule is VERBS: RESOURCES, such as get list: pods")?;
    let (things, names) =
        rest.split_once(" only ").map_or((rest, None), |(things, names)| (things, Some(words(names))));
    let (verbs, things) = (words(verbs), words(things));
    if verbs.is_empty() || things.is_empty() {
        return Err("a rule needs a verb before the colon and a resource after it".to_owned());
    }
    if things.iter().all(|thing| thing.starts_with('/')) {
        return Ok(vec![PolicyRule { verbs, non_resource_urls: Some(things), ..PolicyRule::default() }]);
    }
    let mut rules: Vec<PolicyRule> = Vec::new();
    for thing in things {
        if thing.starts_with('/') {
            return Err("paths need a rule of their own".to_owned());
        }
        let name = catalogue.resolve(&thing).0;
        match rules.iter_mut().find(|rule| list(rule.api_groups.as_ref()) == std::slice::from_ref(&name.group)) {
            Some(rule) => rule.resources.get_or_insert_default().push(name.name),
            None => rules.push(PolicyRule {
                verbs: verbs.clone(),
                api_groups: Some(vec![name.group]),
                resources: Some(vec![name.name]),
                resource_names: names.clone(),
                non_resource_urls: None,
            }),
        }
    }
    Ok(rules)
}

/// A new role.
pub(crate) fn role(named: &Named, rules: &[PolicyRule]) -> Value {
    json!({"apiVersion": format!("{GROUP}/v1"), "kind": named.kind.name(), "metadata": meta(named), "rules": rules})
}

/// A new binding.
pub(crate) fn binding(named: &Named, role: &Named, subjects: &[SubjectKey]) -> Value {
    json!({
        "apiVersion": format!("{GROUP}/v1"), "kind": named.kind.name(), "metadata": meta(named),
        "roleRef": {"apiGroup": GROUP, "kind": role.kind.name(), "name": role.name},
        "subjects": subject_values(subjects),
    })
}

/// Subjects as a binding lists them.
pub(crate) fn subject_values(subjects: &[SubjectKey]) -> Value {
    json!(subjects.iter().map(SubjectKey::to_subject).collect::<Vec<_>>())
}

fn meta(named: &Named) -> Value {
    let mut meta = json!({"name": named.name});
    if let Some(namespace) = &named.scope {
        meta["namespace"] = json!(namespace);
    }
    meta
}

/// Others than `own` who manage a field of an object, such as `rules` (`metadata.managedFields`).
pub(crate) fn managers(object: &Value, field: &str, own: &str) -> Vec<String> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten();
    let theirs = entries.filter(|entry| entry["fieldsV1"].get(format!("f:{field}")).is_some());
    let mut names: Vec<_> = theirs.filter_map(|entry| entry["manager"].as_str()).filter(|name| *name != own).collect();
    names.dedup();
    names.into_iter().map(ToOwned::to_owned).collect()
}

/// An object as YAML without what the server counts, its fields in the order of their names: what a comparison is about.
pub(crate) fn comparable(object: &Value) -> String {
    let mut object = object.clone();
    if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for name in ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation"] {
            meta.remove(name);
        }
    }
    object.sort_all_objects();
    yaml::to_string(&object).unwrap_or_default()
}

/// The rights that a refusal of the escalation check says are not held, in words: `get list secrets`; `None` for any
/// other refusal (`pkg/registry/rbac/escalation_check.go`).
pub(crate) fn not_held(message: &str) -> Option<Vec<String>> {
    let (_, rules) = message.split_once("attempting to grant RBAC permissions not currently held:")?;
    let rendered = rules.lines().filter(|line| line.starts_with('{')).map(|line| {
        let part = |name: &str| -> Vec<String> {
            let inside = line.split_once(&format!("{name}:[")).and_then(|(_, rest)| rest.split_once(']'));
            let inside = inside.map(|(inside, _)| inside).unwrap_or_default();
            inside.split_whitespace().map(|word| word.trim_matches('"').to_owned()).collect()
        };
        let group = part("APIGroups").into_iter().next().unwrap_or_default();
        let resources = part("Resources").into_iter().map(|name| ResourceName::new(&group, &name).to_string());
        let things: Vec<_> = resources.chain(part("NonResourceURLs")).collect();
        let names = part("ResourceNames");
        let only = if names.is_empty() { String::new() } else { format!(" (only {})", names.join(", ")) };
        format!("{} {}{only}", part("Verbs").join(" "), things.join(", "))
    });
    Some(rendered.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_preset_can_be_read_and_its_rules_are_typed_back() {
        let presets = Preset::built_in();
        let names: Vec<_> = presets.iter().map(|preset| preset.name.as_str()).collect();
        assert_eq!(names, ["viewer", "developer", "deployer", "namespace-admin", "on-call"]);
        for rule in
            presets.iter().flat_map(|preset| &preset.rules).filter(|rule| list(rule.api_groups.as_ref()).len() == 1)
        {
            let again = parse_rule(&rule_text(rule), &Catalogue::fallback()).unwrap();
            assert_eq!(again, std::slice::from_ref(rule), "{}", rule_text(rule));
        }
        assert!(Preset::read("name: x\ntext: y\nrules: []\nother: z").unwrap_err().contains("other"));
    }

    #[test]
    fn a_line_becomes_a_rule_for_each_api_group() {
        let rules = parse_rule("get, list: pods deployments only web", &Catalogue::fallback()).unwrap();
        let texts: Vec<_> = rules.iter().map(rule_text).collect();
        assert_eq!(texts, ["get list: pods only web", "get list: deployments.apps only web"]);
        let rules = parse_rule("get list: pods deployments.apps pods/log", &Catalogue::fallback()).unwrap();
        assert_eq!(
            rules.iter().map(rule_text).collect::<Vec<_>>(),
            ["get list: pods pods/log", "get list: deployments.apps"]
        );
        assert_eq!(rule_text(&parse_rule("get: /healthz", &Catalogue::fallback()).unwrap()[0]), "get: /healthz");
        for wrong in ["get pods", ": pods", "get:", "get: pods /healthz"] {
            assert!(parse_rule(wrong, &Catalogue::fallback()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn forbidden_is_explained_in_words() {
        let message = "roles.rbac.authorization.k8s.io \"x\" is forbidden: user \"ann\" (groups=[\"dev\"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\" \"list\"]}\n{APIGroups:[\"apps\"], Resources:[\"deployments/scale\"], ResourceNames:[\"web\"], Verbs:[\"update\"]}";
        assert_eq!(not_held(message).unwrap(), ["get list secrets", "update deployments.apps/scale (only web)"]);
        assert!(not_held("nodes is forbidden").is_none());
    }

    #[test]
    fn who_else_manages_a_field_is_known() {
        let object = json!({"metadata": {"managedFields": [
            {"manager": "helm", "fieldsV1": {"f:rules": {}}},
            {"manager": "kubectl-label", "fieldsV1": {"f:metadata": {"f:labels": {}}}},
            {"manager": "countersign", "fieldsV1": {"f:rules": {}}},
        ]}});
        assert_eq!(managers(&object, "rules", "countersign"), ["helm"]);
    }
}
