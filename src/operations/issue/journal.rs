//! What an issuance has done so far, kept in the state folder until it is finished.
//!
//! A folder per issuance, for the owner alone: `journal.yaml`, and until a kubeconfig has them `key.pem` and
//! `request.pem`. Removing a file does not wipe the disk it was on.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::issuance_request::IssuanceRequest;
use crate::domain::secret::Secret;
use crate::domain::{request_file, yaml};
use crate::files::{self, atomic, bounded, folders};
use crate::operations::issue::entries::Intent;

/// The state of one issuance. Holds no key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Journal {
    pub order: IssuanceRequest,
    /// The server that it was started on.
    pub server: String,
    /// The context that it was started in.
    pub context: String,
    /// When it was started.
    #[serde(rename = "begun")]
    pub started: DateTime<Utc>,
    /// The `CertificateSigningRequest`, once it is made.
    pub csr_uid: Option<String>,
    /// The Role, if this issuance made it.
    pub role_uid: Option<String>,
    /// The `RoleBinding`, if this issuance made it.
    pub binding_uid: Option<String>,
    /// What this issuance was about to make when it last wrote, each set before the write.
    #[serde(default)]
    pub intents: Intents,
    /// Whether the kubeconfig has user and context.
    pub kubeconfig_written: bool,
    /// The context that was current before this issuance switched.
    pub previous_context: Option<String>,
    /// The folder that it is kept in.
    #[serde(skip)]
    folder: PathBuf,
}

/// What an issuance is about to make. A kill after the write and before its result is journaled leaves only the intent;
/// whether the object is there is then found out from its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is about a separate object")]
pub struct Intents {
    /// The `CertificateSigningRequest`; there was none of its name.
    pub request: bool,
    /// The Role; there was none of its name.
    pub role: bool,
    /// The `RoleBinding`; there was none of its name.
    pub binding: bool,
    /// The certificate's file; there was none of its name.
    pub certificate: bool,
    /// User and context in the kubeconfig.
    pub kubeconfig: Option<Intent>,
}

const JOURNAL: &str = "journal.yaml";
const KEY: &str = "key.pem";
const REQUEST: &str = "request.pem";

impl Journal {
    /// Creates a journal, before anything else is written.
    ///
    /// # Errors
    /// [`files::FileError`].
    pub(crate) fn create(order: IssuanceRequest, server: &str, context: &str) -> Result<Self, files::FileError> {
        Self::create_in(&folders::state()?, order, server, context)
    }

    fn create_in(state: &Path, order: IssuanceRequest, server: &str, context: &str) -> Result<Self, files::FileError> {
        let started = Utc::now();
        let root = state.join("issuances");
        folders::make_private(&root)?;
        let name = format!("{}-{}", order.csr_name, started.format("%Y%m%d-%H%M%S-%6f"));
        let journal = Self {
            order,
            server: server.to_owned(),
            context: context.to_owned(),
            started,
            csr_uid: None,
            role_uid: None,
            binding_uid: None,
            intents: Intents::default(),
            kubeconfig_written: false,
            previous_context: None,
            folder: root.join(name.replace('/', "-")),
        };
        folders::make_private(&journal.folder)?;
        journal.save()?;
        Ok(journal)
    }

    /// All issuances that are not finished, the oldest first. A journal that cannot be read is left out of the list
    /// and left alone.
    ///
    /// # Errors
    /// [`files::FileError`] where there is no state folder.
    pub(crate) fn unfinished() -> Result<Vec<Self>, files::FileError> {
        Ok(Self::unfinished_in(&folders::state()?))
    }

    fn unfinished_in(state: &Path) -> Vec<Self> {
        let root = state.join("issuances");
        let Ok(entries) = std::fs::read_dir(&root) else { return Vec::new() };
        let mut found: Vec<Self> = entries.flatten().filter_map(|entry| Self::read(&entry.path())).collect();
        found.sort_by_key(|journal| journal.started);
        found
    }

