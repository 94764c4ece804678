//! Which rights are dangerous.

use k8s_openapi::api::rbac::v1::PolicyRule;

use crate::domain::access::{Action, ResourceAction, allows};
use crate::domain::verdict::rules::{self, Rule};

/// The dangerous parts of one rule: which, in words, and whether for named objects alone.
pub(super) fn dangers_of(rule: &PolicyRule, of_cluster: bool) -> Vec<(&'static Rule, &'static str, bool)> {
    let star = |list: Option<&Vec<String>>| list.is_some_and(|list| list.iter().any(|entry| entry == "*"));
    let resources = star(rule.resources.as_ref());
    let verbs = rule.verbs.iter().any(|verb| verb == "*");
    let named = rule.resource_names.as_ref().is_some_and(|names| !names.is_empty());
    let everything = resources && verbs && star(rule.api_groups.as_ref()) && !named;
    if everything && of_cluster {
        return vec![(&rules::ACCESS_CLUSTER_ADMIN, "do everything", false)];
    }
    let mut found = Vec::new();
    let is_about_resources = rule.resources.as_ref().is_some_and(|list| !list.is_empty());
    if everything {
        found.push((&rules::ACCESS_WILDCARD, "do everything", false));
    } else if resources && verbs {
        found.push((&rules::ACCESS_WILDCARD, "do everything with whole API groups", named));
    } else if resources {
        found.push((&rules::ACCESS_WILDCARD, "use all resources of whole API groups", named));
    } else if verbs && is_about_resources {
        found.push((&rules::ACCESS_WILDCARD, "do everything with some resources", named));
    }
    let unnamed = PolicyRule { resource_names: None, ..rule.clone() };
    for (kind, what, cluster_only, actions) in KINDS {
        let (wanted, actions) = (*cluster_only, *actions);
        if (of_cluster || !wanted) && actions.iter().any(|action| action.is_in(&unnamed)) {
            found.push((kind, what, named));
        }
    }
    found
}

/// A verb on a resource of an API group.
struct Act(&'static str, &'static str, &'static str, &'static str);

impl Act {
    fn is_in(&self, rule: &PolicyRule) -> bool {
        let Self(verb, group, resource, part) = *self;
        // Since Kubernetes 1.35 impersonation has narrower verbs, such as impersonate:user-info.
        let narrower = || {
            let of_it = |own: &String| own.strip_prefix(verb).is_some_and(|rest| rest.starts_with(':'));
            verb == "impersonate" && rule.verbs.iter().any(of_it)
        };
        let wanted = |verb: &str| Action::Resource(ResourceAction::new(verb, group, resource).on_part(part));
        if allows(rule, &wanted(verb)) {
            return true;
        }
        narrower() && allows(&PolicyRule { verbs: vec![verb.to_owned()], ..rule.clone() }, &wanted(verb))
    }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const CERTIFICATES: &str = "certificates.k8s.io";

/// A rule, what it says, whether it means something in the cluster's scope alone, and what of it is dangerous.
type Kind = (&'static Rule, &'static str, bool, &'static [Act]);

const KINDS: &[Kind] = &[
    (
        &rules::ACCESS_SECRETS,
        "read Secrets",
        false,
        &[Act("get", "", "secrets", ""), Act("list", "", "secrets", ""), Act("watch", "", "secrets", "")],
    ),
    (
        &rules::ACCESS_ESCALATE,
        "give itself any right by the verbs escalate or bind",
        false,
        &[
            Act("escalate", RBAC, "roles", ""),
            Act("escalate", RBAC, "clusterroles", ""),
            Act("bind", RBAC, "roles", ""),
            Act("bind", RBAC, "clusterroles", ""),
        ],
    ),
    (
        &rules::ACCESS_IMPERSONATE,
        "act as somebody else (impersonate)",
        false,
        &[
            Act("impersonate", "", "users", ""),
            Act("impersonate", "", "groups", ""),
            Act("impersonate", "", "serviceaccounts", ""),
            Act("impersonate", "authentication.k8s.io", "users", ""),
            Act("impersonate", "authentication.k8s.io", "groups", ""),
            Act("impersonate", "authentication.k8s.io", "serviceaccounts", ""),
        ],
    ),
    (
        &rules::ACCESS_SIGN,
        "approve or sign certificates",
        true,
        &[
            Act("approve", CERTIFICATES, "signers", ""),
            Act("sign", CERTIFICATES, "signers", ""),
            Act("update", CERTIFICATES, "certificatesigningrequests", "approval"),
            Act("patch", CERTIFICATES, "certificatesigningrequests", "approval"),
        ],
    ),
    (&rules::ACCESS_TOKENS, "make tokens of service accounts", false, &[Act("create", "", "serviceaccounts", "token")]),
    (
        &rules::ACCESS_NODES_PROXY,
        "reach kubelets past admission and audit (nodes/proxy)",
        true,
        &[Act("get", "", "nodes", "proxy"), Act("create", "", "nodes", "proxy")],
    ),
    (
        &rules::ACCESS_PODS_EXEC,
        "run commands in pods",
        false,
        &[Act("create", "", "pods", "exec"), Act("get", "", "pods", "exec")],
    ),
];
