//! Names and addresses that a certificate is served under, as clients compare them, and those that are never a node's.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use crate::domain::request::San;

/// A DNS name or an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// In lowercase, without a period at the end.
    Name(String),
    /// `::ffff:10.1.2.3` is 10.1.2.3.
    Address(IpAddr),
}

impl Host {
    /// The name or address in a SAN; `None` for the other kinds, and for what is no address. A DNS name that reads as an
    /// address stays a name: clients do not take it for one.
    pub(crate) fn of(san: &San) -> Option<Self> {
        match san {
            San::Dns(name) => Some(Self::Name(Self::name(name))),
            San::Ip(text) => address(text).map(Self::Address),
            San::Email(_) | San::Uri(_) | San::Other(_) => None,
        }
    }

    /// A DNS name as it is compared: without case and without the period of the root.
    pub(crate) fn name(name: &str) -> String {
        name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
    }

    /// Of a server's URL, such as `https://10.0.0.1:6443/clusters/a`.
    pub fn of_server(url: &str) -> Option<Self> {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next()?;
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = match host.strip_prefix('[') {
            Some(six) => six.split(']').next()?,
            None => host.split(':').next()?,
        };
        (!host.is_empty()).then(|| address(host).map_or_else(|| Self::Name(Self::name(host)), Self::Address))
    }
}

/// An address in its one form.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(|address: IpAddr| address.to_canonical())
}

/// Why a kubelet has no business with a name or address, whatever its Node says.
pub(super) fn never_a_nodes(host: &Host) -> Option<&'static str> {
    match host {
        Host::Name(name) => never_a_nodes_name(name),
        Host::Address(address) => never_a_nodes_address(*address),
    }
}

fn never_a_nodes_name(name: &str) -> Option<&'static str> {
    if name.contains('*') {
        return Some("a wildcard");
    }
    if let Some(address) = address(name) {
        return never_a_nodes_address(address);
    }
    let local = ["localhost", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback", "localdomain"];
    let is_local = local.contains(&name) || name.ends_with(".localhost") || name.starts_with("localhost.localdomain");
    is_local.then_some("loopback")
}

fn never_a_nodes_address(address: IpAddr) -> Option<&'static str> {
    let link_local = match address {
        IpAddr::V4(four) => four.is_link_local(),
        IpAddr::V6(six) => six.is_unicast_link_local(),
    };
    let broadcast = address == IpAddr::V4(Ipv4Addr::BROADCAST);
    // The whole of 0.0.0.0/8 is "this network" (RFC 1122).
    let unspecified = address.is_unspecified() || matches!(address, IpAddr::V4(four) if four.octets()[0] == 0);
    if address.is_loopback() {
        Some("loopback")
    } else if unspecified {
        Some("unspecified")
    } else if link_local {
        Some("link-local")
    } else {
        (address.is_multicast() || broadcast).then_some("multicast")
    }
}

/// Names of Services (`pkg/controlplane/instance.go`, DNS specification of Kubernetes): `kubernetes`,
/// `kubernetes.default`, `<service>.<namespace>.svc` and `….svc.<cluster domain>`. A node may be called like the last one
/// where the cluster's domain is not cluster.local.
pub(super) fn is_service_name(name: &str, node: &str) -> bool {
    if matches!(name, "kubernetes" | "kubernetes.default") {
        return true;
    }
    let labels: Vec<_> = name.split('.').collect();
    let Some(at) = labels.iter().rposition(|label| *label == "svc").filter(|at| *at > 0) else { return false };
    let domain = labels.get(at + 1..).unwrap_or_default();
    domain.is_empty() || domain == ["cluster", "local"] || (at >= 2 && name != Host::name(node))
}

/// A range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    first: IpAddr,
    bits: u8,
}

impl AddressRange {
    /// Reads `10.96.0.0/12`.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, bits) = text.split_once('/')?;
        let (first, bits): (IpAddr, u8) = (first.parse().ok()?, bits.parse().ok()?);
        let most = if first.is_ipv4() { 32 } else { 128 };
        (bits <= most).then_some(Self { first, bits })
    }

    /// Whether the address is in it.
    pub(crate) fn contains(self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                same_start(first.to_bits().into(), address.to_bits().into(), 32, self.bits)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => same_start(first.to_bits(), address.to_bits(), 128, self.bits),
            _ => false,
        }
    }
}

fn same_start(a: u128, b: u128, width: u32, bits: u8) -> bool {
    let rest = width - u32::from(bits).min(width);
    a.checked_shr(rest).unwrap_or(0) == b.checked_shr(rest).unwrap_or(0)
}

/// Where the API server and the Services of a cluster are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiHosts {
    /// The API server's own names and addresses: of the kubeconfig, and of its endpoints. Control plane nodes have them too.
    pub server: BTreeSet<Host>,
    /// The addresses of the Service `default/kubernetes`.
    pub service: BTreeSet<IpAddr>,
    /// The ranges that Services' addresses are taken from (`ServiceCIDR`).
    pub ranges: Vec<AddressRange>,
    /// Whether what is known of Services could be read.
    pub is_complete: bool,
}

impl ApiHosts {
    /// Whether it is a Service's address.
    pub(crate) fn is_service_address(&self, address: IpAddr) -> bool {
        self.service.contains(&address) || self.ranges.iter().any(|range| range.contains(address))
    }
}

#[cfg(test)]
mod tests;
