//! Lists, read page by page.

use std::fmt::Debug;

use kube::api::ListParams;
use kube::{Api, Resource};
use serde::de::DeserializeOwned;

use super::budget::{Exceeded, Paging};
use super::client::Cluster;
use super::error::ClusterError;

/// Objects per page of a list.
pub(super) const PAGE: u32 = 500;

impl Cluster {
    /// Lists all objects that `params` select, and hands over each page as it arrives.
    ///
    /// # Errors
    /// Why they cannot be read, or which limit they exceed.
    pub(super) async fn list_pages<K>(
        &self,
        api: &Api<K>,
        params: &ListParams,
        mut take_page: impl FnMut(Vec<K>),
    ) -> Result<(), ClusterError>
    where
        K: Clone + Debug + DeserializeOwned,
    {
        let exceeded = |limit: Exceeded| self.error(limit.into());
        let mut paging = Paging::new(PAGE);
        loop {
            let page = self.call(api.list(&paging.apply(params.clone()))).await?;
            paging.objects(page.items.len()).map_err(exceeded)?;
            take_page(page.items);
            if !paging.page(page.metadata.continue_).map_err(exceeded)? {
                return Ok(());
            }
        }
    }

    /// All objects of a kind, in all namespaces.
    ///
    /// # Errors
    /// As [`Self::list_pages`].
    pub(super) async fn list_all<K>(&self) -> Result<Vec<K>, ClusterError>
    where
        K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned,
    {
        let mut all = Vec::new();
        let api: Api<K> = Api::all(self.client.clone());
        self.list_pages(&api, &ListParams::default(), |page| all.extend(page)).await?;
        Ok(all)
    }
}
