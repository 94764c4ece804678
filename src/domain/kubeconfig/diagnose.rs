//! What a context is made of, until when it can log in, and what about it is broken.

use std::path::{Path, PathBuf};

use base64::Engine;
use chrono::{DateTime, TimeDelta, Utc};
use serde_yaml::{Mapping, Value};

use super::Kind;
use super::schema::decoded;
use super::set::Kubeconfigs;
use crate::domain::authority;
use crate::domain::certificate::Certificate;
use crate::domain::output::redact;

/// Why a cluster with `insecure-skip-tls-verify` and a CA is refused, as kubectl does (client-go,
/// `transport/transport.go`: specifying a root certificates file with the insecure flag is not allowed).
pub const CONTRADICTION: &str = "its cluster has a certificate authority and insecure-skip-tls-verify: true, which kubectl refuses together; remove one";

/// What lies outside of the kubeconfigs.
pub trait Surroundings {
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
    pub fn word(&self) -> String {
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
    /// What is broken, a sentence each.
    pub problems: Vec<String>,
}

/// How a credential stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
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
    pub fn life(&self, now: DateTime<Utc>, warn: TimeDelta) -> Life {
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
    pub fn default_warning(&self) -> TimeDelta {
        let weeks = TimeDelta::days(14);
        self.certificate.as_ref().map_or(weeks, |certificate| {
            let life = certificate.not_after - certificate.not_before;
            weeks.min(life / 5)
        })
    }

    /// The ways to log in, in words: `certificate`, `exec aws`, `none`.
    pub fn credential(&self) -> String {
        let words: Vec<_> = self.credentials.iter().map(Credential::word).collect();
        if words.is_empty() { "none".to_owned() } else { words.join("+") }
    }

    fn broken(&mut self, why: impl Into<String>) {
        self.problems.push(why.into());
    }
}

impl Kubeconfigs {
    /// Every context, looked through.
    pub fn diagnose(&self, around: &dyn Surroundings) -> Vec<Diagnosis> {
        self.names(Kind::Context).into_iter().map(|name| self.diagnose_one(name, around)).collect()
    }

    fn diagnose_one(&self, name: &str, around: &dyn Surroundings) -> Diagnosis {
        let fields = self.get(Kind::Context, name).unwrap_or_default();
        let (cluster, user) = (text(&fields, "cluster"), text(&fields, "user"));
        let file = |kind: Kind, name: &str| self.file(kind, name).map(Path::to_path_buf);
        let mut seen = Diagnosis {
            name: name.to_owned(),
            current: self.current_context() == Some(name),
            file: file(Kind::Context, name).unwrap_or_default(),
            cluster_file: file(Kind::Cluster, &cluster),
            user_file: file(Kind::User, &user),
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
        };
        let authority = self.look_at_cluster(&mut seen, around);
        self.look_at_user(&mut seen, authority.as_deref(), around);
        seen
    }

    /// The cluster entry; gives its CA's PEM.
    fn look_at_cluster(&self, seen: &mut Diagnosis, around: &dyn Surroundings) -> Option<Vec<u8>> {
        let Some(fields) = self.resolved(Kind::Cluster, &seen.cluster).filter(|_| !seen.cluster.is_empty()) else {
            seen.broken(missing("cluster", &seen.cluster));
            return None;
        };
        let server = text(&fields, "server");
        seen.server = redact::url(&server).into_owned();
        if server.is_empty() {
            seen.broken(format!("cluster {} names no server", seen.cluster));
        } else if let Some(why) = server_problem(&server) {
            seen.broken(why);
        }
        seen.insecure = fields.get("insecure-skip-tls-verify").and_then(Value::as_bool).unwrap_or_default();
        if seen.insecure && names_authority(&fields) {
            seen.broken(CONTRADICTION);
        }
        let pem = match content(&fields, "certificate-authority", around)? {
            Ok(pem) => pem,
            Err(why) => {
                seen.broken(format!("CA: {why}"));
                return None;
            }
        };
        match authority::read(&pem) {
            Ok(authorities) => seen.authorities = authorities,
            Err(why) => seen.broken(format!("CA: {why}")),
        }
        Some(pem)
    }

