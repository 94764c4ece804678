//! What about a cluster entry keeps clients from its server (client-go, `tools/clientcmd/validation.go`,
//! `validateClusterInfo`; `transport/transport.go`, `TLSConfigFor`).

use serde_yaml::{Mapping, Value};

use super::diagnosis::Diagnosis;
use super::entry::{FileAccess, UserEntry, content, text};
use crate::domain::authority;
use crate::domain::output::redact;

/// Why a cluster with `insecure-skip-tls-verify` and a CA is refused, as kubectl does (client-go,
/// `transport/transport.go`: specifying a root certificates file with the insecure flag is not allowed).
pub(crate) const CONTRADICTION: &str = "its cluster has a certificate authority and insecure-skip-tls-verify: true, which kubectl refuses together; remove one";

/// Schemes of a proxy that client-go knows (`tools/clientcmd/client_config.go`, `parseProxyURL`).
const PROXIES: [&str; 3] = ["http", "https", "socks5"];

/// Looks at a cluster entry; gives its CA's PEM where clients use it.
pub(super) fn check(seen: &mut Diagnosis, entry: &UserEntry, files: &dyn FileAccess) -> Option<Vec<u8>> {
    let fields = &entry.fields;
    let server = text(fields, "server");
    seen.server = redact::url(&server).into_owned();
    if server.is_empty() {
        seen.problems.push(entry.problem("server", "it names no server"));
    } else if let Some(why) = server_problem(&server) {
        seen.problems.push(entry.problem("server", &why));
    }
    let proxy = text(fields, "proxy-url");
    if !proxy.is_empty() && !is_proxy(&proxy) {
        let shown = redact::url(&proxy);
        seen.problems.push(entry.problem("proxy-url", &format!("{shown} is no address with http, https or socks5")));
    }
    seen.insecure = fields.get("insecure-skip-tls-verify").and_then(Value::as_bool).unwrap_or_default();
    if entry.has_both("certificate-authority") {
        seen.problems
            .push(entry.problem("certificate-authority", "certificate-authority-data is set, too; remove one"));
    }
    let authority = content(fields, "certificate-authority", files);
    let encrypted = is_encrypted(&server);
    if encrypted && seen.insecure && names_authority(fields) {
        seen.problems.push(entry.problem("insecure-skip-tls-verify", CONTRADICTION));
    }
    let (field, pem) = authority?;
    // Without TLS it is enough that the file is there.
    if !encrypted && pem.is_ok() {
        return None;
    }
    let read = pem.and_then(|pem| authority::usable(&pem).map(|authorities| (pem, authorities)));
    match read {
        Ok((pem, authorities)) => {
            seen.authorities = authorities;
            Some(pem)
        }
        Err(why) => {
            seen.problems.push(entry.problem(&field, &why));
            None
        }
    }
}

fn is_proxy(url: &str) -> bool {
    let known =
        url.split_once("://").is_some_and(|(scheme, _)| PROXIES.contains(&scheme.to_ascii_lowercase().as_str()));
    known && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Whether credentials are sent to a server: client-go reads none for `http://` (`rest/transport.go`,
/// `IsConfigTransportTLS`).
pub(super) fn is_encrypted(server: &str) -> bool {
    !server.to_ascii_lowercase().starts_with("http://")
}

/// Whether a cluster entry has a CA, in itself or in a file, readable or not.
pub(crate) fn names_authority(cluster: &Mapping) -> bool {
    ["certificate-authority", "certificate-authority-data"].iter().any(|field| !text(cluster, field).is_empty())
}

/// What is wrong with a server's address, if it is one that no client can use.
pub(crate) fn server_problem(server: &str) -> Option<String> {
    let shown = redact::url(server);
    let (scheme, rest) = match server.split_once("://") {
        None => return Some(format!("the server {shown} has no scheme: write https://{shown}")),
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
    };
    match scheme.as_str() {
        "https" | "http" if !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':']) => None,
        "https" | "http" => Some(format!("the server {shown} names no host")),
        scheme => Some(format!("the server {shown} has the scheme {scheme}, and not https")),
    }
}
