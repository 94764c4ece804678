//! What becomes of a request, and what the API refuses: word for word.

use countersign::testing::domain::key_type::KeyType;
use countersign::testing::keys::{PrivateKey, certification_request};
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::plane::Plane;
use crate::support::{eventually, unique};

const REQUESTS: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const CLIENT: &str = "kubernetes.io/kube-apiserver-client";

crate::on_both!(
    an_approved_request_is_issued_for_the_identity_that_the_signer_reads,
    a_denied_request_gets_no_certificate,
    a_request_that_breaks_its_signers_rules_fails,
    a_request_for_a_foreign_signer_waits_for_it,
    rejects_invalid_requests_with_a_reason,
    only_the_status_of_a_request_can_change,
    decisions_need_the_right_on_the_signer,
    a_decision_is_final,
    the_server_sets_the_requester,
);

fn pkcs10(user: &str, groups: &[&str]) -> String {
    use base64::Engine;
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
    base64::engine::general_purpose::STANDARD.encode(certification_request(&key, user, &groups).unwrap())
}

fn request(name: &str, signer: &str, usages: &[&str]) -> Value {
    json!({
        "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": name},
        "spec": {"request": pkcs10("jane", &["dev", "qa"]), "signerName": signer, "usages": usages, "expirationSeconds": 3600},
    })
}

fn condition(kind: &str) -> Value {
    json!({"type": kind, "status": "True", "reason": "Test", "message": "a story"})
}

/// Adds a condition by `/approval`, as kubectl does; what the server answers.
fn decide(api: &Api, name: &str, kind: &str) -> crate::support::api::Answer {
    let mut object = api.get(&format!("{REQUESTS}/{name}")).ok();
    let mut conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    conditions.push(condition(kind));
    object["status"] = json!({"conditions": conditions});
    api.put(&format!("{REQUESTS}/{name}/approval"), &object)
}

/// Waits until the request is what `is` looks for.
fn wait_for_status(api: &Api, name: &str, is: impl Fn(&Value) -> bool) -> Value {
    eventually("the signer's answer", || Some(api.get(&format!("{REQUESTS}/{name}")).ok()).filter(|object| is(object)))
}

fn kinds(object: &Value) -> Vec<&str> {
    let conditions = object["status"]["conditions"].as_array();
    conditions.into_iter().flatten().filter_map(|condition| condition["type"].as_str()).collect()
}

fn an_approved_request_is_issued_for_the_identity_that_the_signer_reads(plane: &dyn Plane) {
    use x509_parser::prelude::*;
    let (api, name) = (Api::admin(plane), unique("issued"));
    api.post(REQUESTS, &request(&name, CLIENT, &["client auth", "digital signature"])).ok();
    decide(&api, &name, "Approved").ok();
    let issued = wait_for_status(&api, &name, |object| object["status"]["certificate"].is_string());
    assert_eq!(kinds(&issued), ["Approved"]);
    let pem = base64_text(&issued["status"]["certificate"]);
    let (_, pem) = parse_x509_pem(&pem).unwrap();
    let certificate = pem.parse_x509().unwrap();
    assert_eq!(certificate.subject().to_string(), "O=qa + O=dev, CN=jane", "one set of O, as DER sorts it");
    let life = certificate.validity();
    let seconds = life.not_after.timestamp() - life.not_before.timestamp();
    assert_eq!(seconds, 3600 + 300, "an hour from now on, and five minutes back");
    let extended = certificate.extended_key_usage().unwrap().unwrap().value;
    assert!(extended.client_auth && !extended.server_auth);
    assert!(certificate.key_usage().unwrap().unwrap().value.digital_signature());
    assert!(!certificate.is_ca());
}

fn base64_text(value: &Value) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap()).unwrap()
}

fn a_denied_request_gets_no_certificate(plane: &dyn Plane) {
    let (api, name) = (Api::admin(plane), unique("denied"));
    api.post(REQUESTS, &request(&name, CLIENT, &["client auth"])).ok();
    let denied = decide(&api, &name, "Denied").ok();
    assert_eq!(kinds(&denied), ["Denied"]);
    assert!(denied["status"]["conditions"][0]["lastUpdateTime"].is_string(), "{denied}");
    assert!(denied["status"]["conditions"][0]["lastTransitionTime"].is_string(), "{denied}");
    let approved = decide(&api, &name, "Approved").refused(422, "Invalid");
    assert!(approved.contains("Approved and Denied conditions are mutually exclusive"), "{approved}");
}

