//! What a context is made of, until when it can log in, and what about it is broken: whatever keeps kubectl from
//! logging in with it is a problem, and nothing else is.

mod cluster;
mod diagnosis;
mod entry;
mod plugins;
mod token;
mod user;

use std::path::Path;

use super::EntryKind;
use super::set::Kubeconfigs;

use entry::{UserEntry, text};

pub(crate) use cluster::{CONTRADICTION, names_authority, server_problem};
pub(crate) use diagnosis::Life;
pub(crate) use diagnosis::{Credential, Diagnosis};
pub(crate) use entry::FileAccess;

impl Kubeconfigs {
    /// Every context, looked through.
    pub(crate) fn diagnose(&self, files: &dyn FileAccess) -> Vec<Diagnosis> {
        self.names(EntryKind::Context).into_iter().map(|name| self.diagnose_one(name, files)).collect()
    }

    fn diagnose_one(&self, name: &str, files: &dyn FileAccess) -> Diagnosis {
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
            self.check_user(&mut seen, None, true, files);
            return seen;
        };
        let encrypted = cluster::is_encrypted(&text(&entry.fields, "server"));
        let authority = cluster::check(&mut seen, &entry, files);
        self.check_user(&mut seen, authority.as_deref(), encrypted, files);
        seen
    }

    /// A user that is not there is one without credentials, which a server without TLS does not ask for.
    fn check_user(&self, seen: &mut Diagnosis, authority: Option<&[u8]>, encrypted: bool, files: &dyn FileAccess) {
        match self.entry(EntryKind::User, &seen.user) {
            Some(entry) => user::check(seen, &entry, authority, encrypted, files),
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

fn missing(kind: EntryKind, name: &str, file: &Path) -> String {
    let (kind, file) = (kind.word(), file.display());
    if name.is_empty() { format!("it names no {kind} ({file})") } else { format!("{kind} {name} not found ({file})") }
}

#[cfg(test)]
mod tests;
