//! The cluster and the machine that the tests of the screens play: what there is, and how it answers.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::kubeconfig::{certificate, holds};
use super::rbac::{SHOP, policy};
use super::{TestConsole, three};
use crate::cluster::bulk::DecisionOutcome as Decided;
use crate::cluster::probe::{Probe, ProbeFailure, Stage};
use crate::cluster::rbac::{OwnRules, Review};
use crate::cluster::{ClusterError, WhoAmI};
use crate::console::core::effect::Effect;
use crate::console::core::event::{Event, Exported};
use crate::console::dialogs::bulk::result::BulkResult as BulkNews;
use crate::console::panes::kubeconfig;
use crate::console::panes::kubeconfig::{ChangeOutcome, KubeconfigChange, LoadedKubeconfigs};
use crate::console::panes::rbac;
use crate::console::panes::requests::Loaded;
use crate::console::panes::requests::testing::{noon, request};
use crate::console::wizard;
use crate::domain::access::Policy;
use crate::domain::access::object::RbacKind;
use crate::domain::output::shell::Kubectl;
use crate::domain::plan::{Plan, StepKind};
use crate::domain::request::{Condition, Request, RequestState, RequestVersion};
use crate::domain::verdict::{Context, Verdict, judge};
use crate::error::UserError;
use crate::operations::issue::preflight::{Note, Severity};
use crate::operations::issue::verify_login::Proof;
use crate::operations::issue::{IssueOutcome as Issued, Journal, PreflightReport, Progress, WriteRecord};

/// How the cluster responds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseMode {
    /// Everything works.
    Kind,
    /// Everything can be read and rehearsed; a write is under way for ever.
    Slow,
    /// No answer comes any more.
    Silent,
    /// Nothing may be written.
    Refusing,
}

/// What there is.
pub(crate) struct FakeCluster {
    /// The requests that most screens show.
    pub few: Vec<Request>,
    /// Those with every verdict and state.
    pub many: Vec<Request>,
    /// The kubeconfigs of this machine.
    pub holds: LoadedKubeconfigs,
    shop: Value,
}

impl FakeCluster {
    /// With names that mean well.
    pub(crate) fn usual() -> Self {
        Self { few: three(), many: many(), holds: holds(), shop: serde_yaml::from_str(SHOP).unwrap() }
    }

    /// With every name going on in escape sequences, wide and joined characters.
    pub(crate) fn hostile() -> Self {
        let mut fake_cluster = Self::usual();
        for request in fake_cluster.few.iter_mut().chain(&mut fake_cluster.many) {
            let Ok(pkcs10) = &mut request.pkcs10 else { continue };
            let names = pkcs10.common_names.iter_mut().chain(&mut pkcs10.organizations);
            names.chain([&mut request.pin.name, &mut request.requester.username]).for_each(spoil);
        }
        for context in &mut fake_cluster.holds.contexts {
            let names = [&mut context.name, &mut context.cluster, &mut context.user, &mut context.server];
            names.into_iter().chain(&mut context.problems).for_each(spoil);
        }
        spoil_names(&mut fake_cluster.shop);
        fake_cluster
    }

    /// Its roles and bindings.
    pub(crate) fn policy(&self) -> Arc<Policy> {
        Arc::new(policy(&self.shop))
    }

    fn read(&self, pin: RequestVersion) -> Event {
        let mut all = self.few.iter().chain(&self.many);
        let found = all.find(|request| request.pin.uid == pin.uid).unwrap();
        let yaml = "apiVersion: certificates.k8s.io/v1\nkind: CertificateSigningRequest\n".to_owned();
        let loaded = Loaded { request: found.clone(), verdict: judge(found, &Context::default()), yaml };
        Event::Read { uid: pin.uid, result: Ok(Box::new(loaded)) }
    }

    /// What an effect leads to.
    fn answer(&self, effect: Effect, mood: ResponseMode) -> Vec<Event> {
        let writes = mood == ResponseMode::Kind || mood == ResponseMode::Refusing;
        match effect {
            Effect::Read(pin) => vec![self.read(pin)],
            Effect::Decide(id, clearance, _) if writes => {
                let uid = &clearance.pin().uid;
                let found = self.few.iter().chain(&self.many).find(|request| request.pin.uid == *uid).unwrap();
                vec![Event::Decided(id, done(mood, Box::new(found.clone())))]
            }
            Effect::Delete(id, _) if writes => vec![Event::Deleted(id, done(mood, ()))],
            Effect::DecideAll(id, pins, _) => decide_all(pins.len(), mood).map(|news| Event::Bulk(id, news)).collect(),
            Effect::Export { id, path, replace, .. } if writes => vec![Event::Exported(id, {
                let path = path.display().to_string();
                match done(mood, ()) {
                    Err(refused) => Exported::Failed(refused),
                    Ok(()) if path.starts_with("taken") && replace.is_none() => Exported::Exists,
                    Ok(()) => Exported::Written(path),
                }
            })],
            Effect::Rbac(task) => rbac_answer(task, mood).into_iter().map(Event::Rbac).collect(),
            Effect::Wizard(task) => wizard_answer(task, mood).into_iter().map(Event::Wizard).collect(),
            Effect::Kubeconfig(task) => self.file_answer(task, mood).into_iter().map(Event::Kubeconfig).collect(),
            _ => Vec::new(),
        }
    }

