//! What is dangerous in what somebody holds. The rules are those that the Kubernetes documentation warns of
//! (RBAC good practices, "Privilege escalation risks"); their ids are stable.

use k8s_openapi::api::rbac::v1::PolicyRule;

use super::rule::{list, touches};
use super::{Action, Grant, Policy, ResourceName, Scope, Who};
use crate::domain::verdict::Level;

/// One rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Danger {
    /// Stable id, such as `secrets-read`.
    pub id: &'static str,
    /// How bad it is for the whole cluster, and how bad in one namespace.
    levels: (Level, Level),
    /// What it allows, so that `… in namespace x` can follow.
    pub text: &'static str,
    /// Whether it is as bad where the rule names the objects.
    even_named: bool,
    deeds: &'static [Deed],
}

/// Verbs with a resource that make a rule dangerous.
#[derive(Debug, PartialEq, Eq)]
struct Deed {
    verbs: &'static [&'static str],
    group: &'static str,
    name: &'static str,
    /// Whether a `RoleBinding` cannot grant it.
    cluster: bool,
}

const fn inside(verbs: &'static [&'static str], group: &'static str, name: &'static str) -> Deed {
    Deed { verbs, group, name, cluster: false }
}

const fn cluster(verbs: &'static [&'static str], group: &'static str, name: &'static str) -> Deed {
    Deed { verbs, group, name, cluster: true }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const CERTIFICATES: &str = "certificates.k8s.io";
const HOOKS: &str = "admissionregistration.k8s.io";
const WRITE: &[&str] = &["create", "update", "patch"];
const BOTH: (Level, Level) = (Level::Danger, Level::Danger);

/// Every verb with every resource. Told apart from the others because it contains them all.
static EVERYTHING: Danger =
    Danger { id: "cluster-admin", levels: BOTH, text: "may do everything", even_named: false, deeds: &[] };

/// Member of `system:masters`.
static ABOVE: Danger = Danger {
    id: "masters",
    levels: BOTH,
    text: "is in system:masters: above every rule, and no binding can take that back",
    even_named: false,
    deeds: &[],
};

/// A verb or resource that is every one, those too that do not exist yet.
static WILDCARD: Danger = Danger {
    id: "wildcards",
    levels: (Level::Warning, Level::Warning),
    text: "holds a rule with *: it also covers what will be added later",
    even_named: false,
    deeds: &[],
};

/// The rules that look at single deeds, the worst first.
static DANGERS: [Danger; 14] = [
    Danger {
        id: "impersonate",
        levels: BOTH,
        text: "may act as somebody else",
        even_named: true,
        deeds: &[
            cluster(&["impersonate"], "", "users"),
            cluster(&["impersonate"], "", "groups"),
            inside(&["impersonate"], "", "serviceaccounts"),
            cluster(&["impersonate"], "authentication.k8s.io", "uids"),
        ],
    },
    Danger {
        id: "escalate",
        levels: BOTH,
        text: "may put into a role what it does not hold itself",
        even_named: true,
        deeds: &[inside(&["escalate"], RBAC, "roles"), cluster(&["escalate"], RBAC, "clusterroles")],
    },
    Danger {
        id: "bind",
        levels: BOTH,
        text: "may hand out roles that it does not hold itself",
        even_named: false,
        deeds: &[inside(&["bind"], RBAC, "roles"), inside(&["bind"], RBAC, "clusterroles")],
    },
    Danger {
        id: "approve-csr",
        levels: BOTH,
        text: "may approve certificate requests of a signer: hand out identities",
        even_named: true,
        deeds: &[cluster(&["approve"], CERTIFICATES, "signers")],
    },
    Danger {
        id: "sign-csr",
        levels: BOTH,
        text: "may sign certificates in a signer's name: make identities",
        even_named: true,
        deeds: &[cluster(&["sign"], CERTIFICATES, "signers")],
    },
    Danger {
        id: "nodes-proxy",
        levels: BOTH,
        text: "reaches the kubelets' API past admission and audit: any command in any pod",
        even_named: true,
        deeds: &[cluster(&["get", "create"], "", "nodes/proxy")],
    },
    Danger {
        id: "secrets-read",
        levels: BOTH,
        text: "reads secrets",
        even_named: false,
        deeds: &[inside(&["get", "list", "watch"], "", "secrets")],
    },
    Danger {
        id: "token-create",
        levels: BOTH,
        text: "may log in as service accounts",
        even_named: false,
        deeds: &[inside(&["create"], "", "serviceaccounts/token")],
    },
    Danger {
        id: "webhooks-write",
        levels: BOTH,
        text: "may place itself between everybody and the API (admission webhooks)",
        even_named: false,
        deeds: &[
            cluster(WRITE, HOOKS, "mutatingwebhookconfigurations"),
            cluster(WRITE, HOOKS, "validatingwebhookconfigurations"),
        ],
    },
    Danger {
        id: "volumes-create",
        levels: BOTH,
        text: "may make persistent volumes of any path of a node",
        even_named: false,
        deeds: &[cluster(&["create"], "", "persistentvolumes")],
    },
    Danger {
        id: "pods-exec",
        levels: (Level::Danger, Level::Warning),
        text: "may run commands in other people's pods",
        even_named: false,
        deeds: &[
            inside(&["get", "create"], "", "pods/exec"),
            inside(&["get", "create"], "", "pods/attach"),
            inside(&["update", "patch"], "", "pods/ephemeralcontainers"),
        ],
    },
    Danger {
        id: "rbac-write",
        levels: (Level::Warning, Level::Warning),
        text: "may pass on what it holds (roles and bindings)",
        even_named: false,
        deeds: &[
            inside(WRITE, RBAC, "roles"),
            inside(WRITE, RBAC, "rolebindings"),
            cluster(WRITE, RBAC, "clusterroles"),
            cluster(WRITE, RBAC, "clusterrolebindings"),
        ],
    },
    Danger {
        id: "nodes-write",
        levels: (Level::Warning, Level::Warning),
        text: "may change nodes: labels, taints, where pods run",
        even_named: false,
        deeds: &[cluster(&["update", "patch", "delete"], "", "nodes")],
    },
    Danger {
        id: "workloads-create",
        levels: (Level::Danger, Level::Notice),
        text: "may run pods as any service account, with any secret",
        even_named: false,
        deeds: &[
            inside(&["create"], "", "pods"),
            inside(WRITE, "apps", "deployments"),
            inside(WRITE, "apps", "daemonsets"),
            inside(WRITE, "apps", "statefulsets"),
            inside(WRITE, "batch", "jobs"),
            inside(WRITE, "batch", "cronjobs"),
        ],
    },
];

impl Danger {
    /// How bad it is in a namespace, or (without one) in the whole cluster, for every object or for named ones.
    pub const fn level(&self, scope: Option<&str>, named: bool) -> Level {
        let level = if scope.is_some() { self.levels.1 } else { self.levels.0 };
        match level {
            Level::Danger if named && !self.even_named => Level::Warning,
            Level::Warning if named && !self.even_named => Level::Notice,
            other => other,
        }
    }
}

/// All rules, for the documentation.
pub fn rules() -> impl Iterator<Item = &'static Danger> {
    [&ABOVE, &EVERYTHING, &WILDCARD].into_iter().chain(&DANGERS)
}

