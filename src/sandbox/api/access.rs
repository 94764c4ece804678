//! RBAC, enforced: the console's own evaluation on the roles and bindings in the store.

use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;

use super::resource::{CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES, Resource};
use super::status::Failure;
use crate::domain::access::{Action, Binding, Policy, Role};
use crate::sandbox::authentication::User;
use crate::sandbox::store::Store;

/// The policy of the newest roles and bindings; it is built again when one of them has changed.
#[derive(Default)]
pub struct Authorizer {
    current: Mutex<Option<(u64, Arc<Policy>)>>,
}

impl Authorizer {
    /// The policy as it is now.
    pub fn policy(&self, store: &Store) -> Arc<Policy> {
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

/// The 403 for an action, in the server's words (`responsewriters.Forbidden`).
pub fn refusal(user: &User, action: &Action, policy: &Policy) -> Failure {
    let missing = policy.dangling(&user.who, action.namespace());
    let missing = match missing.as_slice() {
        [] => String::new(),
        [one] => format!(": RBAC: {one}"),
        many => format!(": RBAC: [{}]", many.join(", ")),
    };
    let name = &user.who.user;
    match action {
        Action::Path { verb, path } => {
            Failure::denied_path(&format!("User {name:?} cannot {verb} path {path:?}{missing}"))
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
                format!("User {name:?} cannot {verb} resource {resource:?} in API group {group:?} {place}{missing}");
            Failure::denied(group, &action.resource, &action.name, &why)
        }
    }
}