    fn read(folder: &Path) -> Option<Self> {
        let text = bounded::read_text(&folder.join(JOURNAL), bounded::SETTINGS).ok()?;
        let journal: Self = yaml::from_str(&text).ok()?;
        Some(Self { folder: folder.to_owned(), ..journal })
    }

    /// The journal as the state folder has it now: a run may have continued since it was read.
    #[must_use]
    pub(crate) fn reloaded(&self) -> Self {
        Self::read(&self.folder).unwrap_or_else(|| self.clone())
    }

    /// Writes the journal to the state folder.
    ///
    /// # Errors
    /// [`files::FileError`].
    pub(crate) fn save(&self) -> Result<(), files::FileError> {
        let path = self.folder.join(JOURNAL);
        let content = |why: serde_yaml::Error| files::FileError::Content { path: path.clone(), why: why.to_string() };
        let text = serde_yaml::to_string(self).map_err(content)?;
        atomic::write_private(&path, text.as_bytes())
    }

    /// The private key, if it is kept here.
    pub(crate) fn key(&self) -> Option<Secret> {
        bounded::read_text(&self.folder.join(KEY), bounded::CREDENTIAL).ok().map(Secret::new)
    }

    /// Keeps the private key.
    ///
    /// # Errors
    /// [`files::FileError`].
    pub(crate) fn keep_key(&self, pem: &Secret) -> Result<(), files::FileError> {
        atomic::write_private(&self.folder.join(KEY), pem.as_bytes())
    }

    /// Removes the private key: the kubeconfig has it.
    ///
    /// # Errors
    /// [`files::FileError`].
    pub(crate) fn forget_key(&self) -> Result<(), files::FileError> {
        atomic::remove(&self.folder.join(KEY))
    }

    /// The PKCS#10 request, if it is kept here. Only the one request of the file counts, as it was written.
    pub(crate) fn request(&self) -> Option<String> {
        let bytes = bounded::read(&self.folder.join(REQUEST), bounded::CREDENTIAL).ok()?;
        request_file::read(&bytes).ok().map(request_file::CanonicalRequestPem::into_string)
    }

    /// Keeps the PKCS#10 request.
    ///
    /// # Errors
    /// [`files::FileError`].
    pub(crate) fn keep_request(&self, pem: &request_file::CanonicalRequestPem) -> Result<(), files::FileError> {
        atomic::write_private(&self.folder.join(REQUEST), pem.as_str().as_bytes())
    }

    /// Forgets the issuance: it is finished, or undone.
    ///
    /// # Errors
    /// [`files::FileError`].
    pub(crate) fn remove(&self) -> Result<(), files::FileError> {
        // The key first: what is left of a removal that is cut off must not hold one. The journal last, so that it is
        // found and removed the next time.
        self.forget_key()?;
        atomic::remove(&self.folder.join(REQUEST))?;
        match std::fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(files::FileError::Io { path: self.folder.clone(), error })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::domain::issuance_request::OrderDefaults;

    #[test]
    fn unfinished_issuances_are_listed_and_their_keys_are_private() {
        let state = tempfile::tempdir().unwrap();
        let order =
            IssuanceRequest::new("jane", &OrderDefaults { namespace: "default".into(), ..OrderDefaults::default() });
        let mut journal = Journal::create_in(state.path(), order.clone(), "https://s", "prod").unwrap();
        journal.keep_key(&Secret::new("secret".into())).unwrap();
        journal.csr_uid = Some("uid".into());
        journal.save().unwrap();
        let found = Journal::unfinished_in(state.path());
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0].order, found[0].csr_uid.as_deref()), (&order, Some("uid")));
        assert_eq!(found[0].key().unwrap().expose(), "secret");
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&journal.folder), mode(&journal.folder.join(KEY))), (0o700, 0o600));
        assert!(!std::fs::read_to_string(journal.folder.join(JOURNAL)).unwrap().contains("secret"));
        journal.remove().unwrap();
        assert!(Journal::unfinished_in(state.path()).is_empty());
    }
}
