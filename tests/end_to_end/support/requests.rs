//! Requests of every kind, made with openssl and kubectl.

use countersign::testing::domain::key_type::KeyType;
use countersign::testing::keys::{PrivateKey, certification_request};

use super::plane::Plane;

/// A CertificateSigningRequest's manifest for `user` in `groups`, with a key that is not kept.
pub(crate) fn manifest(name: &str, user: &str, groups: &[&str], usages: &str) -> String {
    use base64::Engine;
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
    let pem = certification_request(&key, user, &groups).unwrap();
    let request = base64::engine::general_purpose::STANDARD.encode(pem);
    format!(
        "apiVersion: certificates.k8s.io/v1\nkind: CertificateSigningRequest\nmetadata: {{name: {name}}}\n\
         spec: {{request: {request}, signerName: kubernetes.io/kube-apiserver-client, expirationSeconds: 86400, usages: [{usages}]}}\n"
    )
}

/// Makes such a request by kubectl, as the admin.
pub(crate) fn create(plane: &dyn Plane, name: &str, user: &str, groups: &[&str]) {
    create_with(plane, name, user, groups, "client auth");
}

/// [`create`] with usages of one's own.
pub(crate) fn create_with(plane: &dyn Plane, name: &str, user: &str, groups: &[&str], usages: &str) {
    let file = plane.path(&format!("{name}.yaml"));
    std::fs::write(&file, manifest(name, user, groups, usages)).unwrap();
    let output = plane.kubectl(&["create", "-f", &file.display().to_string()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The types of a request's conditions, by kubectl, such as `Approved`.
pub(crate) fn conditions(plane: &dyn Plane, name: &str) -> String {
    let output = plane.kubectl(&["get", "csr", name, "-o", "jsonpath={.status.conditions[*].type}"]);
    String::from_utf8(output.stdout).unwrap()
}
