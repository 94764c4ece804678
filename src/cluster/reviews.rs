//! Reviews by the server: our identity and permissions.

use std::collections::BTreeMap;

use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, ResourceRule, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec, SelfSubjectRulesReview,
    SelfSubjectRulesReviewSpec,
};
use kube::Api;
use kube::api::PostParams;

use super::client::Cluster;
use super::error::ClusterError;

/// Our identity as the server sees it (`SelfSubjectReview`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WhoAmI {
    /// User name.
    pub username: String,
    /// Groups.
    pub groups: Vec<String>,
    /// Extra attributes.
    pub extra: BTreeMap<String, Vec<String>>,
}

/// A question of the kind "may I …?".
#[derive(Debug, Clone, Default)]
pub(crate) struct AccessReview<'a> {
    /// `create`, `approve`, …
    pub verb: &'a str,
    /// API group, empty for the core.
    pub group: &'a str,
    /// `pods`, `signers`, …
    pub resource: &'a str,
    /// `approval`, or empty.
    pub subresource: &'a str,
    /// One object's name, or empty for any.
    pub name: &'a str,
    /// A namespace, or empty for the cluster's scope.
    pub namespace: &'a str,
}

impl Cluster {
    /// Our identity as the server sees it.
    ///
    /// # Errors
    /// [`ClusterError::Unauthorized`] and the rest.
    pub(crate) async fn who_am_i(&self) -> Result<WhoAmI, ClusterError> {
        let api: Api<SelfSubjectReview> = Api::all(self.client.clone());
        let answer = self.call(api.create(&PostParams::default(), &SelfSubjectReview::default())).await?;
        let user = answer.status.and_then(|status| status.user_info).unwrap_or_default();
        Ok(WhoAmI {
            username: user.username.unwrap_or_default(),
            groups: user.groups.unwrap_or_default(),
            extra: user.extra.unwrap_or_default(),
        })
    }

    /// Whether we may do something (`SelfSubjectAccessReview`).
    ///
    /// # Errors
    /// Why there is no answer.
    pub(crate) async fn may_i(&self, ask: &AccessReview<'_>) -> Result<bool, ClusterError> {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let attributes = ResourceAttributes {
            verb: text(ask.verb),
            group: text(ask.group),
            resource: text(ask.resource),
            subresource: text(ask.subresource),
            name: text(ask.name),
            namespace: text(ask.namespace),
            ..ResourceAttributes::default()
        };
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..Default::default() },
            ..SelfSubjectAccessReview::default()
        };
        let api: Api<SelfSubjectAccessReview> = Api::all(self.client.clone());
        let answer = self.call(api.create(&PostParams::default(), &review)).await?;
        Ok(answer.status.is_some_and(|status| status.allowed))
    }

    /// What we may do in a namespace (`SelfSubjectRulesReview`).
    ///
    /// # Errors
    /// Why there is no answer.
    pub(crate) async fn my_rules(&self, namespace: &str) -> Result<Vec<ResourceRule>, ClusterError> {
        let review = SelfSubjectRulesReview {
            spec: SelfSubjectRulesReviewSpec { namespace: Some(namespace.to_owned()) },
            ..SelfSubjectRulesReview::default()
        };
        let api: Api<SelfSubjectRulesReview> = Api::all(self.client.clone());
        let answer = self.call(api.create(&PostParams::default(), &review)).await?;
        Ok(answer.status.map(|status| status.resource_rules).unwrap_or_default())
    }
}
