//! The one place where the console's effects are carried out. Each becomes a task that answers with an event.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::Utc;
use k8s_openapi::api::certificates::v1::CertificateSigningRequest;
use tokio::sync::{mpsc, oneshot, watch as latest};

use crate::cluster::login::{ConsoleHandle, Handover, LoginStatus};
use crate::cluster::{Cluster, Decision, Prompt, Target, heartbeat, watch};
use crate::console::core::effect::Effect;
use crate::console::core::effect_id::EffectId;
use crate::console::core::event::SavedView;
use crate::console::core::event::{Connection, Event, Exported, Identified};
use crate::console::dialogs::bulk::result::BulkResult;
use crate::console::panes::kubeconfig;
use crate::console::panes::kubeconfig::runner::KubeconfigRunner;
use crate::console::panes::rbac;
use crate::console::panes::requests::Loaded;
use crate::console::wizard::runner::WizardRunner;
use crate::domain::gate::{Clearance, WritePermit};
use crate::domain::output::pem::Certificates;
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::{Request, RequestVersion};
use crate::domain::verdict::Verdict;
use crate::error::UserError;
use crate::files::{self, atomic};
use crate::panics;

/// Carries effects out.
pub(crate) struct Runner {
    answers: mpsc::UnboundedSender<Event>,
    cluster: latest::Receiver<Option<Cluster>>,
    wizard: WizardRunner,
    /// The many decisions that are under way; dropping the other half stops them.
    deciding: Option<(EffectId, oneshot::Sender<()>)>,
    kubeconfig: KubeconfigRunner,
    /// Stops the login program that is at work.
    canceled: Arc<AtomicBool>,
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.canceled.store(true, Ordering::Relaxed);
    }
}

/// What a connection is made from.
pub(crate) struct Connect {
    /// The cluster, and the identity.
    pub target: Target,
    /// The organization's policy.
    pub policy: Arc<PolicyFile>,
    /// Takes the requests of login programs for the terminal.
    pub handovers: mpsc::UnboundedSender<Handover>,
    /// Whether the user asks for a new login.
    pub login: bool,
}

impl Runner {
    /// Connects, and begins to watch.
    pub(crate) fn start(connect: Connect, answers: mpsc::UnboundedSender<Event>, events: mpsc::Sender<Event>) -> Self {
        let Connect { target, policy, handovers, login } = connect;
        let canceled = Arc::new(AtomicBool::new(false));
        let console = ConsoleHandle { handovers, canceled: canceled.clone() };
        let (connected, cluster) = latest::channel(None);
        let wizard = WizardRunner::new(answers.clone(), policy.clone());
        let kubeconfig = KubeconfigRunner::new(target.clone(), Prompt::Console(console.clone()), answers.clone());
        let failed = answers.clone();
        let prompt = if login { Prompt::Requested(console) } else { Prompt::Console(console) };
        panics::spawn(connection(target, prompt, policy, connected, answers.clone(), events), move |trouble| {
            drop(failed.send(Event::Connected(Err(trouble))));
        });
        Self { answers, cluster, wizard, deciding: None, kubeconfig, canceled }
    }

    /// Begins to carry an effect out. Effects of the terminal itself are the loop's.
    pub(crate) fn carry_out(&mut self, effect: Effect) {
        // These need no cluster, and work where there is none.
        let effect = match effect {
            Effect::Kubeconfig(task) => {
                if matches!(task, kubeconfig::KubeconfigTask::Test(..)) {
                    self.canceled.store(false, Ordering::Relaxed);
                }
                return self.kubeconfig.carry_out(task);
            }
            Effect::CancelLogin => return self.canceled.store(true, Ordering::Relaxed),
            other => other,
        };
        let Some(cluster) = self.cluster.borrow().clone() else { return };
        let effect = match effect {
            Effect::Wizard(task) => return self.wizard.carry_out(cluster, task),
            Effect::DecideAll(id, cleared, decision) => return self.decide_all(cluster, id, cleared, decision),
            Effect::StopDecisions(id) => {
                self.deciding.take_if(|(deciding, _)| *deciding == id);
                return;
            }
            other => other,
        };
        let answers = self.answers.clone();
        let (failed, failure) = (self.answers.clone(), failure_of(&effect));
        let task = async move {
            if let Some(event) = answer(&cluster, effect).await {
                // The console may be ending; then no one wants the answer.
                let _ = answers.send(event);
            }
        };
        panics::spawn(task, move |trouble| {
            if let Some(failure) = failure {
                let _ = failed.send(failure(trouble));
            }
        });
    }

