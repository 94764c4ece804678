//! What the cluster serves: one table that discovery, routing, the store and the printed columns share.

use std::sync::LazyLock;

/// A kind of object or review, and its paths.
#[derive(Debug)]
pub(crate) struct Resource {
    /// API group, empty for the core.
    pub group: &'static str,
    /// `pods`.
    pub plural: &'static str,
    /// `pod`.
    pub singular: &'static str,
    /// `Pod`.
    pub kind: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// `po`.
    pub short: &'static [&'static str],
    /// `all`.
    pub categories: &'static [&'static str],
    /// Parts of an object with a path of their own.
    pub subresources: &'static [&'static str],
    /// What a field selector may name, besides `metadata.name` (and `metadata.namespace`).
    pub fields: &'static [&'static str],
    /// Whether it is a review (created to get an answer) that is never stored.
    pub is_review: bool,
    /// What clients compare to see whether the stored form has changed.
    pub hash: &'static str,
    /// The name of its schema.
    pub schema: &'static str,
}

/// Every group has this version alone.
pub(crate) const VERSION: &str = "v1";

const STORED: Resource = Resource {
    group: "",
    plural: "",
    singular: "",
    kind: "",
    namespaced: false,
    short: &[],
    categories: &[],
    subresources: &[],
    fields: &[],
    is_review: false,
    hash: "",
    schema: "",
};
const REVIEW: Resource = Resource { is_review: true, ..STORED };
const RBAC: Resource = Resource { group: "rbac.authorization.k8s.io", ..STORED };
const AUTHORIZATION: Resource = Resource { group: "authorization.k8s.io", ..REVIEW };

/// `configmaps`.
pub(crate) static CONFIG_MAPS: Resource = Resource {
    plural: "configmaps",
    singular: "configmap",
    kind: "ConfigMap",
    namespaced: true,
    short: &["cm"],
    hash: "qFsyl6wFWjQ=",
    schema: "io.k8s.api.core.v1.ConfigMap",
    ..STORED
};

/// `events`.
pub(crate) static EVENTS: Resource = Resource {
    plural: "events",
    singular: "event",
    kind: "Event",
    namespaced: true,
    short: &["ev"],
    fields: &[
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ],
    hash: "r2yiGXH7wu8=",
    schema: "io.k8s.api.core.v1.Event",
    ..STORED
};

/// `namespaces`.
pub(crate) static NAMESPACES: Resource = Resource {
    plural: "namespaces",
    singular: "namespace",
    kind: "Namespace",
    short: &["ns"],
    subresources: &["finalize", "status"],
    fields: &["name", "status.phase"],
    hash: "Q3oi5N2YM8M=",
    schema: "io.k8s.api.core.v1.Namespace",
    ..STORED
};

/// `nodes`.
pub(crate) static NODES: Resource = Resource {
    plural: "nodes",
    singular: "node",
    kind: "Node",
    short: &["no"],
    subresources: &["status"],
    fields: &["spec.unschedulable"],
    hash: "XwShjMxG9Fs=",
    schema: "io.k8s.api.core.v1.Node",
    ..STORED
};

/// `pods`.
pub(crate) static PODS: Resource = Resource {
    plural: "pods",
    singular: "pod",
    kind: "Pod",
    namespaced: true,
    short: &["po"],
    categories: &["all"],
    subresources: &["attach", "eviction", "exec", "log", "portforward", "status"],
    fields: &[
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ],
    hash: "xPOwRZ+Yhw8=",
    schema: "io.k8s.api.core.v1.Pod",
    ..STORED
};

/// `secrets`.
pub(crate) static SECRETS: Resource = Resource {
    plural: "secrets",
    singular: "secret",
    kind: "Secret",
    namespaced: true,
    fields: &["type"],
    hash: "S6u1pOWzb84=",
    schema: "io.k8s.api.core.v1.Secret",
    ..STORED
};

