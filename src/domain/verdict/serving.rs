//! Kubelets' serving certificates: no built-in controller compares them with the Node, so that somebody must.

use super::signer::KUBELET_SERVING;
use super::{Context, Facts, Finding, Level, finding, rules};
use crate::domain::request::San;

/// Every name and address must be the Node's own.
pub(super) fn hosts(facts: &Facts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(node) = facts.node().filter(|_| facts.signer.as_ref() == KUBELET_SERVING && !facts.hosts.is_empty())
    else {
        return;
    };
    let Some(nodes) = context.nodes else {
        let text = "Its names and addresses were not compared with the Node's: the nodes are not known here.";
        return found.extend(finding(&rules::SERVING_UNCHECKED, Level::Notice, text));
    };
    let Some(own) = nodes.get(node) else {
        let text = format!("There is no Node {node} to compare its names and addresses with.");
        return found.extend(finding(&rules::SERVING_NO_NODE, Level::Warning, text));
    };
    let foreign: Vec<_> = facts.hosts.iter().filter(|san| !own.covers(node, san)).map(text).collect();
    if !foreign.is_empty() {
        let text = format!("It wants to serve as {}, which the Node {node} is not.", foreign.join(", "));
        found.extend(finding(&rules::SERVING_FOREIGN_NAME, Level::Danger, text));
    }
}

fn text(san: &San) -> &str {
    match san {
        San::Dns(text) | San::Ip(text) | San::Email(text) | San::Uri(text) | San::Other(text) => text,
    }
}
