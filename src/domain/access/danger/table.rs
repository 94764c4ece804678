//! The dangerous rights, in one table: what the Kubernetes documentation warns of (RBAC good practices, "Privilege
//! escalation risks"). The RBAC pane, `countersign access` and the verdicts on requests are all made from it.

use super::permission::{Permission, RiskyPermission};
use crate::domain::level::Level::{self, Danger as Worst, Notice, Warning};
use crate::domain::rules;

const RBAC: &str = "rbac.authorization.k8s.io";
const CERTIFICATES: &str = "certificates.k8s.io";
const AUTHENTICATION: &str = "authentication.k8s.io";
const HOOKS: &str = "admissionregistration.k8s.io";
const WRITE: &[&str] = &["create", "update", "patch"];
const DELETE: &[&str] = &["delete", "deletecollection"];
/// Deletion takes a guard away, one by one or all at once.
const WRITE_OR_DELETE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
/// Since Kubernetes 1.36 impersonation has narrower verbs beside the old one (KEP-5284;
/// `apiserver/pkg/endpoints/filters/impersonation`).
const IMPERSONATE: &[&str] = &[
    "impersonate",
    "impersonate:user-info",
    "impersonate:serviceaccount",
    "impersonate:arbitrary-node",
    "impersonate:associated-node",
];

/// The other half of the narrower verbs: `impersonate-on:<mode>:<verb>`, on whatever is to be done so.
pub(crate) const IMPERSONATE_ON: &str = "impersonate-on:";

/// Dangerous in the cluster, a question in one namespace.
const DEFAULT_LEVELS: (Level, Level) = (Worst, Warning);
const WARNING: (Level, Level) = (Warning, Warning);

/// A rule of the whole cluster that covers everything. Separate from the others because it contains them all.
pub(crate) static CLUSTER_ADMIN: RiskyPermission = RiskyPermission {
    rule: &rules::ACCESS_CLUSTER_ADMIN,
    levels: DEFAULT_LEVELS,
    text: "may do everything",
    even_named: false,
    permissions: &[],
};

/// The same of one namespace.
pub(crate) static NAMESPACE_ADMIN: RiskyPermission = RiskyPermission {
    rule: &rules::ACCESS_WILDCARD,
    levels: DEFAULT_LEVELS,
    text: "may do everything",
    even_named: false,
    permissions: &[],
};

/// Member of `system:masters`.
pub(crate) static BYPASSES_RBAC: RiskyPermission = RiskyPermission {
    rule: &rules::GROUP_MASTERS,
    levels: (Worst, Worst),
    text: "is in system:masters: above every rule, and no binding can take that back",
    even_named: false,
    permissions: &[],
};

/// Verbs that begin with [`IMPERSONATE_ON`], on any resource.
pub(crate) static CONSTRAINED_IMPERSONATION: RiskyPermission = RiskyPermission {
    rule: &rules::ACCESS_IMPERSONATE,
    levels: DEFAULT_LEVELS,
    text: "may act under another identity (impersonate-on)",
    even_named: true,
    permissions: &[],
};

/// A verb or resource that is every one, those too that do not exist yet. What is dangerous among those that do exist is
/// found by itself.
pub(crate) static WILDCARD: RiskyPermission = RiskyPermission {
    rule: &rules::ACCESS_WILDCARD,
    levels: WARNING,
    text: "holds a rule with *, which also covers what will be added later,",
    even_named: false,
    permissions: &[],
};

const fn inside(verbs: &'static [&'static str], group: &'static str, name: &'static str) -> Permission {
    Permission { verbs, group, name, cluster: false }
}

const fn cluster(verbs: &'static [&'static str], group: &'static str, name: &'static str) -> Permission {
    Permission { verbs, group, name, cluster: true }
}

