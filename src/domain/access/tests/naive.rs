//! The indexed answers against a model that looks at every binding, every subject and every rule; on random roles and
//! bindings with everything that RBAC has.

use crate::domain::output::shell::Kubectl;
use k8s_openapi::api::rbac::v1::{PolicyRule, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::super::policy::Scope;
use super::super::why::{GrantChange, Part, WhyAnswer};
use super::super::*;

const NAMESPACES: [&str; 3] = ["dev", "ops", "qa"];
const USERS: [&str; 4] = ["ann", "bob", "cid", "system:serviceaccount:dev:bot"];
const GROUPS: [&str; 3] = ["red", "blue", AUTHENTICATED];
const RESOURCES: [&str; 5] = ["pods", "secrets", "deployments", "pods/log", "deployments/scale"];
const VERBS: [&str; 4] = ["get", "list", "delete", "escalate"];
const NAMES: [&str; 3] = ["one", "two", "three"];
const PATHS: [&str; 4] = ["/healthz", "/metrics", "/debug/pprof", "/debug"];

fn texts(from: &[&str]) -> impl Strategy<Value = Vec<String>> + use<> {
    let all: Vec<String> = from.iter().map(|text| (*text).to_owned()).collect();
    let count = 1..=all.len().min(2);
    subsequence(all, count)
}

fn rule() -> impl Strategy<Value = PolicyRule> {
    let verbs = || prop_oneof![6 => texts(&VERBS), 1 => Just(vec!["*".to_owned()])];
    let groups = prop_oneof![6 => texts(&["", "apps"]), 1 => Just(vec!["*".to_owned()])];
    let resources = prop_oneof![6 => texts(&RESOURCES), 1 => texts(&["*", "*/scale", "*/log"])];
    let names = option::weighted(0.2, texts(&NAMES));
    let resource = (verbs(), groups, resources, names).prop_map(|(verbs, groups, resources, names)| PolicyRule {
        verbs,
        api_groups: Some(groups),
        resources: Some(resources),
        resource_names: names,
        non_resource_urls: None,
    });
    let urls = texts(&["/healthz", "/debug/*", "*", "/metrics"]);
    let path = (verbs(), urls).prop_map(|(verbs, urls)| PolicyRule {
        verbs,
        non_resource_urls: Some(urls),
        ..PolicyRule::default()
    });
    prop_oneof![5 => resource, 1 => path]
}

fn scope() -> impl Strategy<Value = Scope> {
    option::weighted(0.6, select(NAMESPACES.map(str::to_owned).to_vec()))
}

fn role() -> impl Strategy<Value = Role> {
    let name = select(["r1", "r2", "r3", "r4"].to_vec());
    let label = option::of(select(["x", "y"].to_vec()));
    (scope(), name, vec(rule(), 0..4), label).prop_map(|(scope, name, rules, label)| Role {
        labels: label.map(|label| (label.to_owned(), "true".to_owned())).into_iter().collect(),
        scope,
        name: name.to_owned(),
        rules,
        aggregates: Vec::new(),
    })
}

fn subject() -> impl Strategy<Value = Subject> {
    let of = |kind: &'static str, name: &'static str, namespace: Option<&'static str>| Subject {
        kind: kind.into(),
        name: name.into(),
        namespace: namespace.map(Into::into),
        api_group: None,
    };
    prop_oneof![
        select(USERS.to_vec()).prop_map(move |name| of("User", name, None)),
        select(GROUPS.to_vec()).prop_map(move |name| of("Group", name, None)),
        option::of(select(NAMESPACES.to_vec())).prop_map(move |namespace| of("ServiceAccount", "bot", namespace)),
    ]
}

fn binding() -> impl Strategy<Value = Binding> {
    let kind = select(["Role", "ClusterRole"].to_vec());
    let role = select(["r1", "r2", "r3", "r4", "gone"].to_vec());
    (scope(), 0..12u8, kind, role, vec(subject(), 0..4)).prop_map(|(scope, name, kind, role, subjects)| Binding {
        name: format!("b{name}"),
        role: RoleRef {
            kind: if scope.is_none() { "ClusterRole" } else { kind }.into(),
            name: role.into(),
            ..RoleRef::default()
        },
        scope,
        subjects,
    })
}

