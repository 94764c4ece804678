//! Runs the pane's tasks. They touch files; only a connection test asks a cluster.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio::sync::mpsc::UnboundedSender;

use crate::cluster::{Prompt, Target, probe};
use crate::console::core::event::Event;
use crate::console::panes::kubeconfig::{
    ChangeOutcome, Consent, KubeconfigChange, KubeconfigResult, KubeconfigTask, LoadedKubeconfigs,
};
use crate::domain::gate::{Refusal, WritePermit};
use crate::domain::kubeconfig::import::Incoming;
use crate::domain::kubeconfig::redact;
use crate::error::UserError;
use crate::files::imported;
use crate::files::kubeconfig::disk::Disk;
use crate::files::kubeconfig::{self, Comments, WrittenFile};
use crate::files::{self, folders};
use crate::operations::kubeconfig::{self as operations, BackupAs, Changed, Import, KubeconfigWriter, summary_of};
use crate::panics;

/// Runs the pane's tasks.
pub(crate) struct KubeconfigRunner {
    answers: UnboundedSender<Event>,
    target: Target,
    prompt: Prompt,
}

impl KubeconfigRunner {
    /// Results go to `answers`.
    pub(crate) fn new(target: Target, prompt: Prompt, answers: UnboundedSender<Event>) -> Self {
        Self { answers, target, prompt }
    }

    /// Starts a task.
    pub(crate) fn carry_out(&self, task: KubeconfigTask) {
        let (answers, target) = (self.answers.clone(), self.target.clone());
        let send = move |result| {
            // Nothing receives it when the console is ending.
            let _ = answers.send(Event::Kubeconfig(result));
        };
        let failed = {
            let (answers, failure) = (self.answers.clone(), failure_of(&task));
            move |trouble| drop(answers.send(Event::Kubeconfig(failure(trouble))))
        };
        if let KubeconfigTask::Test(id, context) = task {
            let prompt = self.prompt.clone();
            let test = async move {
                let target = Target { context: Some(context.clone()), namespace: None, ..target };
                send(KubeconfigResult::Tested(id, context, Box::new(probe::probe(&target, prompt).await)));
            };
            panics::spawn(test, failed);
            return;
        }
        panics::spawn_blocking(move || send(answer(&target, task)), failed);
    }
}

/// The result of a task that panicked.
fn failure_of(task: &KubeconfigTask) -> Box<dyn FnOnce(UserError) -> KubeconfigResult + Send> {
    match task {
        KubeconfigTask::Read => Box::new(|trouble| KubeconfigResult::Read(Err(trouble))),
        KubeconfigTask::Yaml(context) => {
            let context = context.clone();
            Box::new(|trouble| KubeconfigResult::Yaml(context, vec![trouble.message]))
        }
        KubeconfigTask::Plan(id, _) => {
            let id = *id;
            Box::new(move |trouble| KubeconfigResult::Planned(id, Err(trouble)))
        }
        KubeconfigTask::Change(id, ..) => {
            let id = *id;
            Box::new(move |trouble| KubeconfigResult::Changed(id, ChangeOutcome::Failed(trouble)))
        }
        KubeconfigTask::Test(id, context) => {
            let (id, context) = (*id, context.clone());
            Box::new(move |trouble| {
                KubeconfigResult::Tested(id, context, Box::new(probe::Probe::failed(trouble.message)))
            })
        }
    }
}

fn answer(target: &Target, task: KubeconfigTask) -> KubeconfigResult {
    let explicit = target.kubeconfig.as_deref();
    match task {
        KubeconfigTask::Yaml(context) => {
            let alone = kubeconfig::load(explicit).map_err(|error| error.to_string());
            let alone = alone.map(|all| redact::yaml(&all.minified(&context)));
            let text = alone.unwrap_or_else(|why| why);
            KubeconfigResult::Yaml(context, text.lines().map(str::to_owned).collect())
        }
        KubeconfigTask::Plan(id, path) => KubeconfigResult::Planned(id, plan(explicit, &path)),
        KubeconfigTask::Change(id, change, consent, permit) => {
            // The config file may close contexts that this console is not connected to.
            let outcome = match target.kubeconfig_access(&change.contexts()).permit() {
                Err(refusal) if change.needs_permit() => ChangeOutcome::Failed(refused(&refusal)),
                _ => execute(explicit, &change, consent, permit),
            };
            KubeconfigResult::Changed(id, outcome)
        }
        KubeconfigTask::Read | KubeconfigTask::Test(..) => {
            KubeconfigResult::Read(read(explicit).map(Box::new).map_err(UserError::from))
        }
    }
}

