//! What each step does, and how it recognizes that it has been done.

use std::time::Duration;

use k8s_openapi::api::certificates::v1::CertificateSigningRequest;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};

use crate::cluster::{Cluster, ClusterError};
use crate::domain::certificate::Certificate;
use crate::domain::gate::WritePermit;
use crate::domain::issuance_request::KeySource;
use crate::domain::output::pem::Certificates;
use crate::domain::output::shell::ShellLine;
use crate::domain::plan::{Plan, StepKind};
use crate::domain::request::{Request, RequestState};
use crate::domain::text::printable;
use crate::domain::verdict::difference_from_request;
use crate::domain::{commands, objects, request_file};
use crate::error::UserError;
use crate::files::{self, bounded};
use crate::keys::{PrivateKey, certification_request};
use crate::operations::issue::entries::{Entries, Intent};
use crate::operations::issue::journal::Journal;
use crate::operations::issue::progress::{Progress, ProgressSender};

/// How long the signer may take before the likely causes are reported.
const SIGNER_TIMEOUT: Duration = Duration::from_secs(5);

/// Key and request, kept in the journal's folder before anything is sent to the cluster.
pub(super) async fn key(journal: &Journal) -> Result<String, UserError> {
    let order = journal.order.clone();
    let kind = match order.key {
        KeySource::Existing(pem) => {
            let request = request_file::read(pem.as_bytes());
            journal
                .keep_request(&request.map_err(|error| UserError::new(error.to_string()).with_hint(error.advice()))?)?;
            return Ok("the request is at hand, its key is with its owner".to_owned());
        }
        KeySource::New(kind) => kind,
    };
    let kept_elsewhere = journal.kubeconfig_written;
    if kept_elsewhere || (journal.key().is_some() && journal.request().is_some()) {
        return Ok("made already".to_owned());
    }
    let kept = journal.clone();
    // Making an RSA key takes a while and no other task should wait for it.
    let made = tokio::task::spawn_blocking(move || -> Result<(), UserError> {
        let key = match kept.key() {
            Some(pem) => PrivateKey::from_pem(pem.expose())?,
            None => PrivateKey::generate(kind)?,
        };
        kept.keep_key(&key.to_pem())?;
        let request = certification_request(&key, &order.user, &order.groups)?;
        let request = request_file::read(request.as_bytes()).map_err(|error| UserError::new(error.to_string()))?;
        kept.keep_request(&request)?;
        Ok(())
    });
    made.await.map_err(|_| UserError::new("making the key was cut off"))??;
    Ok("made".to_owned())
}

/// The `CertificateSigningRequest`. One of that name that carries our very request is ours, made before a crash.
pub(super) async fn request(
    cluster: &Cluster,
    permit: WritePermit,
    journal: &mut Journal,
    progress: &ProgressSender,
) -> Result<String, UserError> {
    if journal.csr_uid.is_some() {
        return Ok("there already".to_owned());
    }
    let pem = journal.request().ok_or_else(|| UserError::new("the request is no longer in the state folder"))?;
    let name = journal.order.csr_name.clone();
    let wanted = objects::csr(&journal.order, &pem);
    let made = match cluster.request(&name).await {
        Ok(there) if there.spec.request == wanted.spec.request => Ok(there),
        Ok(_) => {
            let text = format!("a request {name} is there already, and it is not this one");
            return Err(UserError::new(text).with_hint("Take another name for the request."));
        }
        Err(ClusterError::NotFound { .. }) => {
            journal.intents.request = true;
            journal.save()?;
            cluster.create_request(permit, &wanted, false).await
        }
        Err(error) => Err(error),
    };
    let command = command_of(cluster, journal, StepKind::Request);
    progress.wrote("create", format!("csr/{name}"), made.as_ref().map(|_| "created"), command);
    journal.csr_uid = made?.metadata.uid;
    journal.save()?;
    Ok("created".to_owned())
}

