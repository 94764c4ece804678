//! Names that the cluster itself uses: whoever holds such a certificate is taken for a part of it.

use super::facts::NODE_PREFIX;
use super::{Case, Finding, Level, finding, rules};
use crate::domain::access::MASTERS;
use crate::domain::request::CLIENT_SIGNER;

/// A name that only a part of the cluster should have, on a certificate for logging in.
fn client_user(case: &Case<'_>) -> Option<String> {
    is_client(case).then(|| case.request.identity().user)
}

/// The signers that issue to anybody who is approved.
fn is_client(case: &Case<'_>) -> bool {
    [CLIENT_SIGNER, super::signer::LEGACY].contains(&case.request.signer_name.as_str())
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

/// O=system:masters, on whatever signer: it bypasses RBAC and cannot be taken back.
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