/// `serviceaccounts`.
pub(crate) static SERVICE_ACCOUNTS: Resource = Resource {
    plural: "serviceaccounts",
    singular: "serviceaccount",
    kind: "ServiceAccount",
    namespaced: true,
    short: &["sa"],
    subresources: &["token"],
    hash: "pbx9ZvyFpBE=",
    schema: "io.k8s.api.core.v1.ServiceAccount",
    ..STORED
};

/// `services`. Kept and shown; nothing here runs them.
pub(crate) static SERVICES: Resource = Resource {
    plural: "services",
    singular: "service",
    kind: "Service",
    namespaced: true,
    short: &["svc"],
    categories: &["all"],
    subresources: &["status"],
    hash: "0/CO1lhkEBI=",
    schema: "io.k8s.api.core.v1.Service",
    ..STORED
};

/// `daemonsets`. Kept and shown; nothing here runs them.
pub(crate) static DAEMON_SETS: Resource = Resource {
    group: "apps",
    plural: "daemonsets",
    singular: "daemonset",
    kind: "DaemonSet",
    namespaced: true,
    short: &["ds"],
    categories: &["all"],
    subresources: &["status"],
    hash: "dd7pWHUlMKQ=",
    schema: "io.k8s.api.apps.v1.DaemonSet",
    ..STORED
};

/// `deployments`. Kept and shown; nothing here runs them.
pub(crate) static DEPLOYMENTS: Resource = Resource {
    group: "apps",
    plural: "deployments",
    singular: "deployment",
    kind: "Deployment",
    namespaced: true,
    short: &["deploy"],
    categories: &["all"],
    subresources: &["scale", "status"],
    hash: "8aSe+NMegvE=",
    schema: "io.k8s.api.apps.v1.Deployment",
    ..STORED
};

/// `replicasets`. Kept and shown; nothing here runs them.
pub(crate) static REPLICA_SETS: Resource = Resource {
    group: "apps",
    plural: "replicasets",
    singular: "replicaset",
    kind: "ReplicaSet",
    namespaced: true,
    short: &["rs"],
    categories: &["all"],
    subresources: &["scale", "status"],
    hash: "P1RzHs8/mWQ=",
    schema: "io.k8s.api.apps.v1.ReplicaSet",
    ..STORED
};

/// `statefulsets`. Kept and shown; nothing here runs them.
pub(crate) static STATEFUL_SETS: Resource = Resource {
    group: "apps",
    plural: "statefulsets",
    singular: "statefulset",
    kind: "StatefulSet",
    namespaced: true,
    short: &["sts"],
    categories: &["all"],
    subresources: &["scale", "status"],
    hash: "H+vl74LkKdo=",
    schema: "io.k8s.api.apps.v1.StatefulSet",
    ..STORED
};

/// `selfsubjectreviews`.
pub(crate) static SELF_REVIEWS: Resource = Resource {
    group: "authentication.k8s.io",
    plural: "selfsubjectreviews",
    singular: "selfsubjectreview",
    kind: "SelfSubjectReview",
    schema: "io.k8s.api.authentication.v1.SelfSubjectReview",
    ..REVIEW
};

/// `tokenreviews`.
pub(crate) static TOKEN_REVIEWS: Resource = Resource {
    group: "authentication.k8s.io",
    plural: "tokenreviews",
    singular: "tokenreview",
    kind: "TokenReview",
    schema: "io.k8s.api.authentication.v1.TokenReview",
    ..REVIEW
};

/// The body of `serviceaccounts/token`. It is a subresource, and so not in [`RESOURCES`].
pub(crate) static TOKEN_REQUESTS: Resource = Resource {
    group: "authentication.k8s.io",
    plural: "tokenrequests",
    singular: "tokenrequest",
    kind: "TokenRequest",
    namespaced: true,
    schema: "io.k8s.api.authentication.v1.TokenRequest",
    ..REVIEW
};