    fn look_at_user(&self, seen: &mut Diagnosis, authority: Option<&[u8]>, around: &dyn Surroundings) {
        if seen.user.is_empty() {
            seen.broken(missing("user", ""));
            return;
        }
        let Some(fields) = self.resolved(Kind::User, &seen.user) else {
            seen.broken(missing("user", &seen.user));
            return;
        };
        look_at_certificate(seen, &fields, authority, around);
        look_at_token(seen, &fields, around);
        if let Some(exec) = fields.get("exec").and_then(Value::as_mapping) {
            let command = text(exec, "command");
            let name = command.rsplit('/').next().unwrap_or_default().to_owned();
            seen.credentials.push(Credential::Exec(name));
        }
        if let Some(plugin) = fields.get("auth-provider").and_then(Value::as_mapping) {
            seen.credentials.push(Credential::AuthProvider(text(plugin, "name")));
        }
        if !text(&fields, "username").is_empty() {
            seen.credentials.push(Credential::Basic);
        }
    }
}

/// Whether a cluster entry has a CA, in itself or in a file, readable or not.
pub fn names_authority(cluster: &Mapping) -> bool {
    ["certificate-authority", "certificate-authority-data"].iter().any(|field| !text(cluster, field).is_empty())
}

/// What is wrong with a server's address, if it is one that no client can use.
pub fn server_problem(server: &str) -> Option<String> {
    let shown = redact::url(server);
    match server.split_once("://") {
        None => Some(format!("the server {shown} has no scheme: write https://{shown}")),
        Some(("https" | "http", rest)) if !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':']) => None,
        Some(("https" | "http", _)) => Some(format!("the server {shown} names no host")),
        Some((scheme, _)) => Some(format!("the server {shown} has the scheme {scheme}, and not https")),
    }
}

fn look_at_certificate(seen: &mut Diagnosis, fields: &Mapping, authority: Option<&[u8]>, around: &dyn Surroundings) {
    let certificate = content(fields, "client-certificate", around);
    let key = content(fields, "client-key", around);
    let pem = match (&certificate, &key) {
        (None, None) => return,
        (None, Some(_)) => return seen.broken(format!("user {} has a key and no certificate", seen.user)),
        (Some(Err(why)), _) => {
            seen.credentials.push(Credential::Certificate);
            return seen.broken(format!("certificate: {why}"));
        }
        (Some(Ok(pem)), _) => pem,
    };
    seen.credentials.push(Credential::Certificate);
    let decoded = match Certificate::from_pem(pem) {
        Ok(decoded) => decoded,
        Err(why) => return seen.broken(format!("certificate: {why}")),
    };
    match key {
        None => seen.broken(format!("user {} has a certificate and no key", seen.user)),
        Some(Err(why)) => seen.broken(format!("key: {why}")),
        Some(Ok(key)) => match around.public_key(&key) {
            Ok(digest) => {
                let fits = digest == decoded.public_key_sha256;
                seen.key_fits = Some(fits);
                if !fits {
                    seen.broken("the key is not the certificate's: no login with it can work");
                }
            }
            Err(why) => seen.broken(format!("key: {why}")),
        },
    }
    if authority.is_some_and(|authority| authority::disowns(authority, pem)) {
        seen.broken("the certificate names this cluster's CA as its issuer, but that CA did not sign it: wrong CA or wrong cluster");
    }
    seen.ends = Some(decoded.not_after);
    seen.certificate = Some(decoded);
}

fn look_at_token(seen: &mut Diagnosis, fields: &Mapping, around: &dyn Surroundings) {
    let mut token = text(fields, "token");
    let file = text(fields, "tokenFile");
    if token.is_empty() && file.is_empty() {
        return;
    }
    seen.credentials.push(Credential::Token);
    if !file.is_empty() {
        match around.read(Path::new(&file)) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).trim().clone_into(&mut token),
            Err(why) => seen.broken(format!("token: {file}: {why}")),
        }
    }
    if seen.ends.is_none() {
        seen.ends = end_of_token(&token);
    }
}

/// When a JWT (RFC 7519) ends, if it is one and says so. Its signature is the server's concern.
fn end_of_token(token: &str) -> Option<DateTime<Utc>> {
    let payload = token.split('.').nth(1)?;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    DateTime::from_timestamp(claims.get("exp")?.as_i64()?, 0)
}

/// A file's content, from the entry itself or from the file that it names; `None` where it has neither.
fn content(fields: &Mapping, name: &str, around: &dyn Surroundings) -> Option<Result<Vec<u8>, String>> {
    let data = text(fields, &format!("{name}-data"));
    if !data.is_empty() {
        return Some(decoded(&data).ok_or_else(|| "it is no base64".to_owned()));
    }
    let path = text(fields, name);
    (!path.is_empty()).then(|| around.read(Path::new(&path)).map_err(|why| format!("{path}: {why}")))
}

fn text(fields: &Mapping, name: &str) -> String {
    fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn missing(what: &str, name: &str) -> String {
    if name.is_empty() { format!("it names no {what}") } else { format!("its {what} {name} is nowhere") }
}

#[cfg(test)]
mod tests;