    fn file_answer(
        &self,
        task: kubeconfig::KubeconfigTask,
        mood: ResponseMode,
    ) -> Option<kubeconfig::KubeconfigResult> {
        use kubeconfig::{KubeconfigResult, KubeconfigTask};
        let refused = mood == ResponseMode::Refusing;
        match task {
            KubeconfigTask::Read => Some(KubeconfigResult::Read(Ok(Box::new(self.holds.clone())))),
            KubeconfigTask::Yaml(name) => {
                let lines = ["apiVersion: v1", "contexts:", "- context: {cluster: prod-eu, user: jane}"];
                let lines = lines.map(str::to_owned).into_iter().chain([format!("  name: {name}")]).collect();
                Some(KubeconfigResult::Yaml(name, lines))
            }
            KubeconfigTask::Plan(id, _) if refused => Some(KubeconfigResult::Planned(id, Err(refusal()))),
            KubeconfigTask::Plan(id, _) => {
                let lines = [
                    "context admin: new",
                    "user admin: another has that name; added as admin-colleague",
                    "  token: here (sha256 1a), there (sha256 2b)",
                ];
                Some(KubeconfigResult::Planned(id, Ok(lines.map(str::to_owned).to_vec())))
            }
            KubeconfigTask::Change(id, change, consent, _) if mood != ResponseMode::Slow => {
                let config = || "/home/alice/.kube/config".into();
                let outcome = match change {
                    _ if refused => ChangeOutcome::Failed(refusal()),
                    KubeconfigChange::Extract { path, overwrite: false, .. } if path.starts_with("taken") => {
                        ChangeOutcome::Exists
                    }
                    KubeconfigChange::Embed(_) if !consent.comments => ChangeOutcome::Comments(config()),
                    KubeconfigChange::Embed(_) if !consent.lock => {
                        ChangeOutcome::Locked("/home/alice/.kube/config.lock".into(), Some(10_800))
                    }
                    _ => ChangeOutcome::Done(Vec::new(), vec!["~/.kube/config, backup config.1731.bak".into()]),
                };
                Some(KubeconfigResult::Changed(id, outcome))
            }
            KubeconfigTask::Test(id, name) => {
                let who = WhoAmI { username: "alice-admin".into(), groups: vec!["ops".into()], ..WhoAmI::default() };
                let failed = ProbeFailure {
                    stage: Stage::Login,
                    error: ClusterError::Unauthorized { server: "https://10.1.0.5".into() },
                };
                let outcome = if refused { Err(failed) } else { Ok(who) };
                let probe = Probe { took: Duration::from_millis(42), version: Some("v1.36.3".into()), outcome };
                Some(KubeconfigResult::Tested(id, name, Box::new(probe)))
            }
            KubeconfigTask::Change(..) => None,
        }
    }
}

impl TestConsole {
    /// Answers all effects, and those that the answers cause, until none is left.
    pub(crate) fn answered(&mut self, fake_cluster: &FakeCluster, mood: ResponseMode) {
        while !self.effects.is_empty() {
            let asked = std::mem::take(&mut self.effects);
            if mood == ResponseMode::Silent {
                return;
            }
            for event in asked.into_iter().flat_map(|effect| fake_cluster.answer(effect, mood)).collect::<Vec<_>>() {
                self.dispatch(event);
            }
        }
    }
}

fn done<T>(mood: ResponseMode, what: T) -> Result<T, UserError> {
    if mood == ResponseMode::Refusing { Err(refusal()) } else { Ok(what) }
}

fn refusal() -> UserError {
    UserError::new("you may not do that in prod-eu (403)")
        .with_hint("Ask for the right, or switch to another context with c.")
}

