//! Which rights are dangerous, and how far they reach.

use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use serde_json::{Value, json};

use super::*;
use crate::domain::verdict::confusables::Difference;

const RBAC: &str = "rbac.authorization.k8s.io";
const CERTIFICATES: &str = "certificates.k8s.io";
const HOOKS: &str = "admissionregistration.k8s.io";

/// A cluster with one role, bound to group `ops` in the cluster or in a namespace.
fn bound(namespace: Option<&str>, rules: &Value) -> Grants {
    let meta = json!({"name": "r", "namespace": namespace});
    let kind = if namespace.is_some() { "Role" } else { "ClusterRole" };
    let role = json!({"metadata": meta, "rules": rules});
    let subjects = json!([{"kind": "Group", "name": "ops"}, {"kind": "User", "name": "jane"},
        {"kind": "ServiceAccount", "name": "bot", "namespace": "ci"}]);
    let reference = json!({"apiGroup": RBAC, "kind": kind, "name": "r"});
    let binding =
        json!({"metadata": {"name": "b", "namespace": namespace}, "roleRef": reference, "subjects": subjects});
    let policy = if namespace.is_some() {
        let role: Role = serde_json::from_value(role).unwrap();
        let binding: RoleBinding = serde_json::from_value(binding).unwrap();
        Policy::new([crate::domain::access::Role::from(role)], [Binding::from(binding)])
    } else {
        let role: ClusterRole = serde_json::from_value(role).unwrap();
        let binding: ClusterRoleBinding = serde_json::from_value(binding).unwrap();
        Policy::new([crate::domain::access::Role::from(role)], [Binding::from(binding)])
    };
    Grants::new(&policy)
}

fn rule(groups: &[&str], resources: &[&str], verbs: &[&str]) -> Value {
    json!([{"apiGroups": groups, "resources": resources, "verbs": verbs}])
}

fn ids(grants: &Grants) -> Vec<(&'static str, Level)> {
    grants.dangers("x", ["ops"]).iter().map(|danger| (danger.rule.id, danger.level)).collect()
}

#[test]
fn each_dangerous_right_is_found_and_harmless_ones_are_not() {
    use Level::{Danger, Warning};
    for (groups, resources, verbs, id, level) in [
        (&["*"][..], &["*"][..], &["*"][..], "access-cluster-admin", Danger),
        (&["apps"], &["*"], &["get"], "access-wildcard", Warning),
        (&["apps"], &["controllerrevisions"], &["*"], "access-wildcard", Warning),
        (&[""], &["secrets"], &["watch"], "access-secrets", Danger),
        (&[RBAC], &["clusterroles"], &["bind"], "access-bind", Danger),
        (&[RBAC], &["roles"], &["escalate"], "access-escalate", Danger),
        (&[""], &["users"], &["impersonate"], "access-impersonate", Danger),
        (&["authentication.k8s.io"], &["users"], &["impersonate:user-info"], "access-impersonate", Danger),
        (
            &["authentication.k8s.io"],
            &["serviceaccounts"],
            &["impersonate:serviceaccount"],
            "access-impersonate",
            Danger,
        ),
        (&["authentication.k8s.io"], &["nodes"], &["impersonate:arbitrary-node"], "access-impersonate", Danger),
        (&["authentication.k8s.io"], &["nodes"], &["impersonate:associated-node"], "access-impersonate", Danger),
        (&["authentication.k8s.io"], &["userextras/scopes"], &["impersonate:user-info"], "access-impersonate", Danger),
        (&[""], &["pods"], &["impersonate-on:user-info:list"], "access-impersonate", Danger),
        (&["apps"], &["deployments"], &["impersonate-on:arbitrary-node:get"], "access-impersonate", Danger),
        (&[CERTIFICATES], &["signers"], &["approve"], "access-sign", Danger),
        (&[""], &["serviceaccounts/token"], &["create"], "access-tokens", Danger),
        (&[""], &["nodes/proxy"], &["get"], "access-nodes-proxy", Danger),
        (&[""], &["*/exec"], &["create"], "access-pods-exec", Danger),
        (&["batch"], &["jobs"], &["create"], "access-workloads", Danger),
        (&["apps"], &["replicasets"], &["create"], "access-workloads", Danger),
        (&[""], &["replicationcontrollers"], &["patch"], "access-workloads", Danger),
        (&[""], &["persistentvolumes"], &["create"], "access-volumes", Danger),
        (&[HOOKS], &["mutatingwebhookconfigurations"], &["patch"], "access-webhooks", Danger),
        (&[RBAC], &["roles", "rolebindings"], &["create", "update"], "access-rbac-write", Warning),
        (&[HOOKS], &["mutatingadmissionpolicies"], &["create"], "access-webhooks", Danger),
        (&["apiregistration.k8s.io"], &["apiservices"], &["update"], "access-webhooks", Danger),
        (&[HOOKS], &["validatingadmissionpolicies"], &["update"], "access-webhooks", Warning),
        (&[HOOKS], &["validatingwebhookconfigurations"], &["delete"], "access-webhooks", Warning),
        (&[""], &["nodes"], &["patch"], "access-nodes-write", Warning),
        (&[""], &["nodes/status"], &["patch"], "access-nodes-write", Warning),
        (&[""], &["namespaces"], &["patch"], "access-namespaces-write", Warning),
        (&["discovery.k8s.io"], &["endpointslices"], &["create"], "access-endpoints-write", Warning),
    ] {
        let grants = bound(None, &rule(groups, resources, verbs));
        assert_eq!(ids(&grants), [(id, level)], "{groups:?} {resources:?} {verbs:?}");
        assert!(grants.names_user("jane") && grants.names_group("ops") && !grants.names_user("ops"));
        assert_eq!(grants.dangers("system:serviceaccount:ci:bot", []).len(), 1);
    }
    for (groups, resources, verbs) in [
        (&[""][..], &["pods", "pods/log"][..], &["get", "list", "watch", "delete"][..]),
        (&[""], &["secrets"], &["create"]),
        (&[""], &["nodes", "pods/portforward"], &["get"]),
        (&["apps"], &["secrets"], &["get"]),
        // RBAC compares exactly, and knows `*` and `*/subresource` alone: these grant nothing.
        (&[""], &["Secrets"], &["get"]),
        (&[""], &["secrets"], &["Get", "LIST"]),
        (&[""], &["secret*", "pods/*", "*/*", "nodes/*"], &["get", "create"]),
        (&["authentication.k8s.io"], &["userextras"], &["impersonate:user-info"]),
        (&[""], &["users"], &["impersonate-", "IMPERSONATE"]),
        (
            &[CERTIFICATES],
            &["certificatesigningrequests", "certificatesigningrequests/approval"],
            &["create", "update"],
        ),
    ] {
        assert_eq!(ids(&bound(None, &rule(groups, resources, verbs))), [], "{groups:?} {resources:?} {verbs:?}");
    }
}

