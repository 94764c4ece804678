//! Kubeconfigs to look at: no key, no token and no password in them.

use serde_yaml::Value;
use sha2::{Digest, Sha256};

use super::{Kind, Kubeconfig};
use crate::domain::x509::hex;

/// What stands in a secret's place, as kubectl writes it.
const REDACTED: &str = "REDACTED";
/// What stands in the place of data that is long and public.
const OMITTED: &str = "DATA+OMITTED";

/// Fields of a user that are no secrets. Whatever else a user has may be one.
const PLAIN: [&str; 9] = [
    "client-certificate",
    "client-key",
    "tokenFile",
    "username",
    "as",
    "as-uid",
    "as-groups",
    "as-user-extra",
    "client-certificate-data",
];

/// The document with every secret replaced.
#[must_use]
pub fn redacted(config: &Kubeconfig) -> Kubeconfig {
    let mut out = config.clone();
    out.others.clear();
    out.broken = None;
    for kind in [Kind::Cluster, Kind::User] {
        let names: Vec<_> = out.names(kind).into_iter().map(str::to_owned).collect();
        for name in names {
            let Some(mut fields) = out.get(kind, &name).cloned() else { continue };
            fields.iter_mut().for_each(|(field, value)| hide(kind, field, value));
            out.put(kind, &name, fields);
        }
    }
    out
}

fn hide(kind: Kind, field: &Value, value: &mut Value) {
    match (kind, field.as_str().unwrap_or_default()) {
        (_, "client-certificate-data" | "certificate-authority-data") => *value = OMITTED.into(),
        (Kind::Cluster, "proxy-url") => *value = without_password(value.as_str().unwrap_or_default()).into(),
        (Kind::User, "exec") => {
            if let Some(env) = value.get_mut("env").and_then(Value::as_sequence_mut) {
                for variable in env {
                    if let Some(value) = variable.get_mut("value") {
                        *value = REDACTED.into();
                    }
                }
            }
        }
        (Kind::User, "auth-provider") => {
            if let Some(config) = value.get_mut("config").and_then(Value::as_mapping_mut) {
                config.values_mut().for_each(|value| *value = REDACTED.into());
            }
        }
        (Kind::User, name) if !PLAIN.contains(&name) => *value = REDACTED.into(),
        _ => {}
    }
}

/// A proxy's address may carry a password.
pub(super) fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rfind('@')) {
        (Some((scheme, _)), Some(at)) if at > scheme.len() => format!("{scheme}://{REDACTED}{}", &url[at..]),
        _ => url.to_owned(),
    }
}

/// A field in a few words, to be compared with another: secrets and data as fingerprints.
pub(super) fn brief(kind: Kind, field: &Value, value: &Value) -> String {
    let mut seen = value.clone();
    hide(kind, field, &mut seen);
    if seen != *value {
        let text = serde_json::to_string(value).unwrap_or_default();
        let digest = hex(&Sha256::digest(text.as_bytes()));
        return format!("(sha256 {})", digest.get(..8).unwrap_or_default());
    }
    match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// The document as YAML with every secret replaced.
pub fn yaml(config: &Kubeconfig) -> String {
    redacted(config).to_yaml().unwrap_or_else(|why| why + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_left_wherever_it_stands() {
        let text = "users: [{name: u, user: {token: s3cret, password: s3cret, client-key-data: czNjcmV0, username: jane, x-own: s3cret, exec: {command: aws, env: [{name: KEY, value: s3cret}]}, auth-provider: {name: oidc, config: {refresh-token: s3cret}}}}]\nclusters: [{name: c, cluster: {proxy-url: 'http://me:s3cret@proxy:1', server: 'https://c'}}]";
        let shown = yaml(&Kubeconfig::parse(text).unwrap());
        assert!(!shown.contains("s3cret") && !shown.contains("czNjcmV0"), "{shown}");
        for kept in ["jane", "aws", "oidc", "http://REDACTED@proxy:1", "https://c"] {
            assert!(shown.contains(kept), "{shown}");
        }
    }
}
