//! The Kubernetes objects of an order, equal to what kubectl makes.

use k8s_openapi::ByteString;
use k8s_openapi::api::certificates::v1::{CertificateSigningRequest, CertificateSigningRequestSpec};
use k8s_openapi::api::rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::domain::issuance_request::{Grant, IssuanceRequest};

const RBAC: &str = "rbac.authorization.k8s.io";

/// The API groups of the resources that people name without one, as kubectl finds them by discovery.
const GROUPS: [(&str, &[&str]); 6] = [
    ("apps", &["deployments", "statefulsets", "daemonsets", "replicasets", "controllerrevisions"]),
    ("batch", &["jobs", "cronjobs"]),
    ("networking.k8s.io", &["ingresses", "networkpolicies", "ingressclasses"]),
    ("autoscaling", &["horizontalpodautoscalers"]),
    ("policy", &["poddisruptionbudgets"]),
    (RBAC, &["roles", "rolebindings", "clusterroles", "clusterrolebindings"]),
];

/// The `CertificateSigningRequest` for a PKCS#10 request in PEM.
pub(crate) fn csr(order: &IssuanceRequest, pem: &str) -> CertificateSigningRequest {
    CertificateSigningRequest {
        metadata: ObjectMeta { name: Some(order.csr_name.clone()), ..ObjectMeta::default() },
        spec: CertificateSigningRequestSpec {
            request: ByteString(pem.as_bytes().to_vec()),
            signer_name: order.signer_name.clone(),
            expiration_seconds: Some(order.expiration_seconds),
            usages: Some(order.usages.clone()),
            ..CertificateSigningRequestSpec::default()
        },
        status: None,
    }
}

/// The Role of an order that makes one: one rule per API group, as `kubectl create role` writes it.
pub(crate) fn role(order: &IssuanceRequest) -> Option<Role> {
    let Grant::NewRole { name, verbs, resources } = &order.grant else { return None };
    let mut rules: Vec<PolicyRule> = Vec::new();
    for text in resources {
        let (group, resource) = group_and_resource(text);
        match rules.iter_mut().find(|rule| rule.api_groups.as_deref() == Some(std::slice::from_ref(&group))) {
            Some(rule) => rule.resources.get_or_insert_default().push(resource),
            None => rules.push(PolicyRule {
                api_groups: Some(vec![group]),
                resources: Some(vec![resource]),
                verbs: verbs.clone(),
                ..PolicyRule::default()
            }),
        }
    }
    Some(Role { metadata: meta(name, &order.namespace), rules: Some(rules) })
}

/// The `RoleBinding`, unless nothing is granted.
pub(crate) fn role_binding(order: &IssuanceRequest) -> Option<RoleBinding> {
    let kind = match order.grant {
        Grant::Nothing => return None,
        Grant::NewRole { .. } | Grant::Role(_) => "Role",
        Grant::ClusterRole(_) => "ClusterRole",
    };
    Some(RoleBinding {
        metadata: meta(&order.binding_name, &order.namespace),
        role_ref: RoleRef { api_group: RBAC.into(), kind: kind.into(), name: order.role_name()?.to_owned() },
        subjects: Some(vec![Subject {
            api_group: Some(RBAC.into()),
            kind: "User".into(),
            name: order.user.clone(),
            namespace: None,
        }]),
    })
}

fn meta(name: &str, namespace: &str) -> ObjectMeta {
    ObjectMeta { name: Some(name.to_owned()), namespace: Some(namespace.to_owned()), ..ObjectMeta::default() }
}

/// kubectl's notation: `pods`, `pods/log`, `deployments.apps`, `deployments.apps/scale`.
fn group_and_resource(text: &str) -> (String, String) {
    let (name, subresource) = text.split_once('/').map_or((text, ""), |(name, sub)| (name, sub));
    let (name, group) = match name.split_once('.') {
        Some((name, group)) => (name, group),
        None => (name, known_group(name)),
    };
    let resource = if subresource.is_empty() { name.to_owned() } else { format!("{name}/{subresource}") };
    let group = if name == "*" { "*" } else { group };
    (group.to_owned(), resource)
}

fn known_group(resource: &str) -> &'static str {
    GROUPS.iter().find(|(_, resources)| resources.contains(&resource)).map_or("", |(group, _)| group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_read_as_kubectl_reads_them() {
        for (text, group, resource) in [
            ("pods", "", "pods"),
            ("pods/log", "", "pods/log"),
            ("deployments", "apps", "deployments"),
            ("deployments.apps/scale", "apps", "deployments/scale"),
            ("widgets.example.com", "example.com", "widgets"),
        ] {
            assert_eq!(group_and_resource(text), (group.to_owned(), resource.to_owned()), "{text}");
        }
    }
}
