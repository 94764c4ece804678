//! Names that the cluster itself uses: whoever holds such a certificate is taken for a part of it.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::case::Case;
use super::confusables::{Difference, Oddity, difference, imitates_system_prefix, oddity, skeleton};
use super::facts::NODE_PREFIX;
use crate::domain::access::MASTERS;
use crate::domain::finding::{Finding, finding};
use crate::domain::level::Level;
use crate::domain::rules;
use crate::domain::signer::{CLIENT_SIGNER, LEGACY};

/// A name that only a part of the cluster should have, on a certificate for logging in.
fn client_user(case: &Case<'_>) -> Option<String> {
    is_client(case).then(|| case.request.identity().user)
}

/// The signers that issue to anybody who is approved.
fn is_client(case: &Case<'_>) -> bool {
    [CLIENT_SIGNER, LEGACY].contains(&case.request.signer_name.as_str())
}

/// CN=system:… other than service accounts, nodes and people's own: kube-controller-manager, kube-scheduler, …
pub(super) fn control_plane(case: &Case<'_>) -> Option<Finding> {
    let user = client_user(case)?;
    let own_rules = ["system:serviceaccount:", NODE_PREFIX];
    if !user.starts_with("system:") || own_rules.iter().any(|prefix| user.starts_with(prefix)) {
        return None;
    }
    let text = format!("This certificate logs in as {user}, a part of the control plane. Deny it unless you made it.");
    finding(&rules::IDENTITY_CONTROL_PLANE, Level::Danger, text)
}

/// CN=system:serviceaccount:…
pub(super) fn service_account(case: &Case<'_>) -> Option<Finding> {
    let user = client_user(case).filter(|user| user.starts_with("system:serviceaccount:"))?;
    let text = format!("This certificate logs in as the service account {user}, with all that it may do.");
    finding(&rules::IDENTITY_SERVICE_ACCOUNT, Level::Danger, text)
}

/// CN=system:node:… on the client signer, which checks nothing of what the kubelet's signer checks.
pub(super) fn node(case: &Case<'_>) -> Option<Finding> {
    let user = client_user(case).filter(|user| user.starts_with(NODE_PREFIX))?;
    let text =
        format!("This certificate logs in as the node {user}. Nodes ask the signer kube-apiserver-client-kubelet.");
    finding(&rules::IDENTITY_NODE, Level::Danger, text)
}

/// O=system:masters, on whatever signer: it bypasses RBAC and cannot be revoked.
pub(super) fn masters(case: &Case<'_>) -> Option<Finding> {
    case.request.identity().groups.iter().any(|group| group == MASTERS).then_some(())?;
    let text = "Group system:masters may do everything, whatever RBAC says, and it cannot be taken back. \
                Bind cluster-admin to a person instead.";
    finding(&rules::GROUP_MASTERS, Level::Danger, text)
}

/// O=system:… on a certificate for logging in.
pub(super) fn system_group(case: &Case<'_>) -> Option<Finding> {
    if !is_client(case) {
        return None;
    }
    let groups = case.request.identity().groups;
    let known = |group: &&String| group.starts_with("system:") && *group != MASTERS;
    let group = groups.iter().find(known)?;
    let text = format!("Group {group} belongs to the cluster itself; what is bound to it would be this user's.");
    finding(&rules::GROUP_SYSTEM, Level::Danger, text)
}

/// Names that every cluster, or every cluster made by kubeadm, has.
const BUILT_IN: &[&str] = &[
    "system:masters",
    "system:nodes",
    "system:authenticated",
    "system:unauthenticated",
    "system:anonymous",
    "system:serviceaccounts",
    "system:bootstrappers",
    "system:monitoring",
    "system:admin",
    "system:apiserver",
    "system:kube-apiserver",
    "system:kube-controller-manager",
    "system:kube-scheduler",
    "system:kube-proxy",
    "kubeadm:cluster-admins",
    "kubernetes-admin",
    "kubernetes-super-admin",
    "cluster-admin",
    "cluster-admins",
];

/// A CN or O that can be mistaken for one of the cluster's own, on a certificate for logging in.
pub(super) fn like_system(case: &Case<'_>) -> Option<Finding> {
    if !is_client(case) {
        return None;
    }
    let identity = case.request.identity();
    let names = std::iter::once(&identity.user).chain(&identity.groups);
    let (name, other, level) = names
        .filter_map(|name| like_system_name(name).map(|(other, level)| (name, other, level)))
        .max_by_key(|of| of.2)?;
    let text = match other {
        Some(other) => format!("{name} can be mistaken for {other}, which the cluster itself uses."),
        None => format!("{name} can be mistaken for a name that begins with system:, as the cluster's own names do."),
    };
    finding(&rules::NAME_LIKE_SYSTEM, level, text)
}

/// Which of the cluster's own names this one, which is none of them, can be mistaken for, where it is one in particular;
/// and how bad that is.
pub(super) fn like_system_name(name: &str) -> Option<(Option<&'static str>, Level)> {
    static BY_SKELETON: LazyLock<HashMap<String, &'static str>> =
        LazyLock::new(|| BUILT_IN.iter().map(|name| (skeleton(name), *name)).collect());
    if BUILT_IN.contains(&name) {
        return None;
    }
    let other = BY_SKELETON.get(&skeleton(name)).copied();
    if imitates_system_prefix(name) {
        return Some((other, Level::Danger));
    }
    let other = other?;
    // Names that differ in separators alone (`system-masters`) are plausible names.
    let harmless = difference(name, other) == Difference::Usual && oddity(name) <= Oddity::Pair && !name.contains(':');
    Some((Some(other), if harmless { Level::Warning } else { Level::Danger }))
}
