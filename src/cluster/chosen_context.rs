//! A context with its cluster and user entries: what is needed to connect.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_yaml::Mapping;

use super::login::content::content;

/// A context with its cluster and user entries.
pub(super) struct ChosenContext {
    pub context: String,
    /// The name of its cluster entry.
    pub cluster_name: String,
    /// The cluster entry, with its files embedded.
    pub cluster: Mapping,
    /// The user entry, with absolute paths; empty for a user without credentials.
    pub user: Mapping,
    pub namespace: String,
    /// Whether this is the service account of a pod instead of a context of a kubeconfig.
    pub in_pod: bool,
}

/// A cluster entry with its CA embedded. Embedded data has precedence, as in client-go.
pub(super) fn self_contained(mut cluster: Mapping) -> Result<Mapping, String> {
    let authority = content(&cluster, "certificate-authority")?;
    cluster.remove("certificate-authority");
    if let Some(authority) = authority {
        cluster.insert("certificate-authority-data".into(), STANDARD.encode(&*authority).into());
    }
    Ok(cluster)
}
