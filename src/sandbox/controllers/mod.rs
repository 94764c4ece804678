//! What kube-controller-manager would do: sign, clear up, gather roles, look after namespaces and what they begin with.

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

/// Starts all controllers. Namespaces that are there have what every namespace begins with before this returns.
///
/// # Errors
/// Where an asset is broken.
pub(crate) fn start(
    tasks: &mut JoinSet<()>,
    store: &Arc<Store>,
    authority: &Arc<Authority>,
) -> Result<(), serde_json::Error> {
    let keeper = namespaces::Keeper::new(store, authority.pem())?;
    keeper.complete_all();
    tasks.spawn(signing::run(store.clone(), authority.clone()));
    tasks.spawn(cleaning::run(store.clone()));
    tasks.spawn(aggregation::run(store.clone()));
    tasks.spawn(keeper.run());
    Ok(())
}
