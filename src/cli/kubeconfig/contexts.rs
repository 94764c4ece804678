//! `countersign contexts`: in the order of their files.

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::validity::{life, parse_warning};
use crate::cli::error::CliError;
use crate::cli::output::print_json;
use crate::cli::session::{CliSession, Needs, RunCommand};
use crate::cli::table::aligned;
use crate::domain::kubeconfig::diagnose::{Credential, Diagnosis, Life};
use crate::domain::text::printable;
use crate::domain::validity;
use crate::files::kubeconfig::{self, disk::Disk};

/// List the contexts of the kubeconfigs: how each logs in, for how long, and what is broken
#[derive(Debug, Args)]
pub(crate) struct ContextsFlags {
    /// How to print
    #[arg(long, short, value_enum, default_value_t = ContextsFormat::Table, value_name = "FORMAT")]
    pub output: ContextsFormat,
    /// Call what ends within this time soon: 14d, 12h (default: 14d, or a fifth of a short certificate's life)
    #[arg(long, value_name = "TIME", value_parser = parse_warning)]
    pub warn: Option<TimeDelta>,
}

/// Formats of the list of contexts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ContextsFormat {
    Table,
    Wide,
    Json,
    Name,
}

impl RunCommand for ContextsFlags {
    fn needs(&self) -> Needs {
        Needs::Settings
    }

    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let contexts = kubeconfig::load(session.global.kubeconfig.as_deref())?.diagnose(&Disk);
        let out = session.out;
        let now = Utc::now();
        match self.output {
            ContextsFormat::Json => {
                print_json(&contexts.iter().map(|one| as_json(one, now, self.warn)).collect::<Vec<_>>())
            }
            ContextsFormat::Name => {
                let names: Vec<_> = contexts.iter().map(|context| printable(&context.name).into_owned()).collect();
                if names.is_empty() { Ok(()) } else { out.print(&names.join("\n")) }
            }
            ContextsFormat::Table | ContextsFormat::Wide if contexts.is_empty() => {
                out.print_note("No contexts found");
                Ok(())
            }
            ContextsFormat::Table => out.print(&table(&contexts, now, self.warn, false)),
            ContextsFormat::Wide => out.print(&table(&contexts, now, self.warn, true)),
        }
    }
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
            valid(life(context, now, warn), now),
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

fn valid(life: Life, now: DateTime<Utc>) -> String {
    let left = |end: DateTime<Utc>| validity::age((end - now).num_seconds());
    match life {
        Life::Unknown => "–".to_owned(),
        Life::Valid(end) => left(end),
        Life::Soon(end) => format!("{} (soon)", left(end)),
        Life::Expired(_) => "expired".to_owned(),
        Life::NotYet(_) => "not yet".to_owned(),
    }
}

fn as_json(context: &Diagnosis, now: DateTime<Utc>, warn: Option<TimeDelta>) -> Value {
    let moment = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let state = match life(context, now, warn) {
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
        "credentials": context.credentials.iter().map(Credential::word).collect::<Vec<_>>(),
        "certificate": certificate, "keyFits": context.key_fits,
        "expires": context.ends.map(moment), "state": state, "problems": context.problems,
        "notes": context.notes,
    })
}
