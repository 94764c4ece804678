//! Roles and bindings, as every pane and dialog may read them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cluster::watch::WatchStatus;
use crate::cluster::watch::rbac::Reach;
use crate::domain::access::object::RbacKind;
use crate::domain::access::{Catalogue, Policy};

/// Roles and bindings as they are now.
#[derive(Debug)]
pub struct RbacModel {
    /// As far as they may be listed.
    pub policy: Arc<Policy>,
    /// The state of each kind's watch; one that is missing has not reported yet.
    pub reach: BTreeMap<RbacKind, Reach>,
    /// The server's resources.
    pub catalogue: Arc<Catalogue>,
    /// Our own rules, where no binding may be listed.
    pub own: Option<Own>,
}

/// Our own rules in one namespace, as the server tells them.
#[derive(Debug)]
pub struct Own {
    /// As a policy of one binding.
    pub policy: Arc<Policy>,
    /// Where.
    pub namespace: String,
    /// Whether the server says that there may be more.
    pub incomplete: bool,
}

impl Default for RbacModel {
    fn default() -> Self {
        Self { policy: Arc::default(), reach: BTreeMap::new(), catalogue: Arc::new(Catalogue::fallback()), own: None }
    }
}

impl RbacModel {
    /// Whether all four kinds have been listed or refused.
    pub(crate) fn complete(&self) -> bool {
        let reported = |kind: &RbacKind| self.reach.get(kind).is_some_and(|reach| reach.status != WatchStatus::Loading);
        RbacKind::ALL.iter().all(reported)
    }

    /// The kinds that may not be seen.
    pub(crate) fn forbidden(&self) -> impl Iterator<Item = RbacKind> {
        let forbidden = |reach: &Reach| matches!(reach.status, WatchStatus::Forbidden { .. });
        self.reach.iter().filter(move |(_, reach)| forbidden(reach)).map(|(kind, _)| *kind)
    }

    /// Whether no binding may be seen at all.
    pub(crate) fn is_blind(&self) -> bool {
        let forbidden: Vec<_> = self.forbidden().collect();
        forbidden.contains(&RbacKind::RoleBinding) && forbidden.contains(&RbacKind::ClusterRoleBinding)
    }

    /// What pages are made from: our own rules where nothing else may be seen.
    pub(crate) fn seen(&self) -> &Arc<Policy> {
        match &self.own {
            Some(own) if self.is_blind() => &own.policy,
            _ => &self.policy,
        }
    }
}