fn decide_all(count: usize, mood: ResponseMode) -> impl Iterator<Item = BulkNews> {
    let reported = if mood == ResponseMode::Slow { count / 2 } else { count };
    let outcome = move |at: usize| match (mood, at % 3) {
        (ResponseMode::Refusing, 0) => Decided::Refused(ClusterError::Forbidden {
            missing: Some("approve requests for the signer kubernetes.io/kube-apiserver-client".into()),
            message: String::new(),
        }),
        (ResponseMode::Refusing, 1) => {
            Decided::Changed(ClusterError::Changed { name: "somebody".into(), now: RequestState::Denied })
        }
        _ => Decided::Done(RequestState::Approved),
    };
    let ended = (reported == count).then_some(BulkNews::Ended);
    (0..reported).map(move |at| BulkNews::Decided(at, outcome(at))).chain(ended)
}

fn rbac_answer(task: rbac::RbacTask, mood: ResponseMode) -> Option<rbac::RbacResult> {
    use rbac::{RbacResult, RbacTask};
    match task {
        RbacTask::Own(namespace) => {
            let rule = json!({"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]});
            let rules = vec![serde_json::from_value(rule).unwrap()];
            Some(RbacResult::Own(namespace, Ok(OwnRules { rules, incomplete: true })))
        }
        RbacTask::Review(id, ..) => {
            let allowed = mood != ResponseMode::Refusing;
            let reason = if allowed { "RBAC: allowed by RoleBinding" } else { "" };
            Some(RbacResult::Reviewed(id, Ok(Review { allowed, reason: reason.into(), ..Review::default() }), 4))
        }
        RbacTask::Read(id, named) => {
            let mut object = json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": named.kind.name(),
                "metadata": {"name": named.name, "uid": "u", "resourceVersion": "7",
                    "managedFields": [{"manager": "helm", "fieldsV1": {"f:rules": {}, "f:subjects": {}}}]},
            });
            if matches!(named.kind, RbacKind::Role | RbacKind::ClusterRole) {
                object["rules"] = json!([
                    {"apiGroups": ["", "extra"], "resources": ["pods"], "verbs": ["get"]},
                    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]},
                ]);
            } else {
                object["subjects"] = json!([{"kind": "User", "name": "jane"}, {"kind": "Group", "name": "qa"}]);
            }
            Some(RbacResult::Read(id, Ok(object)))
        }
        RbacTask::Put { id, .. } | RbacTask::Delete { id, .. } if mood == ResponseMode::Refusing => {
            Some(RbacResult::Put(
                id,
                Err(UserError::new("you do not hold yourself: get secrets")
                    .with_hint("Leave it out, or let somebody who holds it.")),
            ))
        }
        RbacTask::Put { id, object, dry_run, .. } => {
            (dry_run || mood == ResponseMode::Kind).then_some(RbacResult::Put(id, Ok(Some(*object))))
        }
        RbacTask::Delete { id, .. } => (mood == ResponseMode::Kind).then_some(RbacResult::Put(id, Ok(None))),
        RbacTask::Discover | RbacTask::Presets => None,
    }
}

fn wizard_answer(task: wizard::WizardTask, mood: ResponseMode) -> Vec<wizard::WizardResult> {
    use wizard::{WizardResult, WizardTask};
    match task {
        // One is left of a day on which nothing could be written.
        WizardTask::LookForUnfinished if mood == ResponseMode::Refusing => {
            let order = wizard::Wizard::new(crate::domain::issuance_request::OrderDefaults::default()).order().0;
            let (user, csr_name) = ("pavel".into(), "pavel".into());
            vec![WizardResult::Unfinished(vec![journal(&crate::domain::issuance_request::IssuanceRequest {
                user,
                csr_name,
                ..order
            })])]
        }
        WizardTask::LookForUnfinished => vec![WizardResult::Unfinished(Vec::new())],
        WizardTask::ReadRequest(path) => vec![WizardResult::RequestRead(path, Err("there is no such file".to_owned()))],
        WizardTask::Rehearse(id, _) => {
            let note = |step, weight, text: &str| Note { step, weight, text: text.to_owned() };
            let mut notes = vec![
                note(StepKind::Request, Severity::Fine, "the server would take it"),
                note(StepKind::Approve, Severity::Notice, "you may not approve it yourself: it will wait for somebody"),
                note(StepKind::Role, Severity::Fine, "the server would take it"),
            ];
            if mood == ResponseMode::Refusing {
                notes.push(note(StepKind::Kubeconfig, Severity::Problem, "config has a user zoe already"));
            }
            let verdict = Some(Verdict::default());
            vec![WizardResult::Rehearsed(id, Ok(PreflightReport { notes, verdict, refusal: None }))]
        }
        WizardTask::Begin(id, _, order, _) => run(id, &journal(&order), mood, StepKind::Approve),
        WizardTask::Resume(id, _, journal, _) => run(id, &journal, mood, StepKind::Certificate),
        WizardTask::Undo(..) if mood == ResponseMode::Slow => Vec::new(),
        WizardTask::Undo(id, ..) if mood == ResponseMode::Refusing => vec![WizardResult::Undone(id, Err(refusal()))],
        WizardTask::Undo(id, ..) => {
            vec![WizardResult::Undone(id, Ok(vec![written("delete", "rolebinding/developer-binding-zoe")]))]
        }
        WizardTask::Cancel => Vec::new(),
    }
}

