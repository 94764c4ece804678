//! The domain is pure: no I/O, no clock, no chance, no threads.

use std::collections::BTreeSet;

use super::graph::Graph;

/// Paths of other crates that the domain does not use, with everything below them.
const FORBIDDEN: &[&str] = &[
    "chrono::Local::now",
    "chrono::Utc::now",
    "crossterm",
    "kube",
    "rand",
    "ratatui",
    "rustix",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant::now",
    "std::time::SystemTime",
    "tokio",
];

/// Types without I/O in a forbidden module.
const PLAIN_TYPES: &[&str] = &["IpAddr", "Ipv4Addr", "Ipv6Addr", "AddrParseError"];

/// Uses that break the rule today, as (file, path).
const ALLOWED: &[(&str, &str)] = &[];

fn is_forbidden(path: &[String]) -> bool {
    let is_below =
        |forbidden: &str| forbidden.split("::").eq(path.iter().take(forbidden.split("::").count()).map(String::as_str));
    FORBIDDEN.iter().any(|forbidden| is_below(forbidden))
        && !(path.len() > 2 && path[1] == "net" && PLAIN_TYPES.contains(&path[2].as_str()))
}

#[test]
fn the_domain_uses_no_io_no_clock_and_no_threads() {
    let graph = Graph::load();
    let uses = graph.external_paths().filter(|(file, path)| file.top_module() == "domain" && is_forbidden(path));
    let found: BTreeSet<_> = uses.map(|(file, path)| (file.path.clone(), path.join("::"))).collect();
    let is_allowed = |(file, path): &(String, String)| ALLOWED.contains(&(file.as_str(), path.as_str()));
    let wrong: Vec<_> = found.iter().filter(|pair| !is_allowed(pair)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let unneeded: Vec<_> =
        ALLOWED.iter().filter(|(file, path)| !found.contains(&((*file).to_owned(), (*path).to_owned()))).collect();
    assert!(unneeded.is_empty(), "delete from ALLOWED: {unneeded:?}");
}