/// Waits for the certificate, and after a while reports why it may never come.
pub(super) async fn certificate(
    cluster: &Cluster,
    permit: WritePermit,
    journal: &mut Journal,
    certificate: &mut String,
    progress: &ProgressSender,
) -> Result<String, UserError> {
    let name = &journal.order.csr_name;
    let uid = journal.csr_uid.clone().unwrap_or_default();
    let ended = |request: &Request| {
        matches!(request.state(), RequestState::Issued | RequestState::Failed | RequestState::Denied)
    };
    let waiting = cluster.wait_for(name, &uid, ended);
    tokio::pin!(waiting);
    let csr = if let Ok(csr) = tokio::time::timeout(SIGNER_TIMEOUT, &mut waiting).await {
        csr?
    } else {
        progress.send(Progress::Waiting(StepKind::Certificate, unsigned(&journal.order.signer_name)));
        waiting.await?
    };
    let request = Request::from_object(&csr);
    if request.state() != RequestState::Issued {
        return Err(rejection(&csr));
    }
    let pem = csr.status.and_then(|status| status.certificate).map(|bytes| bytes.0).unwrap_or_default();
    let issued = Certificate::from_pem(&pem).map_err(UserError::new)?;
    if let Some(difference) = difference_from_request(&request) {
        let text = format!("the certificate is not what the request asks for: {difference}");
        let advice = "Do not use it, and find out who issued it. Undo removes what was created for it.";
        return Err(UserError::new(printable(&text)).with_hint(advice));
    }
    *certificate = Certificates::read(&pem).map_err(UserError::new)?.pem;
    if let Some(path) = journal.order.certificate_file.clone() {
        // An earlier run that was killed while it wrote this file left it unfinished.
        files::unfinished::remove_all(&path);
        // Written before this step was cut off or a later one failed: the very file is no obstacle.
        let there = bounded::read_text(&path, bounded::CREDENTIAL).is_ok_and(|there| there == *certificate);
        if !there && !path.exists() {
            journal.intents.certificate = true;
            journal.save()?;
        }
        let written = files::atomic::write_public(&path, certificate.as_bytes(), there.then_some(permit));
        progress.wrote(
            "export",
            path.display().to_string(),
            written.as_ref().map(|()| "written"),
            commands::export(&cluster.kubectl, name),
        );
        written?;
    }
    Ok(format!("until {}", issued.not_after.format("%Y-%m-%d %H:%M:%SZ")))
}

/// The likely causes of an approved request that is not signed.
pub(crate) fn unsigned(signer: &str) -> String {
    if signer.starts_with("kubernetes.io/") {
        "approved, but not issued yet. Likely: kube-controller-manager is down or has no --cluster-signing-cert-file and \
         -key-file, or the provider signs nothing for this signer (EKS)"
            .to_owned()
    } else {
        format!("approved, but not issued yet: the controller of {signer} has not acted")
    }
}

/// The Role, unless one with the same rules is there.
pub(super) async fn role(
    cluster: &Cluster,
    permit: WritePermit,
    journal: &mut Journal,
    progress: &ProgressSender,
) -> Result<String, UserError> {
    let Some(wanted) = objects::role(&journal.order) else { return Ok(String::new()) };
    let (namespace, name) = (journal.order.namespace.clone(), wanted.metadata.name.clone().unwrap_or_default());
    if let Some(there) = cluster.find::<Role>(&namespace, &name).await? {
        if there.rules.unwrap_or_default() == wanted.rules.unwrap_or_default() {
            return Ok(format!("there already, with the same rules, in {namespace}"));
        }
        let text = format!("a Role {name} with other rules is there in {namespace}");
        return Err(UserError::new(text).with_hint("Take another name for the role, or bind the one that is there."));
    }
    journal.intents.role = true;
    journal.save()?;
    let made = cluster.create(permit, &namespace, &wanted, false).await;
    let command = command_of(cluster, journal, StepKind::Role);
    progress.wrote("create", format!("role/{name} in {namespace}"), made.as_ref().map(|_| "created"), command);
    journal.role_uid = made?.metadata.uid;
    journal.save()?;
    Ok(format!("created in {namespace}"))
}