/// `localsubjectaccessreviews`.
pub(crate) static LOCAL_ACCESS_REVIEWS: Resource = Resource {
    plural: "localsubjectaccessreviews",
    singular: "localsubjectaccessreview",
    kind: "LocalSubjectAccessReview",
    namespaced: true,
    schema: "io.k8s.api.authorization.v1.LocalSubjectAccessReview",
    ..AUTHORIZATION
};

/// `selfsubjectaccessreviews`.
pub(crate) static SELF_ACCESS_REVIEWS: Resource = Resource {
    plural: "selfsubjectaccessreviews",
    singular: "selfsubjectaccessreview",
    kind: "SelfSubjectAccessReview",
    schema: "io.k8s.api.authorization.v1.SelfSubjectAccessReview",
    ..AUTHORIZATION
};

/// `selfsubjectrulesreviews`.
pub(crate) static SELF_RULES_REVIEWS: Resource = Resource {
    plural: "selfsubjectrulesreviews",
    singular: "selfsubjectrulesreview",
    kind: "SelfSubjectRulesReview",
    schema: "io.k8s.api.authorization.v1.SelfSubjectRulesReview",
    ..AUTHORIZATION
};

/// `subjectaccessreviews`.
pub(crate) static ACCESS_REVIEWS: Resource = Resource {
    plural: "subjectaccessreviews",
    singular: "subjectaccessreview",
    kind: "SubjectAccessReview",
    schema: "io.k8s.api.authorization.v1.SubjectAccessReview",
    ..AUTHORIZATION
};

/// `cronjobs`. Kept and shown; nothing here runs them.
pub(crate) static CRON_JOBS: Resource = Resource {
    group: "batch",
    plural: "cronjobs",
    singular: "cronjob",
    kind: "CronJob",
    namespaced: true,
    short: &["cj"],
    categories: &["all"],
    subresources: &["status"],
    hash: "sd5LIXh4Fjs=",
    schema: "io.k8s.api.batch.v1.CronJob",
    ..STORED
};

/// `jobs`. Kept and shown; nothing here runs them.
pub(crate) static JOBS: Resource = Resource {
    group: "batch",
    plural: "jobs",
    singular: "job",
    kind: "Job",
    namespaced: true,
    categories: &["all"],
    subresources: &["status"],
    hash: "mudhfqk/qZY=",
    schema: "io.k8s.api.batch.v1.Job",
    ..STORED
};

/// `certificatesigningrequests`.
pub(crate) static REQUESTS: Resource = Resource {
    group: "certificates.k8s.io",
    plural: "certificatesigningrequests",
    singular: "certificatesigningrequest",
    kind: "CertificateSigningRequest",
    short: &["csr"],
    subresources: &["approval", "status"],
    fields: &["spec.signerName"],
    hash: "95fRKMXA+00=",
    schema: "io.k8s.api.certificates.v1.CertificateSigningRequest",
    ..STORED
};

/// `clusterrolebindings`.
pub(crate) static CLUSTER_ROLE_BINDINGS: Resource = Resource {
    plural: "clusterrolebindings",
    singular: "clusterrolebinding",
    kind: "ClusterRoleBinding",
    hash: "48tpQ8gZHFc=",
    schema: "io.k8s.api.rbac.v1.ClusterRoleBinding",
    ..RBAC
};

/// `clusterroles`.
pub(crate) static CLUSTER_ROLES: Resource = Resource {
    plural: "clusterroles",
    singular: "clusterrole",
    kind: "ClusterRole",
    hash: "bYE5ZWDrJ44=",
    schema: "io.k8s.api.rbac.v1.ClusterRole",
    ..RBAC
};

/// `rolebindings`.
pub(crate) static ROLE_BINDINGS: Resource = Resource {
    plural: "rolebindings",
    singular: "rolebinding",
    kind: "RoleBinding",
    namespaced: true,
    hash: "eGsCzGH6b1g=",
    schema: "io.k8s.api.rbac.v1.RoleBinding",
    ..RBAC
};

