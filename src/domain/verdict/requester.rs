//! Who asks for whom.

use super::{Finding, Level, finding};
use crate::domain::request::Request;

/// Somebody asks for a certificate in another name. Harmless where an admin does, a kubelet for itself, or a bootstrap
/// token for a new node.
pub(super) fn somebody_else(request: &Request) -> Option<Finding> {
    let (asker, user) = (&request.requester, request.identity().user);
    let may_ask = |group: &String| group == "system:masters" || group == "system:bootstrappers";
    if user.is_empty() || asker.username == user || asker.username.is_empty() || asker.groups.iter().any(may_ask) {
        return None;
    }
    if user.starts_with("system:node:") {
        let text = format!("{} asks for the node {user}: a node asks for itself.", asker.username);
        return finding(Level::Danger, "requester-not-the-node", "not node", text);
    }
    let text = format!("Asked for by {}, in the name of {user}. Is that theirs to ask?", asker.username);
    finding(Level::Notice, "requester-differs", "for other", text)
}