    fn decide_all(&mut self, cluster: Cluster, id: EffectId, cleared: Vec<Clearance>, decision: Decision) {
        let (stop, stopped) = oneshot::channel();
        self.deciding = Some((id, stop));
        let (answers, failed) = (self.answers.clone(), self.answers.clone());
        let task = async move {
            // The console may be ending; then no one wants the news.
            let report = |at, outcome| drop(answers.send(Event::Bulk(id, BulkResult::Decided(at, outcome))));
            cluster.decide_all(&cleared, &decision, stopped, report).await;
            let _ = answers.send(Event::Bulk(id, BulkResult::Ended));
        };
        // What was not decided is left over, and shown as such.
        panics::spawn(task, move |_| drop(failed.send(Event::Bulk(id, BulkResult::Ended))));
    }
}

type PanicReport = Box<dyn FnOnce(UserError) -> Event + Send>;

/// How whoever waits for an effect learns that its task panicked.
fn failure_of(effect: &Effect) -> Option<PanicReport> {
    Some(match effect {
        Effect::Identify => Box::new(|trouble| Event::Identified(Err(trouble))),
        Effect::Read(pin) => {
            let uid = pin.uid.clone();
            Box::new(|trouble| Event::Read { uid, result: Err(trouble) })
        }
        Effect::Decide(id, ..) => {
            let id = *id;
            Box::new(move |trouble| Event::Decided(id, Err(trouble)))
        }
        Effect::Delete(id, _) => {
            let id = *id;
            Box::new(move |trouble| Event::Deleted(id, Err(trouble)))
        }
        Effect::Export { id, .. } => {
            let id = *id;
            Box::new(move |trouble| Event::Exported(id, Exported::Failed(trouble)))
        }
        Effect::Rbac(task) => {
            let failure = rbac::runner::failure_of(task)?;
            Box::new(|trouble| Event::Rbac(failure(trouble)))
        }
        _ => return None,
    })
}

async fn answer(cluster: &Cluster, effect: Effect) -> Option<Event> {
    Some(match effect {
        Effect::Identify => Event::Identified(identify(cluster).await),
        Effect::Read(pin) => read(cluster, pin).await,
        Effect::Decide(id, clearance, decision) => decide(cluster, id, &clearance, &decision).await,
        Effect::Delete(id, deletion) => {
            Event::Deleted(id, cluster.delete_request(&deletion).await.map_err(UserError::from))
        }
        Effect::Export { id, pin, path, replace } => Event::Exported(id, export(cluster, &pin, &path, replace).await),
        Effect::Rbac(task) => Event::Rbac(rbac::runner::carry_out(cluster, task).await),
        Effect::DecideAll(..)
        | Effect::StopDecisions(_)
        | Effect::Wizard(_)
        | Effect::Copy(_)
        | Effect::Kubeconfig(_)
        | Effect::Remember(..)
        | Effect::Connect { .. }
        | Effect::CancelLogin
        | Effect::Redraw
        | Effect::Suspend
        | Effect::Quit => return None,
    })
}

async fn connection(
    target: Target,
    prompt: Prompt,
    policy: Arc<PolicyFile>,
    connected: latest::Sender<Option<Cluster>>,
    answers: mpsc::UnboundedSender<Event>,
    events: mpsc::Sender<Event>,
) {
    let failed = |error: crate::cluster::ClusterError| drop(answers.send(Event::Connected(Err(error.into()))));
    let prepared = match Cluster::prepare(&target, prompt) {
        Ok(prepared) => prepared,
        Err(error) => return failed(error),
    };
    forward(prepared.health(), answers.clone(), |health| Some(Event::Login(health)));
    let cluster = loop {
        match prepared.log_in().await {
            Ok(cluster) => break cluster,
            Err(error) => failed(error),
        }
        // What needs someone waits for the user, who connects again.
        let LoginStatus::Failing { next_try, .. } = prepared.health().borrow().clone() else { return };
        tokio::select! {
            () = tokio::time::sleep((next_try - Utc::now()).to_std().unwrap_or_default()) => {}
            () = answers.closed() => return,
        }
    };
    forward(cluster.waits(), answers.clone(), |wait| wait.map(Event::Asked));
    let connection = Connection {
        context: cluster.context.clone(),
        namespace: cluster.namespace.clone(),
        server: cluster.server.clone(),
        cluster: cluster.cluster_name.clone(),
        kubectl: cluster.kubectl.clone(),
        // Without a home folder there is none; the wizard then asks for a file.
        kubeconfig: files::kubeconfig::for_new_entries(target.kubeconfig.as_deref()).unwrap_or_default(),
    };
    let (memory, known) = files::session_store::load(&cluster.context);
    let recalled = SavedView { memory, first: !known, read_only: cluster.is_read_only() };
    let _ = answers.send(Event::Recalled(recalled));
    connected.send_replace(Some(cluster.clone()));
    let _ = answers.send(Event::Connected(Ok(connection)));
    let (to_watch, mut messages) = mpsc::channel(1);
    let ended = |answers: &mpsc::UnboundedSender<Event>| {
        let answers = answers.clone();
        move |trouble| drop(answers.send(Event::WatchEnded(trouble)))
    };
    panics::spawn(rbac::runner::watch(cluster.clone(), events.clone()), ended(&answers));
    panics::spawn(watch_nodes(cluster.clone(), events.clone()), ended(&answers));
    panics::spawn(beats(cluster.clone(), answers.clone()), ended(&answers));
    panics::spawn(watch::watch_requests(cluster, policy, to_watch), ended(&answers));
    while let Some(message) = messages.recv().await {
        if events.send(Event::Watch(message)).await.is_err() {
            return;
        }
    }
}