/// Roles and bindings, one of each name and place.
fn world() -> impl Strategy<Value = (Vec<Role>, Vec<Binding>)> {
    (vec(role(), 0..8), vec(binding(), 0..14)).prop_map(|(mut roles, mut bindings)| {
        roles.sort_by(|a, b| (&a.scope, &a.name).cmp(&(&b.scope, &b.name)));
        roles.dedup_by(|a, b| a.scope == b.scope && a.name == b.name);
        bindings.sort_by(|a, b| (&a.scope, &a.name).cmp(&(&b.scope, &b.name)));
        bindings.dedup_by(|a, b| a.scope == b.scope && a.name == b.name);
        (roles, bindings)
    })
}

fn action() -> impl Strategy<Value = Action> {
    let verb = || select(VERBS.to_vec()).prop_map(str::to_owned);
    let name = option::weighted(0.3, select(NAMES.to_vec()));
    let namespace = option::weighted(0.7, select(NAMESPACES.to_vec()));
    let resource = (verb(), select(RESOURCES.to_vec()), any::<bool>(), name, namespace).prop_map(
        |(verb, resource, apps, name, namespace)| {
            let resource = ResourceName::new(if apps { "apps" } else { "" }, resource);
            let action = resource.action(&verb).named(name.unwrap_or("")).within(namespace.unwrap_or(""));
            Action::Resource(action)
        },
    );
    let path = (verb(), select(PATHS.to_vec())).prop_map(|(verb, path)| Action::Path { verb, path: path.into() });
    prop_oneof![5 => resource, 1 => path]
}

fn who() -> impl Strategy<Value = Principal> {
    (select(USERS.to_vec()), subsequence(vec!["red", "blue"], 0..=2))
        .prop_map(|(user, groups)| Principal::new(user, groups))
}

/// The chains by looking at everything: binding, subject, rule.
fn naive<'a>(
    roles: &'a [Role],
    bindings: &'a [Binding],
    action: &Action,
) -> Vec<(&'a Binding, &'a Subject, &'a Role, usize)> {
    let mut chains = Vec::new();
    for binding in bindings.iter().filter(|b| b.scope.is_none() || b.scope.as_deref() == action.namespace()) {
        let wanted = if binding.role.kind == "Role" { binding.scope.clone() } else { None };
        for role in roles.iter().filter(|role| role.scope == wanted && role.name == binding.role.name) {
            for (place, _) in role.rules.iter().enumerate().filter(|(_, rule)| allows(rule, action)) {
                chains.extend(binding.subjects.iter().map(|subject| (binding, subject, role, place)));
            }
        }
    }
    chains
}

fn is(who: &Principal, subject: &Subject, binding: &Binding) -> bool {
    match subject.kind.as_str() {
        "User" => who.user == subject.name,
        "Group" => who.groups.contains(&subject.name),
        _ => {
            let namespace = subject.namespace.clone().or(binding.scope.clone());
            namespace.is_some_and(|namespace| who.user == format!("system:serviceaccount:{namespace}:{}", subject.name))
        }
    }
}

/// The world after a change.
fn changed(change: &GrantChange, mut roles: Vec<Role>, mut bindings: Vec<Binding>) -> Policy {
    let bind = |name: &str, scope: &Scope, role: &RoleRef, subject: &SubjectKey| Binding {
        scope: scope.clone(),
        name: name.to_owned(),
        role: role.clone(),
        subjects: vec![subject.to_subject()],
    };
    match change {
        GrantChange::Bind { name, scope, role, subject } => {
            assert!(!bindings.iter().any(|b| b.scope == *scope && b.name == *name), "the name is taken");
            bindings.push(bind(name, scope, role, subject));
        }
        GrantChange::Join { binding: (scope, name), subject } => {
            let found = bindings.iter_mut().find(|b| b.scope == *scope && b.name == *name).unwrap();
            found.subjects.push(subject.to_subject());
        }
        GrantChange::Widen { role: (scope, name), place, part, value } => {
            let role = roles.iter_mut().find(|role| role.scope == *scope && role.name == *name).unwrap();
            let rule = &mut role.rules[*place];
            let list = match part {
                Part::Verb => &mut rule.verbs,
                Part::Resource => rule.resources.as_mut().unwrap(),
                Part::Group => rule.api_groups.as_mut().unwrap(),
                Part::Name => rule.resource_names.as_mut().unwrap(),
                Part::Url => rule.non_resource_urls.as_mut().unwrap(),
            };
            list.push(value.clone());
        }
        GrantChange::Make { scope, role, rule, binding, subject } => {
            assert!(!roles.iter().any(|r| r.scope == *scope && r.name == *role), "the name is taken");
            let kind = if scope.is_some() { "Role" } else { "ClusterRole" };
            let reference = RoleRef { kind: kind.into(), name: role.clone(), ..RoleRef::default() };
            bindings.push(bind(binding, scope, &reference, subject));
            roles.push(Role { scope: scope.clone(), name: role.clone(), rules: vec![rule.clone()], ..Role::default() });
        }
    }
    Policy::new(roles, bindings)
}

