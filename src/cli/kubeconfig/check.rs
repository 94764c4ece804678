//! `countersign check`: what has expired, expires soon or is broken.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;

use super::validity::{life, parse_warning};
use crate::cli::error::CliError;
use crate::cli::exit_status::ExitStatus;
use crate::cli::session::{CliSession, Needs, RunCommand};
use crate::domain::kubeconfig::EntryKind;
use crate::domain::kubeconfig::diagnose::{Diagnosis, Life};
use crate::domain::kubeconfig::set::Kubeconfigs;
use crate::domain::text::printable;
use crate::domain::validity;
use crate::files::kubeconfig::{self, disk::Disk};
use crate::files::kuberc;

/// Say what has expired, expires soon or is broken; for cron: exit code 0 nothing, 1 expired or broken, 3 soon
#[derive(Debug, Args)]
pub(crate) struct CheckFlags {
    /// The contexts to look at (default: all)
    #[arg(value_name = "CONTEXT")]
    pub names: Vec<String>,
    /// Warn of what ends within this time: 14d, 12h (default: 14d, or a fifth of a short certificate's life)
    #[arg(long, value_name = "TIME", value_parser = parse_warning)]
    pub warn: Option<TimeDelta>,
}

impl RunCommand for CheckFlags {
    fn needs(&self) -> Needs {
        Needs::Settings
    }

    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let all = kubeconfig::load(session.global.kubeconfig.as_deref())?;
        let contexts = self.select(&all)?;
        let out = session.out;
        // A policy that contradicts itself is a problem of each context that runs a program.
        if let Some(note) = kuberc::find().ok().and_then(|found| found.note) {
            out.print_note(&format!("note: {note}"));
        }
        let now = Utc::now();
        let (mut bad, mut soon) = (0, 0);
        let current = all.current_context().filter(|_| self.names.is_empty());
        if let Some(name) = current.filter(|name| all.origin(EntryKind::Context, name).is_none()) {
            bad += 1;
            out.print(&format!("current-context: context {} not found", printable(name)))?;
        }
        for context in &contexts {
            let life = life(context, now, self.warn);
            bad += usize::from(matches!(life, Life::Expired(_) | Life::NotYet(_)))
                + usize::from(!context.problems.is_empty());
            soon += usize::from(matches!(life, Life::Soon(_)));
            findings(context, life, now).iter().try_for_each(|line| out.print(line))?;
        }
        match (bad, soon) {
            (0, 0) => Ok(()),
            (0, _) => Err(CliError::silent(ExitStatus::ExpiresSoon)),
            _ => Err(CliError::silent(ExitStatus::Failed)),
        }
    }
}

impl CheckFlags {
    /// The contexts to look at.
    fn select(&self, all: &Kubeconfigs) -> Result<Vec<Diagnosis>, CliError> {
        let mut contexts = all.diagnose(&Disk);
        if let Some(name) = self.names.iter().find(|name| !contexts.iter().any(|context| context.name == **name)) {
            return Err(CliError::new(format!("there is no context {}", printable(name))));
        }
        if contexts.is_empty() {
            let files: Vec<_> = all.sources().iter().map(|source| source.path.display().to_string()).collect();
            return Err(CliError::new(format!("no contexts found in {}", printable(&files.join(", ")))));
        }
        contexts.retain(|context| self.names.is_empty() || self.names.contains(&context.name));
        Ok(contexts)
    }
}

/// A line for each thing to know about a context.
fn findings(context: &Diagnosis, life: Life, now: DateTime<Utc>) -> Vec<String> {
    let name = printable(&context.name);
    let validity = match life {
        Life::Expired(end) => Some(format!("{name}: expired {} ago", validity::age((now - end).num_seconds()))),
        Life::Soon(end) => Some(format!("{name}: expires in {}", validity::age((end - now).num_seconds()))),
        Life::NotYet(begin) => Some(format!("{name}: not valid before {}", begin.format("%Y-%m-%d %H:%M:%SZ"))),
        Life::Valid(_) | Life::Unknown => None,
    };
    let problems = context.problems.iter().map(|problem| format!("{name}: {}", printable(problem)));
    let notes = context.notes.iter().map(|note| format!("{name}: note: {}", printable(note)));
    validity.into_iter().chain(problems).chain(notes).collect()
}
