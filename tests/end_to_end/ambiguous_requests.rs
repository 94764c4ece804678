//! A request that programs parse differently: the console shows what the cluster would issue, and the verdict is dangerous.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::testing::domain::certificate::Certificate;
use rcgen::KeyPair;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::pkcs10::Asked;
use crate::support::plane::Plane;
use crate::support::{TestUser, eventually, unique};

crate::on_both!(
    an_ambiguous_request_is_shown_as_it_is_issued_and_is_dangerous,
    a_request_with_its_private_key_is_dangerous,
    an_issued_certificate_that_differs_from_its_request_is_dangerous,
);

const CSRS: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

fn post(plane: &dyn Plane, name: &str, pem: &str, signer: &str) {
    let spec = json!({"request": STANDARD.encode(pem), "signerName": signer, "usages": ["client auth"]});
    let object = json!({"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
                        "metadata": {"name": name}, "spec": spec});
    Api::admin(plane).post(CSRS, &object).ok();
}

/// What `show -o json` says.
fn shown(person: &TestUser, name: &str) -> Value {
    serde_json::from_str(&person.run_ok(&["show", name, "-o", "json"])).unwrap()
}

fn has_rule(shown: &Value, rule: &str) -> bool {
    shown["verdict"]["findings"].as_array().unwrap().iter().any(|finding| finding["rule"] == rule)
}

/// The issued certificate's user, and its groups in the order of the alphabet.
fn issued(plane: &dyn Plane, name: &str) -> (String, Vec<String>) {
    let pem = eventually("the certificate", || {
        let object = Api::admin(plane).get(&format!("{CSRS}/{name}")).ok();
        object["status"]["certificate"].as_str().map(|text| STANDARD.decode(text).unwrap())
    });
    let Certificate { identity, .. } = Certificate::from_pem(&pem).unwrap();
    let mut groups = identity.groups;
    groups.sort();
    (identity.user, groups)
}

/// Requests in which a reader that is not Go's sees alice-calm, and Go sees root-owner.
fn ambiguous() -> Vec<(&'static str, String)> {
    let pem = |asked: Asked| asked.sign(&KeyPair::generate().unwrap());
    let root = pem(Asked::person("root-owner", &["admins"]));
    let calm = pem(Asked::person("alice-calm", &["dev"]));
    let begin = "-----BEGIN CERTIFICATE REQUEST-----\n";
    vec![
        ("unclosed", format!("{begin}{root}{calm}")),
        ("header", format!("{}{calm}", root.replacen("-----\n", "-----\nComment: none\n\n", 1))),
        ("empty-rdn", pem(Asked::person("alice-calm", &["dev"]).empty().o("admins").cn("root-owner"))),
        ("blanks", format!("{}{calm}", root.replace('M', " M"))),
        ("text", format!("Subject: O = dev, CN = alice-calm\n{root}")),
        (
            "terminator",
            pem(Asked::person("alice-calm", &["dev"]).o("admins").cn_as(30, b"\0r\0o\0o\0t\0-\0o\0w\0n\0e\0r\0\0")),
        ),
    ]
}

fn an_ambiguous_request_is_shown_as_it_is_issued_and_is_dangerous(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    for (kind, pem) in ambiguous() {
        let name = unique(kind);
        post(plane, &name, &pem, "kubernetes.io/kube-apiserver-client");
        let shown = shown(&admin, &name);
        assert_eq!(shown["identity"]["user"], "root-owner", "{kind}: {shown}");
        assert_eq!(shown["verdict"]["level"], "danger", "{kind}: {shown}");
        let listed: Value = serde_json::from_str(&admin.run_ok(&["list", "-o", "json"])).unwrap();
        let listed = listed.as_array().unwrap().iter().find(|request| request["name"] == name.as_str()).unwrap();
        assert_eq!(listed["identity"], shown["identity"], "{kind}");
        let table = admin.run_ok(&["list"]);
        let row = table.lines().find(|line| line.starts_with(&name)).unwrap();
        assert!(row.contains("root-owner"), "{kind}: {row}");
        let error = admin.expect_failure(3, &["approve", &name]);
        assert!(error.contains("dangerous"), "{kind}: {error}");
        admin.run_ok(&["approve", &name, "--dangerous", &name]);
        let (user, groups) = issued(plane, &name);
        assert_eq!(shown["identity"]["user"], user.as_str(), "{kind}");
        let mut expected: Vec<_> =
            shown["identity"]["groups"].as_array().unwrap().iter().map(|group| group.as_str().unwrap()).collect();
        expected.sort_unstable();
        assert_eq!(expected, groups, "{kind}");
    }
}

fn a_request_with_its_private_key_is_dangerous(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let key = KeyPair::generate().unwrap();
    let name = unique("with-key");
    let pem = format!("{}{}", Asked::person("eve", &["dev"]).sign(&key), key.serialize_pem());
    post(plane, &name, &pem, "kubernetes.io/kube-apiserver-client");
    let shown = shown(&admin, &name);
    assert!(has_rule(&shown, "extra-content") && shown["verdict"]["level"] == "danger", "{shown}");
    assert!(!shown.to_string().contains("PRIVATE KEY"), "{shown}");
    assert!(admin.expect_failure(3, &["approve", &name]).contains("private key"));
}

fn an_issued_certificate_that_differs_from_its_request_is_dangerous(plane: &dyn Plane) {
    let (admin, api, name) = (TestUser::admin(plane), Api::admin(plane), unique("swapped"));
    post(plane, &name, &Asked::person("jane", &["dev"]).sign(&KeyPair::generate().unwrap()), "example.com/own");
    admin.run_ok(&["approve", &name]);
    let path = format!("{CSRS}/{name}");
    let mut object = api.get(&path).ok();
    // The admin may sign for every signer, and writes another's certificate.
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, "root-owner");
    let other = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    object["status"]["certificate"] = STANDARD.encode(other.pem()).into();
    api.put(&format!("{path}/status"), &object).ok();
    let shown = shown(&admin, &name);
    assert!(has_rule(&shown, "issued-differs"), "{shown}");
    assert!(admin.run_ok(&["show", &name]).contains("it is for the user root-owner, not jane"));
}
