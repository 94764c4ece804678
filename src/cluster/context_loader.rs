//! The inputs of verdicts besides the request: roles and bindings, nodes, the CA, our identity. What may not be read is left
//! out and reported.

use std::collections::BTreeSet;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::{ConfigMap, Node, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::ServiceCIDR;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use kube::Api;
use kube::api::ListParams;

use super::client::Cluster;
use super::error::ClusterError;
use super::list_pages::PAGE;
use crate::domain::access::{self, Policy, Principal};
use crate::domain::certificate::Certificate;
use crate::domain::policy_file::PolicyFile;
use crate::domain::verdict::{AddressRange, ApiHosts, ClusterSnapshot, Grants, Host, Limits, Nodes};

/// An input that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Withheld {
    /// What is unknown without it; completes "without …".
    pub unknown: &'static str,
    pub error: ClusterError,
}

impl std::fmt::Display for Withheld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "judged without {}: {}", self.unknown, self.error)
    }
}

impl Cluster {
    /// All inputs except the requests, which are added with [`ClusterSnapshot::meet`], and the roles and bindings that the
    /// snapshot was made from. Read concurrently.
    pub(crate) async fn load_snapshot(&self, policy: &PolicyFile) -> (ClusterSnapshot, Option<Policy>, Vec<Withheld>) {
        let (rbac, nodes, ca, me, api_hosts) = tokio::join!(
            self.policy(),
            self.list_all::<Node>(),
            self.ca_end(),
            self.who_am_i(),
            Box::pin(self.api_hosts())
        );
        let mut withheld = Vec::new();
        let mut note = |unknown, error| withheld.push(Withheld { unknown, error });
        let rbac = rbac.map_err(|error| note("what bindings would hand out", error)).ok();
        let nodes = nodes.map_err(|error| note("the nodes' addresses", error)).ok();
        let me = me.map_err(|error| note("knowing who you are", error)).ok();
        // Few users may read the CA's configuration, and little depends on it.
        let ca_ends = ca.unwrap_or_else(|error| {
            tracing::info!(%error, "the CA's end is not known");
            None
        });
        let load_snapshot = ClusterSnapshot {
            grants: rbac.as_ref().map(Grants::new),
            nodes: nodes.as_ref().map(Nodes::new),
            api_hosts: Some(api_hosts),
            me: me.map(|me| Principal { user: me.username, groups: me.groups }),
            limits: Limits { ca_ends, ..Limits::default() },
            policy: policy.clone(),
            ..ClusterSnapshot::default()
        };
        (load_snapshot, rbac, withheld)
    }

    /// [`Self::load_snapshot`] with all other requests in it, as far as they may be read.
    pub(crate) async fn load_snapshot_with_requests(
        &self,
        policy: &PolicyFile,
    ) -> (ClusterSnapshot, Option<Policy>, Vec<Withheld>) {
        let others = self.read_requests();
        let (requests, (mut known, rbac, mut withheld)) = tokio::join!(others, Box::pin(self.load_snapshot(policy)));
        match requests {
            Ok(requests) => known.upsert_all(&requests),
            Err(error) => withheld.push(Withheld { unknown: "the other requests", error }),
        }
        (known, rbac, withheld)
    }

    /// All roles and bindings.
    ///
    /// # Errors
    /// Why one of the four kinds cannot be read.
    pub(crate) async fn policy(&self) -> Result<Policy, ClusterError> {
        let (cluster_roles, roles, cluster_bindings, bindings) = tokio::try_join!(
            self.list_all::<ClusterRole>(),
            self.list_all::<Role>(),
            self.list_all::<ClusterRoleBinding>(),
            self.list_all::<RoleBinding>()
        )?;
        let roles = roles.into_iter().map(access::Role::from);
        let bindings = bindings.into_iter().map(access::Binding::from);
        Ok(Policy::new(
            cluster_roles.into_iter().map(access::Role::from).chain(roles),
            cluster_bindings.into_iter().map(access::Binding::from).chain(bindings),
        ))
    }

    /// The addresses of the API server and of Services: from the kubeconfig, and, as far as they may be read, from the Service
    /// `default/kubernetes`, its endpoints and the ranges of Services' addresses.
    pub(crate) async fn api_hosts(&self) -> ApiHosts {
        let services: Api<Service> = Api::namespaced(self.client.clone(), "default");
        let slices: Api<EndpointSlice> = Api::namespaced(self.client.clone(), "default");
        let ranges: Api<ServiceCIDR> = Api::all(self.client.clone());
        // One page is enough: there are few of either.
        let of_kubernetes = ListParams::default().labels("kubernetes.io/service-name=kubernetes").limit(PAGE);
        let page = ListParams::default().limit(PAGE);
        let (service, slices, ranges) = tokio::join!(
            self.call(services.get_opt("kubernetes")),
            self.call(slices.list(&of_kubernetes)),
            self.call(ranges.list(&page)),
        );
        let mut hosts = ApiHosts { server: self.server_hosts(), ..ApiHosts::default() };
        // Old servers have no ranges to read; the practice cluster has no Services.
        let missing =
            |error: &ClusterError| matches!(error, ClusterError::NotFound { .. } | ClusterError::NotAnApi { .. });
        hosts.is_complete = service.is_ok() && ranges.as_ref().err().is_none_or(missing);
        let parse = |text: &String| text.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        let spec = service.ok().flatten().and_then(|service| service.spec);
        hosts.service = spec.iter().flat_map(|spec| spec.cluster_ips.iter().flatten()).filter_map(parse).collect();
        let endpoints = slices.into_iter().flatten().flat_map(|slice| slice.endpoints);
        let addresses = endpoints.flat_map(|endpoint| endpoint.addresses);
        hosts.server.extend(addresses.filter_map(|text| parse(&text)).map(Host::Address));
        let cidrs = ranges.into_iter().flatten().filter_map(|range| range.spec?.cidrs).flatten();
        hosts.ranges = cidrs.filter_map(|text| AddressRange::parse(&text)).collect();
        hosts
    }

    /// The API server's names and addresses in the kubeconfig.
    fn server_hosts(&self) -> BTreeSet<Host> {
        let name = self.cluster_entry.get("tls-server-name").and_then(serde_yaml::Value::as_str);
        let name = name.filter(|name| !name.is_empty());
        Host::of_server(&self.server).into_iter().chain(name.and_then(Host::of_server)).collect()
    }

    /// The end of the CA for client certificates (`kube-system/extension-apiserver-authentication`): of several, the
    /// latest. `None` if the server does not publish it.
    pub(crate) async fn ca_end(&self) -> Result<Option<chrono::DateTime<chrono::Utc>>, ClusterError> {
        let api: Api<ConfigMap> = Api::namespaced(self.client.clone(), "kube-system");
        let found = self.call(api.get_opt("extension-apiserver-authentication")).await?;
        let text = found.and_then(|map| map.data?.remove("client-ca-file")).unwrap_or_default();
        Ok(Certificate::all_from_pem(text.as_bytes()).map(|certificate| certificate.not_after).max())
    }
}
