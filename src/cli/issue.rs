//! `countersign issue`.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::flags::{Global, IssueFlags, Output};
use super::json::moment;
use super::output::{CliError, print, print_data, print_json, print_script, print_yaml, shown, tell};
use crate::cluster::Cluster;
use crate::domain::certificate::Certificate;
use crate::domain::issuance_request;
use crate::domain::issuance_request::{Grant, IssuanceRequest, KeySource, KubeconfigTarget, OrderDefaults};
use crate::domain::objects;
use crate::domain::output::shell::ShellCommand;
use crate::domain::plan::Plan;
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::Pkcs10;
use crate::domain::request_file;
use crate::domain::text::printable;
use crate::domain::verdict::Level;
use crate::files::{self, bounded};
use crate::operations::issue;
use crate::operations::issue::preflight::Severity;
use crate::operations::issue::{IssueOutcome, Issuer, Journal, PreflightReport, Progress};

/// Issues, resumes or undoes.
pub(super) async fn run(
    cluster: &Cluster,
    policy: &Arc<PolicyFile>,
    global: &Global,
    flags: &IssueFlags,
) -> Result<(), CliError> {
    if let Some(user) = &flags.undo {
        return undo(cluster, user).await;
    }
    if let Some(user) = &flags.resume {
        let issuer = issuer(cluster, policy, flags)?;
        let journal = unfinished(user)?;
        if journal.server != cluster.server {
            let text = format!("that issuance was begun on {}", journal.server);
            let resume = ShellCommand::new("countersign issue").flag("context", &journal.context).flag("resume", user);
            return Err(CliError::usage(format!("{text}; use: {}", shown(&resume.line()))));
        }
        return carry_on(cluster, &issuer, journal, flags).await;
    }
    let order = order(cluster, global, flags)?;
    if let Some(problem) = order.problems().first() {
        return Err(CliError::usage(format!("{:?}: {}", problem.field, problem.text)));
    }
    if flags.dry_run {
        let rehearsal = issue::preflight(cluster, policy, &flags.dangerous, &order).await?;
        return dry_run(cluster, &order, &rehearsal, flags);
    }
    let issuer = issuer(cluster, policy, flags)?;
    let rehearsal = issue::preflight(cluster, policy, &flags.dangerous, &order).await?;
    if let Some(note) = rehearsal.notes.iter().find(|note| note.weight == Severity::Problem) {
        return Err(CliError::new(printable(&note.text)));
    }
    if let Some(refused) = refused(&rehearsal, &order) {
        return Err(refused);
    }
    tell_verdict(&rehearsal);
    let journal = Journal::begin(order, &cluster.server, &cluster.context)?;
    carry_on(cluster, &issuer, journal, flags).await
}

fn issuer(cluster: &Cluster, policy: &Arc<PolicyFile>, flags: &IssueFlags) -> Result<Issuer, CliError> {
    Ok(Issuer { permit: cluster.permit()?, policy: Arc::clone(policy), confirmed: flags.dangerous.clone() })
}

/// The findings on the request as the list would judge it.
fn tell_verdict(rehearsal: &PreflightReport) {
    for finding in rehearsal.verdict.iter().flat_map(|verdict| &verdict.findings) {
        let mark = if finding.level == Level::Danger { "✖" } else { "!" };
        let level = finding.level.word();
        tell(&format!("{mark} Verdict: {level}: {} ({})", printable(&finding.text), finding.rule));
    }
}

/// What the gate says to an order, in words.
fn refused(rehearsal: &PreflightReport, order: &IssuanceRequest) -> Option<CliError> {
    let refusal = rehearsal.refusal.as_ref()?;
    let verdict = rehearsal.verdict.clone().unwrap_or_default();
    let trouble = issue::why_refused(refusal, &verdict, &order.user, None);
    Some(CliError::refused(trouble.message, trouble.hint.unwrap_or_default()))
}

