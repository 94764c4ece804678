//! Checks that the server still answers, and still accepts the credentials, while no event arrives.
//!
//! A watch on HTTP/1.1 is silent as long as nothing changes, even if the server has stopped, the network is down, or the
//! login has expired.

use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::client::Cluster;
use super::error::ClusterError;

/// How often the server is checked.
const PERIOD: Duration = Duration::from_secs(10);
/// How long it may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Requests the server's version, which every user may read, until the receiver is dropped.
pub(crate) async fn heartbeat(cluster: Cluster, to: Sender<Result<(), ClusterError>>) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is immediate, and the connection has just been used.
    ticks.tick().await;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = to.closed() => return,
        }
        let timed_out = ClusterError::Timeout { server: cluster.server.clone(), seconds: ANSWER_TIMEOUT.as_secs() };
        let result = match timeout(ANSWER_TIMEOUT, cluster.version()).await {
            Ok(answer) => answer.map(drop),
            Err(_) => Err(timed_out),
        };
        if to.send(result).await.is_err() {
            return;
        }
    }
}
