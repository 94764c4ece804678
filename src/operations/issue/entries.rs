//! What an issuance puts into a kubeconfig, how it recognizes that it did, and how it takes that out again.

use serde::{Deserialize, Serialize};
use serde_yaml::{Mapping, Value};

use crate::cluster::Cluster;
use crate::domain::issuance_request::KubeconfigTarget;
use crate::domain::kubeconfig::{EntryKind, Kubeconfig};
use crate::domain::secret::Secret;
use crate::error::UserError;
use crate::files::kubeconfig::Rest;

/// What is about to be written to a kubeconfig, journaled before it is. Whether it was written is found out from the
/// file: the user entry then has a certificate for this public key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate fact")]
pub struct Intent {
    /// SHA-256 of the public key, hex.
    pub public_key: String,
    /// Whether the file was there before.
    pub file_existed: bool,
    /// Whether its folder was there before.
    pub folder_existed: bool,
    /// Whether the cluster entry is added, too.
    pub adds_cluster: bool,
    /// Whether a user or context of the same name is replaced. A backup has it.
    #[serde(default)]
    pub replaces: bool,
}

impl Intent {
    /// What writing to a file that reads as `before` will do.
    pub(crate) fn new(before: &Kubeconfig, target: &KubeconfigTarget, public_key: String) -> Self {
        Self {
            public_key,
            file_existed: target.path.exists(),
            folder_existed: target.path.parent().is_none_or(|folder| folder.as_os_str().is_empty() || folder.exists()),
            adds_cluster: before.get(EntryKind::Cluster, &target.cluster).is_none(),
            replaces: has_one(before, target),
        }
    }

    /// Whether the user entry is the one that this issuance wrote.
    pub(crate) fn is_written(&self, config: &Kubeconfig, target: &KubeconfigTarget) -> bool {
        config.user_public_key(&target.user).as_deref() == Some(self.public_key.as_str())
    }

    /// Whether a backup has what was replaced.
    pub(crate) fn is_older(&self, backup: &Kubeconfig, target: &KubeconfigTarget) -> bool {
        has_one(backup, target) && !self.is_written(backup, target)
    }

    /// Takes the entries out, if they are ours; returns what becomes of the file. The context that was current before is
    /// current again, unless another one was chosen since.
    pub(crate) fn take_out(&self, config: &mut Kubeconfig, target: &KubeconfigTarget, previous: Option<&str>) -> Rest {
        if !self.is_written(config, target) {
            return Rest::Keep;
        }
        if refers(config, &target.context, EntryKind::User, &target.user) {
            take_context_out(config, target, previous);
        }
        config.remove(EntryKind::User, &target.user);
        let contexts: Vec<_> = config.names(EntryKind::Context).into_iter().map(str::to_owned).collect();
        let needed = contexts.iter().any(|context| refers(config, context, EntryKind::Cluster, &target.cluster));
        if self.adds_cluster && !needed {
            config.remove(EntryKind::Cluster, &target.cluster);
        }
        if !self.file_existed && config.is_empty() { Rest::Remove } else { Rest::Keep }
    }
}

/// Removes the context; the one that was current before it is current again.
pub(super) fn take_context_out(config: &mut Kubeconfig, target: &KubeconfigTarget, previous: Option<&str>) {
    config.remove(EntryKind::Context, &target.context);
    if config.current_context() == Some(&target.context) {
        config.set_current_context(previous);
    }
}

/// Puts what was replaced back in.
pub(super) fn restore(config: &mut Kubeconfig, backup: &Kubeconfig, target: &KubeconfigTarget) {
    for (kind, name) in [(EntryKind::User, &target.user), (EntryKind::Context, &target.context)] {
        if let (Some(fields), false) = (backup.get(kind, name), config.has(kind, name)) {
            config.put(kind, name, fields.clone());
        }
    }
}

fn has_one(config: &Kubeconfig, target: &KubeconfigTarget) -> bool {
    config.has(EntryKind::User, &target.user) || config.has(EntryKind::Context, &target.context)
}

fn refers(config: &Kubeconfig, context: &str, kind: EntryKind, name: &str) -> bool {
    let fields = config.get(EntryKind::Context, context);
    fields.and_then(|fields| fields.get(kind.word())).and_then(Value::as_str) == Some(name)
}

/// The entries that an issuance adds to a kubeconfig.
pub(super) struct Entries {
    user: Mapping,
    context: Mapping,
    cluster: Mapping,
}