fn order(cluster: &Cluster, global: &Global, flags: &IssueFlags) -> Result<IssuanceRequest, CliError> {
    let (name, groups, key) = who(flags)?;
    let explicit = flags.out.as_deref().filter(|_| flags.request.is_none()).or(global.kubeconfig.as_deref());
    let around = OrderDefaults {
        namespace: cluster.namespace.clone(),
        cluster: cluster.cluster_name.clone(),
        kubeconfig: files::kubeconfig::for_new_entries(explicit)?,
    };
    let mut order = IssuanceRequest::new(&name, &around);
    (order.groups, order.key) = (groups, key);
    order.expiration_seconds = flags.expires;
    order.signer_name.clone_from(&flags.signer);
    order.usages.clone_from(&flags.usages);
    if let Some(csr_name) = &flags.csr_name {
        order.csr_name.clone_from(csr_name);
    }
    order.grant = grant(flags);
    let role = order.role_name().unwrap_or_default().to_owned();
    order.binding_name = flags.binding.clone().unwrap_or_else(|| issuance_request::binding_name(&role, &name));
    let entry = flags.context_name.clone().unwrap_or(name);
    order.kubeconfig = Some(KubeconfigTarget {
        path: around.kubeconfig,
        cluster: around.cluster,
        user: entry.clone(),
        context: entry,
        switch: !flags.no_switch,
        overwrite: flags.overwrite,
        separate: flags.out.is_some(),
    });
    if flags.request.is_some() {
        order.kubeconfig = None;
        let file = PathBuf::from(format!("{}.crt", issuance_request::object_name(&order.user)));
        order.certificate_file = Some(flags.out.clone().unwrap_or(file));
    }
    Ok(order)
}

/// Name, groups and key; a request made elsewhere says itself who it is for.
fn who(flags: &IssueFlags) -> Result<(String, Vec<String>, KeySource), CliError> {
    let Some(path) = &flags.request else {
        return Ok((flags.name.clone().unwrap_or_default(), flags.groups.clone(), KeySource::New(flags.key_type)));
    };
    let bytes = bounded::read(path, bounded::CREDENTIAL);
    let bytes = Zeroizing::new(bytes.map_err(|error| CliError::new(format!("{}: {error}", path.display())))?);
    let pem = request_file::read(&bytes)
        .map_err(|error| CliError::new(format!("{}: {error}", path.display())).advised(error.advice().to_owned()))?;
    let pem = pem.into_string();
    let pkcs10 = Pkcs10::from_pem(pem.as_bytes()).map_err(|why| CliError::new(format!("{}: {why}", path.display())))?;
    let identity = pkcs10.identity();
    let name = flags.name.clone().unwrap_or(identity.user);
    let groups = if flags.groups.is_empty() { identity.groups } else { flags.groups.clone() };
    Ok((name, groups, KeySource::Existing(pem)))
}

fn grant(flags: &IssueFlags) -> Grant {
    match (&flags.cluster_role, flags.no_access, flags.existing_role) {
        (_, true, _) => Grant::Nothing,
        (Some(name), ..) => Grant::ClusterRole(name.clone()),
        (None, _, true) => Grant::Role(flags.role.clone()),
        (None, ..) => {
            Grant::NewRole { name: flags.role.clone(), verbs: flags.verbs.clone(), resources: flags.resources.clone() }
        }
    }
}

fn dry_run(
    cluster: &Cluster,
    order: &IssuanceRequest,
    rehearsal: &PreflightReport,
    flags: &IssueFlags,
) -> Result<(), CliError> {
    let plan = Plan::new(order);
    for note in &rehearsal.notes {
        let mark = match note.weight {
            Severity::Fine => "✔",
            Severity::Notice => "!",
            Severity::Problem => "✖",
        };
        tell(&format!("{mark} {:?}: {}", note.step, printable(&note.text)));
    }
    tell_verdict(rehearsal);
    match flags.output {
        Output::Text => print_script(&plan.script(&cluster.kubectl))?,
        Output::Yaml => print_data(&plan.yaml())?,
        Output::Json => {
            let step = |step: &crate::domain::plan::PlanStep| json!({"title": step.title, "lines": step.lines, "yaml": step.yaml, "commands": plan.commands(step.kind, &cluster.kubectl)});
            print_json(
                &json!({"dryRun": true, "clear": rehearsal.is_clear(), "verdict": rehearsal.verdict, "steps": plan.steps.iter().map(step).collect::<Vec<_>>()}),
            )?;
        }
    }
    match refused(rehearsal, order) {
        Some(refused) => Err(refused),
        None if rehearsal.works() => Ok(()),
        None => Err(CliError::new("it would not work like this")),
    }
}

