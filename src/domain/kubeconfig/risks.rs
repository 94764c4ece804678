//! What is dangerous in a kubeconfig that another person made: programs that it runs, files that it names, and ways to
//! a server that anybody in between can take over.

use std::path::Path;

use serde_yaml::{Mapping, Value};
use sha2::{Digest, Sha256};

use super::diagnose::FileAccess;
use super::set::{file_fields, resolve};
use super::{EntryKind, Kubeconfig};
use crate::domain::output::redact;
use crate::domain::x509::hex;

/// One thing to know before a kubeconfig is imported. Not yet printable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Risk {
    /// A program that every use of the user runs, with your rights.
    Program {
        /// The user entry.
        user: String,
        /// The command with its arguments.
        command: String,
    },
    /// A plugin of client-go, which may run a program, too.
    Provider {
        /// The user entry.
        user: String,
        /// The plugin.
        name: String,
    },
    /// A file whose content is sent to the server as a token.
    TokenFile {
        /// The user entry.
        user: String,
        /// The file.
        path: String,
    },
    /// A file outside of the folder of the kubeconfig.
    Outside {
        /// Cluster or user.
        kind: EntryKind,
        /// The entry.
        name: String,
        /// The field.
        field: &'static str,
        /// The file.
        path: String,
    },
    /// Anything may pretend to be the server.
    Insecure {
        /// The cluster entry.
        cluster: String,
    },
    /// Nothing is encrypted.
    PlainHttp {
        /// The cluster entry.
        cluster: String,
        /// The server's address.
        server: String,
    },
    /// Everything passes through another machine.
    Proxy {
        /// The cluster entry.
        cluster: String,
        /// Its address, without its password.
        url: String,
    },
}

impl Risk {
    /// In a sentence.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Program { user, command } => format!("user {user} runs a program with your rights: {command}"),
            Self::Provider { user, name } => format!("user {user} logs in with the client plugin {name}"),
            Self::TokenFile { user, path } => format!("user {user} sends the content of the file {path} to the server"),
            Self::Outside { kind, name, field, path } => {
                format!("{} {name} names a file outside of the folder of the kubeconfig ({field}): {path}", kind.word())
            }
            Self::Insecure { cluster } => {
                format!("cluster {cluster} does not verify the server (insecure-skip-tls-verify)")
            }
            Self::PlainHttp { cluster, server } => format!("cluster {cluster} is not encrypted: {server}"),
            Self::Proxy { cluster, url } => format!("cluster {cluster} is reached through the proxy {url}"),
        }
    }

    /// The entry that it is about.
    pub(crate) fn entry(&self) -> (EntryKind, &str) {
        match self {
            Self::Program { user, .. } | Self::Provider { user, .. } | Self::TokenFile { user, .. } => {
                (EntryKind::User, user)
            }
            Self::Outside { kind, name, .. } => (*kind, name),
            Self::Insecure { cluster } | Self::PlainHttp { cluster, .. } | Self::Proxy { cluster, .. } => {
                (EntryKind::Cluster, cluster)
            }
        }
    }

    /// Whether the first use asks, too: it runs something, or reads a file that the sender chose.
    pub(crate) const fn asks_at_first_use(&self) -> bool {
        matches!(self, Self::Program { .. } | Self::Provider { .. } | Self::TokenFile { .. } | Self::Outside { .. })
    }
}

/// Everything dangerous in a kubeconfig that lies in `folder`.
pub(crate) fn risks(config: &Kubeconfig, folder: &Path, around: &dyn FileAccess) -> Vec<Risk> {
    let mut found = Vec::new();
    for kind in [EntryKind::Cluster, EntryKind::User] {
        for name in config.names(kind) {
            let Some(mut fields) = config.get(kind, name).cloned() else { continue };
            resolve(kind, &mut fields, folder);
            of_files(&mut found, kind, name, &fields, folder, around);
            match kind {
                EntryKind::Cluster => of_cluster(&mut found, name, &fields),
                _ => of_user(&mut found, name, &fields),
            }
        }
    }
    found
}

fn of_files(
    found: &mut Vec<Risk>,
    kind: EntryKind,
    name: &str,
    fields: &Mapping,
    folder: &Path,
    around: &dyn FileAccess,
) {
    for field in file_fields(kind) {
        let path = text(fields, field);
        if path.is_empty() {
            continue;
        }
        if *field == "tokenFile" {
            found.push(Risk::TokenFile { user: name.to_owned(), path: path.to_owned() });
        } else if !around.is_inside(folder, Path::new(path)) {
            found.push(Risk::Outside { kind, name: name.to_owned(), field, path: path.to_owned() });
        }
    }
}

fn of_cluster(found: &mut Vec<Risk>, name: &str, fields: &Mapping) {
    let cluster = name.to_owned();
    let server = text(fields, "server");
    if server.to_ascii_lowercase().starts_with("http://") {
        found.push(Risk::PlainHttp { cluster: cluster.clone(), server: server.to_owned() });
    }
    if fields.get("insecure-skip-tls-verify").and_then(Value::as_bool).unwrap_or_default() {
        found.push(Risk::Insecure { cluster: cluster.clone() });
    }
    let proxy = text(fields, "proxy-url");
    if !proxy.is_empty() {
        found.push(Risk::Proxy { cluster, url: redact::url(proxy).into_owned() });
    }
}

