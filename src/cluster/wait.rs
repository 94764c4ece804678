//! Waiting for a change of one request.

use futures::StreamExt;
use k8s_openapi::api::certificates::v1::CertificateSigningRequest;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::watch_object;

use super::client::Cluster;
use super::error::ClusterError;
use crate::domain::request::Request;

impl Cluster {
    /// Watches the request with this name and uid until `done` is true for it. Connection failures are retried.
    ///
    /// # Errors
    /// [`ClusterError::NotFound`] where it is deleted, [`ClusterError::Forbidden`] where we may not watch it.
    pub async fn wait_for(
        &self,
        name: &str,
        uid: &str,
        done: impl Fn(&Request) -> bool,
    ) -> Result<CertificateSigningRequest, ClusterError> {
        let mut changes = watch_object(self.requests_api(), name).default_backoff().boxed();
        while let Some(change) = changes.next().await {
            match change {
                Ok(Some(csr)) if csr.metadata.uid.as_deref() == Some(uid) => {
                    if done(&Request::from_object(&csr)) {
                        return Ok(csr);
                    }
                }
                Ok(_) => return Err(ClusterError::NotFound { what: format!("the request {name}") }),
                Err(error) => {
                    let error = self.watch_error(error);
                    if matches!(error, ClusterError::Forbidden { .. } | ClusterError::Unauthorized { .. }) {
                        return Err(error);
                    }
                    tracing::warn!(%error, "waiting for a request");
                }
            }
        }
        Err(ClusterError::NotFound { what: format!("the request {name}") })
    }
}
