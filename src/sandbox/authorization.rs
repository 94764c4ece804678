//! Who may do what: `--authorization-mode=Node,RBAC`, after the group `system:masters`, which may do everything.

use std::sync::{Arc, Mutex, PoisonError};

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde::de::DeserializeOwned;

use crate::domain::access::{Action, Binding, Policy, Principal, Role};
use crate::sandbox::bootstrap_policy;
use crate::sandbox::decision::Decision;
use crate::sandbox::field_selector::FieldSelector;
use crate::sandbox::node::{self, NodeAuthorizer};
use crate::sandbox::resource::{CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES, Resource};
use crate::sandbox::status::ApiFailure;
use crate::sandbox::store::Store;
use crate::sandbox::user::User;

/// The policy of the newest roles and bindings; it is built again when one of them has changed.
pub(crate) struct Authorizer {
    current: Mutex<Option<(u64, Arc<Policy>)>>,
    node_rules: Arc<[PolicyRule]>,
}

/// The authorization of one moment.
#[derive(Clone)]
pub(crate) struct Access {
    policy: Arc<Policy>,
    nodes: NodeAuthorizer,
}

impl Authorizer {
    /// One without a policy.
    ///
    /// # Errors
    /// Where the asset with the default roles is broken.
    pub(crate) fn new() -> Result<Self, serde_json::Error> {
        Ok(Self { current: Mutex::default(), node_rules: bootstrap_policy::node_rules()?.into() })
    }

    /// The current authorization.
    pub(crate) fn access(&self, store: &Arc<Store>) -> Access {
        let nodes = NodeAuthorizer::new(store.clone(), self.node_rules.clone());
        Access { policy: self.policy(store), nodes }
    }

    fn policy(&self, store: &Store) -> Arc<Policy> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = [&ROLES, &CLUSTER_ROLES, &ROLE_BINDINGS, &CLUSTER_ROLE_BINDINGS].map(|r| store.changed_at(r));
        let newest = newest.into_iter().max().unwrap_or(0);
        if let Some((revision, policy)) = current.as_ref().filter(|(revision, _)| *revision == newest) {
            debug_assert_eq!(*revision, newest);
            return policy.clone();
        }
        let policy = Arc::new(read(store));
        *current = Some((newest, policy.clone()));
        policy
    }
}

fn read(store: &Store) -> Policy {
    use k8s_openapi::api::rbac::v1 as rbac;
    let cluster_roles = objects::<rbac::ClusterRole>(store, &CLUSTER_ROLES).map(Role::from);
    let roles = objects::<rbac::Role>(store, &ROLES).map(Role::from);
    let cluster_bindings = objects::<rbac::ClusterRoleBinding>(store, &CLUSTER_ROLE_BINDINGS).map(Binding::from);
    let bindings = objects::<rbac::RoleBinding>(store, &ROLE_BINDINGS).map(Binding::from);
    Policy::new(cluster_roles.chain(roles), cluster_bindings.chain(bindings))
}

/// Objects as k8s-openapi knows them; one that is broken counts for nothing, as an informer would see it.
fn objects<T: DeserializeOwned>(store: &Store, resource: &'static Resource) -> impl Iterator<Item = T> {
    store.all(resource).into_iter().filter_map(|(_, record)| serde_json::from_slice(&record.json).ok())
}

impl Access {
    /// The roles and bindings: what escalation and rule reviews look at.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether a request without selectors is allowed.
    pub(crate) fn permits(&self, who: &Principal, action: &Action) -> bool {
        self.decide(who, action, &FieldSelector::default()).allowed
    }

    /// Asks one authorizer after the other (`authorization/union`); `fields` is the request's field selector.
    pub(crate) fn decide(&self, who: &Principal, action: &Action, fields: &FieldSelector) -> Decision {
        let allowed = |reason: String| Decision { allowed: true, reason };
        if who.is_master() {
            return allowed(String::new());
        }
        let by_node = node::node_name(who).map(|node| self.nodes.decide(node, action, fields));
        if by_node.as_ref().is_some_and(|decision| decision.allowed) {
            return allowed(String::new());
        }
        if let Some(grant) = self.policy.grant(who, action) {
            return allowed(format!("RBAC: allowed by {grant}"));
        }
        let missing = self.policy.dangling(who, action.namespace());
        let missing = match missing.as_slice() {
            [] => String::new(),
            [one] => format!("RBAC: {one}"),
            many => format!("RBAC: [{}]", many.join(", ")),
        };
        let reasons = by_node.into_iter().map(|decision| decision.reason).chain([missing]);
        let reasons: Vec<_> = reasons.filter(|reason| !reason.is_empty()).collect();
        Decision { allowed: false, reason: reasons.join("\n") }
    }
}

/// The 403 for an action, in the server's words (`responsewriters.Forbidden`).
pub(crate) fn refusal(user: &User, action: &Action, reason: &str) -> ApiFailure {
    let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    let name = &user.who.user;
    match action {
        Action::Path { verb, path } => {
            ApiFailure::denied_path(&format!("User {name:?} cannot {verb} path {path:?}{reason}"))
        }
        Action::Resource(action) => {
            let slash = if action.subresource.is_empty() { "" } else { "/" };
            let resource = format!("{}{slash}{}", action.resource, action.subresource);
            let place = match action.namespace.as_str() {
                "" => "at the cluster scope".to_owned(),
                namespace => format!("in the namespace {namespace:?}"),
            };
            let (verb, group) = (&action.verb, &action.group);
            let why =
                format!("User {name:?} cannot {verb} resource {resource:?} in API group {group:?} {place}{reason}");
            ApiFailure::denied(group, &action.resource, &action.name, &why)
        }
    }
}
