//! The controllers of kube-controller-manager: signing, cleanup, role aggregation, namespaces and their initial objects.

mod aggregation;
mod cleaning;
mod edit;
mod follower;
mod namespaces;
mod publishing;
mod signing;

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::sandbox::authority::Authority;
use crate::sandbox::store::Store;

pub(crate) use aggregation::aggregate;

/// Starts all controllers. Existing namespaces have their initial objects when this returns.
///
/// # Errors
/// Where an asset is broken.
pub(crate) fn start(
    tasks: &mut JoinSet<()>,
    store: &Arc<Store>,
    authority: &Arc<Authority>,
) -> Result<(), serde_json::Error> {
    let keeper = namespaces::NamespaceController::new(store, authority.pem())?;
    keeper.complete_all();
    tasks.spawn(signing::run(store.clone(), authority.clone()));
    tasks.spawn(cleaning::run(store.clone()));
    tasks.spawn(aggregation::run(store.clone()));
    tasks.spawn(keeper.run());
    Ok(())
}
