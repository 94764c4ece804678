//! What existing bindings would hand out with the names that are asked for.

use std::sync::Arc;

use super::requester::{Asks, asks};
use super::signer::is_for_login;
use super::{Context, Facts, Finding, Level, finding, rules};
use crate::domain::access::MASTERS;

/// Dangerous rights. Whoever has a name already, and asks for it again, gains nothing by it.
pub(super) fn dangers(facts: &Facts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(grants) = context.grants.filter(|_| is_for_login(&facts.signer)) else { return };
    // Of system:masters the rule group-masters says enough, of kubelets the signer's and the requester's.
    let groups = facts.groups.iter().map(AsRef::as_ref).filter(|group| *group != MASTERS);
    if facts.signer.as_ref() == super::signer::KUBELET_CLIENT {
        return;
    }
    let renews = is_renewal(facts);
    for danger in grants.dangers(&facts.user, groups) {
        // Some rules know no lesser level: what they speak of reaches everywhere.
        let lesser = renews && danger.rule.levels.contains(&Level::Warning);
        let level = if lesser { Level::Warning } else { danger.level };
        let again = if renews { " It has that already." } else { "" };
        found.extend(finding(danger.rule, level, format!("{}{again}", danger.text)));
    }
}

/// A user name that bindings use.
pub(super) fn known_name(facts: &Facts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let known = context.grants.is_some_and(|grants| grants.names_user(&facts.user));
    // Of service accounts and nodes the identity rules say enough.
    if !known || facts.user.starts_with("system:") || !is_for_login(&facts.signer) {
        return;
    }
    let expected = !matches!(asks(facts, context), Asks::Other);
    let level = if expected { Level::Notice } else { Level::Warning };
    let text = format!("Bindings name the user {}: this certificate takes over what they grant.", facts.user);
    found.extend(finding(&rules::NAME_IN_BINDINGS, level, text));
}

/// Somebody asks for groups that they are not in.
pub(super) fn groups_gained(facts: &Facts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(grants) = context.grants else { return };
    if facts.asker.user != facts.user || !is_for_login(&facts.signer) {
        return;
    }
    let gained = |group: &&Arc<str>| !facts.asker.groups.contains(group) && grants.names_group(group);
    let groups: Vec<_> = facts.groups.iter().filter(gained).map(AsRef::as_ref).collect();
    if !groups.is_empty() {
        let text = format!("{} asks for groups that they are not in now: {}.", facts.user, groups.join(", "));
        found.extend(finding(&rules::GROUPS_GAINED, Level::Notice, text));
    }
}

/// A name that can be mistaken for one that bindings, nodes or other requests use.
pub(super) fn look_alike(facts: &Facts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let level = |name: &str| if name.is_ascii() { Level::Warning } else { Level::Danger };
    let names = std::iter::once(&facts.user).chain(facts.groups.iter()).filter(|name| !name.is_empty());
    for name in names {
        if let Some(other) = context.grants.and_then(|grants| grants.look_alike(name)) {
            let text = format!("{name} can be mistaken for {other}, which bindings name.");
            return found.extend(finding(&rules::NAME_LOOKS_LIKE, level(name), text));
        }
    }
    if let Some(node) = facts.node()
        && let Some(other) = context.nodes.and_then(|nodes| nodes.look_alike(node))
    {
        let text = format!("The node {node} can be mistaken for the node {other}.");
        return found.extend(finding(&rules::NAME_LOOKS_LIKE, level(node), text));
    }
    let Some(other) = context.others.and_then(|others| others.look_alike(facts)) else { return };
    let text = format!("{} can be mistaken for {}, of request {}.", facts.user, other.user, other.name);
    found.extend(finding(&rules::NAME_LOOKS_LIKE, Level::Warning, text));
}

/// Whether somebody asks for exactly what they are now.
fn is_renewal(facts: &Facts) -> bool {
    facts.asker.user == facts.user && facts.groups.iter().all(|group| facts.asker.groups.contains(group))
}
