//! What would happen: every object dry-run by the server, every name looked up, before anything is written.

use chrono::Utc;
use k8s_openapi::api::certificates::v1::CertificateSigningRequest;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};

use crate::cluster::{AccessReview, Cluster, ClusterError};
use crate::domain::gate::{Refusal, WritePermit};
use crate::domain::issuance_request::{Grant, IssuanceRequest, KeySource};
use crate::domain::key_type::KeyType;
use crate::domain::kubeconfig::EntryKind;
use crate::domain::objects;
use crate::domain::plan::StepKind;
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::Request;
use crate::domain::request_file;
use crate::domain::verdict::Verdict;
use crate::files;
use crate::keys::{PrivateKey, certification_request};
use crate::operations::issue::judging::{cleared, judged};

/// How a note wants to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It will work.
    Fine,
    /// It will work, and there is something to know.
    Notice,
    /// It will not work as it is.
    Problem,
}

/// One thing that was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The step that it is about.
    pub step: StepKind,
    /// How to take it.
    pub weight: Severity,
    /// A sentence.
    pub text: String,
}

/// Everything that was found out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PreflightReport {
    /// In the order of the steps.
    pub notes: Vec<Note>,
    /// The verdict on the request as the list would judge it; `None` where the server would not take the request.
    pub verdict: Option<Verdict>,
    /// Why the gate would not let it through as it is.
    pub refusal: Option<Refusal>,
}

impl PreflightReport {
    /// Whether nothing stands in the way.
    pub(crate) fn is_clear(&self) -> bool {
        self.works() && self.refusal.is_none()
    }

    /// Whether it would work, whatever the gate says.
    pub(crate) fn works(&self) -> bool {
        self.notes.iter().all(|note| note.weight != Severity::Problem)
    }

    /// Whether nothing but the confirmation by the user's name is missing.
    pub(crate) fn wants_name(&self) -> bool {
        self.works() && matches!(self.refusal, Some(Refusal::Dangerous { .. }))
    }

    fn add(&mut self, step: StepKind, weight: Severity, text: impl Into<String>) {
        self.notes.push(Note { step, weight, text: text.into() });
    }

    fn server(&mut self, step: StepKind, answer: Result<(), ClusterError>) {
        match answer {
            Ok(()) => self.add(step, Severity::Fine, "the server would take it"),
            Err(error) => self.add(step, Severity::Problem, error.to_string()),
        }
    }
}

/// Rehearses an order, and asks the gate about it; `confirmed` are names given to confirm what is dangerous. Nothing is
/// written anywhere.
///
/// # Errors
/// Where the cluster cannot be asked at all.
pub(crate) async fn preflight(
    cluster: &Cluster,
    policy: &PolicyFile,
    confirmed: &[String],
    order: &IssuanceRequest,
) -> Result<PreflightReport, ClusterError> {
    let mut found = PreflightReport::default();
    let permit = match cluster.permit() {
        Ok(permit) => permit,
        Err(refusal) => {
            found.refusal = Some(refusal);
            return Ok(found);
        }
    };
    let made = request(cluster, permit, order, &mut found).await?;
    let may_approve = approve(cluster, order, &mut found).await?;
    if let Some(made) = made {
        let request = as_ordered(Request::from_object(&made), order);
        judge(cluster, policy, (permit, confirmed, may_approve), &request, order, &mut found).await;
    }
    role(cluster, permit, order, &mut found).await?;
    binding(cluster, permit, order, &mut found).await?;
    certificate_file(order, &mut found);
    kubeconfig(order, &mut found);
    Ok(found)
}

/// Judges what the server would make of the order. Where another person has to approve it, the verdict is for that person.
async fn judge(
    cluster: &Cluster,
    policy: &PolicyFile,
    (permit, confirmed, may_approve): (WritePermit, &[String], bool),
    request: &Request,
    order: &IssuanceRequest,
    found: &mut PreflightReport,
) {
    let (verdict, withheld) = judged(cluster, policy, request, Utc::now()).await;
    for unknown in withheld {
        found.add(StepKind::Approve, Severity::Notice, unknown.to_string());
    }
    if may_approve {
        found.refusal = cleared(permit, policy, confirmed, request, &verdict, order).err();
    }
    found.verdict = Some(verdict);
}

