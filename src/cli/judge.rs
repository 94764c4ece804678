//! Verdicts with everything that the cluster lets us read. What it does not is named on standard error, once.

use chrono::Utc;

use super::error::CliError;
use super::output::Output;
use super::session::CliSession;
use crate::cluster::context_loader::Withheld;
use crate::cluster::{Cluster, ClusterError};
use crate::domain::access::Policy;
use crate::domain::request::Request;
use crate::domain::verdict::{Verdict, judge};

/// Every request with its verdict. `requests` reads them.
pub(super) async fn judge_all(
    session: &CliSession,
    cluster: &Cluster,
    requests: impl Future<Output = Result<Vec<Request>, ClusterError>>,
) -> Result<Vec<(Request, Verdict)>, CliError> {
    let (requests, (mut known, _, withheld)) = tokio::join!(requests, Box::pin(cluster.load_snapshot(&session.policy)));
    let requests = requests?;
    known.upsert_all(&requests);
    warn_unreadable(session.out, &withheld);
    let context = known.context(Utc::now());
    let judged = |request: Request| {
        let verdict = judge(&request, &context);
        (request, verdict)
    };
    Ok(requests.into_iter().map(judged).collect())
}

/// The verdicts on some requests, in view of all others; and the roles and bindings, where they may be read.
pub(super) async fn judge_among_all(
    session: &CliSession,
    cluster: &Cluster,
    some: &[Request],
) -> (Vec<Verdict>, Option<Policy>) {
    let (known, rbac, withheld) = Box::pin(cluster.load_snapshot_with_requests(&session.policy)).await;
    warn_unreadable(session.out, &withheld);
    let context = known.context(Utc::now());
    (some.iter().map(|request| judge(request, &context)).collect(), rbac)
}

fn warn_unreadable(out: Output, withheld: &[Withheld]) {
    for unknown in withheld {
        out.print_note(&format!("note: {unknown}"));
    }
}
