//! The result of looking through a context.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::certificate::Certificate;

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

/// The validity of a credential at a moment.
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
    /// The validity of the credential at `now`, if its end is worth a warning `warn` ahead of it.
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

    /// How long ahead a certificate's end is worth a warning by default: two weeks, or a fifth of its life if
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