fn written(what: &'static str, object: &str) -> WriteRecord {
    WriteRecord {
        what,
        object: object.into(),
        outcome: Ok("done".into()),
        command: Kubectl::plain().command(what).operands([object]).line(),
    }
}

fn journal(order: &crate::domain::issuance_request::IssuanceRequest) -> Journal {
    serde_json::from_value(json!({
        "order": order, "server": "https://10.1.0.5:6443", "context": "prod-eu", "begun": noon(), "csr_uid": "u",
        "role_uid": null, "binding_uid": null, "kubeconfig_written": false, "previous_context": null,
    }))
    .unwrap()
}

/// A run: to its end, or to the step that takes for ever or is refused.
fn run(id: u64, journal: &Journal, mood: ResponseMode, slow: StepKind) -> Vec<wizard::WizardResult> {
    let mut news = vec![wizard::WizardResult::Began(id, Box::new(journal.clone()))];
    let mut report = |progress| news.push(wizard::WizardResult::Progress(id, progress));
    for step in Plan::new(&journal.order).steps {
        report(Progress::Started(step.kind));
        match (step.kind, mood) {
            (kind, ResponseMode::Slow) if kind == slow => {
                if kind == StepKind::Approve {
                    report(Progress::Waiting(kind, "waiting until somebody approves it".into()));
                }
                return news;
            }
            (StepKind::Role, ResponseMode::Refusing) => {
                report(Progress::Failed(step.kind, refusal()));
                return news;
            }
            _ => {}
        }
        report(Progress::Done(step.kind, "done".into(), Duration::from_millis(160)));
        if step.kind == StepKind::Request {
            report(Progress::Wrote(written("create", "csr/zoe")));
        }
    }
    let who = WhoAmI { username: journal.order.user.clone(), ..WhoAmI::default() };
    let proof = Some(Proof { who, rules: vec!["create get list update delete pods".into()] });
    report(Progress::Finished(Box::new(Issued { journal: journal.clone(), certificate: String::new(), proof })));
    news
}

/// Requests with every verdict and every state.
fn many() -> Vec<Request> {
    let condition = |kind: &str| Condition {
        kind: kind.into(),
        status: "True".into(),
        reason: "ReviewedByAdmin".into(),
        message: "looked at by alice-admin".into(),
        last_update: Some(noon()),
    };
    let mut requests = vec![
        request("anna-1", 0, "anna", &["dev"]),
        request("ben-1", 20, "ben", &["dev"]),
        request("kcm-helper", 60, "system:kube-controller-manager", &[]),
        request("worker-9", 90, "system:node:worker-9", &["system:nodes"]),
        request("jane-7f3k", 120, "jane", &["dev", "qa"]),
        request(
            "a-request-with-a-very-long-name-that-fits-nowhere-1a2b3c4d",
            150,
            "somebody.with.a.long.name@subsidiary.example.com",
            &["a-group-with-a-long-name", "another-group-with-a-long-name", "dev"],
        ),
        request("doomed", 180, "doomed", &["dev"]),
        request("zoe-1", 200, "zoe", &["dev"]),
        request("nobody", 220, "nobody", &[]),
    ];
    for request in requests.iter_mut().take(2) {
        request.requester.username = request.identity().user;
    }
    requests[6].usages = vec!["server auth".into()];
    requests[7].conditions = vec![condition("Approved")];
    let until = noon() + TimeDelta::hours(23);
    requests[7].certificate = Some(Ok(certificate("CN=zoe,O=dev", "zoe", noon(), until)));
    requests[8].conditions = vec![condition("Denied")];
    requests
}

/// A name that ends with what no terminal may get.
fn spoil(name: &mut String) {
    name.push_str("\u{1b}[31m\u{202e}花子e\u{301}👩‍👩‍👧");
}

fn spoil_names(object: &mut Value) {
    match object {
        Value::Array(items) => items.iter_mut().for_each(spoil_names),
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(name) if key == "name" => spoil(name),
                    value => spoil_names(value),
                }
            }
        }
        _ => {}
    }
}
