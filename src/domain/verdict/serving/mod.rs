//! Kubelets' serving certificates. No built-in controller compares them with the Node, or approves them.

use super::context::Context;
use super::facts::NODE_PREFIX;
use super::facts::RequestFacts;
use super::hosts::{ApiHosts, Host, is_service_name, never_a_nodes};
use super::nodes::Hosts;
use crate::domain::finding::{Finding, finding};
use crate::domain::level::Level;
use crate::domain::request::San;
use crate::domain::rules;
use crate::domain::signer::KUBELET_SERVING;

/// Every name and address must be the Node's own, and some cannot be.
pub(super) fn hosts(facts: &RequestFacts, context: &Context<'_>, found: &mut Vec<Finding>) {
    // The signer takes a name without a node, too: `system:node:`.
    let Some(node) = facts.user.strip_prefix(NODE_PREFIX) else { return };
    if facts.signer.as_ref() != KUBELET_SERVING || facts.hosts.is_empty() {
        return;
    }
    let sorted = Sorted::of(facts, node, context);
    found.extend(sorted.findings(node, context));
}

/// The names and addresses of one request, each where it is worst.
#[derive(Default)]
struct Sorted<'a> {
    /// Never a node's, and why.
    unfit: Vec<(&'a str, &'static str)>,
    /// Services' and the API server's.
    services: Vec<&'a str>,
    /// The API server's, and perhaps this node's too: it claims them, or the nodes are not known.
    maybe_server: Vec<&'a str>,
    /// Another node's.
    others: Vec<(&'a str, String)>,
    /// External addresses that another node has, too.
    shared: Vec<(&'a str, String)>,
    /// Not the node's.
    foreign: Vec<&'a str>,
    /// Whether there are addresses at all.
    has_addresses: bool,
}

impl<'a> Sorted<'a> {
    fn of(facts: &'a RequestFacts, node: &str, context: &Context<'_>) -> Self {
        let mut sorted = Self::default();
        let own = context.nodes.and_then(|nodes| nodes.get(node));
        for san in facts.hosts.iter() {
            sorted.put(san, node, own, context);
        }
        sorted
    }

    fn put(&mut self, san: &'a San, node: &str, own: Option<&Hosts>, context: &Context<'_>) {
        let (text, covered) = (text(san), own.is_some_and(|own| own.covers(node, san)));
        let Some(host) = Host::of(san) else {
            // Of a kind that the signer refuses or overlooks.
            if own.is_some() {
                self.foreign.push(text);
            }
            return;
        };
        self.has_addresses |= matches!(host, Host::Address(_));
        if let Some(why) = never_a_nodes(&host) {
            return self.unfit.push((text, why));
        }
        if is_service(&host, node, context.api_hosts) {
            return self.services.push(text);
        }
        match context.nodes.and_then(|nodes| nodes.other_owner(node, &host)) {
            Some((other, true)) if covered => return self.shared.push((text, other.to_owned())),
            Some((other, _)) => return self.others.push((text, other.to_owned())),
            None => {}
        }
        if context.api_hosts.is_some_and(|api| api.server.contains(&host)) {
            match (covered, own) {
                // A node writes its own addresses, but not its role.
                (true, Some(own)) if own.is_control_plane() => {}
                (false, _) if context.nodes.is_some() => self.services.push(text),
                _ => self.maybe_server.push(text),
            }
        } else if own.is_some() && !covered {
            self.foreign.push(text);
        }
    }

    fn findings(&self, node: &str, context: &Context<'_>) -> impl Iterator<Item = Finding> {
        let danger = [self.unfit(), self.services(), self.others(), self.foreign(node)];
        danger.into_iter().chain([self.shared(), Self::unknown(node, context), self.uncompared(context)]).flatten()
    }

    fn unfit(&self) -> Option<Finding> {
        let all: Vec<_> = self.unfit.iter().map(|(text, why)| format!("{text} ({why})")).collect();
        (!all.is_empty()).then_some(())?;
        let text = format!("It wants to serve as {}: that fits no node.", all.join(", "));
        finding(&rules::SERVING_UNFIT_NAME, Level::Danger, text)
    }

    fn services(&self) -> Option<Finding> {
        let (sure, maybe) = (self.services.join(", "), self.maybe_server.join(", "));
        if !sure.is_empty() {
            let text = format!("It wants to serve as {sure}: that is a Service or the API server, and no node.");
            return finding(&rules::SERVING_SERVICE_NAME, Level::Danger, text);
        }
        (!maybe.is_empty()).then_some(())?;
        let text = format!(
            "It wants to serve as {maybe}, like the API server; whether that runs on this node is not known here."
        );
        finding(&rules::SERVING_SERVICE_NAME, Level::Warning, text)
    }

    fn others(&self) -> Option<Finding> {
        let text = format!("It wants to serve as {}.", owned(&self.others)?);
        finding(&rules::SERVING_OTHER_NODE, Level::Danger, text)
    }

    fn shared(&self) -> Option<Finding> {
        let text = format!("It wants to serve as {}, as an external address.", owned(&self.shared)?);
        finding(&rules::SERVING_OTHER_NODE, Level::Warning, text)
    }

    fn foreign(&self, node: &str) -> Option<Finding> {
        (!self.foreign.is_empty()).then_some(())?;
        let text = format!("It wants to serve as {}, which the Node {node} is not.", self.foreign.join(", "));
        finding(&rules::SERVING_FOREIGN_NAME, Level::Danger, text)
    }

    fn unknown(node: &str, context: &Context<'_>) -> Option<Finding> {
        let Some(nodes) = context.nodes else {
            let text = "Its names and addresses were not compared with the Node's: the nodes are not known here.";
            return finding(&rules::SERVING_UNCHECKED, Level::Notice, text);
        };
        if nodes.get(node).is_some() {
            return None;
        }
        let text = format!("There is no Node {node:?} to compare its names and addresses with.");
        finding(&rules::SERVING_NO_NODE, Level::Warning, text)
    }

    /// Addresses that could be a Service's, where Services may not be read.
    fn uncompared(&self, context: &Context<'_>) -> Option<Finding> {
        let known = context.api_hosts.is_none_or(|api| api.is_complete);
        if known || context.nodes.is_none() || !self.has_addresses {
            return None;
        }
        let text = "Its addresses were not compared with those of Services: they cannot be read here.";
        finding(&rules::SERVING_UNCHECKED, Level::Notice, text)
    }
}

fn is_service(host: &Host, node: &str, api: Option<&ApiHosts>) -> bool {
    match host {
        Host::Name(name) => is_service_name(name, node),
        Host::Address(address) => api.is_some_and(|api| api.is_service_address(*address)),
    }
}

/// `a, which is the Node x's; b, which is the Node y's`.
fn owned(names: &[(&str, String)]) -> Option<String> {
    let all: Vec<_> = names.iter().map(|(text, node)| format!("{text}, which is the Node {node}'s")).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn text(san: &San) -> &str {
    match san {
        San::Dns(text) | San::Ip(text) | San::Email(text) | San::Uri(text) | San::Other(text) => text,
    }
}

#[cfg(test)]
mod tests;
