//! Who a request says it is, as shown here, is who the cluster takes the holder of its certificate for: of some hundreds of
//! requests in odd forms that a real kube-apiserver accepts and a real kube-controller-manager signs. What it refuses is
//! refused here, too.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::testing::cluster::slim_request::SlimRequest;
use countersign::testing::cluster::{Cluster, Target};
use countersign::testing::domain::request::{Identity, Pkcs10, Request};
use k8s_openapi::api::certificates::v1::CertificateSigningRequest;
use rcgen::KeyPair;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::odd_requests::odd_request;
use crate::support::plane;
use crate::support::plane::Plane;
use crate::support::{eventually, unique};

const CSRS: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const REVIEWS: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
/// Requests that are made. Most of them are accepted.
const MADE: u64 = 600;
/// So many are approved by kubectl, which takes its time.
const BY_KUBECTL: usize = 10;

/// Name and set of groups.
type Who = (String, BTreeSet<String>);

fn who(identity: &Identity) -> Who {
    (identity.user.clone(), identity.groups.iter().cloned().collect())
}

/// What becomes of all of them: those that the server accepts, approved, and those that it refuses.
struct Made {
    accepted: Vec<String>,
    refused: Vec<String>,
}

fn make(plane: &dyn Plane, api: &Api, label: &str, key: &KeyPair) -> Made {
    let mut made = Made { accepted: Vec::new(), refused: Vec::new() };
    for number in 0..MADE {
        let (name, pem) = (format!("{label}-{number}"), odd_request(number, key));
        let spec = json!({
            "request": STANDARD.encode(&pem), "signerName": "kubernetes.io/kube-apiserver-client",
            "usages": ["client auth"], "expirationSeconds": 3600,
        });
        let answer = api.post(CSRS, &json!({"metadata": {"name": name, "labels": {"odd": label}}, "spec": spec}));
        match answer.code {
            201 => {
                if made.accepted.len() >= BY_KUBECTL {
                    approve(api, answer.body);
                }
                made.accepted.push(name);
            }
            400 | 422 => made.refused.push(pem),
            code => panic!("{name}: {code} {}", answer.body),
        }
    }
    for name in &made.accepted[..BY_KUBECTL] {
        assert!(plane.kubectl(&["certificate", "approve", name]).status.success(), "{name}");
    }
    made
}

fn approve(api: &Api, mut object: Value) {
    let condition = json!({"type": "Approved", "status": "True", "reason": "Odd", "message": "odd, and accepted"});
    object["status"] = json!({"conditions": [condition]});
    let name = object["metadata"]["name"].as_str().unwrap();
    api.put(&format!("{CSRS}/{name}/approval"), &object).ok();
}

/// All of them with their certificates.
fn issued(api: &Api, label: &str, names: &[String]) -> Vec<Value> {
    eventually("all are issued", || {
        let list = api.get(&format!("{CSRS}?labelSelector=odd%3D{label}")).ok();
        let items = list["items"].as_array().unwrap().clone();
        let done = |item: &Value| {
            let failed = item["status"]["conditions"].as_array().unwrap().iter().any(|one| one["type"] == "Failed");
            assert!(!failed, "{item}");
            item["status"]["certificate"].is_string()
        };
        (items.len() == names.len() && items.iter().all(done)).then_some(items)
    })
}

/// Who the API server takes the holder of a certificate for; empty where it does not accept it.
fn logs_in_as(kubeconfig: &str, key: &KeyPair, certificate: &str) -> Who {
    let key = STANDARD.encode(key.serialize_pem());
    let own = kubeconfig.lines().map(|line| match line.trim().split_once(": ") {
        Some(("client-certificate-data", _)) => format!("    client-certificate-data: {certificate}\n"),
        Some(("client-key-data", _)) => format!("    client-key-data: {key}\n"),
        _ => format!("{line}\n"),
    });
    let review = json!({"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1"});
    let answer = Api::with(&own.collect::<String>()).post(REVIEWS, &review);
    // Without a CN it does not log in.
    if answer.code == 401 || answer.message().contains("\"system:anonymous\"") {
        return Who::default();
    }
    let user = answer.ok()["status"]["userInfo"].clone();
    let groups = user["groups"].as_array().cloned().unwrap_or_default();
    let groups = groups.iter().filter_map(Value::as_str).filter(|group| *group != "system:authenticated");
    (user["username"].as_str().unwrap().to_owned(), groups.map(ToOwned::to_owned).collect())
}

/// Who a request says that it is, or why it cannot be read.
fn shown(request: &Request) -> Result<Who, String> {
    request.pkcs10.as_ref().map(|pkcs10| who(&pkcs10.identity())).map_err(Clone::clone)
}

/// Who each request is by the list, which is read as protobuf.
fn listed(plane: &dyn Plane) -> BTreeMap<String, Result<Who, String>> {
    let target = Target { kubeconfig: Some(plane.admin()), ..Target::default() };
    let all = plane::finish(async {
        Cluster::connect(&target, countersign::testing::cluster::Prompt::Never)
            .await
            .unwrap()
            .read_requests()
            .await
            .unwrap()
    });
    all.iter().map(|request| (request.pin.name.clone(), shown(request))).collect()
}

#[test]
fn identity_shown_is_identity_issued() {
    let Some(plane) = plane::shared("identity_shown_is_identity_issued") else { return };
    let (api, label, key) = (Api::admin(plane), unique("odd"), KeyPair::generate().unwrap());
    let made = make(plane, &api, &label, &key);
    assert!(made.accepted.len() >= 300 && made.refused.len() >= 30, "{} {}", made.accepted.len(), made.refused.len());
    let kubeconfig = std::fs::read_to_string(plane.admin()).unwrap();
    let items = issued(&api, &label, &made.accepted);
    let from_list = listed(plane);
    let mut wrong = Vec::new();
    for item in &items {
        let name = item["metadata"]["name"].as_str().unwrap();
        let real = logs_in_as(&kubeconfig, &key, item["status"]["certificate"].as_str().unwrap());
        for (reading, shown) in readings(item, &from_list[name]) {
            // Without a CN it does not log in, whatever the groups.
            let shown = shown.map(|who| if who.0.is_empty() { Who::default() } else { who });
            if shown.as_ref() != Ok(&real) {
                let request = item["spec"]["request"].as_str().unwrap();
                wrong.push(format!("{name} by {reading}: shown {shown:?}, real {real:?}: {request}"));
            }
        }
    }
    for pem in &made.refused {
        if let Ok(read) = Pkcs10::from_pem(pem.as_bytes()) {
            wrong.push(format!("refused by the server, shown as {:?}: {}", read.identity(), STANDARD.encode(pem)));
        }
    }
    let clean = api.delete(&format!("{CSRS}?labelSelector=odd%3D{label}"), None);
    assert!(clean.code == 200, "{}", clean.body);
    assert!(wrong.is_empty(), "{} readings are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Who a request and its certificate are, by every way in which they are read here.
fn readings(item: &Value, by_list: &Result<Who, String>) -> [(&'static str, Result<Who, String>); 4] {
    let object: CertificateSigningRequest = serde_json::from_value(item.clone()).unwrap();
    let watched: SlimRequest = serde_json::from_value(item.clone()).unwrap();
    let request = Request::from_object(&object);
    let certificate = request.certificate.as_ref().unwrap().as_ref();
    let by_certificate = certificate.map(|certificate| who(&certificate.identity)).map_err(Clone::clone);
    [
        ("object", shown(&request)),
        ("watch", shown(&watched.request)),
        ("list", by_list.clone()),
        ("certificate", by_certificate),
    ]
}