fn read(explicit: Option<&Path>) -> Result<LoadedKubeconfigs, files::FileError> {
    let all = kubeconfig::load(explicit)?;
    let mode = |path: &Path| path.metadata().ok().map(|meta| meta.permissions().mode() & 0o777);
    let contexts = all.diagnose(&Disk);
    let mut untrusted = BTreeMap::new();
    for context in &contexts {
        let what = imported::of_context(&all, &context.name)?.into_iter().flat_map(|one| one.what);
        let what: Vec<_> = what.collect();
        if !what.is_empty() {
            untrusted.insert(context.name.clone(), what);
        }
    }
    let orphans: BTreeMap<_, _> =
        contexts.iter().map(|context| (context.name.clone(), all.orphans(&context.name))).collect();
    Ok(LoadedKubeconfigs {
        files: all.sources().iter().map(|source| (source.path.clone(), mode(&source.path))).collect(),
        explicit: explicit.map(Path::to_owned),
        contexts,
        untrusted,
        orphans,
        home: folders::home().ok(),
    })
}

fn refused(refusal: &Refusal) -> UserError {
    refusal.into()
}

fn execute(
    explicit: Option<&Path>,
    change: &KubeconfigChange,
    consent: Consent,
    permit: Option<WritePermit>,
) -> ChangeOutcome {
    if consent.lock && permit.is_some() {
        for found in operations::locks(explicit).filter(|found| !found.info.is_held) {
            // A lock that cannot be removed is found, and reported, by the write.
            let _ = found.remove();
        }
    }
    let comments = if consent.comments { Comments::MayGo } else { Comments::Keep };
    let writer = permit.map(|permit| KubeconfigWriter { permit, explicit, comments });
    let done = match (change, writer) {
        (KubeconfigChange::Extract { context, path, overwrite }, _) => {
            return extract(explicit, context, path, permit.filter(|_| *overwrite));
        }
        // Trust is noted in the state folder; no kubeconfig is written.
        (KubeconfigChange::Trust { context, .. }, _) => {
            operations::trust(explicit, context).map(|trusted| (trusted, Vec::new()))
        }
        (_, None) => return ChangeOutcome::Failed(crate::cluster::ClusterError::ReadOnly.into()),
        (KubeconfigChange::Edit(edit), Some(writer)) => writer.edit(edit),
        (KubeconfigChange::Embed(context), Some(writer)) => writer.embed(context),
        (KubeconfigChange::Import(path), Some(writer)) => import(&writer, path),
    };
    match done {
        Ok((mut notes, written)) => {
            // Where a deleted key still is comes before what was deleted with it.
            notes.splice(0..0, written.iter().flat_map(WrittenFile::notes));
            ChangeOutcome::Done(notes, written.iter().map(|file| summary_of(file, BackupAs::FileName)).collect())
        }
        Err(files::FileError::Comments(path)) => ChangeOutcome::Comments(path),
        Err(files::FileError::Locked { lock, age_seconds }) => ChangeOutcome::Locked(lock, age_seconds),
        Err(error) => ChangeOutcome::Failed(error.into()),
    }
}

fn plan(explicit: Option<&Path>, path: &Path) -> Result<Vec<String>, UserError> {
    let import = Import::read(path, false)?;
    let plan = import.preview(&kubeconfig::load(explicit)?)?;
    // What is dangerous comes first, so that it is seen before anything is agreed to.
    let mut lines: Vec<_> = import.incomer.risks.iter().map(|risk| format!("! {}", risk.text())).collect();
    lines.extend(import.incomer.notes);
    lines.extend(plan.iter().flat_map(Incoming::lines));
    Ok(lines)
}

fn import(writer: &KubeconfigWriter<'_>, path: &Path) -> Changed<Vec<String>> {
    let import = Import::read(path, false)?;
    let (plan, written) = writer.import(&import)?;
    let mut notes = import.incomer.notes;
    notes.extend(plan.iter().flat_map(Incoming::lines));
    Ok((notes, written))
}

fn extract(explicit: Option<&Path>, context: &str, path: &Path, replace: Option<WritePermit>) -> ChangeOutcome {
    let yaml = operations::extract(explicit, context);
    match yaml.and_then(|yaml| operations::write_extracted(path, &yaml, replace)) {
        Ok(()) => ChangeOutcome::Done(Vec::new(), vec![format!("{} (0600, with the key)", path.display())]),
        Err(files::FileError::Exists(_)) => ChangeOutcome::Exists,
        Err(error) => ChangeOutcome::Failed(error.into()),
    }
}
