//! clusterrole-aggregation (`pkg/controller/clusterroleaggregation`).

use std::sync::Arc;

use serde_json::Value;

use crate::sandbox::controllers::edit::modify;
use crate::sandbox::controllers::follower::Follower;
use crate::sandbox::kinds::rbac::aggregated;
use crate::sandbox::resource::CLUSTER_ROLES;
use crate::sandbox::store::Store;

/// Aggregates roles whenever one changes, until the store is dropped.
pub(super) async fn run(store: Arc<Store>) {
    let (mut follower, _) = Follower::start(&store, &CLUSTER_ROLES);
    while follower.next().await.is_some() {
        aggregate(&store);
    }
}

/// Sets the rules of every aggregated role. Aggregated roles may themselves be aggregated, so this repeats until nothing
/// changes.
pub(crate) fn aggregate(store: &Store) {
    for _ in 0..10 {
        let before = store.revision();
        let roles: Vec<_> = store.all(&CLUSTER_ROLES).into_iter().map(|(key, record)| (key, record.object())).collect();
        for (key, role) in roles.iter().filter(|(_, role)| role.get("aggregationRule").is_some()) {
            let rules = aggregated(role, roles.iter().map(|(_, other)| other));
            modify(store, &CLUSTER_ROLES, key, |mut role: Value| {
                role["rules"] = rules;
                Some(role)
            });
        }
        if store.revision() == before {
            return;
        }
    }
}