/// The `RoleBinding`, unless an equal one is there.
pub(super) async fn binding(
    cluster: &Cluster,
    permit: WritePermit,
    journal: &mut Journal,
    progress: &ProgressSender,
) -> Result<String, UserError> {
    let Some(wanted) = objects::role_binding(&journal.order) else { return Ok(String::new()) };
    let (namespace, name) = (journal.order.namespace.clone(), journal.order.binding_name.clone());
    if let Some(there) = cluster.find::<RoleBinding>(&namespace, &name).await? {
        if there.role_ref == wanted.role_ref && there.subjects == wanted.subjects {
            return Ok(format!("{name} is there already"));
        }
        let text = format!("another RoleBinding {name} is there in {namespace}");
        return Err(UserError::new(text).with_hint("Take another name for the binding."));
    }
    journal.intents.binding = true;
    journal.save()?;
    let made = cluster.create(permit, &namespace, &wanted, false).await;
    let command = command_of(cluster, journal, StepKind::Binding);
    progress.wrote("create", format!("rolebinding/{name} in {namespace}"), made.as_ref().map(|_| "created"), command);
    journal.binding_uid = made?.metadata.uid;
    journal.save()?;
    Ok(name)
}

/// User and context into the kubeconfig, which then has the key; the state folder no longer does.
pub(super) async fn kubeconfig(
    cluster: &Cluster,
    permit: WritePermit,
    journal: &mut Journal,
    certificate: &str,
    progress: &ProgressSender,
) -> Result<String, UserError> {
    let Some(target) = journal.order.kubeconfig.clone() else { return Ok(String::new()) };
    if journal.kubeconfig_written {
        return Ok(format!("{}, there already", target.path.display()));
    }
    let key = journal.key().ok_or_else(|| UserError::new("the key is no longer in the state folder"))?;
    let entries = Entries::new(cluster, &journal.order.namespace, &target, certificate, &key);
    let before = files::kubeconfig::read(&target.path)?;
    if let Some(taken) = entries.taken(&before, &target) {
        return Err(taken);
    }
    // Cut off after the write, the file is as it is to be, and no longer says what was there before.
    if journal.intents.kubeconfig.as_ref().is_none_or(|intent| !intent.is_written(&before, &target)) {
        if target.switch && before.current_context() != Some(&target.context) {
            journal.previous_context = before.current_context().map(str::to_owned);
        }
        let public_key = Certificate::from_pem(certificate.as_bytes()).map_err(UserError::new)?.public_key_sha256;
        journal.intents.kubeconfig = Some(Intent::new(&before, &target, public_key));
        journal.save()?;
    }
    let path = target.path.clone();
    let edited = tokio::task::spawn_blocking(move || {
        files::kubeconfig::edit(permit, &target.path, |config| entries.put(config, &target))
    });
    let edited = edited.await.map_err(|_| UserError::new("writing the kubeconfig was cut off"))?;
    let path_text = path.display().to_string();
    let command = command_of(cluster, journal, StepKind::Kubeconfig);
    progress.wrote("write", path_text.clone(), edited.as_ref().map(|_| "user and context"), command);
    let edited = edited?;
    // Not before it is so: undo takes out what this says is ours.
    journal.kubeconfig_written = true;
    journal.save()?;
    journal.forget_key()?;
    let backup = edited.backup.and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
    Ok(backup.map_or_else(|| path_text.clone(), |backup| format!("{path_text}, backup {backup}")))
}

/// The request, if it is the one that this issuance made and not another of its name.
pub(super) fn own_request(
    journal: &Journal,
    csr: CertificateSigningRequest,
) -> Result<CertificateSigningRequest, UserError> {
    if csr.metadata.uid == journal.csr_uid {
        return Ok(csr);
    }
    Err(UserError::new(format!("the request {} is gone; another has its name", journal.order.csr_name)))
}

/// Why a request was denied or failed, from its conditions.
pub(super) fn rejection(csr: &CertificateSigningRequest) -> UserError {
    let request = Request::from_object(csr);
    let last = request.conditions.iter().rfind(|condition| condition.kind == "Failed" || condition.kind == "Denied");
    let (kind, reason) = last.map_or(("refused", String::new()), |condition| {
        let kind = if condition.kind == "Denied" { "denied" } else { "refused by the signer" };
        (kind, format!(": {}: {}", condition.reason, condition.message))
    });
    let text = format!("the request was {kind}{reason}");
    UserError::new(printable(&text)).with_hint("That is final. Undo, or ask again under another name.")
}

fn command_of(cluster: &Cluster, journal: &Journal, kind: StepKind) -> ShellLine {
    ShellLine::lines(&Plan::new(&journal.order).commands(kind, &cluster.kubectl))
}
