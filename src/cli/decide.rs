//! `countersign approve` and `countersign deny`.

use std::collections::HashSet;

use futures::{StreamExt, TryStreamExt};
use tokio::sync::oneshot;

use super::flags::{DecideFlags, DenyFlags};
use super::json;
use super::judge::judged_among_all;
use super::output::{Failed, print, tell as tell_error};
use crate::cluster::bulk::Outcome;
use crate::cluster::{Cluster, Decision, Verb};
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::{Request, State};
use crate::domain::text::printable;
use crate::domain::verdict::Level;

/// Requests read at a time.
const READS: usize = 16;

/// Approves requests. All of them are looked at before the first is decided: a dangerous one that is not named with
/// `--dangerous` refuses the whole command.
pub(super) async fn approve(cluster: &Cluster, policy: &PolicyFile, flags: &DecideFlags) -> Result<(), Failed> {
    let requests = read(cluster, &flags.common.names).await?;
    let (verdicts, _) = judged_among_all(cluster, policy, &requests).await;
    for (request, verdict) in requests.iter().zip(verdicts) {
        if verdict.level() == Level::Danger && !flags.dangerous.contains(&request.pin.name) {
            let name = printable(&request.pin.name).into_owned();
            let why: Vec<_> =
                verdict.findings.iter().map(|finding| format!("{} ({})", finding.text, finding.rule)).collect();
            let text = format!("{name} is dangerous: {}", printable(&why.join(" ")));
            return Err(Failed::refused(
                text,
                format!("Nothing was decided. To approve it all the same: --dangerous {name}"),
            ));
        }
    }
    decide(cluster, &requests, &flags.common, Verb::Approve).await
}

/// Denies requests.
pub(super) async fn deny(cluster: &Cluster, flags: &DenyFlags) -> Result<(), Failed> {
    let requests = read(cluster, &flags.names).await?;
    decide(cluster, &requests, flags, Verb::Deny).await
}

/// Reads all of them, some at a time, in the order of their names.
async fn read(cluster: &Cluster, names: &[String]) -> Result<Vec<Request>, Failed> {
    let reads = futures::stream::iter(names).map(|name| cluster.request(name));
    let objects: Vec<_> = reads.buffered(READS).try_collect().await?;
    let mut requests: Vec<_> = objects.iter().map(Request::from_object).collect();
    // A name given twice is one request.
    let mut seen = HashSet::new();
    requests.retain(|request| seen.insert(request.pin.uid.clone()));
    Ok(requests)
}

async fn decide(cluster: &Cluster, requests: &[Request], flags: &DenyFlags, verb: Verb) -> Result<(), Failed> {
    let (reason, did) = match verb {
        Verb::Approve => ("ReviewedByAdmin", "approved"),
        Verb::Deny => ("DeniedByAdmin", "denied"),
    };
    let message = match &flags.message {
        Some(message) => message.clone(),
        None => format!("{did} by {} with countersign", cluster.who_am_i().await?.username),
    };
    let reason = flags.reason.clone().unwrap_or_else(|| reason.to_owned());
    let decision = Decision { verb, reason, message };
    if flags.dry_run {
        return requests
            .iter()
            .try_for_each(|request| print(&format!("{} would be {did}", printable(&request.pin.name))));
    }
    if let [request] = requests {
        let now = cluster.decide(&request.pin, &decision).await?;
        return print(&said(request, Request::from_object(&now).state()));
    }
    decide_all(cluster, requests, &decision).await
}

/// Many: each is told when it has ended; what fails keeps nothing else from being decided.
async fn decide_all(cluster: &Cluster, requests: &[Request], decision: &Decision) -> Result<(), Failed> {
    let pins: Vec<_> = requests.iter().map(|request| request.pin.clone()).collect();
    // Nobody stops it but a signal, which ends the program.
    let (_going, stop) = oneshot::channel();
    let (mut undone, mut closed) = (Vec::new(), None);
    let tell = |at: usize, outcome| match outcome {
        Outcome::Done(state) => closed = print(&said(&requests[at], state)).err().or(closed.take()),
        Outcome::Changed(error) | Outcome::Refused(error) | Outcome::Failed(error) => undone.push((at, error)),
    };
    cluster.decide_all(&pins, decision, stop, tell).await;
    for (at, error) in &undone {
        tell_error(&format!("{}: {error}", printable(&requests[*at].pin.name)));
    }
    match (undone.first(), closed) {
        (Some((_, error)), _) => {
            let all = requests.len();
            Err(Failed::of_many(error, format!("{} of {all} were not decided", undone.len())))
        }
        (None, Some(closed)) => Err(closed),
        (None, None) => Ok(()),
    }
}

fn said(request: &Request, state: State) -> String {
    format!("{} {}", printable(&request.pin.name), json::state(state))
}
