//! Preflight: every object dry-run by the server, every name looked up, before anything is written.

mod local_files;
mod objects;
mod report;

use chrono::Utc;

pub(crate) use report::{Note, PreflightReport, Severity};

use crate::cluster::{Cluster, ClusterError};
use crate::domain::issuance_request::{IssuanceRequest, KeySource};
use crate::domain::plan::StepKind;
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::Request;
use crate::operations::issue::clearance::{clear, judge_request, may_approve};

/// Dry-runs an order, and asks the gate about it; `confirmed` are the user names that confirm a dangerous request.
/// Nothing is written anywhere.
///
/// # Errors
/// Where the cluster cannot be asked at all.
pub(crate) async fn preflight(
    cluster: &Cluster,
    policy: &PolicyFile,
    confirmed: &[String],
    order: &IssuanceRequest,
) -> Result<PreflightReport, ClusterError> {
    let mut report = PreflightReport::default();
    let permit = match cluster.permit() {
        Ok(permit) => permit,
        Err(refusal) => {
            report.refusal = Some(refusal);
            return Ok(report);
        }
    };
    let made = objects::request(cluster, permit, order, &mut report).await?;
    let may_approve = check_approval(cluster, order, &mut report).await?;
    if let Some(made) = made {
        let request = as_ordered(Request::from_object(&made), order);
        let (verdict, withheld) = judge_request(cluster, policy, &request, Utc::now()).await;
        for unknown in withheld {
            report.add(StepKind::Approve, Severity::Notice, unknown.to_string());
        }
        // Where another person has to approve it, the verdict is for that person.
        if may_approve {
            report.refusal = clear(permit, policy, confirmed, &request, &verdict, order).err();
        }
        report.verdict = Some(verdict);
    }
    objects::role(cluster, permit, order, &mut report).await?;
    objects::binding(cluster, permit, order, &mut report).await?;
    local_files::certificate_file(order, &mut report);
    local_files::kubeconfig(order, &mut report);
    Ok(report)
}

/// The request with the kind of key that will be made: the dry run's own key is of another.
fn as_ordered(mut request: Request, order: &IssuanceRequest) -> Request {
    if let (KeySource::New(kind), Ok(pkcs10)) = (&order.key, &mut request.pkcs10) {
        let (algorithm, bits) = kind.strength();
        (pkcs10.key.algorithm, pkcs10.key.bits) = (algorithm.to_owned(), bits);
    }
    request
}

/// Whether we may approve the request.
async fn check_approval(
    cluster: &Cluster,
    order: &IssuanceRequest,
    report: &mut PreflightReport,
) -> Result<bool, ClusterError> {
    let may = may_approve(cluster, &order.signer_name).await?;
    if may {
        report.add(StepKind::Approve, Severity::Fine, "you may approve it");
    } else {
        let text = "you may not approve it yourself: it will wait for somebody who may";
        report.add(StepKind::Approve, Severity::Notice, text);
    }
    Ok(may)
}