/// The server's answer to a dry run carries a key of another kind than will be made.
fn as_ordered(mut request: Request, order: &IssuanceRequest) -> Request {
    if let (KeySource::New(kind), Ok(pkcs10)) = (&order.key, &mut request.pkcs10) {
        let (algorithm, bits) = kind.strength();
        (pkcs10.key.algorithm, pkcs10.key.bits) = (algorithm.to_owned(), bits);
    }
    request
}

/// The request as the server would make it, where it would.
async fn request(
    cluster: &Cluster,
    permit: WritePermit,
    order: &IssuanceRequest,
    found: &mut PreflightReport,
) -> Result<Option<CertificateSigningRequest>, ClusterError> {
    let step = StepKind::Request;
    match cluster.request(&order.csr_name).await {
        Ok(_) => {
            found.add(
                step,
                Severity::Problem,
                format!("a request {} is there already: take another name", order.csr_name),
            );
            return Ok(None);
        }
        Err(ClusterError::NotFound { .. } | ClusterError::Forbidden { .. }) => {}
        Err(error) => return Err(error),
    }
    let pem = match &order.key {
        // Only the request itself is ever sent.
        KeySource::Existing(pem) => match request_file::read(pem.as_bytes()) {
            Ok(pem) => pem.into_string(),
            Err(error) => {
                found.add(step, Severity::Problem, error.to_string());
                return Ok(None);
            }
        },
        // A throw-away key of the quickest kind: the server looks at the subject, not at the key's kind.
        KeySource::New(_) => match throw_away(order) {
            Ok(pem) => pem,
            Err(why) => {
                found.add(step, Severity::Problem, why);
                return Ok(None);
            }
        },
    };
    let answer = cluster.create_request(permit, &objects::csr(order, &pem), true).await;
    let made = answer.as_ref().ok().cloned();
    found.server(step, answer.map(drop));
    Ok(made)
}

fn throw_away(order: &IssuanceRequest) -> Result<String, String> {
    let key = PrivateKey::generate(KeyType::EcdsaP256).map_err(|error| error.to_string())?;
    certification_request(&key, &order.user, &order.groups).map_err(|error| error.to_string())
}

/// Whether it is ours to approve requests for that signer.
///
/// # Errors
/// Why there is no answer.
pub(super) async fn may_approve(cluster: &Cluster, signer: &str) -> Result<bool, ClusterError> {
    let group = "certificates.k8s.io";
    let resource = "certificatesigningrequests";
    let update = AccessReview { verb: "update", group, resource, subresource: "approval", ..AccessReview::default() };
    let signer = AccessReview { verb: "approve", group, resource: "signers", name: signer, ..AccessReview::default() };
    Ok(cluster.may_i(&update).await? && cluster.may_i(&signer).await?)
}

async fn approve(
    cluster: &Cluster,
    order: &IssuanceRequest,
    found: &mut PreflightReport,
) -> Result<bool, ClusterError> {
    let may = may_approve(cluster, &order.signer_name).await?;
    if may {
        found.add(StepKind::Approve, Severity::Fine, "you may approve it");
    } else {
        let text = "you may not approve it yourself: it will wait for somebody who may";
        found.add(StepKind::Approve, Severity::Notice, text);
    }
    Ok(may)
}

