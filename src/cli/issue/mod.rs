//! `countersign issue`: issues, resumes or undoes.

mod flags;
mod report;

use std::sync::Arc;

use tokio::sync::mpsc;

pub(crate) use flags::IssueFlags;

use super::error::CliError;
use super::output::Output;
use super::session::{CliSession, RunCommand};
use crate::cluster::Cluster;
use crate::domain::output::shell::ShellCommand;
use crate::domain::plan::Plan;
use crate::domain::text::printable;
use crate::operations::issue;
use crate::operations::issue::preflight::Severity;
use crate::operations::issue::{IssueAuthorization, Journal};

impl RunCommand for IssueFlags {
    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let cluster = session.connect().await?;
        if let Some(user) = &self.undo {
            return undo(session.out, &cluster, user).await;
        }
        if let Some(user) = &self.resume {
            let authorization = authorization(session, &cluster, self)?;
            let journal = unfinished(user)?;
            check_server(session.out, &cluster, &journal, user)?;
            return resume(session.out, &cluster, &authorization, journal, self).await;
        }
        start(session, &cluster, self).await
    }
}

async fn start(session: &CliSession, cluster: &Cluster, flags: &IssueFlags) -> Result<(), CliError> {
    let order = flags.order(cluster, session.global.kubeconfig.as_deref())?;
    if let Some(problem) = order.problems().first() {
        return Err(CliError::usage(format!("{}: {}", problem.field.label(), problem.text)));
    }
    if flags.dry_run {
        let report = issue::preflight(cluster, &session.policy, &flags.dangerous, &order).await?;
        return report::print_dry_run(session.out, flags.output, &cluster.kubectl, &order, &report);
    }
    let authorization = authorization(session, cluster, flags)?;
    let report = issue::preflight(cluster, &session.policy, &flags.dangerous, &order).await?;
    if let Some(note) = report.notes.iter().find(|note| note.weight == Severity::Problem) {
        return Err(CliError::new(printable(&note.text)));
    }
    if let Some(error) = report::gate_error(&report, &order) {
        return Err(error);
    }
    report::print_verdict(session.out, &report);
    let journal = Journal::create(order, &cluster.server, &cluster.context)?;
    resume(session.out, cluster, &authorization, journal, flags).await
}

fn authorization(session: &CliSession, cluster: &Cluster, flags: &IssueFlags) -> Result<IssueAuthorization, CliError> {
    let (permit, policy) = (cluster.permit()?, Arc::clone(&session.policy));
    Ok(IssueAuthorization { permit, policy, confirmed: flags.dangerous.clone() })
}

/// An issuance is resumed on the server that it was started on.
fn check_server(out: Output, cluster: &Cluster, journal: &Journal, user: &str) -> Result<(), CliError> {
    if journal.server == cluster.server {
        return Ok(());
    }
    let text = format!("that issuance was begun on {}", journal.server);
    let resume = ShellCommand::new("countersign issue").flag("context", &journal.context).flag("resume", user);
    Err(CliError::usage(format!("{text}; use: {}", out.shell_line(&resume.line()))))
}

/// Runs what is left of an issuance; Ctrl-C leaves it to be resumed.
async fn resume(
    out: Output,
    cluster: &Cluster,
    authorization: &IssueAuthorization,
    journal: Journal,
    flags: &IssueFlags,
) -> Result<(), CliError> {
    let plan = Plan::new(&journal.order);
    let user = journal.order.user.clone();
    let resume = cluster.kubectl.own("issue").flag("resume", &user).line();
    let (sender, mut progress) = mpsc::unbounded_channel();
    let printing = tokio::spawn(async move {
        while let Some(progress) = progress.recv().await {
            report::print_progress(out, &plan, &progress);
        }
    });
    let outcome = tokio::select! {
        outcome = issue::run(cluster, authorization, journal, sender) => outcome,
        _ = tokio::signal::ctrl_c() => {
            let hint = format!("go on with: {}", out.shell_line(&resume));
            return Err(CliError::refused("left as it is", hint));
        }
    };
    // All progress is printed before the result.
    let _ = printing.await;
    match outcome {
        Ok(outcome) => report::print_outcome(out, flags.output, &outcome),
        Err(stopped) => {
            let undo = cluster.kubectl.own("issue").flag("undo", &user).line();
            out.print_note("What was done stays.");
            out.print_note(&format!("  to go on: {}", out.shell_line(&resume)));
            out.print_note(&format!("  to undo:  {}", out.shell_line(&undo)));
            Err(stopped.into())
        }
    }
}

/// The unfinished issuance of a user, or the only one there is.
fn unfinished(user: &str) -> Result<Journal, CliError> {
    let mut found = Journal::unfinished()?;
    found.retain(|journal| user.is_empty() || journal.order.user == user);
    match (found.len(), found.pop()) {
        (1, Some(journal)) => Ok(journal),
        (0, _) | (_, None) => Err(CliError::new("nothing was left unfinished")),
        (_, Some(last)) if !user.is_empty() => Ok(last),
        (_, Some(last)) => {
            let mut users: Vec<_> = found.iter().map(|journal| journal.order.user.clone()).collect();
            users.push(last.order.user);
            Err(CliError::usage(format!("several are unfinished; name one: {}", printable(&users.join(", ")))))
        }
    }
}

async fn undo(out: Output, cluster: &Cluster, user: &str) -> Result<(), CliError> {
    let permit = cluster.permit()?;
    for written in issue::undo(cluster, permit, &unfinished(user)?).await? {
        out.print_note(&format!("✔ {} taken back", printable(&written.object)));
    }
    out.print_note("A certificate that was issued stays valid until it expires.");
    Ok(())
}
