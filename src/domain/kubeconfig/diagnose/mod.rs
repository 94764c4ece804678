//! What a context is made of, until when it can log in, and what about it is broken: whatever keeps kubectl from
//! logging in with it is a problem, and nothing else is.

mod cluster;
mod plugins;
mod user;

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use serde_yaml::{Mapping, Value};

use super::EntryKind;
use super::schema::decoded;
use super::set::Kubeconfigs;
use crate::domain::certificate::Certificate;

pub(crate) use cluster::{CONTRADICTION, names_authority, server_problem};

/// What lies outside of the kubeconfigs.
pub(crate) trait FileAccess {
    /// Reads a file that a kubeconfig refers to.
    ///
    /// # Errors
    /// Why it cannot be read; not its content.
    fn read(&self, path: &Path) -> Result<Vec<u8>, String>;

    /// SHA-256 of the public half of a private key in PEM, hex.
    ///
    /// # Errors
    /// Why it cannot be told; nothing of the key.
    fn public_key(&self, pem: &[u8]) -> Result<String, String>;

    /// Whether a command can be run to log in.
    ///
    /// # Errors
    /// Why not, without its name.
    fn program(&self, command: &str) -> Result<(), String>;

    /// Whether a file lies in a folder or below it, wherever links lead. Both are in full.
    fn is_inside(&self, folder: &Path, path: &Path) -> bool {
        path.starts_with(folder)
    }
}

/// A way to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A client certificate with its key.
    Certificate,
    /// A bearer token, written down or in a file.
    Token,
    /// A program that is asked for one; its name without its folder.
    Exec(String),
    /// One of client-go's plugins, such as `oidc`.
    AuthProvider(String),
    /// User name and password.
    Basic,
}

impl Credential {
    /// In a word or two.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Certificate => "certificate".to_owned(),
            Self::Token => "token".to_owned(),
            Self::Exec(command) => format!("exec {command}"),
            Self::AuthProvider(name) if name == "oidc" => "OIDC".to_owned(),
            Self::AuthProvider(name) => format!("plugin {name}"),
            Self::Basic => "password".to_owned(),
        }
    }
}

/// A context, looked through.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// Its name.
    pub name: String,
    /// Whether it is the current one.
    pub current: bool,
    /// The file that it comes from.
    pub file: PathBuf,
    /// The name of its cluster entry; empty where it names none.
    pub cluster: String,
    /// The file that the cluster entry comes from, where there is one.
    pub cluster_file: Option<PathBuf>,
    /// The name of its user entry; empty where it names none.
    pub user: String,
    /// The file that the user entry comes from, where there is one.
    pub user_file: Option<PathBuf>,
    /// Its namespace; empty for `default`.
    pub namespace: String,
    /// The server's address; empty where there is none.
    pub server: String,
    /// How it logs in, the way that counts first.
    pub credentials: Vec<Credential>,
    /// The client certificate, where there is one that can be read.
    pub certificate: Option<Certificate>,
    /// Whether the key is the certificate's, where both can be read.
    pub key_fits: Option<bool>,
    /// The CAs that the server's certificate may come from.
    pub authorities: Vec<Certificate>,
    /// Whether anything may pretend to be the server.
    pub insecure: bool,
    /// When what it logs in with ends: a certificate, or a token that says so.
    pub ends: Option<DateTime<Utc>>,
    /// What keeps clients from logging in, each with its entry, field and file.
    pub problems: Vec<String>,
    /// What does not keep them from it, but is worth knowing.
    pub notes: Vec<String>,
}

/// A cluster or user entry, looked at.
struct UserEntry {
    kind: EntryKind,
    name: String,
    file: PathBuf,
    /// Its fields, paths in full.
    fields: Mapping,
}

impl UserEntry {
    /// A sentence about a field.
    fn problem(&self, field: &str, why: &str) -> String {
        let (kind, name, file) = (self.kind.word(), &self.name, self.file.display());
        if field == kind {
            format!("{kind} {name}: {why} ({file})")
        } else {
            format!("{kind} {name}: {field}: {why} ({file})")
        }
    }

    /// Whether a file is named and its content stands beside it, which clients refuse.
    fn has_both(&self, field: &str) -> bool {
        !text(&self.fields, field).is_empty() && !text(&self.fields, &format!("{field}-data")).is_empty()
    }
}

/// How a credential stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// It says nothing about its end.
    Unknown,
    /// Valid, and not about to end.
    Valid(DateTime<Utc>),
    /// Valid, and about to end.
    Soon(DateTime<Utc>),
    /// It has ended.
    Expired(DateTime<Utc>),
    /// It begins later.
    NotYet(DateTime<Utc>),
}

