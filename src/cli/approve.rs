//! `countersign approve`: several requests are a bulk decision. All are judged before the first is decided: one that the
//! gate refuses refuses the whole command.

use clap::Args;
use clap_complete::engine::ArgValueCompleter;

use super::decision::DecisionFlags;
use super::error::CliError;
use super::judge::judge_among_all;
use super::output::Output;
use super::session::{CliSession, RunCommand};
use super::{candidates, decision};
use crate::cluster::{Cluster, Verb};
use crate::domain::gate::{self, Candidate, Confirmation, Refusal, Scope};
use crate::domain::request::Request;
use crate::domain::text::printable;
use crate::domain::verdict::Verdict;

const EXAMPLES: &str = "Examples:
  countersign approve jane-7f3k pavel
  countersign approve jane-7f3k --dry-run
  countersign approve kcm-helper --dangerous kcm-helper   it says what is dangerous first, and decides nothing";

/// Approve requests
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ApproveFlags {
    #[command(flatten)]
    pub common: DecisionFlags,
    /// Approve this request although its verdict is danger; once for each, by name
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(candidates::pending))]
    pub dangerous: Vec<String>,
}

impl RunCommand for ApproveFlags {
    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let cluster = session.connect().await?;
        let permit = cluster.permit()?;
        let requests = decision::read(&cluster, &self.common.names).await?;
        let (verdicts, _) = judge_among_all(session, &cluster, &requests).await;
        let scope = if requests.len() > 1 { Scope::Bulk } else { Scope::Single };
        let confirmation = Confirmation::flags(&self.dangerous);
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
            match gate::approve(permit, &candidate, &session.policy, scope, &confirmation) {
                Ok(clearance) => cleared.push(clearance),
                Err(refusal) => refused.push((request, verdict, refusal)),
            }
        }
        if !refused.is_empty() {
            return Err(refuse_all(session.out, &cluster, &refused, &requests));
        }
        decision::decide(session.out, &cluster, &requests, &cleared, &self.common, Verb::Approve).await
    }
}

/// Lists each request that the gate refused, with the reason; nothing is decided.
fn refuse_all(
    out: Output,
    cluster: &Cluster,
    refused: &[(&Request, &Verdict, Refusal)],
    requests: &[Request],
) -> CliError {
    let approve = |dangerous: &[&str]| {
        let command = dangerous.iter().fold(cluster.kubectl.own("approve"), |line, name| line.flag("dangerous", name));
        out.shell_line(&command.operands(requests.iter().map(|request| request.pin.name.as_str())).line())
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
        out.print_note(&format!("{}: {}", printable(&request.pin.name), printable(&reason(verdict, refusal))));
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
    format!("is dangerous: {}", verdict.reasons())
}