/// Something dangerous that somebody holds.
#[derive(Debug, Clone)]
pub struct Finding<'a> {
    /// The rule that found it.
    pub danger: &'static Danger,
    /// How bad it is.
    pub level: Level,
    /// Where it holds.
    pub scope: Scope,
    /// The objects that it is about, where the granting rule names them.
    pub names: &'a [String],
    /// The chain; `None` where no binding grants it (`masters`).
    pub grant: Option<Grant<'a>>,
}

impl Finding<'_> {
    /// A sentence without its subject: `reads secrets in namespace qa`. Names are not yet made printable.
    pub fn text(&self) -> String {
        let place = match (&self.scope, self.grant) {
            (_, None) => String::new(),
            (Some(namespace), _) => format!(" in namespace {namespace}"),
            (None, _) => " in the whole cluster".to_owned(),
        };
        let only = match self.names {
            [] => String::new(),
            names => format!(" (only {})", names.join(", ")),
        };
        format!("{}{place}{only}", self.danger.text)
    }
}

/// What is dangerous in everything that `who` holds, in all namespaces: the worst first, each kind once a place.
pub fn findings<'a>(policy: &'a Policy, who: &Who) -> Vec<Finding<'a>> {
    let mut found = Vec::new();
    if who.is_master() {
        found.push(Finding { danger: &ABOVE, level: Level::Danger, scope: None, names: &[], grant: None });
    }
    found.extend(policy.all_rules_of(who).flat_map(of_grant));
    sorted(found)
}