fn a_request_that_breaks_its_signers_rules_fails(plane: &dyn Plane) {
    let api = Api::admin(plane);
    let cases = [
        (CLIENT, &["client auth", "server auth"][..], "invalid usage for client certificate: server auth"),
        (
            "kubernetes.io/kube-apiserver-client-kubelet",
            &["client auth", "digital signature"],
            "subject organization is not system:nodes",
        ),
        (
            "kubernetes.io/kubelet-serving",
            &["server auth", "digital signature"],
            "subject organization is not system:nodes",
        ),
    ];
    for (signer, usages, message) in cases {
        let name = unique("failing");
        api.post(REQUESTS, &request(&name, signer, usages)).ok();
        decide(&api, &name, "Approved").ok();
        let failed = wait_for_status(&api, &name, |object| kinds(object).contains(&"Failed"));
        let condition = &failed["status"]["conditions"][1];
        assert_eq!(condition["reason"], "SignerValidationFailure");
        assert_eq!(condition["message"], message);
        assert!(failed["status"]["certificate"].is_null());
    }
}

fn a_request_for_a_foreign_signer_waits_for_it(plane: &dyn Plane) {
    let (api, name) = (Api::admin(plane), unique("foreign"));
    api.post(REQUESTS, &request(&name, "example.com/own", &["client auth"])).ok();
    decide(&api, &name, "Approved").ok();
    // Another one that comes later is done first: the signer has passed this one by.
    let later = unique("later");
    api.post(REQUESTS, &request(&later, CLIENT, &["client auth"])).ok();
    decide(&api, &later, "Approved").ok();
    wait_for_status(&api, &later, |object| object["status"]["certificate"].is_string());
    let object = api.get(&format!("{REQUESTS}/{name}")).ok();
    assert!(object["status"]["certificate"].is_null());
    // A third-party signer may write a certificate, and nothing else.
    let path = format!("{REQUESTS}/{name}/status");
    let mut signed = object.clone();
    signed["status"]["certificate"] = "bm90IGEgY2VydGlmaWNhdGU=".into();
    let refused = api.put(&path, &signed).refused(422, "Invalid");
    assert!(refused.contains("must contain at least one CERTIFICATE PEM block"), "{refused}");
    let issued = api.get(&format!("{REQUESTS}/{later}")).ok();
    signed["status"]["certificate"] = issued["status"]["certificate"].clone();
    api.put(&path, &signed).ok();
}

fn rejects_invalid_requests_with_a_reason(plane: &dyn Plane) {
    use base64::Engine;
    let api = Api::admin(plane);
    let base64 = |text: &str| Value::from(base64::engine::general_purpose::STANDARD.encode(text));
    let pem = String::from_utf8(base64_text(&pkcs10("jane", &[]).into())).unwrap();
    // The last byte of the signature is another one.
    let mut der = base64_text(&pem.lines().filter(|line| !line.starts_with('-')).collect::<String>().into());
    *der.last_mut().unwrap() ^= 1;
    let encoded = base64::engine::general_purpose::STANDARD.encode(der);
    let broken = format!("-----BEGIN CERTIFICATE REQUEST-----\n{encoded}\n-----END CERTIFICATE REQUEST-----\n");
    let cases = [
        ("expirationSeconds", json!(599), "may not specify a duration less than 600 seconds (10 minutes)"),
        ("expirationSeconds", json!(-1), "may not specify a duration less than 600 seconds (10 minutes)"),
        ("usages", json!([]), "spec.usages: Required value"),
        ("usages", json!(["client auth", "client auth"]), "spec.usages[1]: Duplicate value"),
        ("usages", json!(["drive a car"]), "spec.usages[0]: Unsupported value"),
        ("request", base64("hello"), "PEM block type must be CERTIFICATE REQUEST"),
        ("request", base64(&pem.replace("CERTIFICATE REQUEST", "CERTIFICATE")), "PEM block type must be"),
        ("request", base64(&broken), "spec.request: Invalid value"),
        ("request", json!(""), "PEM block type must be CERTIFICATE REQUEST"),
        ("signerName", json!("nodomain"), "spec.signerName: Invalid value"),
        ("signerName", json!("kubernetes.io/legacy-unknown"), "legacy-unknown"),
        ("signerName", json!(""), "spec.signerName: Required value"),
    ];
    for (field, value, message) in cases {
        let mut object = request(&unique("bad"), CLIENT, &["client auth"]);
        object["spec"][field] = value;
        let refused = api.post(REQUESTS, &object).refused(422, "Invalid");
        assert!(refused.contains(message), "{field}: {refused}");
    }
    let mut masters = request(&unique("masters"), CLIENT, &["client auth"]);
    masters["spec"]["request"] = pkcs10("eve", &["system:masters"]).into();
    let refused = api.post(REQUESTS, &masters).refused(403, "Forbidden");
    assert!(
        refused.ends_with(
            "is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed"
        ),
        "{refused}"
    );
    // Another signer's certificates say nothing to the API server, so that it does not look.
    masters["spec"]["signerName"] = "example.com/own".into();
    api.post(REQUESTS, &masters).ok();
    let nameless = api.post(REQUESTS, &request("", CLIENT, &["client auth"])).refused(422, "Invalid");
    assert!(nameless.contains("metadata.name: Required value: name or generateName is required"), "{nameless}");
    let mut generated = request("", CLIENT, &["client auth"]);
    generated["metadata"] = json!({"generateName": "csr-"});
    let generated = api.post(REQUESTS, &generated).ok();
    assert_eq!(generated["metadata"]["name"].as_str().unwrap().len(), "csr-".len() + 5);
}

