//! Carries the pane's tasks out. They touch files; only a test asks a cluster.

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
use crate::domain::kubeconfig::edit::Edit;
use crate::domain::kubeconfig::import::Incoming;
use crate::domain::kubeconfig::redact;
use crate::domain::kubeconfig::set::Kubeconfigs;
use crate::domain::secret::Secret;
use crate::error::UserError;
use crate::files::imported::{self, Incomer};
use crate::files::kubeconfig::disk::Disk;
use crate::files::kubeconfig::{self, Comments, WrittenFile};
use crate::files::{self, folders, lock};
use crate::panics;

/// The pane's hands.
pub(crate) struct KubeconfigRunner {
    answers: UnboundedSender<Event>,
    target: Target,
    prompt: Prompt,
}

impl KubeconfigRunner {
    /// Idle hands; what they learn goes to `answers`.
    pub(crate) fn new(target: Target, prompt: Prompt, answers: UnboundedSender<Event>) -> Self {
        Self { answers, target, prompt }
    }

    /// Begins to carry a task out.
    pub(crate) fn carry_out(&self, task: KubeconfigTask) {
        let (answers, target) = (self.answers.clone(), self.target.clone());
        let tell = move |news| {
            // The console may be ending; then nobody wants the answer.
            let _ = answers.send(Event::Kubeconfig(news));
        };
        let failed = {
            let (answers, failure) = (self.answers.clone(), failure_of(&task));
            move |trouble| drop(answers.send(Event::Kubeconfig(failure(trouble))))
        };
        if let KubeconfigTask::Test(id, context) = task {
            let prompt = self.prompt.clone();
            let test = async move {
                let target = Target { context: Some(context.clone()), namespace: None, ..target };
                tell(KubeconfigResult::Tested(id, context, Box::new(probe::probe(&target, prompt).await)));
            };
            panics::spawn(test, failed);
            return;
        }
        panics::spawn_blocking(move || tell(answer(&target, task)), failed);
    }
}

/// How whoever waits for a task learns that it panicked.
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
                _ => carry_out(explicit, &change, consent, permit),
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

fn carry_out(
    explicit: Option<&Path>,
    change: &KubeconfigChange,
    consent: Consent,
    permit: Option<WritePermit>,
) -> ChangeOutcome {
    if consent.lock && permit.is_some() {
        remove_locks(explicit);
    }
    let comments = if consent.comments { Comments::MayGo } else { Comments::Keep };
    let done = match (change, permit) {
        (KubeconfigChange::Extract { context, path, overwrite }, permit) => {
            let replace = permit.filter(|_| *overwrite);
            return extracted(explicit, context, path, replace).unwrap_or_else(ChangeOutcome::Failed);
        }
        (KubeconfigChange::Trust { context, .. }, _) => trusted(explicit, context),
        (_, None) => return ChangeOutcome::Failed(crate::cluster::ClusterError::ReadOnly.into()),
        (KubeconfigChange::Edit(edit), Some(permit)) => edited(permit, explicit, comments, edit),
        (KubeconfigChange::Embed(context), Some(permit)) => embedded(permit, explicit, comments, context),
        (KubeconfigChange::Import(path), Some(permit)) => import(permit, explicit, comments, path),
    };
    match done {
        Ok((mut notes, written)) => {
            // Where a deleted key still is comes before what was deleted with it.
            notes.splice(0..0, written.iter().flat_map(WrittenFile::notes));
            ChangeOutcome::Done(notes, written.iter().map(told).collect())
        }
        Err(files::FileError::Comments(path)) => ChangeOutcome::Comments(path),
        Err(files::FileError::Locked { lock, age_seconds }) => ChangeOutcome::Locked(lock, age_seconds),
        Err(error) => ChangeOutcome::Failed(error.into()),
    }
}

type Changed = Result<(Vec<String>, Vec<WrittenFile>), files::FileError>;

fn edited(permit: WritePermit, explicit: Option<&Path>, comments: Comments, edit: &Edit) -> Changed {
    kubeconfig::change(permit, explicit, comments, |all| all.apply(edit))
}

fn planned(all: &Kubeconfigs, other: &Incomer, path: &Path) -> Result<Vec<Incoming>, String> {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    all.plan_import(&other.config, &stem, &|_, _| None)
}

fn plan(explicit: Option<&Path>, path: &Path) -> Result<Vec<String>, UserError> {
    let other = Incomer::read(path, false)?;
    let plan = planned(&kubeconfig::load(explicit)?, &other, path).map_err(UserError::new)?;
    // What is dangerous comes first, so that it is seen before anything is agreed to.
    let mut lines: Vec<_> = other.risks.iter().map(|risk| format!("! {}", risk.text())).collect();
    lines.extend(other.notes);
    lines.extend(plan.iter().flat_map(Incoming::lines));
    Ok(lines)
}

fn import(permit: WritePermit, explicit: Option<&Path>, comments: Comments, path: &Path) -> Changed {
    let other = Incomer::read(path, false)?;
    let (plan, written) = kubeconfig::change(permit, explicit, comments, |all| {
        let plan = planned(all, &other, path)?;
        other.record(all, &plan)?;
        all.import(&other.config, &plan);
        Ok(plan)
    })?;
    let mut notes = other.notes;
    notes.extend(plan.iter().flat_map(Incoming::lines));
    Ok((notes, written))
}

fn embedded(permit: WritePermit, explicit: Option<&Path>, comments: Comments, context: &str) -> Changed {
    imported::check(&kubeconfig::load(explicit)?, context)?;
    kubeconfig::change(permit, explicit, comments, |all| all.embed(context, &Disk))
}

/// Trust is noted in the state folder; no kubeconfig is written.
fn trusted(explicit: Option<&Path>, context: &str) -> Changed {
    let entries = imported::of_context(&kubeconfig::load(explicit)?, context)?;
    imported::trust(&entries)?;
    Ok((entries.into_iter().flat_map(|one| one.what).collect(), Vec::new()))
}

fn extracted(
    explicit: Option<&Path>,
    context: &str,
    path: &Path,
    replace: Option<WritePermit>,
) -> Result<ChangeOutcome, UserError> {
    let all = kubeconfig::load(explicit)?;
    imported::check(&all, context)?;
    let alone = all.extract(context, &Disk).map_err(UserError::new)?;
    let yaml = Secret::new(alone.to_yaml().map_err(UserError::new)?);
    match kubeconfig::write_extracted(path, &yaml, replace) {
        Err(files::FileError::Exists(_)) => Ok(ChangeOutcome::Exists),
        other => {
            other?;
            Ok(ChangeOutcome::Done(Vec::new(), vec![format!("{} (0600, with the key)", path.display())]))
        }
    }
}

fn remove_locks(explicit: Option<&Path>) {
    let files = explicit.map_or_else(kubeconfig::search_path, |path| vec![path.to_owned()]);
    for file in files {
        let real = file.canonicalize().ok().filter(|real| *real != file);
        for file in [Some(file), real].into_iter().flatten() {
            if let Some(found) = lock::find(&file).filter(|found| !found.is_held) {
                // Where it does not go, the write finds it and says so.
                let _ = lock::remove(&file, &found);
            }
        }
    }
}

fn told(written: &WrittenFile) -> String {
    let backup = written.backup.as_ref().and_then(|path| path.file_name());
    let backup = backup.map(|name| format!(", backup {}", name.to_string_lossy())).unwrap_or_default();
    format!("{}{backup}", written.path.display())
}