/// The rules that look at single deeds, the worst first.
pub(crate) static DANGERS: [RiskyPermission; 16] = [
    RiskyPermission {
        rule: &rules::ACCESS_IMPERSONATE,
        levels: DEFAULT_LEVELS,
        text: "may act as somebody else (impersonate)",
        even_named: true,
        permissions: &[
            cluster(IMPERSONATE, "", "users"),
            cluster(IMPERSONATE, "", "groups"),
            inside(IMPERSONATE, "", "serviceaccounts"),
            cluster(IMPERSONATE, AUTHENTICATION, "users"),
            cluster(IMPERSONATE, AUTHENTICATION, "groups"),
            inside(IMPERSONATE, AUTHENTICATION, "serviceaccounts"),
            cluster(IMPERSONATE, AUTHENTICATION, "nodes"),
            cluster(IMPERSONATE, AUTHENTICATION, "uids"),
            cluster(IMPERSONATE, AUTHENTICATION, "userextras/*"),
        ],
    },
    RiskyPermission {
        rule: &rules::ACCESS_ESCALATE,
        levels: DEFAULT_LEVELS,
        text: "may put into a role what it does not hold itself (escalate)",
        even_named: true,
        permissions: &[inside(&["escalate"], RBAC, "roles"), cluster(&["escalate"], RBAC, "clusterroles")],
    },
    RiskyPermission {
        rule: &rules::ACCESS_BIND,
        levels: DEFAULT_LEVELS,
        text: "may hand out roles that it does not hold itself (bind)",
        even_named: false,
        permissions: &[inside(&["bind"], RBAC, "roles"), inside(&["bind"], RBAC, "clusterroles")],
    },
    // Who may change a request's approval still needs this verb on the signer (admission plugin CertificateApproval).
    RiskyPermission {
        rule: &rules::ACCESS_SIGN,
        levels: (Worst, Worst),
        text: "may approve or sign certificates, and so hand out identities",
        even_named: true,
        permissions: &[cluster(&["approve", "sign"], CERTIFICATES, "signers")],
    },
    RiskyPermission {
        rule: &rules::ACCESS_NODES_PROXY,
        levels: (Worst, Worst),
        text: "reaches the kubelets past admission and audit (nodes/proxy): any command in any pod",
        even_named: true,
        permissions: &[cluster(&["get", "create"], "", "nodes/proxy")],
    },
    RiskyPermission {
        rule: &rules::ACCESS_SECRETS,
        levels: DEFAULT_LEVELS,
        text: "reads Secrets",
        even_named: false,
        permissions: &[inside(&["get", "list", "watch"], "", "secrets")],
    },
    RiskyPermission {
        rule: &rules::ACCESS_TOKENS,
        levels: DEFAULT_LEVELS,
        text: "may make tokens of service accounts, and so act as them",
        even_named: false,
        permissions: &[inside(&["create"], "", "serviceaccounts/token")],
    },
    RiskyPermission {
        rule: &rules::ACCESS_WEBHOOKS,
        levels: (Worst, Worst),
        text: "may place itself between everybody and the API (admission webhooks, API services)",
        even_named: false,
        permissions: &[
            cluster(WRITE, HOOKS, "mutatingwebhookconfigurations"),
            cluster(WRITE, HOOKS, "validatingwebhookconfigurations"),
            cluster(WRITE, HOOKS, "mutatingadmissionpolicies"),
            cluster(WRITE, HOOKS, "mutatingadmissionpolicybindings"),
            cluster(WRITE, "apiregistration.k8s.io", "apiservices"),
        ],
    },
    RiskyPermission {
        rule: &rules::ACCESS_WEBHOOKS,
        levels: WARNING,
        text: "may remove checks on what is admitted (admission webhooks and policies)",
        even_named: false,
        permissions: &[
            cluster(WRITE_OR_DELETE, HOOKS, "validatingadmissionpolicies"),
            cluster(WRITE_OR_DELETE, HOOKS, "validatingadmissionpolicybindings"),
            cluster(DELETE, HOOKS, "mutatingadmissionpolicies"),
            cluster(DELETE, HOOKS, "mutatingadmissionpolicybindings"),
            cluster(DELETE, HOOKS, "mutatingwebhookconfigurations"),
            cluster(DELETE, HOOKS, "validatingwebhookconfigurations"),
        ],
    },
    RiskyPermission {
        rule: &rules::ACCESS_VOLUMES,
        levels: (Worst, Worst),
        text: "may make persistent volumes of any path of a node",
        even_named: false,
        permissions: &[cluster(&["create"], "", "persistentvolumes")],
    },
    RiskyPermission {
        rule: &rules::ACCESS_PODS_EXEC,
        levels: DEFAULT_LEVELS,
        text: "may run commands in other people's pods",
        even_named: false,
        permissions: &[
            inside(&["get", "create"], "", "pods/exec"),
            inside(&["get", "create"], "", "pods/attach"),
            inside(&["update", "patch"], "", "pods/ephemeralcontainers"),
        ],
    },
    RiskyPermission {
        rule: &rules::ACCESS_WORKLOADS,
        levels: (Worst, Notice),
        text: "may run pods as any service account, with any Secret,",
        even_named: false,
        permissions: &[
            inside(&["create"], "", "pods"),
            inside(WRITE, "", "replicationcontrollers"),
            inside(WRITE, "apps", "replicasets"),
            inside(WRITE, "apps", "deployments"),
            inside(WRITE, "apps", "daemonsets"),
            inside(WRITE, "apps", "statefulsets"),
            inside(WRITE, "batch", "jobs"),
            inside(WRITE, "batch", "cronjobs"),
        ],
    },
    RiskyPermission {
        rule: &rules::ACCESS_RBAC_WRITE,
        levels: WARNING,
        text: "may pass on what it holds (roles and bindings)",
        even_named: false,
        permissions: &[
            inside(WRITE, RBAC, "roles"),
            inside(WRITE, RBAC, "rolebindings"),
            cluster(WRITE, RBAC, "clusterroles"),
            cluster(WRITE, RBAC, "clusterrolebindings"),
        ],
    },
    RiskyPermission {
        rule: &rules::ACCESS_NODES_WRITE,
        levels: WARNING,
        text: "may change nodes (labels, taints, addresses, where pods run)",
        even_named: false,
        permissions: &[
            cluster(&["update", "patch", "delete", "deletecollection"], "", "nodes"),
            cluster(&["update", "patch"], "", "nodes/status"),
        ],
    },
    RiskyPermission {
        rule: &rules::ACCESS_NAMESPACES_WRITE,
        levels: (Warning, Notice),
        text: "may change namespaces' labels, and so lift Pod Security admission",
        even_named: false,
        permissions: &[inside(&["update", "patch"], "", "namespaces")],
    },
    RiskyPermission {
        rule: &rules::ACCESS_ENDPOINTS_WRITE,
        levels: (Warning, Notice),
        text: "may send the traffic of Services elsewhere (endpoints)",
        even_named: false,
        permissions: &[inside(WRITE, "", "endpoints"), inside(WRITE, "discovery.k8s.io", "endpointslices")],
    },
];