/// `roles`.
pub(crate) static ROLES: Resource = Resource {
    plural: "roles",
    singular: "role",
    kind: "Role",
    namespaced: true,
    hash: "7FuwZcIIItM=",
    schema: "io.k8s.api.rbac.v1.Role",
    ..RBAC
};

/// All resources, in the order of discovery.
pub(crate) static RESOURCES: &[&Resource] = &[
    &CONFIG_MAPS,
    &EVENTS,
    &NAMESPACES,
    &NODES,
    &PODS,
    &SECRETS,
    &SERVICE_ACCOUNTS,
    &SERVICES,
    &DAEMON_SETS,
    &DEPLOYMENTS,
    &REPLICA_SETS,
    &STATEFUL_SETS,
    &SELF_REVIEWS,
    &TOKEN_REVIEWS,
    &LOCAL_ACCESS_REVIEWS,
    &SELF_ACCESS_REVIEWS,
    &SELF_RULES_REVIEWS,
    &ACCESS_REVIEWS,
    &CRON_JOBS,
    &JOBS,
    &REQUESTS,
    &CLUSTER_ROLE_BINDINGS,
    &CLUSTER_ROLES,
    &ROLE_BINDINGS,
    &ROLES,
];

/// The groups with a name, in the order of discovery.
pub(crate) static GROUPS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut groups: Vec<_> =
        RESOURCES.iter().map(|resource| resource.group).filter(|group| !group.is_empty()).collect();
    groups.dedup();
    groups
});

impl Resource {
    /// Its place in [`RESOURCES`].
    pub(crate) fn index(&self) -> usize {
        RESOURCES.iter().position(|other| std::ptr::eq(*other, self)).unwrap_or_default()
    }

    /// `rbac.authorization.k8s.io/v1`, or `v1`.
    pub(crate) fn api_version(&self) -> String {
        group_version(self.group)
    }

    /// `roles.rbac.authorization.k8s.io`, or `pods`.
    pub(crate) fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// What can be done with it.
    pub(crate) fn verbs(&self) -> &'static [&'static str] {
        match (self.is_review, self.plural) {
            (true, _) => &["create"],
            (false, "namespaces") => &["create", "delete", "get", "list", "patch", "update", "watch"],
            _ => &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        }
    }

    /// What can be done with a part of it.
    pub(crate) fn subresource_verbs(subresource: &str) -> &'static [&'static str] {
        match subresource {
            "finalize" => &["update"],
            "log" => &["get"],
            "attach" | "exec" | "portforward" => &["create", "get"],
            "eviction" | "token" => &["create"],
            _ => &["get", "patch", "update"],
        }
    }

    /// Group and kind of what a part is, where it is another than the object (`GroupVersionKindProvider`).
    pub(crate) fn subresource_kind(subresource: &str) -> Option<(&'static str, &'static str)> {
        match subresource {
            "eviction" => Some(("policy", "Eviction")),
            "scale" => Some(("autoscaling", "Scale")),
            "token" => Some(("authentication.k8s.io", "TokenRequest")),
            _ => None,
        }
    }

    /// Whether a part is served. Others are known for the sake of roles alone: nothing runs here.
    pub(crate) fn serves(&self, subresource: &str) -> bool {
        self.subresources.contains(&subresource) && ["approval", "finalize", "status", "token"].contains(&subresource)
    }
}

/// `rbac.authorization.k8s.io/v1`, or `v1`.
pub(crate) fn group_version(group: &str) -> String {
    if group.is_empty() { VERSION.to_owned() } else { format!("{group}/{VERSION}") }
}

/// The resource of that group and plural name.
pub(crate) fn find(group: &str, plural: &str) -> Option<&'static Resource> {
    RESOURCES.iter().copied().find(|resource| resource.group == group && resource.plural == plural)
}

/// The resources of a group.
pub(crate) fn of_group(group: &str) -> impl Iterator<Item = &'static Resource> {
    RESOURCES.iter().copied().filter(move |resource| resource.group == group)
}
