//! Verification by login: who the cluster says that the new kubeconfig is.

use std::time::Duration;

use crate::cluster::{Cluster, ClusterError, Prompt, Target, WhoAmI};
use crate::domain::issuance_request::{IssuanceRequest, KubeconfigTarget};

/// How long a certificate that is not accepted yet is tried again (two clocks may differ a little).
const CLOCK_SKEW: Duration = Duration::from_secs(5);

/// What the cluster says about the new user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub who: WhoAmI,
    /// What they may do in the namespace, a line each, such as `create get list pods`. What every user may do (reviews
    /// of themselves) is left out.
    pub rules: Vec<String>,
}

/// Logs in with the file that was written, over a separate client.
///
/// # Errors
/// Why that does not work.
pub(crate) async fn verify_login(order: &IssuanceRequest, target: &KubeconfigTarget) -> Result<Proof, ClusterError> {
    let login = Target {
        kubeconfig: Some(target.path.clone()),
        context: Some(target.context.clone()),
        request_timeout: Some(Duration::from_secs(15)),
        ..Target::default()
    };
    let cluster = Cluster::connect(&login, Prompt::Never).await?;
    let started = tokio::time::Instant::now();
    let who = loop {
        match cluster.who_am_i().await {
            Err(ClusterError::Unauthorized { .. }) if started.elapsed() < CLOCK_SKEW => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            answer => break answer?,
        }
    };
    let rules = cluster.my_rules(&order.namespace).await?;
    let reviews = ["selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews"];
    let own = |resource: &str| reviews.contains(&resource);
    let lines = rules.iter().filter_map(|rule| {
        let resources = rule.resources.as_deref().unwrap_or_default();
        if resources.iter().all(|resource| own(resource)) {
            return None;
        }
        let only = match rule.resource_names.as_deref().unwrap_or_default() {
            [] => String::new(),
            names => format!(" named {}", names.join(", ")),
        };
        Some(format!("{} {}{only}", rule.verbs.join(" "), resources.join(" ")))
    });
    Ok(Proof { who, rules: lines.collect() })
}
