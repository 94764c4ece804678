//! A request beside the others.

use super::context::Context;
use super::facts::RequestFacts;
use crate::domain::finding::{Finding, finding};
use crate::domain::level::Level;
use crate::domain::rules;
use crate::domain::signer::is_signed_here;
use crate::domain::verdict::facts::NODE_PREFIX;

/// Another request has its key, for the same user or for another.
pub(super) fn same_key(facts: &RequestFacts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(others) = context.others else { return };
    if let Some(other) = others.same_key_other_user(facts) {
        let user = if other.user.is_empty() { "nobody" } else { &other.user };
        let text = format!("Request {} has the same key for {user}: one key would log in as both.", other.name);
        found.extend(finding(&rules::KEY_SHARED, Level::Warning, text));
    }
    if let Some(other) = others.same_key_same_user(facts) {
        let text = format!("Request {} has the same key for the same user.", other.name);
        found.extend(finding(&rules::KEY_REUSED, Level::Notice, text));
    }
}

/// The object has the name of another known identity: in bindings, as a node, or by a certificate.
pub(super) fn named_as_other(facts: &RequestFacts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let name = facts.name.as_ref();
    if name.is_empty() || facts.user.is_empty() || *name == *facts.user || facts.node() == Some(name) {
        return;
    }
    let node = format!("{NODE_PREFIX}{name}");
    let what = if context.grants.is_some_and(|grants| grants.names_user(name)) {
        format!("the user {name}, whom bindings name")
    } else if context.nodes.is_some_and(|nodes| nodes.get(name).is_some()) {
        format!("the node {name}")
    } else if context.others.is_some_and(|others| others.has_certificate(name) || others.has_certificate(&node)) {
        format!("{name}, who has a certificate")
    } else {
        return;
    };
    let text = format!("The request is called like {what}, and asks for {}.", facts.user);
    found.extend(finding(&rules::REQUEST_NAMED_AS_OTHER, Level::Warning, text));
}

/// The same node has a newer pending request.
pub(super) fn duplicate(facts: &RequestFacts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(newer) = context.others.and_then(|others| others.newer_of_node(facts)) else { return };
    let text = format!("{} has a newer pending request, {}.", facts.user, newer.name);
    found.extend(finding(&rules::NODE_DUPLICATE, Level::Notice, text));
}

/// No controller is known to sign for its signer.
pub(super) fn unknown_signer(facts: &RequestFacts, context: &Context<'_>, found: &mut Vec<Finding>) {
    if is_signed_here(&facts.signer) || !facts.is_pending() {
        return;
    }
    if facts.signer.starts_with("kubernetes.io/") {
        let text =
            format!("There is no signer {} in Kubernetes: approved, it stays without a certificate.", facts.signer);
        return found.extend(finding(&rules::SIGNER_UNKNOWN, Level::Warning, text));
    }
    if context.others.is_some_and(|others| !others.is_signing(&facts.signer)) {
        let text = format!("Nothing here was signed for {}: a controller of its own must run for it.", facts.signer);
        found.extend(finding(&rules::SIGNER_UNKNOWN, Level::Notice, text));
    }
}
