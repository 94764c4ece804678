//! Roles and bindings of all four kinds: list, read, dry run, write, delete; and the server's access reviews.

use k8s_openapi::api::authorization::v1::{
    NonResourceAttributes, ResourceAttributes, SelfSubjectRulesReview, SelfSubjectRulesReviewSpec, SubjectAccessReview,
    SubjectAccessReviewSpec,
};
use k8s_openapi::api::rbac::v1 as rbac;
use kube::Api;
use kube::api::{ApiResource, DeleteParams, DynamicObject, ListParams, PostParams, Preconditions};
use kube::core::GroupVersionKind;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::client::{Cluster, segment};
use super::error::ClusterError;
use crate::domain::access::object::{Named, RbacKind};
use crate::domain::access::{Action, Binding, Policy, Principal, Role};
use crate::domain::gate::{Deletion, WritePermit};

/// The field manager of our writes, in `managedFields`.
pub(crate) const MANAGER: &str = "countersign";

/// The server's answer on one action (`SubjectAccessReview`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Review {
    /// Whether it may be done.
    pub allowed: bool,
    /// Whether an authorizer denies it, regardless of the others.
    pub denied: bool,
    /// The server's reason.
    pub reason: String,
    /// The error of the evaluation.
    pub error: String,
}

impl Review {
    /// Whether the server agrees with the bindings, and if not, the likely reason. Not yet made printable.
    pub(crate) fn agreement(&self, allowed: bool) -> String {
        let reason = [self.reason.as_str(), self.error.as_str()].into_iter().find(|text| !text.is_empty());
        let reason = reason.map(|text| format!(": {text}")).unwrap_or_default();
        if self.allowed == allowed {
            return format!("✔ the server agrees (SubjectAccessReview){reason}");
        }
        let (word, likely) = if self.allowed {
            ("allows it", "another authoriser has a say here (webhook, node), or roles changed a moment ago")
        } else {
            ("does not allow it", "a webhook denies it, or roles changed a moment ago")
        };
        format!("! the server differs: it {word}{reason} – {likely}")
    }
}

/// What we may do ourselves (`SelfSubjectRulesReview`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OwnRules {
    /// The rules.
    pub rules: Vec<rbac::PolicyRule>,
    /// Whether there may be more, because an authorizer that cannot list rules (webhook, node) is in use.
    pub incomplete: bool,
}

/// Roles and bindings, as far as they may be listed.
#[derive(Debug, Default)]
pub struct RbacLists {
    /// What was listed.
    pub policy: Policy,
    /// What may not be listed, with the server's refusal.
    pub missing: Vec<(RbacKind, ClusterError)>,
}

