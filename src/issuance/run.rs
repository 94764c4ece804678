//! The steps in their order, with news about each.

use std::time::Instant;

use tokio::sync::mpsc::UnboundedSender;

use super::journal::Journal;
use super::progress::{Outcome, Progress};
use super::{proof, steps};
use crate::cluster::Cluster;
use crate::domain::plan::{Plan, StepKind};
use crate::trouble::Trouble;

/// Carries an issuance on from wherever it is. Dropping the future leaves it at a step's edge; the journal knows
/// where. A listener that is gone does not stop it.
///
/// # Errors
/// The step at which it stopped, and why; [`Progress::Failed`] has said so too.
pub async fn run(
    cluster: &Cluster,
    mut journal: Journal,
    news: UnboundedSender<Progress>,
) -> Result<Outcome, (StepKind, Trouble)> {
    let plan = Plan::new(&journal.order);
    let mut certificate = String::new();
    let mut proven = None;
    for kind in plan.steps.iter().map(|step| step.kind) {
        tell(&news, Progress::Started(kind));
        let started = Instant::now();
        let done = match kind {
            StepKind::Key => steps::key(&journal).await,
            StepKind::Request => steps::request(cluster, &mut journal, &news).await,
            StepKind::Approve => steps::approve(cluster, &journal, &news).await,
            StepKind::Certificate => steps::certificate(cluster, &mut journal, &mut certificate, &news).await,
            StepKind::Role => steps::role(cluster, &mut journal, &news).await,
            StepKind::Binding => steps::binding(cluster, &mut journal, &news).await,
            StepKind::Kubeconfig => steps::kubeconfig(cluster, &mut journal, &certificate, &news).await,
            StepKind::Proof => prove(&journal, &mut proven).await,
        };
        match done {
            Ok(text) => tell(&news, Progress::Done(kind, text, started.elapsed())),
            Err(trouble) => {
                tell(&news, Progress::Failed(kind, trouble.clone()));
                return Err((kind, trouble));
            }
        }
    }
    // Everything is where it belongs; a journal that cannot be removed would only be offered for resuming.
    if let Err(error) = journal.remove() {
        tracing::warn!(%error, "the finished issuance's journal stays");
    }
    let outcome = Outcome { journal, certificate, proof: proven };
    tell(&news, Progress::Finished(Box::new(outcome.clone())));
    Ok(outcome)
}

async fn prove(journal: &Journal, proven: &mut Option<proof::Proof>) -> Result<String, Trouble> {
    let Some(target) = &journal.order.kubeconfig else { return Ok(String::new()) };
    let proof = proof::prove(&journal.order, target).await?;
    if proof.who.username != journal.order.user {
        return Err(Trouble::new(format!("the cluster says {} instead", proof.who.username)));
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
