//! Every built-in signer against a grid of usages, subjects and names: what the verdict predicts is what the signer does.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{TimeDelta, Utc};
use countersign::testing::domain::request::{Request, RequestState};
use countersign::testing::domain::verdict::{Context, Limits, is_signed_here, judge, refusal};
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::certificates::v1::CertificateSigningRequest;
use kube::api::{PostParams, WatchEvent, WatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use rcgen::KeyPair;
use serde_json::json;

use crate::support::pkcs10::{Asked, UNIVERSAL};
use crate::support::plane::Plane;
use crate::support::{PATIENCE, unique};

crate::on_both!(async what_the_verdict_predicts_is_what_every_signer_does);

const SIGNERS: [&str; 4] = [
    "kubernetes.io/kube-apiserver-client",
    "kubernetes.io/kube-apiserver-client-kubelet",
    "kubernetes.io/kubelet-serving",
    "example.com/nobody-signs-for-it",
];

const USAGES: [&[&str]; 9] = [
    &["client auth"],
    &["digital signature", "client auth"],
    &["client auth", "key encipherment", "digital signature"],
    &["digital signature", "server auth"],
    &["server auth", "key encipherment", "digital signature"],
    &["digital signature"],
    &["signing", "client auth"],
    &["digital signature", "client auth", "server auth"],
    &["digital signature", "key encipherment", "client auth", "any"],
];

/// From ten minutes to what is cut, in the order in which requests get them.
const LIVES: [Option<i32>; 6] = [Some(600), Some(28_799), Some(28_800), Some(86_400), None, Some(400 * 86_400)];

fn subjects() -> [Asked; 8] {
    [
        Asked::person("jane", &["dev"]),
        Asked::node("w1"),
        Asked::person("system:node:w1", &["system:nodes", "dev"]),
        Asked::person("system:node:w1", &[]),
        Asked::person("jane", &["system:nodes"]),
        Asked::default().o("system:nodes").cn("system:node:w1").cn("jane"),
        Asked::default().cn("jane").joined(&["system:nodes"]).cn("system:node:w1"),
        Asked::node("w1").cn_as(UNIVERSAL, b"\0\0\0x"),
    ]
}

/// A subject with subject alternative names of each kind.
fn with_names(subject: &Asked) -> [Asked; 8] {
    let it = || subject.clone();
    [
        it(),
        it().dns("w1"),
        it().ip("10.0.0.7").ip("fd00::7"),
        it().email("a@b.example"),
        it().uri("spiffe://b.example/w1"),
        it().uri("spiffe://b.example/w1").email("a@b.example").ip("10.0.0.7"),
        it().registered(),
        it().dns("w1").email("a@b.example").hidden(),
    ]
}

fn grid(label: &str) -> Vec<CertificateSigningRequest> {
    let key = KeyPair::generate().unwrap();
    let mut all = Vec::new();
    // Every second of the whole grid: as there is an odd number of usages, every pair of two things comes together still.
    let mut even = false;
    for signer in SIGNERS {
        for subject in subjects() {
            for asked in with_names(&subject) {
                // A signature for each would take longer than everything else.
                let request = STANDARD.encode(asked.sign(&key));
                for usages in USAGES {
                    even = !even;
                    if !even {
                        continue;
                    }
                    let seconds = LIVES[all.len() % LIVES.len()];
                    let meta = json!({"name": format!("{label}-{}", all.len()), "labels": {"grid": label}});
                    let mut spec = json!({"request": request, "signerName": signer, "usages": usages});
                    if let Some(seconds) = seconds {
                        spec["expirationSeconds"] = seconds.into();
                    }
                    all.push(serde_json::from_value(json!({"metadata": meta, "spec": spec})).unwrap());
                }
            }
        }
    }
    // Any signer name without a signer will do.
    let foreign = |csr: &CertificateSigningRequest| csr.spec.signer_name == SIGNERS[3];
    let first = all.iter().position(foreign).unwrap();
    all.truncate(first + USAGES.len());
    all
}

async fn api(plane: &dyn Plane) -> Api<CertificateSigningRequest> {
    let kubeconfig = Kubeconfig::read_from(plane.admin()).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    Api::all(Client::try_from(config).unwrap())
}

/// Creates one and approves it; the cluster itself may have approved a kubelet's already.
async fn approved(api: &Api<CertificateSigningRequest>, csr: &CertificateSigningRequest) {
    let mut made = api.create(&PostParams::default(), csr).await.unwrap();
    let name = made.metadata.name.clone().unwrap();
    while Request::from_object(&made).state() == RequestState::Pending {
        let condition = json!({"type": "Approved", "status": "True", "reason": "Grid", "message": "of the grid"});
        made.status = serde_json::from_value(json!({"conditions": [condition]})).unwrap();
        match api.replace_subresource("approval", &name, &PostParams::default(), &made).await {
            Ok(_) => return,
            Err(kube::Error::Api(status)) if status.code == 409 => made = api.get(&name).await.unwrap(),
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

/// Watches until the built-in signers have acted on all of them; how all stand then.
async fn acted_on(api: &Api<CertificateSigningRequest>, label: &str, count: usize) -> Vec<Request> {
    let mut found = HashMap::new();
    let watch = async {
        let params = WatchParams::default().labels(&format!("grid={label}"));
        let mut events = api.watch(&params, "0").await.unwrap().boxed();
        while let Some(event) = events.try_next().await.unwrap() {
            if let WatchEvent::Added(csr) | WatchEvent::Modified(csr) = event {
                let request = Request::from_object(&csr);
                found.insert(request.pin.name.clone(), request);
            }
            let open = |request: &Request| matches!(request.state(), RequestState::Pending | RequestState::Approved);
            if found.len() == count && !found.values().any(|one| open(one) && is_signed_here(&one.signer_name)) {
                return;
            }
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, watch).await.is_ok();
    let open = found.values().find(|one| is_signed_here(&one.signer_name) && one.state() == RequestState::Approved);
    assert!(in_time, "the signers did not act on all: {} of {count} seen, this one is open: {open:#?}", found.len());
    found.into_values().collect()
}

async fn what_the_verdict_predicts_is_what_every_signer_does(plane: &dyn Plane) {
    let (api, label) = (api(plane).await, unique("grid"));
    let all = grid(&label);
    futures::stream::iter(&all).map(|csr| approved(&api, csr)).buffer_unordered(24).for_each(|()| async {}).await;
    let acted = acted_on(&api, &label, all.len()).await;
    let mut counts = HashMap::new();
    for request in &acted {
        *counts.entry((request.signer_name.as_str(), request.state())).or_insert(0) += 1;
        let (name, predicted) = (&request.pin.name, refusal(request));
        let verdict = judge(request, &Context::default());
        let report = verdict.findings.iter().find(|finding| finding.rule == "signer-refuses");
        assert_eq!(report.is_some(), predicted.is_some(), "{name}");
        if !is_signed_here(&request.signer_name) {
            assert_eq!((request.state(), predicted), (RequestState::Approved, None), "{name}");
            continue;
        }
        let failed = request.conditions.iter().find(|condition| condition.kind == "Failed");
        let why = failed.map(|condition| condition.message.clone());
        assert_eq!(predicted, why, "{name}: {request:#?}");
        if let Some(why) = why {
            assert!(report.unwrap().text.contains(&why) && failed.unwrap().reason == "SignerValidationFailure");
            continue;
        }
        let certificate = request.certificate.as_ref().unwrap().as_ref().unwrap();
        let (promised, given) = (request.identity(), &certificate.identity);
        assert_eq!(promised.user, given.user, "{name}");
        let sorted = |groups: &[String]| {
            let mut groups = groups.to_vec();
            groups.sort();
            groups
        };
        assert_eq!(sorted(&promised.groups), sorted(&given.groups), "{name}");
        // Made some seconds ago, so that it would end as much later now.
        let (end, _) = Limits::default().end(request.expiration_seconds, Utc::now()).unwrap();
        let late = end - certificate.not_after;
        assert!(late >= TimeDelta::seconds(-2) && late < TimeDelta::seconds(60), "{name}: {late} {request:#?}");
    }
    // The grid is worth something only where every signer both signs and refuses.
    for signer in &SIGNERS[..3] {
        let count = |state| counts.get(&(*signer, state)).copied().unwrap_or(0);
        assert!(count(RequestState::Issued) >= 5 && count(RequestState::Failed) >= 50, "{counts:?}");
    }
    let away = |csr: &CertificateSigningRequest| csr.metadata.name.clone().unwrap();
    let delete = |name: String| {
        let api = &api;
        async move { drop(api.delete(&name, &kube::api::DeleteParams::default()).await) }
    };
    let clean = futures::stream::iter(all.iter().map(away)).map(delete).buffer_unordered(24).for_each(|()| async {});
    tokio::time::timeout(Duration::from_secs(30), clean).await.unwrap();
}