proptest! {
    #[test]
    fn who_can_is_what_looking_at_everything_finds((roles, bindings) in world(), action in action()) {
        let policy = Policy::new(roles.clone(), bindings.clone());
        let mut expected: Vec<_> = naive(&roles, &bindings, &action)
            .into_iter()
            .filter_map(|(binding, subject, role, place)| {
                let key = SubjectKey::of(subject, binding.scope.as_deref())?;
                Some((key, binding.scope.clone(), binding.name.clone(), role.scope.clone(), role.name.clone(), place))
            })
            .collect();
        let mut found: Vec<_> = policy.who_can(&action).into_iter().flat_map(|holder| {
            let key = holder.subject;
            holder.grants.into_iter().map(move |grant| {
                let (binding, role) = (grant.binding, grant.role);
                (key.clone(), binding.scope.clone(), binding.name.clone(), role.scope.clone(), role.name.clone(), grant.place)
            })
        }).collect();
        expected.sort();
        found.sort();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn why_is_yes_exactly_where_some_binding_of_theirs_allows_it((roles, bindings) in world(), who in who(), action in action()) {
        let policy = Policy::new(roles.clone(), bindings.clone());
        let chains = naive(&roles, &bindings, &action);
        let expected = chains.iter().any(|(binding, subject, ..)| is(&who, subject, binding));
        prop_assert_eq!(policy.permits(&who, &action), expected);
        let granted = matches!(policy.why(&who, &action), WhyAnswer::Granted(grants) if !grants.is_empty());
        prop_assert_eq!(granted, expected);
    }

    #[test]
    fn every_change_that_is_proposed_would_grant_it((roles, bindings) in world(), who in who(), action in action()) {
        let policy = Policy::new(roles.clone(), bindings.clone());
        if let WhyAnswer::Denied(near) = policy.why(&who, &action) {
            prop_assert!(!near.is_empty());
            for near in near {
                let after = changed(&near.change, roles.clone(), bindings.clone());
                prop_assert!(after.permits(&who, &action), "{}", near.change);
                prop_assert!(!near.change.commands(&Kubectl::plain()).is_empty());
            }
        }
    }

    #[test]
    fn matrix_shows_exactly_the_allowed_actions((roles, bindings) in world(), who in who(), namespace in option::of(select(NAMESPACES.to_vec()))) {
        let policy = Policy::new(roles, bindings);
        let catalogue = Catalogue::fallback();
        let grants: Vec<_> = policy.rules_of(&who, namespace).collect();
        let lines = matrix::lines(&grants, &catalogue, namespace, false);
        for line in matrix::lines(&grants, &catalogue, namespace, true) {
            for (column, verb) in matrix::COLUMNS.iter().enumerate() {
                let cell = matrix::cell(&grants, &line, column, &catalogue);
                let action = line.action(verb, namespace);
                prop_assert_eq!(!cell.grants.is_empty(), policy.permits(&who, &action), "{} {:?}", verb, line);
                prop_assert!(!cell.is_granted() || lines.contains(&line), "{:?} is left out", line);
            }
        }
    }

    #[test]
    fn reported_loss_of_a_binding_equals_the_loss_after_deletion((roles, bindings) in world(), action in action(), at in 0..14usize) {
        prop_assume!(!bindings.is_empty());
        let before = Policy::new(roles.clone(), bindings.clone());
        let mut fewer = bindings.clone();
        let gone = fewer.remove(at % bindings.len());
        let after = Policy::new(roles, fewer);
        let action = match action {
            Action::Resource(mut asked) => {
                asked.namespace = gone.scope.clone().unwrap_or_default();
                Action::Resource(asked)
            }
            path @ Action::Path { .. } => path,
        };
        for loss in before.loss_of_binding(&gone) {
            let who = Principal::of(&loss.subject);
            let lost = before.permits(&who, &action) && !after.permits(&who, &action);
            let is_reported = loss.rules.iter().any(|rule| allows(rule, &action));
            // What is reported in wildcards covers more than what is still held of it.
            prop_assert!(!lost || is_reported, "{:?} loses {} and is not told", loss.subject, action);
            if loss.rules.is_empty() {
                prop_assert!(!lost);
            }
        }
    }

    #[test]
    fn a_dangerous_deed_that_is_allowed_is_found((roles, bindings) in world(), who in who(), namespace in select(NAMESPACES.to_vec())) {
        let policy = Policy::new(roles, bindings);
        let secrets = Action::Resource(ResourceAction::new("get", "", "secrets").within(namespace));
        if policy.permits(&who, &secrets) {
            let here = |finding: &danger::RiskFinding<'_>| finding.scope.as_deref().is_none_or(|scope| scope == namespace);
            let found = danger::findings(&policy, &who);
            prop_assert!(found.iter().any(|f| here(f) && ["access-secrets", "access-cluster-admin", "access-wildcard"].contains(&f.danger.rule.id)));
        }
    }
}

#[test]
fn a_gathered_rule_is_traced_to_the_role_that_it_was_written_in() {
    let selector = |label: &str| LabelSelector {
        match_labels: Some([(label.to_owned(), "true".to_owned())].into()),
        match_expressions: None,
    };
    let read = super::rule(&[""], &["secrets"], &[], &["get"]);
    let role = |name: &str, label: Option<&str>, aggregates: Option<&str>| Role {
        name: name.into(),
        rules: vec![read.clone()],
        labels: label.map(|label| (label.to_owned(), "true".to_owned())).into_iter().collect(),
        aggregates: aggregates.map(selector).into_iter().collect(),
        scope: None,
    };
    let roles = [
        role("admin", None, Some("to-admin")),
        role("edit", Some("to-admin"), Some("to-edit")),
        role("extra", Some("to-edit"), None),
    ];
    let bindings = [super::binding(None, "b", "ClusterRole", "admin", &[("User", "jane")])];
    let policy = Policy::new(roles, bindings);
    let grant = policy.all_rules_of(&Principal::new("jane", [""; 0])).next().unwrap();
    assert_eq!(policy.origin(&grant).map(|(role, place)| (role.name.as_str(), place)), Some(("extra", 0)));
    assert_eq!(summary::one_line(&policy, &Principal::new("jane", [""; 0])), "get secrets everywhere (b → admin)");
}

/// A cluster of the size that the pane promises to be instant on.
fn large() -> Policy {
    let rule = |at: usize| super::rule(&[""], &[&format!("things{}", at % 97), "pods"], &[], &["get", "list"]);
    let role = |at: usize| Role {
        name: format!("role-{at}"),
        rules: (0..5).map(|n| rule(at * 5 + n)).collect(),
        ..Role::default()
    };
    let bind = |at: usize| {
        let (role, user, group) =
            (format!("role-{}", at % 1000), format!("user-{}", at % 3000), format!("group-{}", at % 200));
        let scope = (!at.is_multiple_of(10)).then(|| format!("ns-{}", at % 50));
        super::binding(
            scope.as_deref(),
            &format!("b-{at}"),
            "ClusterRole",
            &role,
            &[("User", &user), ("Group", &group)],
        )
    };
    Policy::new((0..1000).map(role), (0..5000).map(bind))
}

#[test]
fn the_large_cluster_answers() {
    let policy = large();
    let action = Action::Resource(ResourceAction::new("get", "", "pods").within("ns-1"));
    let holders = policy.who_can(&action);
    assert!(holders.len() > 300 && policy.subjects().len() == 3200, "{} {}", holders.len(), policy.subjects().len());
}
