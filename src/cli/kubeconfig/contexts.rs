//! `countersign contexts` and `countersign check`.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::flags::{CheckFlags, ContextsFlags, ContextsOutput};
use crate::cli::flags::Global;
use crate::cli::list::aligned;
use crate::cli::output::{CliError, print, print_json, tell};
use crate::domain::kubeconfig::EntryKind;
use crate::domain::kubeconfig::diagnose::{Diagnosis, Life};
use crate::domain::text::printable;
use crate::domain::validity;
use crate::files::kubeconfig::{self, disk::Disk};
use crate::files::kuberc;

/// Lists contexts in the order of their files.
pub(super) fn list(global: &Global, flags: &ContextsFlags) -> Result<(), CliError> {
    let contexts = kubeconfig::load(global.kubeconfig.as_deref())?.diagnose(&Disk);
    let now = Utc::now();
    match flags.output {
        ContextsOutput::Json => {
            print_json(&contexts.iter().map(|one| as_json(one, now, flags.warn)).collect::<Vec<_>>())
        }
        ContextsOutput::Name => {
            let names: Vec<_> = contexts.iter().map(|context| printable(&context.name).into_owned()).collect();
            if names.is_empty() { Ok(()) } else { print(&names.join("\n")) }
        }
        ContextsOutput::Table | ContextsOutput::Wide if contexts.is_empty() => {
            tell("No contexts found");
            Ok(())
        }
        ContextsOutput::Table => print(&table(&contexts, now, flags.warn, false)),
        ContextsOutput::Wide => print(&table(&contexts, now, flags.warn, true)),
    }
}

/// Says what has expired, expires soon or is broken.
pub(super) fn check(global: &Global, flags: &CheckFlags) -> Result<(), CliError> {
    let all = kubeconfig::load(global.kubeconfig.as_deref())?;
    let mut contexts = all.diagnose(&Disk);
    if let Some(name) = flags.names.iter().find(|name| !contexts.iter().any(|context| context.name == **name)) {
        return Err(CliError::new(format!("there is no context {}", printable(name))));
    }
    if contexts.is_empty() {
        let files: Vec<_> = all.sources().iter().map(|source| source.path.display().to_string()).collect();
        return Err(CliError::new(format!("no contexts found in {}", printable(&files.join(", ")))));
    }
    contexts.retain(|context| flags.names.is_empty() || flags.names.contains(&context.name));
    // A policy that contradicts itself is a problem of each context that runs a program.
    if let Some(note) = kuberc::find().ok().and_then(|found| found.note) {
        tell(&format!("note: {note}"));
    }
    let now = Utc::now();
    let (mut bad, mut soon) = (0, 0);
    if let Some(name) =
        all.current_context().filter(|name| flags.names.is_empty() && all.origin(EntryKind::Context, name).is_none())
    {
        bad += 1;
        print(&format!("current-context: context {} not found", printable(name)))?;
    }
    for context in &contexts {
        let name = printable(&context.name);
        match standing(context, now, flags.warn) {
            Life::Expired(end) => {
                bad += 1;
                print(&format!("{name}: expired {} ago", validity::age((now - end).num_seconds())))?;
            }
            Life::Soon(end) => {
                soon += 1;
                print(&format!("{name}: expires in {}", validity::age((end - now).num_seconds())))?;
            }
            Life::NotYet(begin) => {
                bad += 1;
                print(&format!("{name}: not valid before {}", begin.format("%Y-%m-%d %H:%M:%SZ")))?;
            }
            Life::Valid(_) | Life::Unknown => {}
        }
        for problem in &context.problems {
            print(&format!("{name}: {}", printable(problem)))?;
        }
        bad += usize::from(!context.problems.is_empty());
        for note in &context.notes {
            print(&format!("{name}: note: {}", printable(note)))?;
        }
    }
    match (bad, soon) {
        (0, 0) => Ok(()),
        (0, _) => Err(CliError::told(3)),
        _ => Err(CliError::told(1)),
    }
}

/// How long ago the credential in use expired, if it did.
pub(super) fn expired(global: &Global) -> Option<String> {
    let all = kubeconfig::load(global.kubeconfig.as_deref()).ok()?;
    let name = global.context.as_deref().or(all.current_context())?.to_owned();
    let context = all.diagnose(&Disk).into_iter().find(|context| context.name == name)?;
    let now = Utc::now();
    match standing(&context, now, None) {
        Life::Expired(end) => Some(validity::age((now - end).num_seconds())),
        _ => None,
    }
}

fn standing(context: &Diagnosis, now: DateTime<Utc>, warn: Option<TimeDelta>) -> Life {
    context.life(now, warn.unwrap_or_else(|| context.default_warning()))
}

fn table(contexts: &[Diagnosis], now: DateTime<Utc>, warn: Option<TimeDelta>, wide: bool) -> String {
    let mut rows =
        vec![["", "CONTEXT", "CLUSTER", "USER", "CREDENTIAL", "VALID", "NAMESPACE"].map(str::to_owned).to_vec()];
    if wide {
        rows[0].extend(["SERVER", "FILE"].map(str::to_owned));
    }
    rows[0].push("PROBLEMS".to_owned());
    for context in contexts {
        let or_none = |text: &str| if text.is_empty() { "–".to_owned() } else { printable(text).into_owned() };
        let mut row = vec![
            if context.current { "*" } else { "" }.to_owned(),
            or_none(&context.name),
            or_none(&context.cluster),
            or_none(&context.user),
            printable(&context.credential()).into_owned(),
            valid(standing(context, now, warn), now),
            or_none(&context.namespace),
        ];
        if wide {
            row.extend([or_none(&context.server), or_none(&context.file.display().to_string())]);
        }
        row.push(printable(&context.problems.join("; ")).into_owned());
        rows.push(row);
    }
    aligned(&rows)
}

fn valid(standing: Life, now: DateTime<Utc>) -> String {
    let left = |end: DateTime<Utc>| validity::age((end - now).num_seconds());
    match standing {
        Life::Unknown => "–".to_owned(),
        Life::Valid(end) => left(end),
        Life::Soon(end) => format!("{} (soon)", left(end)),
        Life::Expired(_) => "expired".to_owned(),
        Life::NotYet(_) => "not yet".to_owned(),
    }
}

fn as_json(context: &Diagnosis, now: DateTime<Utc>, warn: Option<TimeDelta>) -> Value {
    let moment = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let state = match standing(context, now, warn) {
        Life::Unknown => "unknown",
        Life::Valid(_) => "valid",
        Life::Soon(_) => "soon",
        Life::Expired(_) => "expired",
        Life::NotYet(_) => "not-yet",
    };
    let certificate = context.certificate.as_ref().map(|certificate| {
        json!({
            "subject": certificate.subject, "issuer": certificate.issuer, "serial": certificate.serial,
            "identity": {"user": certificate.identity.user, "groups": certificate.identity.groups},
            "notBefore": moment(certificate.not_before), "notAfter": moment(certificate.not_after),
            "sha256": certificate.sha256,
        })
    });
    json!({
        "name": context.name, "current": context.current, "file": context.file,
        "cluster": context.cluster, "clusterFile": context.cluster_file, "server": context.server,
        "insecure": context.insecure, "user": context.user, "userFile": context.user_file,
        "namespace": context.namespace,
        "credentials": context.credentials.iter().map(crate::domain::kubeconfig::diagnose::Credential::word).collect::<Vec<_>>(),
        "certificate": certificate, "keyFits": context.key_fits,
        "expires": context.ends.map(moment), "state": state, "problems": context.problems,
        "notes": context.notes,
    })
}
