//! The verdict on a request that an issuance makes, and the clearance to approve it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::cluster::context_loader::Withheld;
use crate::cluster::{AccessReview, Cluster, ClusterError};
use crate::domain::gate::{self, Candidate, Clearance, Confirmation, Refusal, Scope, WritePermit};
use crate::domain::issuance_request::IssuanceRequest;
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::Request;
use crate::domain::verdict::{self, Verdict};

/// What an issuance needs to write and to approve.
#[derive(Debug, Clone)]
pub(crate) struct IssueAuthorization {
    pub permit: WritePermit,
    pub policy: Arc<PolicyFile>,
    /// The user names that confirm a dangerous request.
    pub confirmed: Vec<String>,
}

/// The verdict that the list would show, and what could not be read for it.
pub(super) async fn judge_request(
    cluster: &Cluster,
    policy: &PolicyFile,
    request: &Request,
    now: DateTime<Utc>,
) -> (Verdict, Vec<Withheld>) {
    let (known, _, withheld) = Box::pin(cluster.load_snapshot_with_requests(policy)).await;
    (verdict::judge(request, &known.context(now)), withheld)
}

/// The clearance to approve; a dangerous request is confirmed by the name of its user.
///
/// # Errors
/// Why it is refused.
pub(super) fn clear(
    permit: WritePermit,
    policy: &PolicyFile,
    confirmed: &[String],
    request: &Request,
    verdict: &Verdict,
    order: &IssuanceRequest,
) -> Result<Clearance, Refusal> {
    let level = verdict.level();
    let candidate = Candidate {
        pin: &request.pin,
        is_current: true,
        name: &order.user,
        signer: &request.signer_name,
        level,
        shown: level,
    };
    gate::approve(permit, &candidate, policy, Scope::Single, &Confirmation::flags(confirmed))
}

/// Whether we may approve requests for that signer.
///
/// # Errors
/// Why there is no answer.
pub(super) async fn may_approve(cluster: &Cluster, signer: &str) -> Result<bool, ClusterError> {
    let group = "certificates.k8s.io";
    let resource = "certificatesigningrequests";
    let update = AccessReview { verb: "update", group, resource, subresource: "approval", ..AccessReview::default() };
    let signer = AccessReview { verb: "approve", group, resource: "signers", name: signer, ..AccessReview::default() };
    Ok(cluster.may_i(&update).await? && cluster.may_i(&signer).await?)
}