impl Entries {
    pub(crate) fn new(
        cluster: &Cluster,
        namespace: &str,
        target: &KubeconfigTarget,
        certificate: &str,
        key: &Secret,
    ) -> Self {
        let data = |text: &[u8]| Secret::base64_of(text).expose().to_owned();
        let user = mapping([
            ("client-certificate-data", data(certificate.as_bytes())),
            ("client-key-data", data(key.as_bytes())),
        ]);
        let mut context = mapping([("cluster", target.cluster.clone()), ("user", target.user.clone())]);
        if namespace != "default" {
            context.insert("namespace".into(), namespace.into());
        }
        Self { user, context, cluster: cluster.cluster_entry.clone() }
    }

    /// A name that is taken by something else is never overwritten unasked.
    pub(crate) fn taken(&self, config: &Kubeconfig, target: &KubeconfigTarget) -> Option<UserError> {
        let differs =
            |kind: EntryKind, name: &str, fields: &Mapping| config.get(kind, name).is_some_and(|there| there != fields);
        let what = if differs(EntryKind::User, &target.user, &self.user) {
            format!("user {}", target.user)
        } else if differs(EntryKind::Context, &target.context, &self.context) {
            format!("context {}", target.context)
        } else {
            return None;
        };
        if target.overwrite {
            return None;
        }
        let text = format!("{} has a {what} already", target.path.display());
        Some(UserError::new(text).with_hint("Take another name, write another file, or say that it may be replaced."))
    }

    pub(crate) fn put(&self, config: &mut Kubeconfig, target: &KubeconfigTarget) {
        if config.get(EntryKind::Cluster, &target.cluster).is_none() {
            config.put(EntryKind::Cluster, &target.cluster, self.cluster.clone());
        }
        config.put(EntryKind::User, &target.user, self.user.clone());
        config.put(EntryKind::Context, &target.context, self.context.clone());
        if target.switch {
            config.set_current_context(Some(&target.context));
        }
    }
}

fn mapping<const N: usize>(fields: [(&str, String); N]) -> Mapping {
    fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn target() -> KubeconfigTarget {
        KubeconfigTarget {
            path: "/nowhere/config".into(),
            cluster: "c".into(),
            user: "jane".into(),
            context: "jane".into(),
            switch: true,
            overwrite: false,
            separate: true,
        }
    }

    /// A user entry with a certificate, and the intent of the issuance that made it.
    fn issued() -> (Mapping, Intent) {
        let key = KeyPair::generate().unwrap();
        let pem = CertificateParams::default().self_signed(&key).unwrap().pem();
        let public_key = crate::domain::certificate::Certificate::from_pem(pem.as_bytes()).unwrap().public_key_sha256;
        let data = Secret::base64_of(pem.as_bytes());
        let user = mapping([("client-certificate-data", data.expose().to_owned())]);
        (user, Intent { public_key, adds_cluster: true, ..Intent::default() })
    }

    fn written(user: &Mapping) -> Kubeconfig {
        let mut config = Kubeconfig::parse("current-context: old").unwrap();
        let entries = Entries {
            user: user.clone(),
            context: mapping([("cluster", "c".to_owned()), ("user", "jane".to_owned())]),
            cluster: mapping([("server", "https://c".to_owned())]),
        };
        entries.put(&mut config, &target());
        config
    }

    #[test]
    fn written_entries_are_recognized_and_removed_completely() {
        let (user, intent) = issued();
        let mut config = written(&user);
        assert!(intent.is_written(&config, &target()));
        assert_eq!(intent.take_out(&mut config, &target(), Some("old")), Rest::Remove);
        assert!(config.is_empty() && config.current_context() == Some("old"));
        let existed = Intent { file_existed: true, ..intent };
        assert_eq!(existed.take_out(&mut written(&user), &target(), None), Rest::Keep);
    }

    #[test]
    fn entries_of_the_same_name_from_another_issuance_are_kept() {
        let (intent, (others, _)) = (issued().1, issued());
        let mut config = written(&others);
        let before = config.clone();
        assert_eq!(intent.take_out(&mut config, &target(), None), Rest::Keep);
        assert!(config == before);
    }

    #[test]
    fn the_file_and_the_cluster_are_kept_when_contexts_were_added_since() {
        let (user, intent) = issued();
        let mut config = written(&user);
        config.put(EntryKind::Context, "more", mapping([("cluster", "c".to_owned()), ("user", "x".to_owned())]));
        config.set_current_context(Some("more"));
        assert_eq!(intent.take_out(&mut config, &target(), None), Rest::Keep);
        assert_eq!((config.names(EntryKind::Context), config.names(EntryKind::Cluster)), (vec!["more"], vec!["c"]));
        assert_eq!(config.current_context(), Some("more"));
    }
}
