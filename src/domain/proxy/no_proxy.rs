//! `NO_PROXY`: which servers are reached directly (`golang.org/x/net/http/httpproxy`, `proxy.go`).

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

/// The entries of `NO_PROXY`. Invalid ones are ignored.
#[derive(Clone, Debug, Default)]
pub(super) struct NoProxy {
    /// `*`
    everything: bool,
    networks: Vec<Network>,
    addresses: Vec<(IpAddr, String)>,
    domains: Vec<Domain>,
    /// CIDRs as client-go reads them besides: without trimming, with leading zeros.
    sloppy_networks: Vec<Network>,
}

/// A domain, with its subdomains or only those.
#[derive(Clone, Debug)]
struct Domain {
    /// With a leading dot.
    suffix: String,
    /// The port, empty for every one. Compared as text.
    port: String,
    matches_itself: bool,
}

/// A server as `NO_PROXY` is compared with it.
pub(super) struct HostPort {
    name: String,
    port: String,
    address: Option<IpAddr>,
}

impl HostPort {
    /// From a URL's host without brackets and its port. `None` where it is always reached directly.
    pub(crate) fn new(host: &str, port: &str) -> Option<Self> {
        let host = to_ascii(host);
        // `net.SplitHostPort` fails at these.
        if host == "localhost" || host.contains(['[', ']']) {
            return None;
        }
        // As `netip.ParseAddr`: a zone makes no difference.
        let (bare, zone) = host.split_once('%').map_or((&*host, None), |(bare, zone)| (bare, Some(zone)));
        let address = bare.parse().ok().filter(|address: &IpAddr| match zone {
            None => true,
            Some(zone) => address.is_ipv6() && !zone.is_empty(),
        });
        let address = address.map(|address| address.to_canonical());
        if address.is_some_and(|address| address.is_loopback()) {
            return None;
        }
        Some(Self { name: lowercase(host.trim()), port: port.to_owned(), address })
    }
}

impl NoProxy {
    pub(crate) fn parse(text: &str) -> Self {
        let mut found = Self {
            sloppy_networks: text.split(',').filter_map(|entry| Network::parse(entry, sloppy_address)).collect(),
            ..Self::default()
        };
        for entry in text.split(',').map(|entry| lowercase(entry.trim())).filter(|entry| !entry.is_empty()) {
            if entry == "*" {
                found.everything = true;
                return found;
            }
            found.add(&entry);
        }
        found
    }

    fn add(&mut self, entry: &str) {
        if let Some(network) = Network::parse(entry, |text| text.parse().ok()) {
            self.networks.push(network);
            return;
        }
        let (host, port) = split_host_port(entry).unwrap_or((entry, ""));
        if let Ok(address) = host.parse::<IpAddr>() {
            self.addresses.push((address.to_canonical(), port.to_owned()));
            return;
        }
        if host.is_empty() {
            return;
        }
        let host = if host.starts_with("*.") { &host[1..] } else { host };
        let matches_itself = !host.starts_with('.');
        let suffix = if matches_itself { format!(".{host}") } else { host.to_owned() };
        let suffix = to_ascii(&suffix).into_owned();
        self.domains.push(Domain { suffix, port: port.to_owned(), matches_itself });
    }

    /// Whether the server is reached directly.
    pub(crate) fn matches(&self, target: &HostPort) -> bool {
        let same_port = |port: &str| port.is_empty() || port == target.port;
        if self.everything {
            return true;
        }
        match target.address {
            Some(address) => {
                self.networks.iter().any(|network| network.contains(address))
                    || self.addresses.iter().any(|(other, port)| *other == address && same_port(port))
            }
            None => self.domains.iter().any(|domain| domain.matches(&target.name) && same_port(&domain.port)),
        }
    }

