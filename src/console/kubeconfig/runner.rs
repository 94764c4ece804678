//! Carries the pane's tasks out. They touch files; only a test asks a cluster.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio::sync::mpsc::UnboundedSender;

use super::{Change, Consent, Holds, News, Outcome, Task};
use crate::cluster::{Target, probe};
use crate::console::event::Event;
use crate::domain::kubeconfig::edit::Edit;
use crate::domain::kubeconfig::import::Incoming;
use crate::domain::kubeconfig::set::Kubeconfigs;
use crate::domain::kubeconfig::{Kubeconfig, extract, redact};
use crate::files::kubeconfig::{self, Comments, Written, disk};
use crate::files::{self, atomic, folders, lock};
use crate::trouble::Trouble;

/// The pane's hands.
pub struct KubeconfigRunner {
    answers: UnboundedSender<Event>,
    target: Target,
}

impl KubeconfigRunner {
    /// Idle hands; what they learn goes to `answers`.
    pub fn new(target: Target, answers: UnboundedSender<Event>) -> Self {
        Self { answers, target }
    }

    /// Begins to carry a task out.
    pub fn carry_out(&self, task: Task) {
        let (answers, target) = (self.answers.clone(), self.target.clone());
        let tell = move |news| {
            // The console may be ending; then nobody wants the answer.
            let _ = answers.send(Event::Kubeconfig(news));
        };
        if let Task::Test(id, context) = task {
            tokio::spawn(async move {
                let target = Target { context: Some(context.clone()), namespace: None, ..target };
                tell(News::Tested(id, context, Box::new(probe::probe(&target).await)));
            });
            return;
        }
        tokio::task::spawn_blocking(move || tell(answer(&target, task)));
    }
}

fn answer(target: &Target, task: Task) -> News {
    let explicit = target.kubeconfig.as_deref();
    match task {
        Task::Yaml(context) => {
            let alone = kubeconfig::load(explicit).map_err(|error| error.to_string());
            let alone = alone.map(|all| redact::yaml(&all.minified(&context)));
            let text = alone.unwrap_or_else(|why| why);
            News::Yaml(context, text.lines().map(str::to_owned).collect())
        }
        Task::Plan(id, path) => News::Planned(id, plan(explicit, &path)),
        Task::Change(id, change, consent) => {
            let outcome = if target.read_only {
                Outcome::Failed(crate::cluster::Error::ReadOnly.into())
            } else {
                carry_out(explicit, &change, consent)
            };
            News::Changed(id, outcome)
        }
        Task::Read | Task::Test(..) => News::Read(read(explicit).map(Box::new).map_err(Trouble::from)),
    }
}

fn read(explicit: Option<&Path>) -> Result<Holds, files::Error> {
    let all = kubeconfig::load(explicit)?;
    let mode = |path: &Path| path.metadata().ok().map(|meta| meta.permissions().mode() & 0o777);
    let contexts = all.diagnose(&disk::Disk);
    let orphans: BTreeMap<_, _> =
        contexts.iter().map(|context| (context.name.clone(), all.orphans(&context.name))).collect();
    Ok(Holds {
        files: all.sources().iter().map(|source| (source.path.clone(), mode(&source.path))).collect(),
        explicit: explicit.map(Path::to_owned),
        contexts,
        orphans,
        home: folders::home().ok(),
    })
}

fn carry_out(explicit: Option<&Path>, change: &Change, consent: Consent) -> Outcome {
    if consent.lock {
        remove_locks(explicit);
    }
    let comments = if consent.comments { Comments::MayGo } else { Comments::Keep };
    let done = match change {
        Change::Edit(edit) => edited(explicit, comments, edit),
        Change::Embed(context) => kubeconfig::change(explicit, comments, |all| all.embed(context, &disk::read)),
        Change::Import(path) => import(explicit, comments, path),
        Change::Extract { context, path, overwrite } => {
            return extracted(explicit, context, path, *overwrite).unwrap_or_else(Outcome::Failed);
        }
    };
    match done {
        Ok((notes, written)) => Outcome::Done(notes, written.iter().map(told).collect()),
        Err(files::Error::Comments(path)) => Outcome::Comments(path),
        Err(files::Error::Locked { lock, age_seconds }) => Outcome::Locked(lock, age_seconds),
        Err(error) => Outcome::Failed(error.into()),
    }
}

type Changed = Result<(Vec<String>, Vec<Written>), files::Error>;

fn edited(explicit: Option<&Path>, comments: Comments, edit: &Edit) -> Changed {
    kubeconfig::change(explicit, comments, |all| all.apply(edit))
}

/// The other file, made to mean the same here, and a word for what comes from it.
fn other(path: &Path) -> Result<(Kubeconfig, Vec<String>, String), files::Error> {
    if !path.exists() {
        return Err(files::Error::Refused(format!("{} is not there", path.display())));
    }
    let mut other = kubeconfig::read(path)?;
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let notes = extract::detach(&mut other, full.parent().unwrap_or(Path::new("/")), &disk::read);
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Ok((other, notes, stem))
}

fn planned(all: &Kubeconfigs, other: &Kubeconfig, stem: &str) -> Result<Vec<Incoming>, String> {
    all.plan_import(other, stem, &|_, _| None)
}

fn plan(explicit: Option<&Path>, path: &Path) -> Result<Vec<String>, Trouble> {
    let (other, mut lines, stem) = other(path)?;
    let plan = planned(&kubeconfig::load(explicit)?, &other, &stem).map_err(Trouble::new)?;
    lines.extend(plan.iter().flat_map(Incoming::lines));
    Ok(lines)
}

fn import(explicit: Option<&Path>, comments: Comments, path: &Path) -> Changed {
    let (other, mut notes, stem) = other(path)?;
    let (plan, written) = kubeconfig::change(explicit, comments, |all| {
        let plan = planned(all, &other, &stem)?;
        all.import(&other, &plan);
        Ok(plan)
    })?;
    notes.extend(plan.iter().flat_map(Incoming::lines));
    Ok((notes, written))
}

fn extracted(explicit: Option<&Path>, context: &str, path: &Path, overwrite: bool) -> Result<Outcome, Trouble> {
    let alone = kubeconfig::load(explicit)?.extract(context, &disk::read).map_err(Trouble::new)?;
    let yaml = alone.to_yaml().map_err(Trouble::new)?;
    let written = if overwrite {
        atomic::write_private(path, yaml.as_bytes())
    } else {
        atomic::write_private_new(path, yaml.as_bytes())
    };
    match written {
        Err(files::Error::Exists(_)) => Ok(Outcome::Exists),
        other => {
            other?;
            Ok(Outcome::Done(Vec::new(), vec![format!("{} (0600, with the key)", path.display())]))
        }
    }
}

fn remove_locks(explicit: Option<&Path>) {
    let files = explicit.map_or_else(kubeconfig::search_path, |path| vec![path.to_owned()]);
    for file in files {
        let real = file.canonicalize().ok().filter(|real| *real != file);
        for file in [Some(file), real].into_iter().flatten() {
            if let Some(found) = lock::find(&file).filter(|found| !found.held) {
                // Where it does not go, the write finds it and says so.
                let _ = lock::remove(&file, &found);
            }
        }
    }
}

fn told(written: &Written) -> String {
    let backup = written.backup.as_ref().and_then(|path| path.file_name());
    let backup = backup.map(|name| format!(", backup {}", name.to_string_lossy())).unwrap_or_default();
    format!("{}{backup}", written.path.display())
}
