//! The steps in their order, with news about each.

use std::time::Instant;

use tokio::sync::mpsc::UnboundedSender;

use crate::cluster::Cluster;
use crate::domain::gate::Refusal;
use crate::domain::plan::{Plan, StepKind};
use crate::error::UserError;
use crate::operations::issue::journal::Journal;
use crate::operations::issue::judging::Issuer;
use crate::operations::issue::progress::{IssueOutcome, Progress};
use crate::operations::issue::{approval, steps, verify_login};

/// Why an issuance stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stopped {
    /// The step at which it stopped.
    pub step: StepKind,
    /// Why, in words.
    pub trouble: UserError,
    /// Why the gate refused it, if it did.
    pub refusal: Option<Refusal>,
}

/// Carries an issuance on from wherever it is. Dropping the future leaves it at a step's edge; the journal knows
/// where. A listener that is gone does not stop it.
///
/// # Errors
/// The step at which it stopped, and why; [`Progress::Failed`] has said so too.
pub(crate) async fn run(
    cluster: &Cluster,
    issuer: &Issuer,
    mut journal: Journal,
    news: UnboundedSender<Progress>,
) -> Result<IssueOutcome, Stopped> {
    let permit = issuer.permit;
    let plan = Plan::new(&journal.order);
    let mut certificate = String::new();
    let mut proven = None;
    for kind in plan.steps.iter().map(|step| step.kind) {
        tell(&news, Progress::Started(kind));
        let started = Instant::now();
        let done = match kind {
            StepKind::Key => steps::key(&journal).await,
            StepKind::Request => steps::request(cluster, permit, &mut journal, &news).await,
            StepKind::Approve => match approval::approve(cluster, issuer, &journal, &news).await {
                Err(approval::NotApproved::Refused(refusal, trouble)) => {
                    tell(&news, Progress::Failed(kind, trouble.clone()));
                    return Err(Stopped { step: kind, trouble, refusal: Some(refusal) });
                }
                Err(approval::NotApproved::Failed(trouble)) => Err(trouble),
                Ok(text) => Ok(text),
            },
            StepKind::Certificate => steps::certificate(cluster, permit, &mut journal, &mut certificate, &news).await,
            StepKind::Role => steps::role(cluster, permit, &mut journal, &news).await,
            StepKind::Binding => steps::binding(cluster, permit, &mut journal, &news).await,
            StepKind::Kubeconfig => steps::kubeconfig(cluster, permit, &mut journal, &certificate, &news).await,
            StepKind::Proof => prove(&journal, &mut proven).await,
        };
        match done {
            Ok(text) => tell(&news, Progress::Done(kind, text, started.elapsed())),
            Err(trouble) => {
                tell(&news, Progress::Failed(kind, trouble.clone()));
                return Err(Stopped { step: kind, trouble, refusal: None });
            }
        }
    }
    // Everything is where it belongs; a journal that cannot be removed would only be offered for resuming.
    if let Err(error) = journal.remove() {
        tracing::warn!(%error, "the finished issuance's journal stays");
    }
    let outcome = IssueOutcome { journal, certificate, proof: proven };
    tell(&news, Progress::Finished(Box::new(outcome.clone())));
    Ok(outcome)
}

async fn prove(journal: &Journal, proven: &mut Option<verify_login::Proof>) -> Result<String, UserError> {
    let Some(target) = &journal.order.kubeconfig else { return Ok(String::new()) };
    let proof = verify_login::prove(&journal.order, target).await?;
    if proof.who.username != journal.order.user {
        return Err(UserError::new(format!("the cluster says {} instead", proof.who.username)));
    }
    let mut own: Vec<_> = proof.who.groups.iter().filter(|group| *group != "system:authenticated").cloned().collect();
    // A certificate keeps its groups as a set, in no order that means anything.
    own.sort();
    let groups = if own.is_empty() { "no groups".to_owned() } else { format!("groups {}", own.join(", ")) };
    let text = format!("the cluster says: {}, {groups}", proof.who.username);
    *proven = Some(proof);
    Ok(text)
}

/// Nobody may be listening any more; the work goes on all the same.
pub(super) fn tell(news: &UnboundedSender<Progress>, progress: Progress) {
    let _ = news.send(progress);
}
