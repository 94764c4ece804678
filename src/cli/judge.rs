//! Judging with everything that the cluster lets us see. What it does not is said on standard error, once.

use chrono::Utc;
use k8s_openapi::api::certificates::v1::CertificateSigningRequest;

use super::output::{Failed, tell};
use crate::cluster::surroundings::Withheld;
use crate::cluster::{Cluster, Error};
use crate::domain::access::Policy;
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::Request;
use crate::domain::verdict::{Surroundings, Verdict, judge};

/// Every request with its verdict.
pub(super) async fn judged_all(cluster: &Cluster, policy: &PolicyFile) -> Result<Vec<(Request, Verdict)>, Failed> {
    let (objects, (mut known, _, withheld)) = Box::pin(read(cluster, policy)).await;
    let requests = meet(&mut known, &objects?);
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
    let (objects, (mut known, rbac, mut withheld)) = Box::pin(read(cluster, policy)).await;
    match objects {
        Ok(objects) => drop(meet(&mut known, &objects)),
        Err(error) => withheld.push(Withheld { unknown: "the other requests", error }),
    }
    say(&withheld);
    let context = known.context(Utc::now());
    (some.iter().map(|request| judge(request, &context)).collect(), rbac)
}

type Objects = Result<Vec<CertificateSigningRequest>, Error>;

/// Everything at the same time.
async fn read(cluster: &Cluster, policy: &PolicyFile) -> (Objects, (Surroundings, Option<Policy>, Vec<Withheld>)) {
    tokio::join!(cluster.list_requests(), cluster.surroundings(policy))
}

fn meet(known: &mut Surroundings, objects: &[CertificateSigningRequest]) -> Vec<Request> {
    let requests: Vec<_> = objects.iter().map(Request::from_object).collect();
    for request in &requests {
        known.meet(request);
    }
    known.complete = true;
    requests
}

fn say(withheld: &[Withheld]) {
    for unknown in withheld {
        tell(&format!("note: {unknown}"));
    }
}