/// What is dangerous in one rule of a role, as it would be where that is bound.
pub fn of_grant(grant: Grant<'_>) -> Vec<Finding<'_>> {
    let names = list(grant.rule.resource_names.as_ref());
    let scope = grant.binding.scope.clone();
    let finding = |danger: &'static Danger| {
        let level = danger.level(scope.as_deref(), !names.is_empty());
        Finding { danger, level, scope: scope.clone(), names, grant: Some(grant) }
    };
    of_rule(grant.rule, scope.as_deref()).into_iter().map(finding).collect()
}

/// What is dangerous in a rule that is bound in a namespace, or (without one) in the cluster.
pub fn of_rule(rule: &PolicyRule, scope: Option<&str>) -> Vec<&'static Danger> {
    let star = |values: &[String]| values.iter().any(|value| value == "*");
    let resources = list(rule.resources.as_ref());
    if list(rule.resource_names.as_ref()).is_empty()
        && star(&rule.verbs)
        && star(resources)
        && star(list(rule.api_groups.as_ref()))
    {
        return vec![&EVERYTHING];
    }
    let mut found: Vec<_> =
        DANGERS.iter().filter(|danger| danger.deeds.iter().any(|deed| fits(deed, rule, scope))).collect();
    if star(resources) || (star(&rule.verbs) && !resources.is_empty()) {
        found.push(&WILDCARD);
    }
    found
}

/// How dangerous the worst in a rule is.
pub fn level_of_rule(rule: &PolicyRule, scope: Option<&str>) -> Level {
    let named = !list(rule.resource_names.as_ref()).is_empty();
    of_rule(rule, scope).into_iter().map(|danger| danger.level(scope, named)).max().unwrap_or(Level::Ok)
}

/// What is dangerous about one thing that is allowed: the worst rule about it.
pub fn of_action(action: &Action) -> Option<&'static Danger> {
    let Action::Resource(action) = action else { return None };
    let name = ResourceName::asked(action);
    let scope = Some(action.namespace.as_str()).filter(|namespace| !namespace.is_empty());
    let deeds = |deed: &Deed| {
        deed.group == name.group
            && deed.name == name.name
            && deed.verbs.contains(&action.verb.as_str())
            && !(deed.cluster && scope.is_some())
    };
    let level = |danger: &&Danger| danger.level(scope, !action.name.is_empty());
    DANGERS.iter().filter(|danger| danger.deeds.iter().any(deeds)).max_by_key(level)
}

fn fits(deed: &Deed, rule: &PolicyRule, scope: Option<&str>) -> bool {
    !(deed.cluster && scope.is_some()) && touches(rule, deed.verbs, deed.group, deed.name)
}

/// The worst first; of several chains to the same danger in the same place the first.
fn sorted(mut found: Vec<Finding<'_>>) -> Vec<Finding<'_>> {
    let order = |danger: &'static Danger| rules().position(|other| std::ptr::eq(other, danger));
    found.sort_by_key(|finding| (std::cmp::Reverse(finding.level), order(finding.danger), finding.scope.clone()));
    found.dedup_by(|a, b| std::ptr::eq(a.danger, b.danger) && a.scope == b.scope && a.level == b.level);
    found
}
