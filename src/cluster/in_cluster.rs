//! The service account of the pod that this runs in (client-go, `rest/config.go`, `InClusterConfig`, and
//! `tools/clientcmd/client_config.go`, `inClusterClientConfig`).

use std::path::Path;

use serde_yaml::Mapping;

use super::chosen_context::{ChosenContext, self_contained};
use super::error::ClusterError;
use crate::files::bounded;

const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether this is a pod with a service account.
pub(super) fn is_possible() -> bool {
    let token = Path::new(ACCOUNT).join("token");
    ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"].iter().all(|name| variable(name).is_some())
        && token.is_file()
}

/// The pod's own cluster and service account.
///
/// # Errors
/// Which file cannot be used, and why.
pub(super) fn chosen() -> Result<ChosenContext, ClusterError> {
    let host = variable("KUBERNETES_SERVICE_HOST").unwrap_or_default();
    let port = variable("KUBERNETES_SERVICE_PORT").unwrap_or_default();
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let mut cluster = Mapping::new();
    cluster.insert("server".into(), format!("https://{host}:{port}").into());
    let authority = Path::new(ACCOUNT).join("ca.crt");
    // client-go uses the system's authorities otherwise.
    if authority.is_file() {
        cluster.insert("certificate-authority".into(), authority.display().to_string().into());
    }
    let mut user = Mapping::new();
    user.insert("tokenFile".into(), format!("{ACCOUNT}/token").into());
    Ok(ChosenContext {
        context: "in-cluster".to_owned(),
        cluster_name: "kubernetes".to_owned(),
        cluster: self_contained(cluster).map_err(ClusterError::Config)?,
        user,
        namespace: namespace(),
        in_pod: true,
    })
}

/// `POD_NAMESPACE`, the account's own namespace, or `default`.
fn namespace() -> String {
    let file = || bounded::read_text(&Path::new(ACCOUNT).join("namespace"), bounded::CREDENTIAL).ok();
    let own = variable("POD_NAMESPACE").or_else(file).map(|text| text.trim().to_owned());
    own.filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned())
}