fn of_user(found: &mut Vec<Risk>, name: &str, fields: &Mapping) {
    if let Some(exec) = fields.get("exec").and_then(Value::as_mapping) {
        found.push(Risk::Program { user: name.to_owned(), command: command_line(exec) });
    }
    if let Some(plugin) = fields.get("auth-provider").and_then(Value::as_mapping) {
        found.push(Risk::Provider { user: name.to_owned(), name: text(plugin, "name").to_owned() });
    }
}

/// The command with its arguments; what is named like a secret is left out.
fn command_line(exec: &Mapping) -> String {
    const SECRET: [&str; 6] = ["token", "secret", "password", "passwd", "key", "credential"];
    let is_secret = |word: &str| SECRET.iter().any(|name| word.to_ascii_lowercase().contains(name));
    let mut words = vec![text(exec, "command").to_owned()];
    let mut hides_next = false;
    for argument in exec.get("args").and_then(Value::as_sequence).into_iter().flatten() {
        let argument = argument.as_str().unwrap_or_default();
        let hidden = std::mem::take(&mut hides_next);
        words.push(match argument.split_once('=') {
            _ if hidden && !argument.starts_with('-') => "REDACTED".to_owned(),
            Some((name, _)) if argument.starts_with('-') && is_secret(name) => format!("{name}=REDACTED"),
            None if argument.starts_with('-') && is_secret(argument) => {
                hides_next = true;
                argument.to_owned()
            }
            _ => argument.to_owned(),
        });
    }
    words.join(" ")
}

/// A fingerprint of what an entry runs and which files it reads; `None` where it does neither. Names do not count, so
/// that an entry under another name is still known.
pub(crate) fn fingerprint(kind: EntryKind, fields: &Mapping) -> Option<String> {
    let mut named = file_fields(kind).to_vec();
    if kind == EntryKind::User {
        named.extend(["exec", "auth-provider"]);
    }
    let is_set = |value: &&Value| !value.is_null() && value.as_str() != Some("");
    let there: Vec<_> = named.iter().filter_map(|name| Some((*name, fields.get(*name).filter(is_set)?))).collect();
    if there.is_empty() {
        return None;
    }
    Some(hex(&Sha256::digest(serde_json::to_vec(&there).unwrap_or_default())))
}

fn text<'a>(fields: &'a Mapping, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct FakeFiles;

    impl FileAccess for FakeFiles {
        fn read(&self, _: &Path) -> Result<Vec<u8>, String> {
            Err("it is not there".to_owned())
        }

        fn public_key(&self, _: &[u8]) -> Result<String, String> {
            Err("it is no key".to_owned())
        }

        fn program(&self, _: &str) -> Result<(), String> {
            Err("not found in PATH".to_owned())
        }
    }

    fn found(cluster: &str, user: &str) -> Vec<String> {
        let text = format!("clusters: [{{name: c, cluster: {{{cluster}}}}}]\nusers: [{{name: u, user: {{{user}}}}}]");
        let risks = risks(&Kubeconfig::parse(&text).unwrap(), Path::new("/in"), &FakeFiles);
        risks.iter().map(Risk::text).collect()
    }

    #[test]
    fn everything_dangerous_is_named_and_secrets_are_not() {
        for (cluster, user, wanted) in [
            ("insecure-skip-tls-verify: true", "", "does not verify the server"),
            ("server: 'HTTP://x'", "", "is not encrypted: HTTP://x"),
            ("proxy-url: 'http://me:s3cret@p:1'", "", "through the proxy http://REDACTED@p:1"),
            ("certificate-authority: ../../etc/passwd", "", "(certificate-authority): /etc/passwd"),
            ("", "client-key: /root/.ssh/id_rsa", "(client-key): /root/.ssh/id_rsa"),
            ("", "client-certificate: a/../../b", "(client-certificate): /b"),
            ("", "tokenFile: token", "sends the content of the file /in/token"),
            ("", "auth-provider: {name: oidc}", "client plugin oidc"),
            ("", "exec: {command: ./x, args: [-c, rm -rf /]}", "your rights: /in/x -c rm -rf /"),
            (
                "",
                "exec: {command: x, args: ['--token=s3cret', --password, s3cret, b]}",
                "x --token=REDACTED --password REDACTED b",
            ),
        ] {
            let texts = found(cluster, user);
            assert!(texts.len() == 1 && texts[0].contains(wanted), "{texts:?}, not {wanted}");
            assert!(!texts[0].contains("s3cret"), "{texts:?}");
        }
        assert!(
            found("server: 'https://x', certificate-authority: pki/ca.pem", "client-key: k.pem, token: t").is_empty()
        );
    }

    #[test]
    fn a_fingerprint_is_of_what_runs_and_is_read_alone() {
        let of = |text: &str| fingerprint(EntryKind::User, &serde_yaml::from_str(text).unwrap());
        assert_eq!(of("token: t"), None);
        assert_eq!(of("{exec: {command: a}, token: t}"), of("exec: {command: a}"));
        assert_ne!(of("exec: {command: a}"), of("exec: {command: b}"));
        assert_ne!(of("exec: {command: a}"), of("{exec: {command: a}, tokenFile: b}"));
    }
}
