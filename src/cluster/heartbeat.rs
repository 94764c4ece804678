//! Whether the server still answers, and still accepts the credentials, while nothing happens.
//!
//! A watch on HTTP/1.1 says nothing for as long as nothing changes, be it that the server is stopped, the network is gone,
//! or the login has ended.

use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::client::Cluster;
use super::error::ClusterError;

/// How often the server is asked.
const PERIOD: Duration = Duration::from_secs(10);
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks for the server's version, which everybody may read, for as long as somebody listens.
pub(crate) async fn heartbeat(cluster: Cluster, to: Sender<Result<(), ClusterError>>) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is at once, and whoever has just connected is asking already.
    ticks.tick().await;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = to.closed() => return,
        }
        let silent = ClusterError::Timeout { server: cluster.server.clone(), seconds: PATIENCE.as_secs() };
        let beat = match timeout(PATIENCE, cluster.version()).await {
            Ok(answer) => answer.map(drop),
            Err(_) => Err(silent),
        };
        if to.send(beat).await.is_err() {
            return;
        }
    }
}