/// Runs, telling each step on standard error; Ctrl-C leaves it to be resumed.
async fn carry_on(cluster: &Cluster, issuer: &Issuer, journal: Journal, flags: &IssueFlags) -> Result<(), CliError> {
    let plan = Plan::new(&journal.order);
    let user = journal.order.user.clone();
    let resume = cluster.kubectl.own("issue").flag("resume", &user).line();
    let (news, mut progress) = mpsc::unbounded_channel();
    let telling = tokio::spawn(async move {
        while let Some(progress) = progress.recv().await {
            tell_progress(&plan, &progress);
        }
    });
    let outcome = tokio::select! {
        outcome = issue::run(cluster, issuer, journal, news) => outcome,
        _ = tokio::signal::ctrl_c() => {
            return Err(CliError::refused("left as it is", format!("go on with: {}", shown(&resume))));
        }
    };
    // All of it is told before the result is printed.
    let _ = telling.await;
    match outcome {
        Ok(outcome) => result(&outcome, flags),
        Err(stopped) => {
            let undo = cluster.kubectl.own("issue").flag("undo", &user).line();
            tell("What was done stays.");
            tell(&format!("  to go on: {}", shown(&resume)));
            tell(&format!("  to undo:  {}", shown(&undo)));
            Err(stopped.into())
        }
    }
}

fn tell_progress(plan: &Plan, progress: &Progress) {
    match progress {
        Progress::Done(kind, text, took) => {
            let title = plan.steps.iter().find(|step| step.kind == *kind).map_or("", |step| step.title.as_str());
            tell(&format!("✔ {} – {} ({:.2} s)", printable(title), printable(text), took.as_secs_f32()));
        }
        Progress::Waiting(_, why) => tell(&format!("… {}", printable(why))),
        Progress::Started(_) | Progress::Wrote(_) | Progress::Failed(..) | Progress::Finished(_) => {}
    }
}

fn result(outcome: &IssueOutcome, flags: &IssueFlags) -> Result<(), CliError> {
    let order = &outcome.journal.order;
    let target = order.kubeconfig.as_ref();
    if flags.output == Output::Text {
        return print(&summary(outcome));
    }
    let mut made = vec![json!(objects::csr(order, ""))];
    made.extend(objects::role(order).map(|role| json!(role)));
    made.extend(objects::role_binding(order).map(|binding| json!(binding)));
    let value = json!({
        "user": order.user,
        "groups": order.groups,
        "csr": order.csr_name,
        "certificate": outcome.certificate,
        "notAfter": Certificate::from_pem(outcome.certificate.as_bytes()).ok().map(|certificate| moment(certificate.not_after)),
        "objects": made,
        "kubeconfig": target.map(|target| target.path.clone()),
        "context": target.map(|target| target.context.clone()),
        "proof": outcome.proof.as_ref().map(|proof| json!({"username": proof.who.username, "groups": proof.who.groups})),
    });
    match flags.output {
        Output::Yaml => print_yaml(&value),
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
        lines.push(format!("valid until  {}", moment(certificate.not_after)));
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

async fn undo(cluster: &Cluster, user: &str) -> Result<(), CliError> {
    let permit = cluster.permit()?;
    for written in issue::undo(cluster, permit, &unfinished(user)?).await? {
        tell(&format!("✔ {} taken back", printable(&written.object)));
    }
    tell("A certificate that was issued stays valid until it expires.");
    Ok(())
}
