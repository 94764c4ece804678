//! The approval of the request that an issuance made, through the gate.

use chrono::Utc;
use k8s_openapi::api::certificates::v1::CertificateSigningRequest;

use crate::cluster::{Cluster, ClusterError, Decision};
use crate::domain::commands;
use crate::domain::gate::Refusal;
use crate::domain::output::shell::ShellCommand;
use crate::domain::plan::StepKind;
use crate::domain::request::{Request, RequestState};
use crate::domain::text::printable;
use crate::domain::verdict::Verdict;
use crate::error::UserError;
use crate::operations::issue::clearance::{IssueAuthorization, clear, judge_request, may_approve};
use crate::operations::issue::journal::Journal;
use crate::operations::issue::progress::{Progress, ProgressSender};
use crate::operations::issue::steps::{own_request, rejection};

/// Why a request was not approved.
pub(super) enum NotApproved {
    Refused(Refusal, UserError),
    Failed(UserError),
}

impl<E: Into<UserError>> From<E> for NotApproved {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Approves it; without the right to, waits for another person's approval. What the server has is judged again: the
/// preflight may be days old, or there was none.
pub(super) async fn approve(
    cluster: &Cluster,
    authorization: &IssueAuthorization,
    journal: &Journal,
    progress: &ProgressSender,
) -> Result<String, NotApproved> {
    let name = &journal.order.csr_name;
    let csr = own_request(journal, cluster.request(name).await?)?;
    let request = Request::from_object(&csr);
    match request.state() {
        RequestState::Pending => {}
        RequestState::Denied | RequestState::Failed => return Err(rejection(&csr).into()),
        RequestState::Approved | RequestState::Issued => return Ok("approved already".to_owned()),
    }
    let (verdict, _) = judge_request(cluster, &authorization.policy, &request, Utc::now()).await;
    let cleared = clear(
        authorization.permit,
        &authorization.policy,
        &authorization.confirmed,
        &request,
        &verdict,
        &journal.order,
    );
    let clearance = match cleared {
        Ok(clearance) => clearance,
        Err(refusal) if may_approve(cluster, &request.signer_name).await? => {
            let user = &journal.order.user;
            let resume = cluster.kubectl.own("issue").flag("resume", user);
            let error = why_refused(&refusal, &verdict, user, Some(resume));
            return Err(NotApproved::Refused(refusal, error));
        }
        // The verdict is for the person who may approve it.
        Err(_) => return wait_for_approval(cluster, &csr, name, "you may not approve it yourself", progress).await,
    };
    let decision = Decision::for_issuance(&journal.order.user);
    let outcome = cluster.decide(&clearance, &decision).await;
    progress.wrote(
        "approve",
        format!("csr/{name}"),
        outcome.as_ref().map(|_| "approved"),
        commands::approve(&cluster.kubectl, name),
    );
    match outcome {
        Ok(_) | Err(ClusterError::AlreadyDecided { how: RequestState::Approved | RequestState::Issued, .. }) => {
            Ok("approved".to_owned())
        }
        Err(error @ (ClusterError::Forbidden { .. } | ClusterError::ReadOnly)) => {
            wait_for_approval(cluster, &csr, name, &error.to_string(), progress).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The error where the gate refused, with the findings. The hint adds the confirming flag to `command`; `None`: to the command
/// that was run.
pub(crate) fn why_refused(
    refusal: &Refusal,
    verdict: &Verdict,
    user: &str,
    command: Option<ShellCommand>,
) -> UserError {
    let Refusal::Dangerous { .. } = refusal else {
        return refusal.into();
    };
    let text = format!("the request for {user} is dangerous: {}", verdict.reasons());
    let advice = if let Some(command) = command {
        format!("To issue it anyway: {}", command.flag("dangerous", user).line())
    } else {
        let flag = ShellCommand::assign("--dangerous", user).line();
        format!("To issue it anyway, add the user's name: {flag}")
    };
    UserError::new(printable(&text)).with_hint(advice)
}

async fn wait_for_approval(
    cluster: &Cluster,
    csr: &CertificateSigningRequest,
    name: &str,
    why: &str,
    progress: &ProgressSender,
) -> Result<String, NotApproved> {
    let why = format!("{why}. Waiting for somebody who may: {}", commands::approve(&cluster.kubectl, name));
    progress.send(Progress::Waiting(StepKind::Approve, why));
    let uid = csr.metadata.uid.clone().unwrap_or_default();
    let decided = cluster.wait_for(name, &uid, |request| request.state() != RequestState::Pending).await?;
    match Request::from_object(&decided).state() {
        RequestState::Denied | RequestState::Failed => Err(rejection(&decided).into()),
        _ => Ok("approved by somebody else".to_owned()),
    }
}
