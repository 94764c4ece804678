//! `countersign approve` and `countersign deny`.

use super::flags::{DecideFlags, DenyFlags};
use super::json;
use super::judge::judged_among_all;
use super::output::{Failed, print};
use crate::cluster::{Cluster, Decision, Verb};
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::Request;
use crate::domain::text::printable;
use crate::domain::verdict::Level;

/// Approves requests. All of them are looked at before the first is decided: a dangerous one that is not named with
/// `--dangerous` refuses the whole command.
pub(super) async fn approve(cluster: &Cluster, policy: &PolicyFile, flags: &DecideFlags) -> Result<(), Failed> {
    let requests = read(cluster, &flags.common.names).await?;
    let verdicts = judged_among_all(cluster, policy, &requests).await;
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

async fn read(cluster: &Cluster, names: &[String]) -> Result<Vec<Request>, Failed> {
    let mut requests = Vec::new();
    for name in names {
        requests.push(Request::from_object(&cluster.request(name).await?));
    }
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
    for request in requests {
        let name = printable(&request.pin.name);
        if flags.dry_run {
            print(&format!("{name} would be {did}"))?;
            continue;
        }
        let now = cluster.decide(&request.pin, &decision).await?;
        print(&format!("{name} {}", json::state(Request::from_object(&now).state())))?;
    }
    Ok(())
}
