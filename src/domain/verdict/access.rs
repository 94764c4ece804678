//! What existing bindings would hand out with the names that are asked for.

use std::sync::Arc;

use super::confusables::{Difference, Oddity, oddity};
use super::context::Context;
use super::facts::RequestFacts;
use super::grants::Grants;
use super::identity::like_system_name;
use super::requester::{Asks, asks};
use crate::domain::access::MASTERS;
use crate::domain::finding::{Finding, finding};
use crate::domain::level::Level;
use crate::domain::rules;
use crate::domain::signer::{KUBELET_CLIENT, is_for_login};

/// Dangerous rights. Whoever has a name already, and asks for it again, gains nothing by it.
pub(super) fn dangers(facts: &RequestFacts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(grants) = context.grants.filter(|_| is_for_login(&facts.signer)) else { return };
    // Of system:masters the rule group-masters says enough, of kubelets the signer's and the requester's.
    let groups = facts.groups.iter().map(AsRef::as_ref).filter(|group| *group != MASTERS);
    if facts.signer.as_ref() == KUBELET_CLIENT {
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
pub(super) fn known_name(facts: &RequestFacts, context: &Context<'_>, found: &mut Vec<Finding>) {
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

/// The requester is not in the requested groups.
pub(super) fn groups_gained(facts: &RequestFacts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(grants) = context.grants else { return };
    if facts.requester.user != facts.user || !is_for_login(&facts.signer) {
        return;
    }
    let gained = |group: &&Arc<str>| !facts.requester.groups.contains(group) && grants.names_group(group);
    let groups: Vec<_> = facts.groups.iter().filter(gained).map(AsRef::as_ref).collect();
    if !groups.is_empty() {
        let text = format!("{} asks for groups that they are not in now: {}.", facts.user, groups.join(", "));
        found.extend(finding(&rules::GROUPS_GAINED, Level::Notice, text));
    }
}

/// A name that can be mistaken for one that bindings, nodes or other requests use. Only the worst is reported.
pub(super) fn look_alike(facts: &RequestFacts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let bound = context.grants.into_iter().flat_map(|grants| like_bound(facts, grants));
    let all = bound.chain(like_node(facts, context)).chain(like_asked(facts, context));
    // Of several as bad as each other, the first.
    found.extend(all.reduce(|worst, other| if other.level > worst.level { other } else { worst }));
}

/// User and groups like those that bindings name. Of names like the cluster's own, the rule name-like-system says more.
fn like_bound<'a>(facts: &'a RequestFacts, grants: &'a Grants) -> impl Iterator<Item = Finding> + 'a {
    let for_login = is_for_login(&facts.signer);
    let own_rule = move |name: &str| for_login && like_system_name(name).is_some();
    let names = std::iter::once(&facts.user).chain(facts.groups.iter()).filter(|name| !name.is_empty());
    names.filter_map(move |name| {
        let (other, difference) = grants.look_alike(name).filter(|_| !own_rule(name))?;
        let text = match difference {
            Difference::Case => format!("{name} differs from {other}, which bindings name, only in letter case."),
            _ => format!("{name} can be mistaken for {other}, which bindings name."),
        };
        finding(&rules::NAME_LOOKS_LIKE, level(difference), text)
    })
}

/// A node that is not there, like one that is.
fn like_node(facts: &RequestFacts, context: &Context<'_>) -> Option<Finding> {
    let node = facts.node()?;
    let (other, difference) = context.nodes?.look_alike(node)?;
    let text = format!("The node {node} can be mistaken for the node {other}.");
    finding(&rules::NAME_LOOKS_LIKE, level(difference), text)
}

/// User and groups like those of other requests. Names that bindings use are not in question.
fn like_asked(facts: &RequestFacts, context: &Context<'_>) -> impl Iterator<Item = Finding> {
    let asked = |name: &str| if oddity(name) == Oddity::Plain { Level::Notice } else { Level::Warning };
    let bound = |name: &str| context.grants.is_some_and(|grants| grants.names_user(name) || grants.names_group(name));
    let others = context.others;
    let user = others.filter(|_| !bound(&facts.user)).and_then(|others| others.look_alike(facts)).and_then(|other| {
        let (user, request) = (&other.user, &other.name);
        let text = format!("{} can be mistaken for {user}, of request {request}.", facts.user);
        finding(&rules::NAME_LOOKS_LIKE, asked(&facts.user), text)
    });
    let groups = facts.groups.iter().filter_map(move |group| {
        let other = others.filter(|_| !bound(group))?.look_alike_group(group)?;
        let text = format!("The group {group} can be mistaken for {other}, which another request asks for.");
        finding(&rules::NAME_LOOKS_LIKE, asked(group), text)
    });
    user.into_iter().chain(groups)
}

fn level(difference: Difference) -> Level {
    match difference {
        Difference::Case | Difference::Usual => Level::Warning,
        Difference::Forged => Level::Danger,
    }
}

/// Whether the request is for exactly the requester's own identity.
fn is_renewal(facts: &RequestFacts) -> bool {
    facts.requester.user == facts.user && facts.groups.iter().all(|group| facts.requester.groups.contains(group))
}
