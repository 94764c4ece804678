//! The cluster's nodes, with what they may be called.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Node;

use super::confusables::{Difference, difference, skeleton};
use super::hosts::{Host, address};
use crate::domain::request::San;

/// Whether an address is an external one: nodes behind one gateway may have one together.
type IsExternal = bool;

/// Labels of nodes that run the API server: today's, that of Kubernetes before 1.24, and that of `MicroK8s`.
const CONTROL_PLANE: [&str; 3] = [
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/master",
    "node.kubernetes.io/microk8s-controlplane",
];

/// Nodes by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Nodes {
    hosts: HashMap<Arc<str>, Hosts>,
    /// Whose a name or address is, and whether as an external address; those who have it to themselves first.
    owners: HashMap<Host, BTreeSet<(IsExternal, Arc<str>)>>,
    /// Their names by [`skeleton`].
    skeletons: HashMap<String, BTreeSet<Arc<str>>>,
}

/// Names and addresses of one node (`status.addresses`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Hosts {
    /// `Hostname`, `InternalDNS`, `ExternalDNS`, in lowercase.
    names: Vec<String>,
    /// `InternalIP`, `ExternalIP`, and a `Hostname` that is an address.
    addresses: Vec<(IsExternal, IpAddr)>,
    /// Whether it has the role of the control plane. A kubelet cannot give itself that label (`NodeRestriction`).
    is_control_plane: bool,
}

impl Nodes {
    /// Indexes nodes.
    pub fn new<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> Self {
        let mut all = Self::default();
        nodes.into_iter().for_each(|node| all.insert(node));
        all
    }

    /// A node is there, or has other names.
    pub(crate) fn insert(&mut self, node: &Node) {
        self.remove(node);
        let name: Arc<str> = node.metadata.name.as_deref().unwrap_or_default().into();
        let hosts = Hosts::of(node);
        for (external, host) in hosts.all(&name) {
            self.owners.entry(host).or_default().insert((external, Arc::clone(&name)));
        }
        self.skeletons.entry(skeleton(&name)).or_default().insert(Arc::clone(&name));
        self.hosts.insert(name, hosts);
    }

    /// A node is gone.
    pub(crate) fn remove(&mut self, node: &Node) {
        let name = node.metadata.name.as_deref().unwrap_or_default();
        let Some(hosts) = self.hosts.remove(name) else { return };
        let name: Arc<str> = name.into();
        for (external, host) in hosts.all(&name) {
            leave(&mut self.owners, &host, &(external, Arc::clone(&name)));
        }
        leave(&mut self.skeletons, &skeleton(&name), &name);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.hosts.len()
    }

    /// One node's names and addresses, if it is there.
    pub(crate) fn get(&self, node: &str) -> Option<&Hosts> {
        self.hosts.get(node)
    }

    /// A node other than `node` that has that name or address, and whether as an external address alone.
    pub(crate) fn other_owner(&self, node: &str, host: &Host) -> Option<(&str, IsExternal)> {
        let mut owners = self.owners.get(host)?.iter().filter(|(_, owner)| **owner != *node);
        owners.next().map(|(external, owner)| (&**owner, *external))
    }

    /// The name of another node that `node` can be mistaken for, where there is no node of that very name.
    pub(crate) fn look_alike(&self, node: &str) -> Option<(&str, Difference)> {
        if self.hosts.contains_key(node) {
            return None;
        }
        let alike = self.skeletons.get(&skeleton(node))?;
        alike.iter().map(|other| (&**other, difference(node, other))).max_by_key(|(_, difference)| *difference)
    }
}

/// Removes a member of a set, and a set without members.
fn leave<K: Hash + Eq, T: Ord>(sets: &mut HashMap<K, BTreeSet<T>>, key: &K, member: &T) {
    if let Some(all) = sets.get_mut(key) {
        all.remove(member);
        if all.is_empty() {
            sets.remove(key);
        }
    }
}

impl Hosts {
    fn of(node: &Node) -> Self {
        let labels = node.metadata.labels.iter().flat_map(|labels| labels.keys());
        let is_control_plane = labels.into_iter().any(|label| CONTROL_PLANE.contains(&label.as_str()));
        let mut hosts = Self { is_control_plane, ..Self::default() };
        for found in node.status.iter().flat_map(|status| status.addresses.iter().flatten()) {
            let text = found.address.trim();
            let is_ip = found.type_.ends_with("IP");
            match address(text) {
                Some(address) if is_ip || found.type_ == "Hostname" => {
                    hosts.addresses.push((found.type_ == "ExternalIP", address));
                }
                None if !is_ip => hosts.names.push(Host::name(text)),
                _ => {}
            }
        }
        hosts
    }

    /// All names and addresses, the node's name among them.
    fn all(&self, node: &str) -> impl Iterator<Item = (IsExternal, Host)> {
        let names = self.names.iter().cloned().chain([Host::name(node)]).map(|name| (false, Host::Name(name)));
        names.chain(self.addresses.iter().map(|(external, address)| (*external, Host::Address(*address))))
    }

    /// Whether the API server may run there.
    pub(crate) fn is_control_plane(&self) -> bool {
        self.is_control_plane
    }

    /// Whether the node `node` may serve under that name or address.
    pub(crate) fn covers(&self, node: &str, san: &San) -> bool {
        match Host::of(san) {
            Some(Host::Name(name)) => name == Host::name(node) || self.names.contains(&name),
            Some(Host::Address(address)) => self.addresses.iter().any(|(_, own)| *own == address),
            None => false,
        }
    }
}
