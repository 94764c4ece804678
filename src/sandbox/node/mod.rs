//! What identities of nodes may do: the Node authorizer and the admission plugin `NodeRestriction`.

mod authorizer;
mod references;
pub(crate) mod restriction;

use crate::domain::access::Principal;

pub(crate) use authorizer::NodeAuthorizer;
pub(crate) use references::is_mirror;

/// Annotation of a pod that a kubelet mirrors from a file.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Whether a pod refers to secrets.
pub(crate) fn refers_to_secrets(pod: &serde_json::Value) -> bool {
    references::secrets(pod).next().is_some()
}

/// The node's name, where this is a node (`pkg/auth/nodeidentifier`); it may be empty.
pub(crate) fn identity(who: &Principal) -> Option<&str> {
    let in_group = who.groups.iter().any(|group| group == crate::sandbox::impersonation::NODES);
    who.user.strip_prefix("system:node:").filter(|_| in_group)
}
