//! What resources the server has (aggregated discovery, `apidiscovery.k8s.io`; since Kubernetes 1.26).

use kube::core::discovery::v2::{APIGroupDiscovery, APIResourceDiscovery};

use super::client::Cluster;
use super::error::ClusterError;
use crate::domain::access::{Catalogue, ResourceName, catalogue::ResourceType};

impl Cluster {
    /// All resources of the server, in their preferred versions.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(crate) async fn catalogue(&self) -> Result<Catalogue, ClusterError> {
        let core = self.call(self.client.list_core_api_versions_aggregated());
        let groups = self.call(self.client.list_api_groups_aggregated());
        let (core, groups) = tokio::try_join!(core, groups)?;
        let kinds: Vec<_> = core.items.iter().chain(&groups.items).flat_map(kinds).collect();
        // A server that does not know this form answers with another one, without items.
        if kinds.is_empty() { Ok(Catalogue::fallback()) } else { Ok(Catalogue::new(kinds)) }
    }
}

/// The resources of a group; of several versions the first is the preferred one, and has the say.
fn kinds(group: &APIGroupDiscovery) -> Vec<ResourceType> {
    let name = group.metadata.as_ref().and_then(|meta| meta.name.clone()).unwrap_or_default();
    let mut found: Vec<ResourceType> = Vec::new();
    for resource in group.versions.iter().flat_map(|version| &version.resources) {
        for kind in with_parts(&name, resource) {
            if !found.iter().any(|other| other.name == kind.name) {
                found.push(kind);
            }
        }
    }
    found
}

/// A resource and its subresources.
fn with_parts(group: &str, resource: &APIResourceDiscovery) -> Vec<ResourceType> {
    let plural = resource.resource.clone().unwrap_or_default();
    let namespaced = resource.scope.as_deref() == Some("Namespaced");
    let kind = resource.response_kind.as_ref().and_then(|kind| kind.kind.clone());
    let names = resource.short_names.iter().cloned().chain(resource.singular_resource.clone()).chain(kind);
    let whole = ResourceType {
        name: ResourceName::new(group, &plural),
        namespaced,
        verbs: resource.verbs.clone(),
        aliases: names.map(|name| name.to_ascii_lowercase()).filter(|name| !name.is_empty()).collect(),
    };
    let part = |sub: &kube::core::discovery::v2::APISubresourceDiscovery| ResourceType {
        name: ResourceName::new(group, &format!("{plural}/{}", sub.subresource.as_deref().unwrap_or_default())),
        namespaced,
        verbs: sub.verbs.clone(),
        aliases: Vec::new(),
    };
    [whole].into_iter().chain(resource.subresources.iter().map(part)).collect()
}
