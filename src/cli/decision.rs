//! What `countersign approve` and `countersign deny` share.

use std::collections::HashSet;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use futures::{StreamExt, TryStreamExt};
use tokio::sync::oneshot;

use super::candidates;
use super::error::CliError;
use super::output::Output;
use crate::cluster::bulk::DecisionOutcome;
use crate::cluster::{Cluster, Decision, Verb};
use crate::domain::gate::Clearance;
use crate::domain::request::{Request, RequestState};
use crate::domain::text::printable;

/// Requests read at a time.
const READS: usize = 16;

/// What both decisions take.
#[derive(Debug, Args)]
pub(crate) struct DecisionFlags {
    /// The requests
    #[arg(required = true, add = ArgValueCompleter::new(candidates::pending))]
    pub names: Vec<String>,
    /// One word for machines
    #[arg(long, value_name = "WORD")]
    pub reason: Option<String>,
    /// A sentence for people
    #[arg(long, value_name = "TEXT")]
    pub message: Option<String>,
    /// Say what would be decided, and decide nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Reads all of them, some at a time, in the order of their names.
pub(super) async fn read(cluster: &Cluster, names: &[String]) -> Result<Vec<Request>, CliError> {
    let reads = futures::stream::iter(names).map(|name| cluster.request(name));
    let objects: Vec<_> = reads.buffered(READS).try_collect().await?;
    let mut requests: Vec<_> = objects.iter().map(Request::from_object).collect();
    // A name given twice is one request.
    let mut seen = HashSet::new();
    requests.retain(|request| seen.insert(request.pin.uid.clone()));
    Ok(requests)
}

/// Decides requests that the gate let through.
pub(super) async fn decide(
    out: Output,
    cluster: &Cluster,
    requests: &[Request],
    cleared: &[Clearance],
    flags: &DecisionFlags,
    verb: Verb,
) -> Result<(), CliError> {
    let message = match &flags.message {
        Some(message) => message.clone(),
        None => verb.default_message(Some(&cluster.who_am_i().await?.username)),
    };
    let reason = flags.reason.clone().unwrap_or_else(|| verb.default_reason().to_owned());
    let decision = Decision { reason, message };
    if flags.dry_run {
        let line = |request: &Request| format!("{} would be {}", printable(&request.pin.name), verb.past());
        return requests.iter().try_for_each(|request| out.print(&line(request)));
    }
    if let ([request], [clearance]) = (requests, cleared) {
        let now = cluster.decide(clearance, &decision).await?;
        return out.print(&state_line(request, Request::from_object(&now).state()));
    }
    decide_all(out, cluster, requests, cleared, &decision).await
}

/// Several: each is printed as soon as it is decided; a failure does not stop the others.
async fn decide_all(
    out: Output,
    cluster: &Cluster,
    requests: &[Request],
    cleared: &[Clearance],
    decision: &Decision,
) -> Result<(), CliError> {
    // Only a signal stops it, which ends the program.
    let (_stop_sender, stop) = oneshot::channel();
    let (mut undone, mut closed) = (Vec::new(), None);
    let print_outcome = |at: usize, outcome| match outcome {
        DecisionOutcome::Done(state) => closed = out.print(&state_line(&requests[at], state)).err().or(closed.take()),
        DecisionOutcome::Changed(error) | DecisionOutcome::Refused(error) | DecisionOutcome::Failed(error) => {
            undone.push((at, error));
        }
    };
    cluster.decide_all(cleared, decision, stop, print_outcome).await;
    for (at, error) in &undone {
        out.print_note(&format!("{}: {error}", printable(&requests[*at].pin.name)));
    }
    match (undone.first(), closed) {
        (Some((_, error)), _) => {
            let all = requests.len();
            Err(CliError::of_many(error, format!("{} of {all} were not decided", undone.len())))
        }
        (None, Some(closed)) => Err(closed),
        (None, None) => Ok(()),
    }
}

fn state_line(request: &Request, state: RequestState) -> String {
    format!("{} {}", printable(&request.pin.name), state.word())
}
