//! Judging with everything that the cluster lets us see. What it does not is said on standard error, once.

use chrono::Utc;

use super::output::{CliError, tell};
use crate::cluster::context_loader::Withheld;
use crate::cluster::{Cluster, ClusterError};
use crate::domain::access::Policy;
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::Request;
use crate::domain::verdict::{Verdict, judge};

/// All requests, or why they cannot be read.
type Requests = Result<Vec<Request>, ClusterError>;

/// Every request with its verdict. `requests` reads them.
pub(super) async fn judged_all(
    cluster: &Cluster,
    policy: &PolicyFile,
    requests: impl Future<Output = Requests>,
) -> Result<Vec<(Request, Verdict)>, CliError> {
    let (requests, (mut known, _, withheld)) = tokio::join!(requests, Box::pin(cluster.load_snapshot(policy)));
    let requests = requests?;
    known.upsert_all(&requests);
    say(&withheld);
    let context = known.context(Utc::now());
    let judged = |request: Request| {
        let verdict = judge(&request, &context);
        (request, verdict)
    };
    Ok(requests.into_iter().map(judged).collect())
}

/// The verdicts of some requests, in view of all others; and the roles and bindings, where they may be read.
pub(super) async fn judged_among_all(
    cluster: &Cluster,
    policy: &PolicyFile,
    some: &[Request],
) -> (Vec<Verdict>, Option<Policy>) {
    let (known, rbac, withheld) = Box::pin(cluster.load_snapshot_with_requests(policy)).await;
    say(&withheld);
    let context = known.context(Utc::now());
    (some.iter().map(|request| judge(request, &context)).collect(), rbac)
}

fn say(withheld: &[Withheld]) {
    for unknown in withheld {
        tell(&format!("note: {unknown}"));
    }
}
