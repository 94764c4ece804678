//! Identities of nodes (`pkg/auth/nodeidentifier`).

use crate::domain::access::Principal;
use crate::sandbox::user::NODES;

/// The node's name if this is a node; it may be empty.
pub(crate) fn node_name(who: &Principal) -> Option<&str> {
    let in_group = who.groups.iter().any(|group| group == NODES);
    who.user.strip_prefix("system:node:").filter(|_| in_group)
}
