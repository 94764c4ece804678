//! What `countersign issue` prints: preflight, progress, result.

use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::format::ObjectFormat;
use crate::cli::json::timestamp;
use crate::cli::output::{Output, print_data, print_json, print_yaml};
use crate::domain::certificate::Certificate;
use crate::domain::issuance_request::IssuanceRequest;
use crate::domain::objects;
use crate::domain::output::shell::Kubectl;
use crate::domain::plan::{Plan, PlanStep};
use crate::domain::text::printable;
use crate::domain::verdict::Level;
use crate::operations::issue::{IssueOutcome, PreflightReport, Progress, why_refused};

/// The findings on the request as the list would judge it.
pub(super) fn print_verdict(out: Output, report: &PreflightReport) {
    for finding in report.verdict.iter().flat_map(|verdict| &verdict.findings) {
        let mark = if finding.level == Level::Danger { "✖" } else { "!" };
        let level = finding.level.word();
        out.print_note(&format!("{mark} Verdict: {level}: {} ({})", printable(&finding.text), finding.rule));
    }
}

/// The error where the gate refuses an order.
pub(super) fn gate_error(report: &PreflightReport, order: &IssuanceRequest) -> Option<CliError> {
    let refusal = report.refusal.as_ref()?;
    let verdict = report.verdict.clone().unwrap_or_default();
    let error = why_refused(refusal, &verdict, &order.user, None);
    Some(CliError::refused(error.message, error.hint.unwrap_or_default()))
}

/// Prints what a preflight found, and the plan with its objects and commands.
pub(super) fn print_dry_run(
    out: Output,
    format: ObjectFormat,
    kubectl: &Kubectl,
    order: &IssuanceRequest,
    report: &PreflightReport,
) -> Result<(), CliError> {
    let plan = Plan::new(order);
    for note in &report.notes {
        out.print_note(&format!("{} {}: {}", note.weight.mark(), note.step.label(), printable(&note.text)));
    }
    print_verdict(out, report);
    match format {
        ObjectFormat::Text => out.print_script(&plan.script(kubectl))?,
        ObjectFormat::Yaml => print_data(&plan.yaml())?,
        ObjectFormat::Json => {
            let step = |step: &PlanStep| json!({"title": step.title, "lines": step.lines, "yaml": step.yaml, "commands": plan.commands(step.kind, kubectl)});
            print_json(
                &json!({"dryRun": true, "clear": report.is_clear(), "verdict": report.verdict, "steps": plan.steps.iter().map(step).collect::<Vec<_>>()}),
            )?;
        }
    }
    match gate_error(report, order) {
        Some(error) => Err(error),
        None if report.works() => Ok(()),
        None => Err(CliError::new("it would not work like this")),
    }
}

pub(super) fn print_progress(out: Output, plan: &Plan, progress: &Progress) {
    match progress {
        Progress::Done(kind, text, took) => {
            let title = plan.steps.iter().find(|step| step.kind == *kind).map_or("", |step| step.title.as_str());
            out.print_note(&format!("✔ {} – {} ({:.2} s)", printable(title), printable(text), took.as_secs_f32()));
        }
        Progress::Waiting(_, why) => out.print_note(&format!("… {}", printable(why))),
        Progress::Started(_) | Progress::Wrote(_) | Progress::Failed(..) | Progress::Finished(_) => {}
    }
}

/// Prints the result.
pub(super) fn print_outcome(out: Output, format: ObjectFormat, outcome: &IssueOutcome) -> Result<(), CliError> {
    let order = &outcome.journal.order;
    let target = order.kubeconfig.as_ref();
    if format == ObjectFormat::Text {
        return out.print(&summary(outcome));
    }
    let mut made = vec![json!(objects::csr(order, ""))];
    made.extend(objects::role(order).map(|role| json!(role)));
    made.extend(objects::role_binding(order).map(|binding| json!(binding)));
    let value = json!({
        "user": order.user,
        "groups": order.groups,
        "csr": order.csr_name,
        "certificate": outcome.certificate,
        "notAfter": Certificate::from_pem(outcome.certificate.as_bytes()).ok().map(|certificate| timestamp(certificate.not_after)),
        "objects": made,
        "kubeconfig": target.map(|target| target.path.clone()),
        "context": target.map(|target| target.context.clone()),
        "proof": outcome.proof.as_ref().map(|proof| json!({"username": proof.who.username, "groups": proof.who.groups})),
    });
    match format {
        ObjectFormat::Yaml => print_yaml(&value),
        _ => print_json(&value),
    }
}

fn summary(outcome: &IssueOutcome) -> String {
    let order = &outcome.journal.order;
    let mut lines = vec![format!("user         {}", printable(&order.user))];
    if !order.groups.is_empty() {
        lines.push(format!("groups       {}", printable(&order.groups.join(", "))));
    }
    if let Ok(certificate) = Certificate::from_pem(outcome.certificate.as_bytes()) {
        lines.push(format!("valid until  {}", timestamp(certificate.not_after)));
    }
    if let Some(path) = &order.certificate_file {
        lines.push(format!("certificate  {}", path.display()));
    }
    if let Some(target) = &order.kubeconfig {
        lines.push(format!("kubeconfig   {}", target.path.display()));
        lines.push(format!("context      {}", printable(&target.context)));
    }
    if let Some(proof) = &outcome.proof {
        lines.push(format!(
            "logged in as {}, groups {}",
            printable(&proof.who.username),
            printable(&proof.who.groups.join(", "))
        ));
        lines.extend(proof.rules.iter().map(|rule| format!("may          {}", printable(rule))));
    }
    lines.join("\n")
}
