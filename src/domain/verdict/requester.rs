//! Requests in the name of another user.

use super::context::Context;
use super::facts::NODE_PREFIX;
use super::facts::RequestFacts;
use crate::domain::access::MASTERS;
use crate::domain::finding::{Finding, finding};
use crate::domain::level::Level;
use crate::domain::rules;
use crate::domain::signer::{KUBELET_CLIENT, KUBELET_SERVING};

/// The group of bootstrap tokens (`system:bootstrappers`, token authenticator).
const BOOTSTRAPPERS: &str = "system:bootstrappers";

/// The relation of the requester to the requested identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// For themselves.
    Themselves,
    /// As an admin: a member of system:masters, a user with every right by bindings, or the reviewer.
    Admin,
    /// Trusted by the policy to request for others.
    Trusted,
    /// As a bootstrap token, for a node.
    Bootstrap,
    /// As anybody else.
    Other,
}

/// In what part the requester asks.
pub(super) fn asks(facts: &RequestFacts, context: &Context<'_>) -> Asks {
    let requester = &facts.requester;
    let mut groups = requester.groups.iter().map(AsRef::as_ref);
    if requester.user == facts.user {
        Asks::Themselves
    } else if is_admin(facts, context) {
        Asks::Admin
    } else if context.policy.trusts_names(&requester.user, groups.clone()) {
        Asks::Trusted
    } else if groups.any(|group| group == BOOTSTRAPPERS) && facts.node().is_some() {
        Asks::Bootstrap
    } else {
        Asks::Other
    }
}

fn is_admin(facts: &RequestFacts, context: &Context<'_>) -> bool {
    let requester = &facts.requester;
    let groups = || requester.groups.iter().map(AsRef::as_ref);
    let everything = |grants: &super::Grants| {
        grants
            .dangers(&requester.user, groups())
            .first()
            .is_some_and(|danger| danger.rule == &rules::ACCESS_CLUSTER_ADMIN)
    };
    groups().any(|group| group == MASTERS)
        || context.me.is_some_and(|me| *me.user == *requester.user)
        || context.grants.is_some_and(everything)
}

/// A request in another name. Harmless where the requester is an admin or trusted by the policy, a kubelet for
/// itself, or a bootstrap token for a new node.
pub(super) fn other_requester(facts: &RequestFacts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let requester = &facts.requester;
    if facts.user.is_empty() || requester.user.is_empty() {
        return;
    }
    let asks = asks(facts, context);
    if facts.signer.as_ref() == KUBELET_SERVING && facts.user.starts_with(NODE_PREFIX) {
        return found.extend(serves_for_other(facts));
    }
    if let Some(node) = facts.node().filter(|_| facts.signer.as_ref() == KUBELET_CLIENT) {
        return found.extend(for_node(facts, node, asks, context));
    }
    if matches!(asks, Asks::Themselves | Asks::Admin | Asks::Trusted) {
        return;
    }
    if facts.user.starts_with(NODE_PREFIX) {
        let text = format!("{} asks for the node {}: a node asks for itself.", requester.user, facts.user);
        return found.extend(finding(&rules::REQUESTER_NOT_THE_NODE, Level::Danger, text));
    }
    // A person who asks in the name of another that counts for something is worth a question.
    let machine = requester.user.starts_with("system:");
    let known = context.grants.is_some_and(|grants| grants.names_user(&facts.user));
    let level = if known && !machine { Level::Warning } else { Level::Notice };
    let text = format!("Asked for by {}, in the name of {}. Is that theirs to ask?", requester.user, facts.user);
    found.extend(finding(&rules::REQUESTER_DIFFERS, level, text));
}

fn for_node(facts: &RequestFacts, node: &str, asks: Asks, context: &Context<'_>) -> Option<Finding> {
    match asks {
        Asks::Themselves | Asks::Admin | Asks::Trusted => None,
        Asks::Bootstrap => {
            context.nodes?.get(node)?;
            let text = format!("A bootstrap token asks for the node {node}, which is already there.");
            finding(&rules::BOOTSTRAP_FOR_KNOWN_NODE, Level::Warning, text)
        }
        Asks::Other => {
            let text = format!("{} asks for the node {}: a node asks for itself.", facts.requester.user, facts.user);
            finding(&rules::REQUESTER_NOT_THE_NODE, Level::Danger, text)
        }
    }
}

/// A kubelet has its client certificate before it requests this one, so that no admin needs to.
fn serves_for_other(facts: &RequestFacts) -> Option<Finding> {
    (facts.requester.user != facts.user).then_some(())?;
    let text = format!(
        "{} requests the serving certificate of {}: only that node itself requests it.",
        facts.requester.user, facts.user
    );
    finding(&rules::REQUESTER_NOT_THE_NODE, Level::Danger, text)
}
