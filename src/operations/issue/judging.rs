//! The verdict on a request that an issuance makes, and what the gate says to it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::cluster::Cluster;
use crate::cluster::context_loader::Withheld;
use crate::domain::gate::{self, Candidate, Clearance, Confirmation, Refusal, Scope, WritePermit};
use crate::domain::issuance_request::IssuanceRequest;
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::Request;
use crate::domain::verdict::{self, Verdict};

/// What an issuance needs to pass the gate.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    /// The permit to write.
    pub permit: WritePermit,
    /// The policy file.
    pub policy: Arc<PolicyFile>,
    /// The names given to confirm what is dangerous: users' names.
    pub confirmed: Vec<String>,
}

/// The verdict that the list would show, and what could not be read for it.
pub(super) async fn judged(
    cluster: &Cluster,
    policy: &PolicyFile,
    request: &Request,
    now: DateTime<Utc>,
) -> (Verdict, Vec<Withheld>) {
    let (known, _, withheld) = Box::pin(cluster.load_snapshot_with_requests(policy)).await;
    (verdict::judge(request, &known.context(now)), withheld)
}

/// Asks the gate; a dangerous request is confirmed by the name of its user.
///
/// # Errors
/// Why it is refused.
pub(super) fn cleared(
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