fn only_the_status_of_a_request_can_change(plane: &dyn Plane) {
    let (api, name) = (Api::admin(plane), unique("fixed"));
    let made = api.post(REQUESTS, &request(&name, CLIENT, &["client auth"])).ok();
    let path = format!("{REQUESTS}/{name}");
    // Changes of the spec are ignored silently; labels are changed.
    let changed =
        json!({"metadata": {"labels": {"team": "red"}}, "spec": {"usages": ["server auth"], "username": "root"}});
    let patched = api.patch(&path, "merge-patch", &changed).ok();
    assert_eq!(patched["spec"], made["spec"]);
    assert_eq!(patched["metadata"]["labels"]["team"], "red");
    // Conditions are changed through /approval only.
    let by_main = api.patch(&path, "merge-patch", &json!({"status": {"conditions": [condition("Approved")]}})).ok();
    assert!(kinds(&by_main).is_empty(), "{by_main}");
    let by_status = api.patch(
        &format!("{path}/status"),
        "merge-patch",
        &json!({"status": {"conditions": [condition("Approved")]}}),
    );
    let refused = by_status.refused(422, "Invalid");
    assert!(refused.contains("updates may not add a condition of type \"Approved\""), "{refused}");
    // The decision about another version is a conflict.
    let mut stale = made.clone();
    stale["status"] = json!({"conditions": [condition("Approved")]});
    let conflict = api.put(&format!("{path}/approval"), &stale).refused(409, "Conflict");
    assert_eq!(
        conflict,
        format!(
            "Operation cannot be fulfilled on certificatesigningrequests.certificates.k8s.io \"{name}\": the object has \
             been modified; please apply your changes to the latest version and try again"
        )
    );
    let pinned = json!({"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}});
    let conflict = api.delete(&path, Some(&pinned)).refused(409, "Conflict");
    assert!(conflict.contains("does not match the UID in record"), "{conflict}");
    assert!(
        conflict.contains(&format!("CertificateSigningRequest.certificates.k8s.io \"{name}\": the UID")),
        "{conflict}"
    );
    let twice = api.post(REQUESTS, &request(&name, CLIENT, &["client auth"])).refused(409, "AlreadyExists");
    assert_eq!(twice, format!("certificatesigningrequests.certificates.k8s.io \"{name}\" already exists"));
    api.delete(&path, None).ok();
    let gone = api.get(&path).refused(404, "NotFound");
    assert_eq!(gone, format!("certificatesigningrequests.certificates.k8s.io \"{name}\" not found"));
}

fn decisions_need_the_right_on_the_signer(plane: &dyn Plane) {
    let (admin, name) = (Api::admin(plane), unique("guarded"));
    admin.post(REQUESTS, &request(&name, CLIENT, &["client auth"])).ok();
    let who = unique("clerk");
    let clerk = Api::user(plane, &who, None);
    let list = clerk.get(REQUESTS).refused(403, "Forbidden");
    assert_eq!(
        list,
        format!(
            "certificatesigningrequests.certificates.k8s.io is forbidden: User \"{who}\" cannot list resource \
             \"certificatesigningrequests\" in API group \"certificates.k8s.io\" at the cluster scope"
        )
    );
    let rights = ["get,list,watch:certificatesigningrequests", "update:certificatesigningrequests/approval"];
    let mut rules: Vec<Value> = rights
        .iter()
        .map(|right| {
            let (verbs, resource) = right.split_once(':').unwrap();
            json!({"apiGroups": ["certificates.k8s.io"], "verbs": verbs.split(',').collect::<Vec<_>>(), "resources": [resource]})
        })
        .collect();
    let roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
    admin.post(roles, &json!({"metadata": {"name": who}, "rules": rules})).ok();
    let binding = json!({
        "metadata": {"name": who},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": who},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": who}],
    });
    admin.post("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", &binding).ok();
    eventually("the right to read", || (clerk.get(REQUESTS).code == 200).then_some(()));
    for kind in ["Approved", "Denied"] {
        let refused = decide(&clerk, &name, kind).refused(403, "Forbidden");
        assert_eq!(
            refused,
            format!(
                "certificatesigningrequests.certificates.k8s.io \"{name}\" is forbidden: user not permitted to approve \
                 requests with signerName \"{CLIENT}\""
            )
        );
    }
    // The right on the signer's whole domain does.
    rules.push(json!({
        "apiGroups": ["certificates.k8s.io"], "verbs": ["approve"], "resources": ["signers"],
        "resourceNames": ["kubernetes.io/*"],
    }));
    admin.patch(&format!("{roles}/{who}"), "merge-patch", &json!({"rules": rules})).ok();
    eventually("the right to approve", || (decide(&clerk, &name, "Approved").code == 200).then_some(()));
}