async fn role(
    cluster: &Cluster,
    permit: WritePermit,
    order: &IssuanceRequest,
    found: &mut PreflightReport,
) -> Result<(), ClusterError> {
    let step = StepKind::Binding;
    match &order.grant {
        Grant::Nothing => return Ok(()),
        Grant::Role(name) => {
            if cluster.find::<Role>(&order.namespace, name).await?.is_none() {
                found.add(step, Severity::Problem, format!("there is no Role {name} in {}", order.namespace));
            }
            return Ok(());
        }
        Grant::ClusterRole(name) => {
            if cluster.cluster_role(name).await?.is_none() {
                found.add(step, Severity::Problem, format!("there is no ClusterRole {name}"));
            }
            return Ok(());
        }
        Grant::NewRole { .. } => {}
    }
    let Some(wanted) = objects::role(order) else { return Ok(()) };
    let name = wanted.metadata.name.clone().unwrap_or_default();
    match cluster.find::<Role>(&order.namespace, &name).await? {
        None => {
            let answer = cluster.create(permit, &order.namespace, &wanted, true).await;
            found.server(StepKind::Role, answer.map(drop));
        }
        Some(there) if there.rules == wanted.rules => {
            found.add(StepKind::Role, Severity::Fine, format!("{name} is there already, with the same rules"));
        }
        Some(there) => {
            let text = format!(
                "a Role {name} is there with other rules ({}): take another name, or bind it as it is",
                rules_text(&there)
            );
            found.add(StepKind::Role, Severity::Problem, text);
        }
    }
    Ok(())
}

fn rules_text(role: &Role) -> String {
    let rules = role.rules.as_deref().unwrap_or_default();
    let text = |rule: &k8s_openapi::api::rbac::v1::PolicyRule| {
        format!("{} {}", rule.verbs.join(" "), rule.resources.as_deref().unwrap_or_default().join(" "))
    };
    rules.iter().map(text).collect::<Vec<_>>().join("; ")
}

async fn binding(
    cluster: &Cluster,
    permit: WritePermit,
    order: &IssuanceRequest,
    found: &mut PreflightReport,
) -> Result<(), ClusterError> {
    let Some(wanted) = objects::role_binding(order) else { return Ok(()) };
    let (step, name) = (StepKind::Binding, &order.binding_name);
    match cluster.find::<RoleBinding>(&order.namespace, name).await? {
        Some(there) if there.role_ref == wanted.role_ref && there.subjects == wanted.subjects => {
            found.add(step, Severity::Fine, format!("{name} is there already"));
        }
        Some(_) => {
            found.add(step, Severity::Problem, format!("another RoleBinding {name} is there: take another name"));
        }
        None => match cluster.create(permit, &order.namespace, &wanted, true).await {
            // A role that is still to be made cannot be weighed against our own rights yet.
            Err(ClusterError::NotFound { .. }) if matches!(order.grant, Grant::NewRole { .. }) => {
                found.add(step, Severity::Notice, "the server decides once the role is there");
            }
            answer => found.server(step, answer.map(drop)),
        },
    }
    Ok(())
}

/// A file that is there is never replaced by a certificate.
fn certificate_file(order: &IssuanceRequest, found: &mut PreflightReport) {
    if let Some(path) = order.certificate_file.as_ref().filter(|path| path.exists()) {
        let text = format!("{} exists already: take another name", path.display());
        found.add(StepKind::Certificate, Severity::Problem, text);
    }
}

fn kubeconfig(order: &IssuanceRequest, found: &mut PreflightReport) {
    let step = StepKind::Kubeconfig;
    let Some(target) = &order.kubeconfig else { return };
    let config = match files::kubeconfig::read(&target.path) {
        Ok(config) => config,
        Err(error) => return found.add(step, Severity::Problem, error.to_string()),
    };
    let path = target.path.display();
    for (kind, name) in [(EntryKind::User, &target.user), (EntryKind::Context, &target.context)] {
        if config.get(kind, name).is_some() {
            let (weight, what) = if target.overwrite {
                (Severity::Notice, "it will be replaced; the backup keeps it")
            } else {
                (Severity::Problem, "take another name or another file")
            };
            found.add(step, weight, format!("{path} has a {} {name} already: {what}", kind.word()));
        }
    }
    if files::kubeconfig::has_comments(&target.path) {
        found.add(step, Severity::Notice, format!("the comments in {path} are lost; its backup keeps them"));
    }
    if target.switch
        && let Some(current) = config.current_context().filter(|current| *current != target.context)
    {
        found.add(
            step,
            Severity::Notice,
            format!("kubectl's current context changes from {current} to {}", target.context),
        );
    }
}
