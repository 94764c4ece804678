//! Rules of evaluation, one by one. That they are the server's own is shown on the real control plane (`tests/end_to_end`).

use k8s_openapi::api::rbac::v1::{PolicyRule, RoleRef, Subject};

use super::*;

mod naive;

fn rule(groups: &[&str], resources: &[&str], names: &[&str], verbs: &[&str]) -> PolicyRule {
    let list = |list: &[&str]| (!list.is_empty()).then(|| list.iter().map(|text| (*text).to_owned()).collect());
    PolicyRule {
        api_groups: list(groups),
        resources: list(resources),
        resource_names: list(names),
        verbs: list(verbs).unwrap_or_default(),
        non_resource_urls: None,
    }
}

fn asks(verb: &str, group: &str, resource: &str) -> ResourceAction {
    ResourceAction::new(verb, group, resource)
}

fn ok(rule: &PolicyRule, action: ResourceAction) -> bool {
    allows(rule, &Action::Resource(action))
}

#[test]
fn a_rule_for_pods_is_no_rule_for_their_logs() {
    let pods = rule(&[""], &["pods"], &[], &["get"]);
    assert!(ok(&pods, asks("get", "", "pods")));
    assert!(!ok(&pods, asks("get", "", "pods").on_part("log")));
    assert!(!ok(&pods, asks("list", "", "pods")));
    assert!(!ok(&pods, asks("get", "apps", "pods")));
    let logs = rule(&[""], &["pods/log"], &[], &["get"]);
    assert!(ok(&logs, asks("get", "", "pods").on_part("log")) && !ok(&logs, asks("get", "", "pods")));
    let scales = rule(&["*"], &["*/scale"], &[], &["*"]);
    assert!(ok(&scales, asks("patch", "apps", "deployments").on_part("scale")));
    assert!(!ok(&scales, asks("patch", "apps", "deployments")));
}

#[test]
fn names_in_a_rule_leave_out_what_has_no_name() {
    let one = rule(&[""], &["secrets"], &["a"], &["get", "list"]);
    assert!(ok(&one, asks("get", "", "secrets").named("a")));
    assert!(!ok(&one, asks("get", "", "secrets").named("b")) && !ok(&one, asks("list", "", "secrets")));
}

#[test]
fn paths_match_by_their_beginning() {
    let urls = vec!["/api/*".to_owned(), "/healthz".to_owned()];
    let rule = PolicyRule { non_resource_urls: Some(urls), verbs: vec!["get".into()], ..PolicyRule::default() };
    let may = |path: &str| allows(&rule, &Action::Path { verb: "get".into(), path: path.into() });
    assert!(may("/api/v1") && may("/healthz") && !may("/healthz/x") && !may("/api") && !may("/metrics"));
}

fn binding(scope: Option<&str>, name: &str, kind: &str, role: &str, subjects: &[(&str, &str)]) -> Binding {
    let subject =
        |(kind, name): &(&str, &str)| Subject { kind: (*kind).into(), name: (*name).into(), ..Subject::default() };
    Binding {
        scope: scope.map(Into::into),
        name: name.into(),
        role: RoleRef { kind: kind.into(), name: role.into(), ..RoleRef::default() },
        subjects: subjects.iter().map(subject).collect(),
    }
}

fn policy() -> Policy {
    let role = |scope: Option<&str>, name: &str, verb: &str| Role {
        scope: scope.map(Into::into),
        name: name.into(),
        rules: vec![rule(&[""], &["pods"], &[], &[verb])],
        ..Role::default()
    };
    let roles = [role(None, "viewer", "get"), role(Some("dev"), "viewer", "delete")];
    let bindings = [
        binding(None, "all-view", "ClusterRole", "viewer", &[("Group", "ops")]),
        binding(Some("dev"), "dev-delete", "Role", "viewer", &[("User", "jane"), ("ServiceAccount", "bot")]),
        binding(Some("dev"), "broken", "Role", "gone", &[("User", "jane")]),
    ];
    Policy::new(roles, bindings)
}

fn who(user: &str, groups: &[&str]) -> Principal {
    Principal { user: user.into(), groups: groups.iter().map(|group| (*group).to_owned()).collect() }
}

#[test]
fn a_binding_holds_in_its_namespace_and_a_group_counts_with_its_user() {
    let policy = policy();
    let may = |who: &Principal, verb: &str, namespace: &str| {
        policy.permits(who, &Action::Resource(asks(verb, "", "pods").within(namespace)))
    };
    let jane = who("jane", &[]);
    assert!(may(&jane, "delete", "dev") && !may(&jane, "delete", "prod") && !may(&jane, "delete", ""));
    assert!(!may(&jane, "get", "dev"));
    assert!(may(&who("jane", &["ops"]), "get", "dev"));
    assert!(may(&who("system:serviceaccount:dev:bot", &[]), "delete", "dev"));
    assert!(!may(&who("system:serviceaccount:prod:bot", &[]), "delete", "dev"));
    assert!(may(&who("anyone", &[MASTERS]), "delete", "prod"));
}

#[test]
fn an_answer_says_through_what() {
    let policy = policy();
    let grant = |who: &Principal, verb: &str| {
        let action = Action::Resource(asks(verb, "", "pods").within("dev"));
        policy.grant(who, &action).map(|grant| grant.to_string())
    };
    let reason = grant(&who("x", &["ops"]), "get").unwrap();
    assert_eq!(reason, "ClusterRoleBinding \"all-view\" of ClusterRole \"viewer\" to Group \"ops\"");
    let reason = grant(&who("system:serviceaccount:dev:bot", &[]), "delete").unwrap();
    assert_eq!(reason, "RoleBinding \"dev-delete/dev\" of Role \"viewer\" to ServiceAccount \"bot/dev\"");
    assert_eq!(policy.dangling(&who("jane", &[]), Some("dev")), ["role.rbac.authorization.k8s.io \"gone\" not found"]);
}

#[test]
fn rejects_grants_beyond_the_grantors_own() {
    let held = [rule(&[""], &["pods", "*/status"], &[], &["get", "list"]), rule(&["*"], &["secrets"], &["a"], &["*"])];
    let missing = |wanted: PolicyRule| {
        compact(uncovered(&held, &[wanted])).iter().map(compact_text).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(missing(rule(&[""], &["pods"], &["x"], &["get"])), "");
    assert_eq!(missing(rule(&[""], &["nodes/status"], &[], &["get"])), "");
    assert_eq!(missing(rule(&["apps"], &["secrets"], &["a"], &["delete"])), "");
    assert_eq!(
        missing(rule(&[""], &["pods", "nodes"], &[], &["get", "watch", "delete"])),
        r#"{APIGroups:[""], Resources:["pods"], Verbs:["watch" "delete"]} {APIGroups:[""], Resources:["nodes"], Verbs:["get" "watch" "delete"]}"#
    );
    assert_eq!(
        missing(rule(&[""], &["secrets"], &[], &["get"])),
        r#"{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}"#
    );
    assert_eq!(missing(rule(&["*"], &["*"], &[], &["*"])), r#"{APIGroups:["*"], Resources:["*"], Verbs:["*"]}"#);
}
