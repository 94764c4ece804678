//! The steps in their order, with reports on each.

use std::time::Instant;

use tokio::sync::mpsc::UnboundedSender;

use crate::cluster::Cluster;
use crate::domain::access::AUTHENTICATED;
use crate::domain::gate::Refusal;
use crate::domain::plan::{Plan, StepKind};
use crate::error::UserError;
use crate::operations::issue::clearance::IssueAuthorization;
use crate::operations::issue::journal::Journal;
use crate::operations::issue::progress::{IssueOutcome, Progress, ProgressSender};
use crate::operations::issue::{approval, steps, verify_login};

/// Why an issuance stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stopped {
    pub step: StepKind,
    pub error: UserError,
    /// Why the gate refused it, if it did.
    pub refusal: Option<Refusal>,
}

/// Runs what is left of an issuance. Dropping the future stops it between two steps, and the journal has the place; a
/// closed receiver does not stop it.
///
/// # Errors
/// The step at which it stopped, and why; [`Progress::Failed`] has reported it too.
pub(crate) async fn run(
    cluster: &Cluster,
    authorization: &IssueAuthorization,
    mut journal: Journal,
    progress: UnboundedSender<Progress>,
) -> Result<IssueOutcome, Stopped> {
    let progress = ProgressSender::new(progress);
    let permit = authorization.permit;
    let plan = Plan::new(&journal.order);
    let mut certificate = String::new();
    let mut proof = None;
    for kind in plan.steps.iter().map(|step| step.kind) {
        progress.send(Progress::Started(kind));
        let started = Instant::now();
        let done = match kind {
            StepKind::Key => steps::key(&journal).await,
            StepKind::Request => steps::request(cluster, permit, &mut journal, &progress).await,
            StepKind::Approve => match approval::approve(cluster, authorization, &journal, &progress).await {
                Err(approval::NotApproved::Refused(refusal, error)) => {
                    progress.send(Progress::Failed(kind, error.clone()));
                    return Err(Stopped { step: kind, error, refusal: Some(refusal) });
                }
                Err(approval::NotApproved::Failed(error)) => Err(error),
                Ok(text) => Ok(text),
            },
            StepKind::Certificate => {
                steps::certificate(cluster, permit, &mut journal, &mut certificate, &progress).await
            }
            StepKind::Role => steps::role(cluster, permit, &mut journal, &progress).await,
            StepKind::Binding => steps::binding(cluster, permit, &mut journal, &progress).await,
            StepKind::Kubeconfig => steps::kubeconfig(cluster, permit, &mut journal, &certificate, &progress).await,
            StepKind::Proof => prove(&journal, &mut proof).await,
        };
        match done {
            Ok(text) => progress.send(Progress::Done(kind, text, started.elapsed())),
            Err(error) => {
                progress.send(Progress::Failed(kind, error.clone()));
                return Err(Stopped { step: kind, error, refusal: None });
            }
        }
    }
    // Everything is where it belongs; a journal that cannot be removed would only be offered for resuming.
    if let Err(error) = journal.remove() {
        tracing::warn!(%error, "the finished issuance's journal stays");
    }
    let outcome = IssueOutcome { journal, certificate, proof };
    progress.send(Progress::Finished(Box::new(outcome.clone())));
    Ok(outcome)
}

async fn prove(journal: &Journal, proof: &mut Option<verify_login::Proof>) -> Result<String, UserError> {
    let Some(target) = &journal.order.kubeconfig else { return Ok(String::new()) };
    let found = verify_login::verify_login(&journal.order, target).await?;
    if found.who.username != journal.order.user {
        return Err(UserError::new(format!("the cluster says {} instead", found.who.username)));
    }
    let mut own: Vec<_> = found.who.groups.iter().filter(|group| *group != AUTHENTICATED).cloned().collect();
    // A certificate keeps its groups as a set, in no order that means anything.
    own.sort();
    let groups = if own.is_empty() { "no groups".to_owned() } else { format!("groups {}", own.join(", ")) };
    let text = format!("the cluster says: {}, {groups}", found.who.username);
    *proof = Some(found);
    Ok(text)
}
