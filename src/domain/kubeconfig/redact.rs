//! Kubeconfigs to look at: no key, no token and no password in them.

use serde_yaml::Value;
use sha2::{Digest, Sha256};

use super::{EntryKind, Kubeconfig};
use crate::domain::output::redact::{self, REDACTED};
use crate::domain::x509::hex;

/// Replaces data that is long and public.
const OMITTED: &str = "DATA+OMITTED";

/// Fields of a user that are no secrets. Whatever else a user has may be one.
const USER: [&str; 8] =
    ["client-certificate", "client-key", "tokenFile", "username", "as", "as-uid", "as-groups", "as-user-extra"];
/// Those of a cluster.
const CLUSTER: [&str; 4] =
    ["certificate-authority", "insecure-skip-tls-verify", "tls-server-name", "disable-compression"];
/// Those of a context.
const CONTEXT: [&str; 3] = ["cluster", "user", "namespace"];
/// Those of a program that logs in.
const EXEC: [&str; 5] = ["apiVersion", "command", "interactiveMode", "provideClusterInfo", "installHint"];
/// The fields at the top of a kubeconfig.
const TOP: [&str; 6] = ["apiVersion", "kind", "clusters", "users", "contexts", "current-context"];

/// Options of login programs whose values are no secrets, as far as they are no addresses with one.
const OPTIONS: [&str; 17] = [
    "--region",
    "--cluster-name",
    "--cluster-id",
    "--cluster",
    "--profile",
    "--output",
    "--environment",
    "--tenant-id",
    "--server-id",
    "--client-id",
    "--login",
    "--oidc-issuer-url",
    "--oidc-client-id",
    "--grant-type",
    "--role-arn",
    "--interactive-mode",
    "--api-version",
];
/// Subcommands of login programs.
const WORDS: [&str; 12] = [
    "eks",
    "get-token",
    "token",
    "oidc-login",
    "oidc",
    "login",
    "kubernetes",
    "credential",
    "get-credentials",
    "exec-credential",
    "kubectl",
    "generate-token",
];

/// The document with every secret replaced.
#[must_use]
pub(crate) fn redacted(config: &Kubeconfig) -> Kubeconfig {
    let mut out = config.clone();
    out.others.clear();
    out.unwritable = None;
    for (name, value) in out.root_mut() {
        if !TOP.contains(&name.as_str().unwrap_or_default()) {
            hide_all(value);
        }
    }
    for kind in [EntryKind::Cluster, EntryKind::User, EntryKind::Context] {
        let names: Vec<_> = out.names(kind).into_iter().map(str::to_owned).collect();
        for name in names {
            let Some(mut fields) = out.get(kind, &name).cloned() else { continue };
            fields.iter_mut().for_each(|(field, value)| hide(kind, field, value));
            out.put(kind, &name, fields);
        }
    }
    out
}

fn hide(kind: EntryKind, field: &Value, value: &mut Value) {
    let field = field.as_str().unwrap_or_default();
    let plain: &[&str] = match kind {
        EntryKind::Cluster => &CLUSTER,
        EntryKind::User => &USER,
        EntryKind::Context => &CONTEXT,
    };
    match (kind, field) {
        (_, "client-certificate-data" | "certificate-authority-data") => *value = OMITTED.into(),
        (EntryKind::Cluster, "server" | "proxy-url") => *value = redact::url(value.as_str().unwrap_or_default()).into(),
        (EntryKind::User, "exec") => hide_in(value, |field, value| match field {
            "args" => hide_arguments(value),
            "env" => hide_values(value),
            field if EXEC.contains(&field) => {}
            _ => hide_all(value),
        }),
        (EntryKind::User, "auth-provider") => hide_in(value, |field, value| {
            if field != "name" {
                hide_all(value);
            }
        }),
        (_, field) if plain.contains(&field) => {}
        _ => hide_all(value),
    }
}

fn hide_in(value: &mut Value, mut hide: impl FnMut(&str, &mut Value)) {
    match value {
        Value::Mapping(fields) => {
            fields.iter_mut().for_each(|(field, value)| hide(field.as_str().unwrap_or_default(), value));
        }
        other => hide_all(other),
    }
}