fn a_decision_is_final(plane: &dyn Plane) {
    let (api, name) = (Api::admin(plane), unique("final"));
    // No signer handles it, so that nothing else changes it.
    api.post(REQUESTS, &request(&name, "example.com/own", &["client auth"])).ok();
    let path = format!("{REQUESTS}/{name}/approval");
    let refused = |conditions: Value| {
        let answer = api.patch(&path, "merge-patch", &json!({"status": {"conditions": conditions}}));
        answer.refused(422, "Invalid")
    };
    let mut untrue = condition("Approved");
    untrue["status"] = "False".into();
    let message = refused(json!([untrue]));
    assert!(
        message.contains("status.conditions[0].status: Unsupported value: \"False\": supported values: \"True\""),
        "{message}"
    );
    let message = refused(json!([condition("Approved"), condition("Approved")]));
    assert!(message.contains("Duplicate value"), "{message}");
    let message = refused(json!([condition("Approved"), condition("Denied")]));
    assert!(message.contains("mutually exclusive"), "{message}");
    decide(&api, &name, "Approved").ok();
    for conditions in [json!([]), json!([condition("Denied")])] {
        let message = refused(conditions);
        assert!(message.contains("updates may not remove a condition of type \"Approved\""), "{message}");
    }
    let now = api.get(&format!("{REQUESTS}/{name}")).ok();
    assert_eq!(kinds(&now), ["Approved"]);
}

fn the_server_sets_the_requester(plane: &dyn Plane) {
    let name = unique("asked");
    let admin = Api::admin(plane);
    let mut lie = request(&name, CLIENT, &["client auth"]);
    lie["spec"]["username"] = "system:kube-controller-manager".into();
    lie["spec"]["groups"] = json!(["system:nodes"]);
    let made = admin.post(REQUESTS, &lie).ok();
    assert_eq!(made["spec"]["username"], "admin");
    assert_eq!(made["spec"]["groups"], json!(["system:masters", "system:authenticated"]));
    assert!(
        made["spec"]["extra"]["authentication.kubernetes.io/credential-id"][0]
            .as_str()
            .unwrap()
            .starts_with("X509SHA256=")
    );
}