#[test]
fn in_a_namespace_it_reaches_less_far() {
    use Level::{Danger, Warning};
    let secrets = rule(&[""], &["secrets"], &["get"]);
    assert_eq!(ids(&bound(Some("dev"), &secrets)), [("access-secrets", Warning)]);
    assert_eq!(ids(&bound(Some("kube-system"), &secrets)), [("access-secrets", Danger)]);
    assert_eq!(ids(&bound(Some("dev"), &rule(&[""], &["nodes/proxy"], &["get"]))), []);
    assert_eq!(ids(&bound(Some("dev"), &rule(&[""], &["pods"], &["create"]))), [], "what every developer does");
    assert_eq!(ids(&bound(Some("dev"), &rule(&["*"], &["*"], &["*"]))), [("access-wildcard", Warning)]);
    let one = json!([{"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["tls"], "verbs": ["get"]}]);
    let grants = bound(None, &one);
    assert_eq!(ids(&grants), [("access-secrets", Warning)]);
    assert_eq!(
        grants.dangers("x", ["ops"])[0].text,
        "It reads Secrets in the whole cluster (only tls) \
         (group ops → ClusterRoleBinding b → ClusterRole r → rule 1)."
    );
}

#[test]
fn reports_the_widest_risk_of_a_kind() {
    let rules = json!([
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["a"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]},
    ]);
    let found = bound(None, &rules).dangers("jane", ["ops"]);
    assert!(found.len() == 1 && found[0].text.ends_with("rule 2).") && found[0].text.contains("(user jane"));
}

#[test]
fn wildcards_that_reach_a_dangerous_right_are_found() {
    use Level::Danger;
    for (groups, resources, verbs, id) in [
        (&["*"][..], &["secrets"][..], &["get"][..], "access-secrets"),
        (&[""], &["secrets"], &["*"], "access-secrets"),
        (&[""], &["*/proxy"], &["get"], "access-nodes-proxy"),
        (&["*"], &["*/token"], &["*"], "access-tokens"),
        (&["authentication.k8s.io"], &["*"], &["impersonate:user-info"], "access-impersonate"),
        (&["*"], &["*"], &["impersonate"], "access-impersonate"),
        (&[RBAC], &["*"], &["bind"], "access-bind"),
    ] {
        let found = ids(&bound(None, &rule(groups, resources, verbs)));
        assert!(found.contains(&(id, Danger)), "{groups:?} {resources:?} {verbs:?} {found:?}");
    }
}

#[test]
fn names_that_look_like_bound_ones_are_found() {
    let grants = bound(None, &rule(&[""], &["pods"], &["get"]));
    for (name, other, difference) in [
        ("j\u{430}ne", "jane", Difference::Forged),
        ("0ps", "ops", Difference::Forged),
        ("op5", "ops", Difference::Usual),
        ("Jane", "jane", Difference::Case),
        ("jane.", "jane", Difference::Usual),
    ] {
        assert_eq!(grants.look_alike(name), Some((other, difference)), "{name}");
    }
    for name in ["jane", "ops", "jane1", "janet", "ops2", "opsx", "bot", ""] {
        assert_eq!(grants.look_alike(name), None, "{name}");
    }
}