impl Cluster {
    pub(super) fn rbac_api(&self, kind: RbacKind, namespace: Option<&str>) -> Api<DynamicObject> {
        let gvk = GroupVersionKind::gvk("rbac.authorization.k8s.io", "v1", kind.name());
        let resource = ApiResource::from_gvk_with_plural(&gvk, kind.plural());
        match namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &resource),
            None => Api::all_with(self.client.clone(), &resource),
        }
    }

    /// All roles and bindings that may be listed, concurrently; those that may only be listed in our own namespace from there.
    ///
    /// # Errors
    /// Where the server cannot be reached. Refusals are no error: they stand in the answer.
    pub async fn list_rbac(&self) -> Result<RbacLists, ClusterError> {
        let (cluster_roles, roles, cluster_bindings, bindings) = tokio::join!(
            self.list_kind::<rbac::ClusterRole>(RbacKind::ClusterRole),
            self.list_kind::<rbac::Role>(RbacKind::Role),
            self.list_kind::<rbac::ClusterRoleBinding>(RbacKind::ClusterRoleBinding),
            self.list_kind::<rbac::RoleBinding>(RbacKind::RoleBinding),
        );
        let mut missing = Vec::new();
        let cluster_roles = kept(RbacKind::ClusterRole, cluster_roles, &mut missing)?.into_iter().map(Role::from);
        let roles = kept(RbacKind::Role, roles, &mut missing)?.into_iter().map(Role::from);
        let cluster_bindings = kept(RbacKind::ClusterRoleBinding, cluster_bindings, &mut missing)?;
        let bindings = kept(RbacKind::RoleBinding, bindings, &mut missing)?.into_iter().map(Binding::from);
        let bindings = cluster_bindings.into_iter().map(Binding::from).chain(bindings);
        Ok(RbacLists { policy: Policy::new(cluster_roles.chain(roles), bindings), missing })
    }

    async fn list_kind<T: DeserializeOwned>(&self, kind: RbacKind) -> Result<Vec<T>, ClusterError> {
        match self.list_within(kind, None).await {
            Err(refused @ ClusterError::Forbidden { .. }) if kind.namespaced() => {
                self.list_within(kind, Some(&self.namespace)).await.map_err(|_| refused)
            }
            other => other,
        }
    }

    async fn list_within<T: DeserializeOwned>(
        &self,
        kind: RbacKind,
        namespace: Option<&str>,
    ) -> Result<Vec<T>, ClusterError> {
        let mut all = Vec::new();
        let api = self.rbac_api(kind, namespace);
        let take_page = |page: Vec<DynamicObject>| all.extend(page.iter().filter_map(typed));
        // Boxed: four of these run in one future.
        Box::pin(self.list_pages(&api, &ListParams::default(), take_page)).await?;
        Ok(all)
    }

    /// One object, as JSON.
    ///
    /// # Errors
    /// [`ClusterError::NotFound`] where there is none of that name, or why it cannot be read.
    pub(crate) async fn rbac_object(&self, named: &Named) -> Result<Value, ClusterError> {
        let api = self.rbac_api(named.kind, named.scope.as_deref());
        self.call(api.get(&segment(&named.name))).await.map(|object| value(&object))
    }

    /// Creates the object; with `dry_run` the server only returns what it would become.
    ///
    /// # Errors
    /// [`ClusterError::AlreadyExists`], [`ClusterError::Forbidden`] (the escalation check too), [`ClusterError::Invalid`] and the rest.
    pub(crate) async fn create_rbac(
        &self,
        _permit: WritePermit,
        named: &Named,
        object: &Value,
        dry_run: bool,
    ) -> Result<Value, ClusterError> {
        self.writable()?;
        let params = PostParams { dry_run, field_manager: Some(MANAGER.to_owned()) };
        let api = self.rbac_api(named.kind, named.scope.as_deref());
        self.call(api.create(&params, &dynamic(object)?)).await.map(|object| value(&object))
    }

    /// Replaces exactly the version whose uid and resourceVersion the object carries.
    ///
    /// # Errors
    /// [`ClusterError::Conflict`] where it has changed, [`ClusterError::Forbidden`], [`ClusterError::Invalid`] and the rest.
    pub(crate) async fn replace_rbac(
        &self,
        _permit: WritePermit,
        named: &Named,
        object: &Value,
        dry_run: bool,
    ) -> Result<Value, ClusterError> {
        self.writable()?;
        let params = PostParams { dry_run, field_manager: Some(MANAGER.to_owned()) };
        let api = self.rbac_api(named.kind, named.scope.as_deref());
        let (name, object) = (segment(&named.name), dynamic(object)?);
        self.call(api.replace(&name, &params, &object)).await.map(|object| value(&object))
    }

    /// Deletes exactly the version that was cleared; with `dry_run` the server only validates it.
    ///
    /// # Errors
    /// [`ClusterError::Conflict`] where it has changed, [`ClusterError::NotFound`], [`ClusterError::Forbidden`] and the rest.
    pub(crate) async fn delete_rbac(
        &self,
        named: &Named,
        deletion: &Deletion,
        dry_run: bool,
    ) -> Result<(), ClusterError> {
        self.writable()?;
        let (uid, version) = (deletion.pin().uid.clone(), deletion.pin().resource_version.clone());
        let pin = Preconditions { uid: Some(uid), resource_version: Some(version) };
        let params = DeleteParams { dry_run, ..DeleteParams::default().preconditions(pin) };
        let api = self.rbac_api(named.kind, named.scope.as_deref());
        self.call(api.delete(&segment(&named.name), &params)).await.map(drop)
    }

    /// Asks the server whether a principal may do something.
    ///
    /// # Errors
    /// [`ClusterError::Forbidden`] for who may not create `subjectaccessreviews`, and the rest.
    pub async fn may(&self, who: &Principal, action: &Action) -> Result<Review, ClusterError> {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let mut spec = SubjectAccessReviewSpec {
            user: text(&who.user),
            groups: Some(who.groups.clone()),
            ..SubjectAccessReviewSpec::default()
        };
        match action {
            Action::Path { verb, path } => {
                let attributes = NonResourceAttributes { verb: text(verb), path: text(path) };
                spec.non_resource_attributes = Some(attributes);
            }
            Action::Resource(action) => {
                spec.resource_attributes = Some(ResourceAttributes {
                    verb: text(&action.verb),
                    group: text(&action.group),
                    resource: text(&action.resource),
                    subresource: text(&action.subresource),
                    name: text(&action.name),
                    namespace: text(&action.namespace),
                    ..ResourceAttributes::default()
                });
            }
        }
        let api: Api<SubjectAccessReview> = Api::all(self.client.clone());
        let review = SubjectAccessReview { spec, ..SubjectAccessReview::default() };
        let answer = self.call(api.create(&PostParams::default(), &review)).await?.status.unwrap_or_default();
        Ok(Review {
            allowed: answer.allowed,
            denied: answer.denied.unwrap_or_default(),
            reason: answer.reason.unwrap_or_default(),
            error: answer.evaluation_error.unwrap_or_default(),
        })
    }

    /// What we may do ourselves in a namespace; anybody may ask that.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(crate) async fn own_rules(&self, namespace: &str) -> Result<OwnRules, ClusterError> {
        let review = SelfSubjectRulesReview {
            spec: SelfSubjectRulesReviewSpec { namespace: Some(namespace.to_owned()) },
            ..SelfSubjectRulesReview::default()
        };
        let api: Api<SelfSubjectRulesReview> = Api::all(self.client.clone());
        let answer = self.call(api.create(&PostParams::default(), &review)).await?.status.unwrap_or_default();
        let resources = answer.resource_rules.into_iter().map(|rule| rbac::PolicyRule {
            verbs: rule.verbs,
            api_groups: rule.api_groups,
            resources: rule.resources,
            resource_names: rule.resource_names,
            non_resource_urls: None,
        });
        let paths = answer.non_resource_rules.into_iter().map(|rule| rbac::PolicyRule {
            verbs: rule.verbs,
            non_resource_urls: rule.non_resource_urls,
            ..rbac::PolicyRule::default()
        });
        Ok(OwnRules { rules: resources.chain(paths).collect(), incomplete: answer.incomplete })
    }
}

/// The listed objects; a 403 is added to `missing`, any other error is returned.
fn kept<T>(
    kind: RbacKind,
    listed: Result<Vec<T>, ClusterError>,
    missing: &mut Vec<(RbacKind, ClusterError)>,
) -> Result<Vec<T>, ClusterError> {
    match listed {
        Err(refused @ ClusterError::Forbidden { .. }) => {
            missing.push((kind, refused));
            Ok(Vec::new())
        }
        other => other,
    }
}

/// Decodes an object; one that is malformed is ignored, as an informer does.
pub(super) fn typed<T: DeserializeOwned>(object: &DynamicObject) -> Option<T> {
    serde_json::from_value(value(object)).ok()
}

fn value(object: &DynamicObject) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

fn dynamic(object: &Value) -> Result<DynamicObject, ClusterError> {
    serde_json::from_value(object.clone()).map_err(|error| ClusterError::Invalid { message: error.to_string() })
}
