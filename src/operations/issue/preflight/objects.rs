//! Dry runs of the objects that an issuance makes in the cluster.

use k8s_openapi::api::certificates::v1::CertificateSigningRequest;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};

use super::report::{PreflightReport, Severity};
use crate::cluster::{Cluster, ClusterError};
use crate::domain::gate::WritePermit;
use crate::domain::issuance_request::{Grant, IssuanceRequest, KeySource};
use crate::domain::key_type::KeyType;
use crate::domain::plan::StepKind;
use crate::domain::{objects, request_file};
use crate::keys::{PrivateKey, certification_request};

/// The request as the server would make it, where it would.
pub(super) async fn request(
    cluster: &Cluster,
    permit: WritePermit,
    order: &IssuanceRequest,
    report: &mut PreflightReport,
) -> Result<Option<CertificateSigningRequest>, ClusterError> {
    let step = StepKind::Request;
    match cluster.request(&order.csr_name).await {
        Ok(_) => {
            report.add(
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
                report.add(step, Severity::Problem, error.to_string());
                return Ok(None);
            }
        },
        // A throwaway key of the quickest kind: the server looks at the subject, not at the key's kind.
        KeySource::New(_) => match throwaway_request(order) {
            Ok(pem) => pem,
            Err(why) => {
                report.add(step, Severity::Problem, why);
                return Ok(None);
            }
        },
    };
    let answer = cluster.create_request(permit, &objects::csr(order, &pem), true).await;
    let made = answer.as_ref().ok().cloned();
    report.add_answer(step, answer.map(drop));
    Ok(made)
}

fn throwaway_request(order: &IssuanceRequest) -> Result<String, String> {
    let key = PrivateKey::generate(KeyType::EcdsaP256).map_err(|error| error.to_string())?;
    certification_request(&key, &order.user, &order.groups).map_err(|error| error.to_string())
}

/// The Role: that it can be created, or that the one to bind exists.
pub(super) async fn role(
    cluster: &Cluster,
    permit: WritePermit,
    order: &IssuanceRequest,
    report: &mut PreflightReport,
) -> Result<(), ClusterError> {
    let step = StepKind::Binding;
    match &order.grant {
        Grant::Nothing => return Ok(()),
        Grant::Role(name) => {
            if cluster.find::<Role>(&order.namespace, name).await?.is_none() {
                report.add(step, Severity::Problem, format!("there is no Role {name} in {}", order.namespace));
            }
            return Ok(());
        }
        Grant::ClusterRole(name) => {
            if cluster.cluster_role(name).await?.is_none() {
                report.add(step, Severity::Problem, format!("there is no ClusterRole {name}"));
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
            report.add_answer(StepKind::Role, answer.map(drop));
        }
        Some(there) if there.rules == wanted.rules => {
            report.add(StepKind::Role, Severity::Fine, format!("{name} is there already, with the same rules"));
        }
        Some(there) => {
            let text = format!(
                "a Role {name} is there with other rules ({}): take another name, or bind it as it is",
                rules_text(&there)
            );
            report.add(StepKind::Role, Severity::Problem, text);
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

/// The `RoleBinding`: that it can be created, or exists as ordered.
pub(super) async fn binding(
    cluster: &Cluster,
    permit: WritePermit,
    order: &IssuanceRequest,
    report: &mut PreflightReport,
) -> Result<(), ClusterError> {
    let Some(wanted) = objects::role_binding(order) else { return Ok(()) };
    let (step, name) = (StepKind::Binding, &order.binding_name);
    match cluster.find::<RoleBinding>(&order.namespace, name).await? {
        Some(there) if there.role_ref == wanted.role_ref && there.subjects == wanted.subjects => {
            report.add(step, Severity::Fine, format!("{name} is there already"));
        }
        Some(_) => {
            report.add(step, Severity::Problem, format!("another RoleBinding {name} is there: take another name"));
        }
        None => match cluster.create(permit, &order.namespace, &wanted, true).await {
            // The server compares the role with our own rights, which it can only do once the role exists.
            Err(ClusterError::NotFound { .. }) if matches!(order.grant, Grant::NewRole { .. }) => {
                report.add(step, Severity::Notice, "the server decides once the role is there");
            }
            answer => report.add_answer(step, answer.map(drop)),
        },
    }
    Ok(())
}
