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
use crate::operations::issue::journal::Journal;
use crate::operations::issue::judging::{Issuer, cleared, judged};
use crate::operations::issue::preflight::may_approve;
use crate::operations::issue::progress::Progress;
use crate::operations::issue::run::tell;
use crate::operations::issue::steps::{ProgressSender, ours, refused, wrote};

/// Why a request was not approved.
pub(super) enum NotApproved {
    /// The gate refused.
    Refused(Refusal, UserError),
    /// It did not work.
    Failed(UserError),
}

impl<E: Into<UserError>> From<E> for NotApproved {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Approves it; without the right to, waits for another person's approval. What the server has is judged once more: the
/// rehearsal may be days old, or there was none.
pub(super) async fn approve(
    cluster: &Cluster,
    issuer: &Issuer,
    journal: &Journal,
    news: &ProgressSender,
) -> Result<String, NotApproved> {
    let name = &journal.order.csr_name;
    let csr = ours(journal, cluster.request(name).await?)?;
    let request = Request::from_object(&csr);
    match request.state() {
        RequestState::Pending => {}
        RequestState::Denied | RequestState::Failed => return Err(refused(&csr).into()),
        RequestState::Approved | RequestState::Issued => return Ok("approved already".to_owned()),
    }
    let (verdict, _) = judged(cluster, &issuer.policy, &request, Utc::now()).await;
    let cleared = cleared(issuer.permit, &issuer.policy, &issuer.confirmed, &request, &verdict, &journal.order);
    let clearance = match cleared {
        Ok(clearance) => clearance,
        Err(refusal) if may_approve(cluster, &request.signer_name).await? => {
            let user = &journal.order.user;
            let resume = cluster.kubectl.own("issue").flag("resume", user);
            let trouble = why_refused(&refusal, &verdict, user, Some(resume));
            return Err(NotApproved::Refused(refusal, trouble));
        }
        // The verdict is for the person who may approve it.
        Err(_) => return wait_for_approval(cluster, &csr, name, "you may not approve it yourself", news).await,
    };
    let decision = Decision {
        reason: "IssuedWithCountersign".to_owned(),
        message: format!("issued to {} with countersign", journal.order.user),
    };
    let outcome = cluster.decide(&clearance, &decision).await;
    wrote(
        news,
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
            wait_for_approval(cluster, &csr, name, &error.to_string(), news).await
        }
        Err(error) => Err(error.into()),
    }
}

/// What the gate refused, with the findings. `command` is what the flag that confirms is added to; `None`: the same again.
pub(crate) fn why_refused(
    refusal: &Refusal,
    verdict: &Verdict,
    user: &str,
    command: Option<ShellCommand>,
) -> UserError {
    let Refusal::Dangerous { .. } = refusal else {
        return refusal.into();
    };
    let why: Vec<_> = verdict.findings.iter().map(|finding| format!("{} ({})", finding.text, finding.rule)).collect();
    let text = format!("the request for {user} is dangerous: {}", why.join(" "));
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
    news: &ProgressSender,
) -> Result<String, NotApproved> {
    let why = format!("{why}. Waiting for somebody who may: {}", commands::approve(&cluster.kubectl, name));
    tell(news, Progress::Waiting(StepKind::Approve, why));
    let uid = csr.metadata.uid.clone().unwrap_or_default();
    let decided = cluster.wait_for(name, &uid, |request| request.state() != RequestState::Pending).await?;
    match Request::from_object(&decided).state() {
        RequestState::Denied | RequestState::Failed => Err(refused(&decided).into()),
        _ => Ok("approved by somebody else".to_owned()),
    }
}
