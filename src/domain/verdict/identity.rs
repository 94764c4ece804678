//! Names that the cluster itself uses: whoever holds such a certificate is taken for a part of it.

use super::{Finding, Level, finding};
use crate::domain::request::{CLIENT_SIGNER, Request};

/// A name that only a part of the cluster should have, on a certificate for logging in.
fn client_user(request: &Request) -> Option<String> {
    (request.signer_name == CLIENT_SIGNER).then(|| request.identity().user)
}

/// CN=system:… other than service accounts, nodes and people's own: kube-controller-manager, kube-scheduler, …
pub(super) fn control_plane(request: &Request) -> Option<Finding> {
    let user = client_user(request)?;
    let own_rules = ["system:serviceaccount:", "system:node:"];
    if !user.starts_with("system:") || own_rules.iter().any(|prefix| user.starts_with(prefix)) {
        return None;
    }
    let text = format!("This certificate logs in as {user}, a part of the control plane. Deny it unless you made it.");
    finding(Level::Danger, "identity-control-plane", "system id", text)
}

/// CN=system:serviceaccount:…
pub(super) fn service_account(request: &Request) -> Option<Finding> {
    let user = client_user(request).filter(|user| user.starts_with("system:serviceaccount:"))?;
    let text = format!("This certificate logs in as the service account {user}, with all that it may do.");
    finding(Level::Danger, "identity-service-account", "svc acct", text)
}

/// CN=system:node:… on the client signer, which checks nothing of what the kubelet's signer checks.
pub(super) fn node(request: &Request) -> Option<Finding> {
    let user = client_user(request).filter(|user| user.starts_with("system:node:"))?;
    let text =
        format!("This certificate logs in as the node {user}. Nodes ask the signer kube-apiserver-client-kubelet.");
    finding(Level::Danger, "identity-node", "node id", text)
}

/// O=system:masters, on whatever signer: it bypasses RBAC and cannot be taken back.
pub(super) fn masters(request: &Request) -> Option<Finding> {
    request.identity().groups.iter().any(|group| group == "system:masters").then_some(())?;
    let text = "Group system:masters may do everything, whatever RBAC says, and it cannot be taken back. \
                Bind cluster-admin to a person instead.";
    finding(Level::Danger, "group-masters", "masters", text)
}

/// O=system:… on a certificate for logging in.
pub(super) fn system_group(request: &Request) -> Option<Finding> {
    client_user(request)?;
    let groups = request.identity().groups;
    let known = |group: &&String| group.starts_with("system:") && *group != "system:masters";
    let group = groups.iter().find(known)?;
    let text = format!("Group {group} belongs to the cluster itself; what is bound to it would be this user's.");
    finding(Level::Danger, "group-system", "sys group", text)
}