/// Sends on every value of a channel as an event, until no one listens.
fn forward<T: Clone + Send + Sync + 'static>(
    mut from: latest::Receiver<T>,
    to: mpsc::UnboundedSender<Event>,
    event: impl Fn(T) -> Option<Event> + Send + 'static,
) {
    tokio::spawn(async move {
        loop {
            let value = from.borrow_and_update().clone();
            if event(value).is_some_and(|event| to.send(event).is_err()) {
                return;
            }
            tokio::select! {
                changed = from.changed() => if changed.is_err() { return },
                () = to.closed() => return,
            }
        }
    });
}

/// Heartbeats as events.
async fn beats(cluster: Cluster, answers: mpsc::UnboundedSender<Event>) {
    let (to, mut beats) = mpsc::channel::<Result<(), crate::cluster::ClusterError>>(1);
    let forward = async {
        while let Some(beat) = beats.recv().await {
            if answers.send(Event::Beat(beat.map_err(UserError::from))).is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = heartbeat(cluster, to) => {}
        () = forward => {}
    }
}

async fn watch_nodes(cluster: Cluster, events: mpsc::Sender<Event>) {
    let (to, mut nodes) = mpsc::channel(1);
    let forward = async {
        while let Some(nodes) = nodes.recv().await {
            if events.send(Event::Nodes(nodes)).await.is_err() {
                return;
            }
        }
    };
    // In one task: a panic of either is one of both.
    tokio::join!(watch::nodes::watch_nodes(cluster, to), forward);
}

async fn identify(cluster: &Cluster) -> Result<Identified, UserError> {
    let (who, version, ca_ends, api_hosts) =
        tokio::join!(cluster.who_am_i(), cluster.version(), cluster.ca_end(), Box::pin(cluster.api_hosts()));
    // Few may read the CA's configuration, and little depends on it.
    Ok(Identified { who: who?, version: version?, ca_ends: ca_ends.unwrap_or_default(), api_hosts })
}

async fn read(cluster: &Cluster, pin: RequestVersion) -> Event {
    let result = match cluster.request(&pin.name).await {
        Ok(csr) => Ok(Box::new(loaded(csr))),
        Err(error) => Err(error.into()),
    };
    Event::Read { uid: pin.uid, result }
}

fn loaded(mut csr: CertificateSigningRequest) -> Loaded {
    csr.metadata.managed_fields = None;
    let request = Request::from_object(&csr);
    let yaml = crate::domain::yaml::to_string(&csr).unwrap_or_else(|_| "it has no form in YAML\n".to_owned());
    // The state judges it: it knows what is around.
    Loaded { request, verdict: Verdict::default(), yaml }
}

async fn decide(cluster: &Cluster, id: EffectId, clearance: &Clearance, decision: &Decision) -> Event {
    let result = cluster.decide(clearance, decision).await;
    Event::Decided(id, result.map(|csr| Box::new(Request::from_object(&csr))).map_err(UserError::from))
}

async fn export(cluster: &Cluster, pin: &RequestVersion, path: &Path, replace: Option<WritePermit>) -> Exported {
    let csr = match cluster.request(&pin.name).await {
        Ok(csr) => csr,
        Err(error) => return Exported::Failed(error.into()),
    };
    if csr.metadata.uid.as_deref() != Some(&pin.uid) {
        return Exported::Failed(UserError::new("the request is gone; another has its name"));
    }
    let Some(certificate) = csr.status.and_then(|status| status.certificate) else {
        return Exported::Failed(UserError::new("it has no certificate"));
    };
    let certificates = match Certificates::read(&certificate.0) {
        Ok(certificates) => certificates,
        Err(why) => return Exported::Failed(UserError::new(why)),
    };
    match atomic::write_public(path, certificates.pem.as_bytes(), replace) {
        Ok(()) => Exported::Written(path.display().to_string()),
        Err(files::FileError::Exists(_)) => Exported::Exists,
        Err(error) => Exported::Failed(error.into()),
    }
}
