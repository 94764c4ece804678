//! The cluster's nodes, with what they may be called.

use std::collections::HashMap;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::Node;

use super::looks::look;
use crate::domain::request::San;

/// Nodes by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Nodes {
    hosts: HashMap<String, Hosts>,
    /// What their names look like.
    looks: HashMap<String, String>,
}

/// Names and addresses of one node (`status.addresses`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hosts {
    /// `Hostname`, `InternalDNS`, `ExternalDNS`.
    pub names: Vec<String>,
    /// `InternalIP`, `ExternalIP`.
    pub addresses: Vec<String>,
}

impl Nodes {
    /// Indexes nodes.
    pub fn new<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> Self {
        let mut all = Self::default();
        nodes.into_iter().for_each(|node| all.insert(node));
        all
    }

    /// A node is there, or has other names.
    pub fn insert(&mut self, node: &Node) {
        let name = node.metadata.name.clone().unwrap_or_default();
        self.looks.insert(look(&name), name.clone());
        self.hosts.insert(name, Hosts::of(node));
    }

    /// A node is gone.
    pub fn remove(&mut self, node: &Node) {
        let name = node.metadata.name.as_deref().unwrap_or_default();
        self.hosts.remove(name);
        self.looks.retain(|_, known| known != name);
    }

    /// One node's names and addresses, if it is there.
    pub fn get(&self, node: &str) -> Option<&Hosts> {
        self.hosts.get(node)
    }

    /// The name of another node that `node` can be mistaken for, where there is no node of that very name.
    pub fn look_alike(&self, node: &str) -> Option<&str> {
        if self.hosts.contains_key(node) { None } else { self.looks.get(&look(node)).map(String::as_str) }
    }
}

impl Hosts {
    fn of(node: &Node) -> Self {
        let addresses = node.status.as_ref().and_then(|status| status.addresses.as_deref()).unwrap_or_default();
        let (ips, names): (Vec<_>, Vec<_>) = addresses.iter().partition(|address| address.type_.ends_with("IP"));
        let texts = |list: Vec<&k8s_openapi::api::core::v1::NodeAddress>| {
            list.into_iter().map(|address| address.address.clone()).collect()
        };
        Self { names: texts(names), addresses: texts(ips) }
    }

    /// Whether the node `node` may serve under that name or address. Names are compared as DNS does, without case.
    pub fn covers(&self, node: &str, san: &San) -> bool {
        let ip = |text: &str| text.parse::<IpAddr>().ok();
        match san {
            San::Dns(name) => {
                name.eq_ignore_ascii_case(node) || self.names.iter().any(|own| own.eq_ignore_ascii_case(name))
            }
            San::Ip(address) => {
                ip(address).is_some_and(|wanted| self.addresses.iter().any(|own| ip(own) == Some(wanted)))
            }
            San::Email(_) | San::Uri(_) | San::Other(_) => false,
        }
    }
}