impl Diagnosis {
    /// How the credential stands at `now`, if its end is worth a warning `warn` ahead of it.
    pub(crate) fn life(&self, now: DateTime<Utc>, warn: TimeDelta) -> Life {
        let begins = self.certificate.as_ref().map(|certificate| certificate.not_before);
        match self.ends {
            None => Life::Unknown,
            Some(end) if end <= now => Life::Expired(end),
            Some(_) if begins.is_some_and(|at| at > now) => Life::NotYet(begins.unwrap_or(now)),
            Some(end) if end - now <= warn => Life::Soon(end),
            Some(end) => Life::Valid(end),
        }
    }

    /// How long ahead a certificate's end is worth a warning where nobody says it: two weeks, or a fifth of its life if
    /// that is shorter, so that a certificate for a day is not a warning all day.
    pub(crate) fn default_warning(&self) -> TimeDelta {
        let weeks = TimeDelta::days(14);
        self.certificate.as_ref().map_or(weeks, |certificate| {
            let life = certificate.not_after - certificate.not_before;
            weeks.min(life / 5)
        })
    }

    /// The ways to log in, in words: `certificate`, `exec aws`, `none`.
    pub(crate) fn credential(&self) -> String {
        let words: Vec<_> = self.credentials.iter().map(Credential::word).collect();
        if words.is_empty() { "none".to_owned() } else { words.join("+") }
    }
}

impl Kubeconfigs {
    /// Every context, looked through.
    pub(crate) fn diagnose(&self, around: &dyn FileAccess) -> Vec<Diagnosis> {
        self.names(EntryKind::Context).into_iter().map(|name| self.diagnose_one(name, around)).collect()
    }

    fn diagnose_one(&self, name: &str, around: &dyn FileAccess) -> Diagnosis {
        let fields = self.get(EntryKind::Context, name).unwrap_or_default();
        let (cluster, user) = (text(&fields, "cluster"), text(&fields, "user"));
        let file = |kind: EntryKind, name: &str| self.file(kind, name).map(Path::to_path_buf);
        let mut seen = Diagnosis {
            name: name.to_owned(),
            current: self.current_context() == Some(name),
            file: file(EntryKind::Context, name).unwrap_or_default(),
            cluster_file: file(EntryKind::Cluster, &cluster),
            user_file: file(EntryKind::User, &user),
            namespace: text(&fields, "namespace"),
            cluster,
            user,
            server: String::new(),
            credentials: Vec::new(),
            certificate: None,
            key_fits: None,
            authorities: Vec::new(),
            insecure: false,
            ends: None,
            problems: Vec::new(),
            notes: Vec::new(),
        };
        let Some(entry) = self.entry(EntryKind::Cluster, &seen.cluster) else {
            let why = missing(EntryKind::Cluster, &seen.cluster, &seen.file);
            seen.problems.push(why);
            self.look_at_user(&mut seen, None, true, around);
            return seen;
        };
        let encrypted = cluster::is_encrypted(&text(&entry.fields, "server"));
        let authority = cluster::look(&mut seen, &entry, around);
        self.look_at_user(&mut seen, authority.as_deref(), encrypted, around);
        seen
    }

    /// A user that is not there is one without credentials, which a server without TLS does not ask for.
    fn look_at_user(&self, seen: &mut Diagnosis, authority: Option<&[u8]>, encrypted: bool, around: &dyn FileAccess) {
        match self.entry(EntryKind::User, &seen.user) {
            Some(entry) => user::look(seen, &entry, authority, encrypted, around),
            None if encrypted => {
                let why = missing(EntryKind::User, &seen.user, &seen.file);
                seen.problems.push(why);
            }
            None => {}
        }
    }

    fn entry(&self, kind: EntryKind, name: &str) -> Option<UserEntry> {
        let fields = self.resolved(kind, name).filter(|_| !name.is_empty())?;
        let file = self.file(kind, name).map(Path::to_path_buf).unwrap_or_default();
        Some(UserEntry { kind, name: name.to_owned(), file, fields })
    }
}

/// The field that counts of a file and its content beside it, with the content; `None` where there is neither.
fn content(fields: &Mapping, name: &str, around: &dyn FileAccess) -> Option<(String, Result<Vec<u8>, String>)> {
    let field = format!("{name}-data");
    let data = text(fields, &field);
    if !data.is_empty() {
        return Some((field, decoded(&data).ok_or_else(|| "it is no base64".to_owned())));
    }
    let path = text(fields, name);
    let read = || around.read(Path::new(&path)).map_err(|why| format!("{path}: {why}"));
    (!path.is_empty()).then(|| (name.to_owned(), read()))
}

fn text(fields: &Mapping, name: &str) -> String {
    fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn missing(kind: EntryKind, name: &str, file: &Path) -> String {
    let (kind, file) = (kind.word(), file.display());
    if name.is_empty() { format!("it names no {kind} ({file})") } else { format!("{kind} {name} not found ({file})") }
}

#[cfg(test)]
mod tests;
