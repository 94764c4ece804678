//! `countersign approve` and `countersign deny`.

use std::collections::HashSet;

use futures::{StreamExt, TryStreamExt};
use tokio::sync::oneshot;

use super::flags::{DecideFlags, DenyFlags};
use super::json;
use super::judge::judged_among_all;
use super::output::{CliError, print, shown, tell as tell_error};
use crate::cluster::bulk::DecisionOutcome;
use crate::cluster::{Cluster, Decision, Verb};
use crate::domain::gate::{self, Candidate, Clearance, Confirmation, Refusal, Scope};
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::{Request, RequestState};
use crate::domain::text::printable;
use crate::domain::verdict::Verdict;

/// Requests read at a time.
const READS: usize = 16;

/// Approves requests; several of them are a bulk decision. All are judged before the first is decided: one that the gate
/// refuses refuses the whole command.
pub(super) async fn approve(cluster: &Cluster, policy: &PolicyFile, flags: &DecideFlags) -> Result<(), CliError> {
    let permit = cluster.permit()?;
    let requests = read(cluster, &flags.common.names).await?;
    let (verdicts, _) = judged_among_all(cluster, policy, &requests).await;
    let scope = if requests.len() > 1 { Scope::Bulk } else { Scope::Single };
    let confirmation = Confirmation::flags(&flags.dangerous);
    let (mut cleared, mut refused) = (Vec::new(), Vec::new());
    for (request, verdict) in requests.iter().zip(&verdicts) {
        let level = verdict.level();
        let candidate = Candidate {
            pin: &request.pin,
            is_current: true,
            name: &request.pin.name,
            signer: &request.signer_name,
            level,
            shown: level,
        };
        match gate::approve(permit, &candidate, policy, scope, &confirmation) {
            Ok(clearance) => cleared.push(clearance),
            Err(refusal) => refused.push((request, verdict, refusal)),
        }
    }
    if !refused.is_empty() {
        return Err(all_refused(cluster, &refused, &requests));
    }
    decide(cluster, &requests, &cleared, &flags.common, Verb::Approve).await
}

/// Lists each request that the gate refused, with the reason, and decides nothing.
fn all_refused(cluster: &Cluster, refused: &[(&Request, &Verdict, Refusal)], requests: &[Request]) -> CliError {
    let approve = |dangerous: &[&str]| {
        let command = dangerous.iter().fold(cluster.kubectl.own("approve"), |line, name| line.flag("dangerous", name));
        shown(&command.operands(requests.iter().map(|request| request.pin.name.as_str())).line())
    };
    if let ([(request, verdict, refusal)], [_]) = (refused, requests) {
        let name = &request.pin.name;
        let advice = match refusal {
            Refusal::Dangerous { .. } => {
                format!("Nothing was decided. To approve it anyway: {}", approve(&[name.as_str()]))
            }
            _ => refusal.advice().unwrap_or_default(),
        };
        return CliError::refused(format!("{name} {}", reason(verdict, refusal)), advice);
    }
    let mut names = Vec::new();
    for (request, verdict, refusal) in refused {
        tell_error(&format!("{}: {}", printable(&request.pin.name), printable(&reason(verdict, refusal))));
        if matches!(refusal, Refusal::Dangerous { .. }) {
            names.push(request.pin.name.as_str());
        }
    }
    let mut advice = "Nothing was decided. Leave them out, or decide them one by one.".to_owned();
    if names.len() == refused.len() {
        advice = format!("Nothing was decided. To approve them anyway: {}", approve(&names));
    }
    let text = format!("{} of {} may not be approved together", refused.len(), requests.len());
    CliError::refused(text, advice)
}

fn reason(verdict: &Verdict, refusal: &Refusal) -> String {
    let Refusal::Dangerous { .. } = refusal else { return refusal.to_string() };
    let why: Vec<_> = verdict.findings.iter().map(|finding| format!("{} ({})", finding.text, finding.rule)).collect();
    format!("is dangerous: {}", why.join(" "))
}

/// Denies requests.
pub(super) async fn deny(cluster: &Cluster, flags: &DenyFlags) -> Result<(), CliError> {
    let permit = cluster.permit()?;
    let requests = read(cluster, &flags.names).await?;
    let clear = |request: &Request| gate::deny(permit, &request.pin, true, &Confirmation::flags(&[]));
    let cleared = requests.iter().map(clear).collect::<Result<Vec<_>, _>>()?;
    decide(cluster, &requests, &cleared, flags, Verb::Deny).await
}

/// Reads all of them, some at a time, in the order of their names.
async fn read(cluster: &Cluster, names: &[String]) -> Result<Vec<Request>, CliError> {
    let reads = futures::stream::iter(names).map(|name| cluster.request(name));
    let objects: Vec<_> = reads.buffered(READS).try_collect().await?;
    let mut requests: Vec<_> = objects.iter().map(Request::from_object).collect();
    // A name given twice is one request.
    let mut seen = HashSet::new();
    requests.retain(|request| seen.insert(request.pin.uid.clone()));
    Ok(requests)
}

async fn decide(
    cluster: &Cluster,
    requests: &[Request],
    cleared: &[Clearance],
    flags: &DenyFlags,
    verb: Verb,
) -> Result<(), CliError> {
    let (reason, did) = match verb {
        Verb::Approve => ("ReviewedByAdmin", "approved"),
        Verb::Deny => ("DeniedByAdmin", "denied"),
    };
    let message = match &flags.message {
        Some(message) => message.clone(),
        None => format!("{did} by {} with countersign", cluster.who_am_i().await?.username),
    };
    let reason = flags.reason.clone().unwrap_or_else(|| reason.to_owned());
    let decision = Decision { reason, message };
    if flags.dry_run {
        return requests
            .iter()
            .try_for_each(|request| print(&format!("{} would be {did}", printable(&request.pin.name))));
    }
    if let ([request], [clearance]) = (requests, cleared) {
        let now = cluster.decide(clearance, &decision).await?;
        return print(&said(request, Request::from_object(&now).state()));
    }
    decide_all(cluster, requests, cleared, &decision).await
}

/// Many: each is told when it has ended; what fails keeps nothing else from being decided.
async fn decide_all(
    cluster: &Cluster,
    requests: &[Request],
    cleared: &[Clearance],
    decision: &Decision,
) -> Result<(), CliError> {
    // Nobody stops it but a signal, which ends the program.
    let (_going, stop) = oneshot::channel();
    let (mut undone, mut closed) = (Vec::new(), None);
    let tell = |at: usize, outcome| match outcome {
        DecisionOutcome::Done(state) => closed = print(&said(&requests[at], state)).err().or(closed.take()),
        DecisionOutcome::Changed(error) | DecisionOutcome::Refused(error) | DecisionOutcome::Failed(error) => {
            undone.push((at, error));
        }
    };
    cluster.decide_all(cleared, decision, stop, tell).await;
    for (at, error) in &undone {
        tell_error(&format!("{}: {error}", printable(&requests[*at].pin.name)));
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

fn said(request: &Request, state: RequestState) -> String {
    format!("{} {}", printable(&request.pin.name), json::state(state))
}