    /// Whether a CIDR holds the host (apimachinery, `pkg/util/net/http.go`, `NewProxierWithNoProxyCIDR`). client-go leaves this
    /// out where a connection needs no other TLS settings; the difference shows only where CIDRs have leading zeros or
    /// the program runs as CGI.
    pub(crate) fn has_network_of(&self, host: &str) -> bool {
        let address = || sloppy_address(host).map(|address| address.to_canonical());
        !self.sloppy_networks.is_empty()
            && address().is_some_and(|address| self.sloppy_networks.iter().any(|network| network.contains(address)))
    }
}

impl Domain {
    fn matches(&self, name: &str) -> bool {
        name.ends_with(&self.suffix) || (self.matches_itself && name == &self.suffix[1..])
    }
}

/// A CIDR. One of IPv4 addresses that are mapped into IPv6 is one of IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    V4(u32, u32),
    V6(u128, u128),
}

impl Network {
    /// `net.ParseCIDR`, and `net.IPNet.Contains` for what it does with mapped addresses.
    fn parse(text: &str, address: impl Fn(&str) -> Option<IpAddr>) -> Option<Self> {
        let (host, bits) = text.split_once('/')?;
        if bits.is_empty() || !bits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let bits: u32 = bits.parse().ok()?;
        match address(host)? {
            IpAddr::V4(address) if bits <= 32 => {
                let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
                Some(Self::V4(address.to_bits() & mask, mask))
            }
            IpAddr::V6(address) if bits <= 128 => {
                let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
                let network = Ipv6Addr::from_bits(address.to_bits() & mask);
                Some(match network.to_ipv4_mapped() {
                    Some(mapped) => Self::V4(mapped.to_bits(), u32::MAX.checked_shl(128 - bits).unwrap_or(0)),
                    None => Self::V6(network.to_bits(), mask),
                })
            }
            _ => None,
        }
    }

    /// Of a canonical address.
    fn contains(self, address: IpAddr) -> bool {
        match (self, address) {
            (Self::V4(network, mask), IpAddr::V4(address)) => address.to_bits() & mask == network,
            (Self::V6(network, mask), IpAddr::V6(address)) => address.to_bits() & mask == network,
            _ => false,
        }
    }
}

/// `ParseIPSloppy` of k8s.io/utils (Go before 1.17): numbers of IPv4 addresses may have leading zeros; they are decimal.
fn sloppy_address(text: &str) -> Option<IpAddr> {
    let (groups, four) = match text.rfind(':') {
        Some(colon) => text.split_at(colon + 1),
        None => ("", text),
    };
    if !four.contains('.') {
        return text.parse().ok().filter(IpAddr::is_ipv6);
    }
    let mut numbers = four.split('.').map(|number| {
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        number.parse::<u32>().ok().filter(|_| digits).and_then(|number| u8::try_from(number).ok())
    });
    let octets = [numbers.next()??, numbers.next()??, numbers.next()??, numbers.next()??];
    let four = Ipv4Addr::from(octets);
    match (numbers.next(), groups) {
        (Some(_), _) => None,
        (None, "") => Some(four.into()),
        (None, groups) => format!("{groups}{four}").parse().ok(),
    }
}

/// `net.SplitHostPort`; `None` where it fails.
fn split_host_port(text: &str) -> Option<(&str, &str)> {
    let colon = text.rfind(':')?;
    let (host, port) = (&text[..colon], &text[colon + 1..]);
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']')?;
        return (!inner.contains(['[', ']']) && !port.contains(['[', ']'])).then_some((inner, port));
    }
    (!host.contains([':', '[', ']']) && !port.contains(['[', ']'])).then_some((host, port))
}

/// `idna.Lookup.ToASCII`; the name itself where IDNA refuses it. Unlike Go, this refuses labels such as `xn--ü`, which no name
/// has.
pub(super) fn to_ascii(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        return Cow::Borrowed(name);
    }
    let ascii = Uts46::new().to_ascii(name.as_bytes(), AsciiDenyList::STD3, Hyphens::Check, DnsLength::Ignore);
    ascii.unwrap_or(Cow::Borrowed(name))
}

/// `strings.ToLower`: letter by letter, with no letter becoming two.
fn lowercase(text: &str) -> String {
    text.chars().filter_map(|letter| letter.to_lowercase().next()).collect()
}
