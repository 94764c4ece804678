//! Carries the wizard's tasks out.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::{WizardResult, WizardTask};
use crate::cluster::Cluster;
use crate::console::core::effect_id::EffectId;
use crate::console::core::event::Event;
use crate::domain::gate::WritePermit;
use crate::domain::plan::StepKind;
use crate::domain::policy_file::PolicyFile;
use crate::domain::request_file::{self, CanonicalRequestPem};
use crate::error::UserError;
use crate::files::bounded;
use crate::operations::issue;
use crate::operations::issue::{IssueAuthorization, Journal, Progress, preflight, undo};
use crate::panics;

/// The wizard's hands.
pub(crate) struct WizardRunner {
    answers: UnboundedSender<Event>,
    policy: Arc<PolicyFile>,
    running: Option<JoinHandle<()>>,
}

impl WizardRunner {
    /// Idle; results are sent to `answers`.
    pub(crate) fn new(answers: UnboundedSender<Event>, policy: Arc<PolicyFile>) -> Self {
        Self { answers, policy, running: None }
    }

    /// Begins to carry a task out.
    pub(crate) fn carry_out(&mut self, cluster: Cluster, task: WizardTask) {
        let answers = self.answers.clone();
        // The console may be ending; then no one wants the answer.
        let report = move |news| drop(answers.send(Event::Wizard(news)));
        let failed = report.clone();
        match task {
            WizardTask::LookForUnfinished => {
                let task = move || report(WizardResult::Unfinished(Journal::unfinished().unwrap_or_default()));
                panics::spawn_blocking(task, move |_| failed(WizardResult::Unfinished(Vec::new())));
            }
            WizardTask::ReadRequest(path) => {
                let of = path.clone();
                let task = move || {
                    let text = read_request(&path);
                    report(WizardResult::RequestRead(path, text));
                };
                panics::spawn_blocking(task, move |trouble| {
                    failed(WizardResult::RequestRead(of, Err(trouble.message)));
                });
            }
            WizardTask::Rehearse(id, order) => {
                let policy = Arc::clone(&self.policy);
                let task = async move {
                    let rehearsal = preflight(&cluster, &policy, &[], &order).await;
                    report(WizardResult::Rehearsed(id, rehearsal.map_err(UserError::from)));
                };
                panics::spawn(task, move |trouble| failed(WizardResult::Rehearsed(id, Err(trouble))));
            }
            WizardTask::Begin(id, permit, order, confirmed) => {
                match Journal::create(*order, &cluster.server, &cluster.context) {
                    Ok(journal) => self.run(cluster, id, self.issuer(permit, confirmed), journal),
                    Err(error) => {
                        report(WizardResult::Progress(id, Progress::Failed(StepKind::Key, UserError::from(error))));
                    }
                }
            }
            WizardTask::Resume(id, permit, journal, confirmed) => {
                self.run(cluster, id, self.issuer(permit, confirmed), journal.reloaded());
            }
            WizardTask::Cancel => {
                if let Some(running) = self.running.take() {
                    running.abort();
                }
            }
            WizardTask::Undo(id, permit, journal) => {
                let task =
                    async move { report(WizardResult::Undone(id, undo(&cluster, permit, &journal.reloaded()).await)) };
                panics::spawn(task, move |trouble| failed(WizardResult::Undone(id, Err(trouble))));
            }
        }
    }

    fn issuer(&self, permit: WritePermit, confirmed: Vec<String>) -> IssueAuthorization {
        IssueAuthorization { permit, policy: Arc::clone(&self.policy), confirmed }
    }

    fn run(&mut self, cluster: Cluster, id: EffectId, issuer: IssueAuthorization, journal: Journal) {
        let answers = self.answers.clone();
        let _ = answers.send(Event::Wizard(WizardResult::Began(id, Box::new(journal.clone()))));
        let (news, mut progress) = mpsc::unbounded_channel();
        let (panicked, mut panic) = mpsc::unbounded_channel();
        // How it ended is in its news.
        let run = async move { drop(issue::run(&cluster, &issuer, journal, news).await) };
        self.running = Some(panics::spawn(run, move |trouble| drop(panicked.send(trouble))));
        tokio::spawn(async move {
            let mut step = StepKind::Key;
            let report = |progress| answers.send(Event::Wizard(WizardResult::Progress(id, progress))).is_ok();
            while let Some(progress) = progress.recv().await {
                if let Progress::Started(kind) = &progress {
                    step = *kind;
                }
                if !report(progress) {
                    return;
                }
            }
            if let Some(trouble) = panic.recv().await {
                report(Progress::Failed(step, trouble));
            }
        });
    }
}

/// The one request in the file; whatever else is in it is refused here.
fn read_request(path: &Path) -> Result<String, String> {
    let bytes = bounded::read(path, bounded::CREDENTIAL).map_err(|error| error.to_string())?;
    request_file::read(&Zeroizing::new(bytes)).map(CanonicalRequestPem::into_string).map_err(|error| error.in_full())
}
