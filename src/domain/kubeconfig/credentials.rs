//! Which secrets a kubeconfig holds, and what an edit of it would lose.

use serde_yaml::{Mapping, Value};
use zeroize::Zeroizing;

use super::schema::decoded;
use super::{EntryKind, Kubeconfig};
use crate::domain::certificate::Certificate;
use crate::domain::secret::Secret;

impl Kubeconfig {
    /// Every key, token and password in it, by user. A key is in base64 without line ends, however it is written.
    pub(crate) fn secrets(&self) -> Vec<(String, Secret)> {
        let mut found = Vec::new();
        for name in self.names(EntryKind::User) {
            let Some(fields) = self.get(EntryKind::User, name) else { continue };
            let text = |field: &str| fields.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
            let key = text("client-key-data").and_then(decoded).map(|key| Secret::base64_of(&Zeroizing::new(key)));
            let others = ["token", "password"].into_iter().filter_map(text).map(|text| Secret::new(text.to_owned()));
            found.extend(key.into_iter().chain(others).map(|secret| (name.to_owned(), secret)));
        }
        found
    }

    /// The secrets that are in this one and nowhere in another.
    pub(crate) fn secrets_beside(&self, other: &Self) -> Vec<(String, Secret)> {
        let there = other.secrets();
        let is_there = |secret: &Secret| there.iter().any(|(_, other)| other.expose() == secret.expose());
        self.secrets().into_iter().filter(|(_, secret)| !is_there(secret)).collect()
    }

    /// Whether a file that held this and holds `after` has lost something. Which context is current and what namespace
    /// a context has can be set again from memory; anything else cannot.
    pub(crate) fn loses(&self, after: &Self) -> bool {
        let kept = |fields: &Mapping, there: &Mapping, but: &[&str]| {
            let differs = |(name, value): (&Value, &Value)| there.get(name) != Some(value);
            let matters = |name: &Value| name.as_str().is_none_or(|name| !but.contains(&name));
            !fields.iter().any(|field| matters(field.0) && differs(field))
        };
        let lists = ["clusters", "users", "contexts", "current-context"];
        let entries = |kind: EntryKind| {
            self.entries(kind).all(|entry| {
                let name = super::name_of(entry);
                let Some(there) = after.entries(kind).find(|there| super::named(there, name)) else { return false };
                let fields =
                    |entry: &Mapping| entry.get(kind.word()).and_then(Value::as_mapping).cloned().unwrap_or_default();
                let but: &[&str] = if kind == EntryKind::Context { &["namespace"] } else { &[] };
                kept(entry, there, &[kind.word()]) && kept(&fields(entry), &fields(there), but)
            })
        };
        let whole = kept(&self.root, &after.root, &lists) && self.others == after.others;
        !(whole && [EntryKind::Cluster, EntryKind::User, EntryKind::Context].into_iter().all(entries))
    }

    /// SHA-256 of the public key in a user's embedded client certificate, hex.
    pub(crate) fn user_public_key(&self, user: &str) -> Option<String> {
        let fields = self.get(EntryKind::User, user)?;
        let pem = decoded(fields.get("client-certificate-data")?.as_str()?)?;
        Some(Certificate::from_pem(&pem).ok()?.public_key_sha256)
    }

    /// Whether it has no cluster, no user and no context.
    pub(crate) fn is_empty(&self) -> bool {
        [EntryKind::Cluster, EntryKind::User, EntryKind::Context].into_iter().all(|kind| self.names(kind).is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "clusters: [{name: c, cluster: {server: 'https://c'}}]\nusers: [{name: u, user: {token: t0ken, client-key-data: S0VZ}}, {name: v, user: {password: pass}}]\ncontexts: [{name: a, context: {cluster: c, user: u, namespace: x}}]\ncurrent-context: a\nx-own: 1";

    fn edited(edit: impl FnOnce(&mut Kubeconfig)) -> (bool, usize) {
        let before = Kubeconfig::parse(TEXT).unwrap();
        let mut after = before.clone();
        edit(&mut after);
        (before.loses(&after), before.secrets_beside(&after).len())
    }

    #[test]
    fn setting_the_current_context_or_a_namespace_or_adding_an_entry_loses_nothing() {
        assert_eq!(edited(|_| ()), (false, 0));
        assert_eq!(edited(|config| config.set_current_context(None)), (false, 0));
        assert_eq!(edited(|config| config.put(EntryKind::User, "w", Mapping::new())), (false, 0));
        assert_eq!(
            edited(|config| {
                let mut fields = config.get(EntryKind::Context, "a").unwrap().clone();
                fields.insert("namespace".into(), "y".into());
                config.put(EntryKind::Context, "a", fields);
            }),
            (false, 0)
        );
    }

    #[test]
    fn any_other_change_is_a_loss_and_lost_secrets_are_named() {
        assert_eq!(edited(|config| config.remove(EntryKind::User, "u")), (true, 2));
        assert_eq!(edited(|config| config.remove(EntryKind::User, "v")), (true, 1));
        assert_eq!(edited(|config| config.remove(EntryKind::Context, "a")), (true, 0));
        assert_eq!(edited(|config| config.rename(EntryKind::Context, "a", "b")), (true, 0));
        assert_eq!(edited(|config| config.put(EntryKind::Cluster, "c", Mapping::new())), (true, 0));
        assert_eq!(edited(|config| drop(config.root.shift_remove("x-own"))), (true, 0));
    }
}