/// Every text and number in it; names of fields and of list entries stay.
fn hide_all(value: &mut Value) {
    match value {
        Value::Mapping(fields) => fields.iter_mut().for_each(|(field, value)| match value {
            Value::String(_) if field.as_str() == Some("name") => {}
            value => hide_all(value),
        }),
        Value::Sequence(items) => items.iter_mut().for_each(hide_all),
        Value::Tagged(tagged) => hide_all(&mut tagged.value),
        Value::Null | Value::Bool(_) => {}
        Value::String(_) | Value::Number(_) => *value = REDACTED.into(),
    }
}

/// The variables keep their names.
fn hide_values(variables: &mut Value) {
    for variable in variables.as_sequence_mut().into_iter().flatten() {
        hide_in(variable, |field, value| {
            if field != "name" {
                hide_all(value);
            }
        });
    }
}

/// Of a program's arguments the names of options stay, and what is known to be no secret.
fn hide_arguments(arguments: &mut Value) {
    let mut option = None;
    for argument in arguments.as_sequence_mut().into_iter().flatten() {
        let Value::String(text) = argument else {
            hide_all(argument);
            continue;
        };
        let shown = shown_argument(text, option.take().as_deref());
        option = Some(std::mem::replace(text, shown)).filter(|text| text.starts_with("--") && !text.contains('='));
    }
}

/// `argument`, which follows the option `before`, as far as it is no secret.
fn shown_argument(argument: &str, before: Option<&str>) -> String {
    let named = |name: &str| name.starts_with("--") && name[2..].chars().all(|c| c.is_ascii_alphabetic() || c == '-');
    let harmless = |option: &str| OPTIONS.contains(&option);
    if before.is_some_and(harmless) {
        return redact::url(argument).into_owned();
    }
    match argument.split_once('=') {
        Some((name, value)) if named(name) && harmless(name) => format!("{name}={}", redact::url(value)),
        Some((name, _)) if named(name) => format!("{name}={REDACTED}"),
        None if named(argument) || WORDS.contains(&argument) => argument.to_owned(),
        None if argument.len() == 2 && argument.starts_with('-') => argument.to_owned(),
        _ => REDACTED.to_owned(),
    }
}

/// A field in a few words, to be compared with another: secrets and data as fingerprints.
pub(super) fn brief(kind: EntryKind, field: &Value, value: &Value) -> String {
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

    const TEXT: &str = "
x-top: {a: s3cret}
preferences: {colors: true}
users:
- name: u
  user:
    token: s3cret
    password: s3cret
    client-key-data: czNjcmV0
    username: jane
    x-own: [s3cret, {b: s3cret}]
    exec:
      command: aws
      args: [eks, get-token, --cluster-name, prod, --token, s3cret, --secret=s3cret, s3cret, -ps3cret, -i, --oidc-issuer-url=https://me:s3cret@idp, '--s3cret 1', -s]
      env: [{name: KEY, value: s3cret, x: s3cret}]
      x-more: s3cret
    auth-provider: {name: oidc, config: {refresh-token: s3cret, deep: s3cret}, x: s3cret}
    extensions: [{name: mine, extension: {a: s3cret, n: 5}}]
clusters:
- name: c
  cluster: {proxy-url: 'http://me:s3cret@proxy:1', server: 'https://me:s3cret@c/p?t=s3cret', x: s3cret, extensions: [{name: e, extension: s3cret}]}
contexts:
- name: k
  context: {cluster: c, user: u, namespace: dev, x: s3cret}
current-context: k
";

    #[test]
    fn no_secret_is_left_in_any_field() {
        let shown = yaml(&Kubeconfig::parse(TEXT).unwrap());
        assert!(!shown.contains("s3cret") && !shown.contains("czNjcmV0"), "{shown}");
        for kept in [
            "jane",
            "command: aws",
            "- eks",
            "- get-token",
            "- prod\n",
            "\"--token\"",
            "--secret=REDACTED",
            "--oidc-issuer-url=https://REDACTED@idp",
            "oidc",
            "http://REDACTED@proxy:1",
            "https://REDACTED@c/p?REDACTED",
            "namespace: dev",
            "current-context: k",
            "name: KEY",
            "name: mine",
        ] {
            assert!(shown.contains(kept), "{kept}\n{shown}");
        }
    }
}
