//! What an admin asks for when a new user is issued: the wizard's fields and `countersign issue`'s flags.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::key_type::KeyType;

/// One person's certificate, access and kubeconfig, as ordered. Kept in the journal, so it never holds a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// User name: the certificate's CN.
    pub user: String,
    /// Groups: one O each.
    pub groups: Vec<String>,
    /// Where the key comes from.
    pub key: KeySource,
    /// `metadata.name` of the CertificateSigningRequest.
    pub csr_name: String,
    /// `spec.signerName`.
    pub signer_name: String,
    /// `spec.expirationSeconds`; 600 at least.
    pub expiration_seconds: i32,
    /// `spec.usages`.
    pub usages: Vec<String>,
    /// Namespace of the Role and RoleBinding, and of the context when it is not `default`.
    pub namespace: String,
    /// What the user may do.
    pub grant: Grant,
    /// Name of the RoleBinding (unused when nothing is granted).
    pub binding_name: String,
    /// Where the credentials go; `None` when the key stays with its owner.
    pub kubeconfig: Option<KubeconfigTarget>,
}

/// Where the private key comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeySource {
    /// Made here.
    New(#[serde(with = "key_type_name")] KeyType),
    /// A PKCS#10 request made elsewhere (its PEM text): the key never leaves its owner.
    Existing(String),
}

/// What a new user is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grant {
    /// Nothing: no binding is made.
    Nothing,
    /// A Role made (or found equal) in the namespace.
    NewRole {
        /// Its name.
        name: String,
        /// Its verbs.
        verbs: Vec<String>,
        /// Its resources, as kubectl takes them: `pods`, `pods/log`, `deployments.apps`.
        resources: Vec<String>,
    },
    /// A Role that is there already.
    Role(String),
    /// A ClusterRole that is there already, bound in the namespace.
    ClusterRole(String),
}

/// Where the credentials are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KubeconfigTarget {
    /// The file: an existing one is merged into.
    pub path: PathBuf,
    /// Name of the cluster entry that the context points at.
    pub cluster: String,
    /// Name of the user entry.
    pub user: String,
    /// Name of the context.
    pub context: String,
    /// Whether the context becomes the current one.
    pub switch: bool,
}

/// Writes a key type as its name.
mod key_type_name {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::domain::key_type::KeyType;

    pub(super) fn serialize<S: Serializer>(kind: &KeyType, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(kind.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<KeyType, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}
