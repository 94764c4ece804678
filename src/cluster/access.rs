//! Roles and `RoleBindings`: read, make, delete.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::rbac::v1::{ClusterRole, Role, RoleBinding};
use kube::api::{DeleteParams, PostParams, Preconditions};
use kube::{Api, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::client::{Cluster, segment};
use super::error::ClusterError;
use crate::domain::gate::WritePermit;

/// What a namespaced object must be able to do here.
pub(crate) trait Namespaced:
    Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned + Serialize
{
}

impl Namespaced for Role {}
impl Namespaced for RoleBinding {}

impl Cluster {
    fn namespaced<K: Namespaced>(&self, namespace: &str) -> Api<K> {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// A Role or `RoleBinding`, if it is there.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) async fn find<K: Namespaced>(&self, namespace: &str, name: &str) -> Result<Option<K>, ClusterError> {
        self.call(self.namespaced::<K>(namespace).get_opt(&segment(name))).await
    }

    /// A `ClusterRole`, if it is there.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) async fn cluster_role(&self, name: &str) -> Result<Option<ClusterRole>, ClusterError> {
        self.call(Api::all(self.client.clone()).get_opt(&segment(name))).await
    }

    /// Makes a Role or `RoleBinding`; with `dry_run` the server only validates it.
    ///
    /// # Errors
    /// [`ClusterError::AlreadyExists`], [`ClusterError::Forbidden`] (the escalation check too) and the rest.
    pub(crate) async fn create<K: Namespaced>(
        &self,
        _permit: WritePermit,
        namespace: &str,
        object: &K,
        dry_run: bool,
    ) -> Result<K, ClusterError> {
        self.writable()?;
        let params = PostParams { dry_run, ..PostParams::default() };
        self.call(self.namespaced::<K>(namespace).create(&params, object)).await
    }

    /// Deletes the object of that uid; one that is gone already is fine.
    ///
    /// # Errors
    /// [`ClusterError::Conflict`] where another object has the name, [`ClusterError::Forbidden`] and the rest.
    pub(crate) async fn delete<K: Namespaced>(
        &self,
        _permit: WritePermit,
        namespace: &str,
        name: &str,
        uid: &str,
    ) -> Result<(), ClusterError> {
        self.writable()?;
        let preconditions = Preconditions { uid: Some(uid.to_owned()), resource_version: None };
        let params = DeleteParams::default().preconditions(preconditions);
        match self.call(self.namespaced::<K>(namespace).delete(&segment(name), &params)).await {
            Ok(_) | Err(ClusterError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
