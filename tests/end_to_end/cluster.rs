//! The adapter on the real control plane: pins, races, watches.

use std::sync::Arc;

use countersign::testing::cluster::watch::{self, RequestChange, WatchMessage, WatchStatus};
use countersign::testing::cluster::{Cluster, ClusterError, Decision, Target, Verb};
use countersign::testing::domain::gate::{self, Candidate, Clearance, Confirmation, Deletion, Scope};
use countersign::testing::domain::interner::Uid;
use countersign::testing::domain::policy_file::PolicyFile;
use countersign::testing::domain::request::{Request, RequestState, RequestVersion};
use countersign::testing::domain::verdict::Level;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use tokio::sync::mpsc;

use crate::support::plane::Plane;
use crate::support::requests::{create, create_with, manifest};
use crate::support::{PATIENCE, limited, unique};

crate::on_both!(async
    a_decision_applies_to_the_displayed_version_only,
    exactly_one_of_two_concurrent_decisions_succeeds,
    reports_the_servers_limits,
    the_watch_lists_and_then_reports_every_change,
    without_watch_permission_the_list_is_not_called_live,
    escapes_names_that_contain_query_characters,
    a_list_has_the_same_content_in_every_format,
);

async fn admin(plane: &dyn Plane) -> Cluster {
    let target = Target { kubeconfig: Some(plane.admin()), ..Target::default() };
    Cluster::connect(&target, countersign::testing::cluster::Prompt::Never).await.unwrap()
}

fn decision() -> Decision {
    Decision { reason: "Test".into(), message: "a test".into() }
}

/// What the gate gives out for a harmless request.
fn cleared(cluster: &Cluster, verb: Verb, pin: &RequestVersion) -> Clearance {
    let (permit, level) = (cluster.permit().unwrap(), Level::Ok);
    let (name, signer) = (pin.name.as_str(), "kubernetes.io/kube-apiserver-client");
    let candidate = Candidate { pin, is_current: true, name, signer, level, shown: level };
    match verb {
        Verb::Approve => {
            gate::approve(permit, &candidate, PolicyFile::built_in(), Scope::Single, &Confirmation::key(true)).unwrap()
        }
        Verb::Deny => gate::deny(permit, pin, true, &Confirmation::key(true)).unwrap(),
    }
}

fn deletion(cluster: &Cluster, pin: &RequestVersion) -> Deletion {
    gate::delete(cluster.permit().unwrap(), pin, true, &Confirmation::key(true)).unwrap()
}

async fn a_decision_applies_to_the_displayed_version_only(plane: &dyn Plane) {
    let (cluster, name) = (admin(plane).await, unique("pinned"));
    create(plane, &name, "jane", &[]);
    let seen = RequestVersion::of(&cluster.request(&name).await.unwrap());
    assert!(plane.kubectl(&["annotate", "csr", &name, "note=changed"]).status.success());
    let refused = cluster.decide(&cleared(&cluster, Verb::Approve, &seen), &decision()).await.unwrap_err();
    assert_eq!(refused, ClusterError::Changed { name: name.clone(), now: RequestState::Pending });
    let stale = cluster.delete_request(&deletion(&cluster, &seen)).await.unwrap_err();
    assert!(matches!(stale, ClusterError::Changed { .. }), "{stale}");
    let fresh = RequestVersion::of(&cluster.request(&name).await.unwrap());
    cluster.decide(&cleared(&cluster, Verb::Deny, &fresh), &decision()).await.unwrap();
    let again = cluster.decide(&cleared(&cluster, Verb::Approve, &fresh), &decision()).await.unwrap_err();
    assert_eq!(again, ClusterError::AlreadyDecided { name: name.clone(), how: RequestState::Denied });
    assert!(plane.kubectl(&["delete", "csr", &name]).status.success());
    create(plane, &name, "mallory", &[]);
    let other = cluster.decide(&cleared(&cluster, Verb::Approve, &fresh), &decision()).await.unwrap_err();
    assert!(matches!(other, ClusterError::NotFound { .. }), "{other}");
}

async fn exactly_one_of_two_concurrent_decisions_succeeds(plane: &dyn Plane) {
    let cluster = admin(plane).await;
    for _ in 0..10 {
        let name = unique("race");
        create(plane, &name, "jane", &[]);
        let pin = RequestVersion::of(&cluster.request(&name).await.unwrap());
        let (approve, deny) = (cleared(&cluster, Verb::Approve, &pin), cleared(&cluster, Verb::Deny, &pin));
        let decision = decision();
        let (a, b) = tokio::join!(cluster.decide(&approve, &decision), cluster.decide(&deny, &decision));
        assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
        let lost = a.err().or(b.err()).unwrap();
        assert!(matches!(lost, ClusterError::AlreadyDecided { .. } | ClusterError::Changed { .. }), "{lost}");
    }
}

async fn reports_the_servers_limits(plane: &dyn Plane) {
    let cluster = admin(plane).await;
    let template = unique("limits");
    create(plane, &template, "jane", &[]);
    let mut csr = cluster.request(&template).await.unwrap();
    let name = unique("limits");
    csr.metadata = ObjectMeta { name: Some(name.clone()), ..ObjectMeta::default() };
    csr.spec.expiration_seconds = Some(599);
    let error = cluster.create_request(cluster.permit().unwrap(), &csr, true).await.unwrap_err();
    assert!(error.to_string().contains("600 seconds"), "{error}");
    csr.spec.expiration_seconds = Some(600);
    cluster.create_request(cluster.permit().unwrap(), &csr, true).await.unwrap();
    assert!(matches!(cluster.request(&name).await, Err(ClusterError::NotFound { .. })), "a dry run made it");
}

/// The next message of the watch.
async fn next(from: &mut mpsc::Receiver<WatchMessage>) -> WatchMessage {
    tokio::time::timeout(PATIENCE, from.recv()).await.unwrap().unwrap()
}

async fn the_watch_lists_and_then_reports_every_change(plane: &dyn Plane) {
    let cluster = admin(plane).await;
    let (old, new) = (unique("old"), unique("new"));
    create(plane, &old, "jane", &[]);
    let (to, mut from) = mpsc::channel(1);
    tokio::spawn(watch::watch_requests(cluster.clone(), Arc::default(), to));
    let applied = |message: &WatchMessage, wanted: &str| match message {
        WatchMessage::Changes(changes) => {
            changes.iter().any(|change| matches!(change, RequestChange::Applied(row) if *row.name == *wanted))
        }
        _ => false,
    };
    let mut listed = false;
    loop {
        let message = next(&mut from).await;
        listed |= applied(&message, &old);
        if matches!(message, WatchMessage::Status(WatchStatus::Live)) {
            break;
        }
    }
    assert!(listed, "the list left one out");
    create(plane, &new, "joe", &[]);
    while !applied(&next(&mut from).await, &new) {}
    let pin = RequestVersion::of(&cluster.request(&new).await.unwrap());
    cluster.decide(&cleared(&cluster, Verb::Approve, &pin), &decision()).await.unwrap();
    let issued = cluster.wait_for(&new, &pin.uid, |request| request.state() == RequestState::Issued).await.unwrap();
    assert_eq!(Request::from_object(&issued).certificate.unwrap().unwrap().identity.user, "joe");
    assert!(plane.kubectl(&["delete", "csr", &new]).status.success());
    let gone = |change: &RequestChange| matches!(change, RequestChange::Deleted(uid) if *uid == Uid::of(&pin.uid));
    while !matches!(next(&mut from).await, WatchMessage::Changes(changes) if changes.iter().any(gone)) {}
}

async fn without_watch_permission_the_list_is_not_called_live(plane: &dyn Plane) {
    let lister = limited(plane, &unique("lister"), "get,list", "certificatesigningrequests");
    let target = Target { kubeconfig: Some(lister.kubeconfig()), ..Target::default() };
    let (to, mut from) = mpsc::channel(1);
    tokio::spawn(watch::watch_requests(
        Cluster::connect(&target, countersign::testing::cluster::Prompt::Never).await.unwrap(),
        Arc::default(),
        to,
    ));
    let (mut listed, mut status) = (false, None);
    while status.is_none() {
        match next(&mut from).await {
            WatchMessage::Listed => listed = true,
            WatchMessage::Status(is) => status = Some(is),
            _ => {}
        }
    }
    assert!(listed && matches!(status, Some(WatchStatus::Forbidden { .. })), "{status:?}");
}

async fn escapes_names_that_contain_query_characters(plane: &dyn Plane) {
    let cluster = admin(plane).await;
    let plain = unique("plain");
    let odd = format!("{plain}?dryRun=All#x y");
    create(plane, &plain, "jane", &[]);
    let mut csr = cluster.request(&plain).await.unwrap();
    csr.metadata = ObjectMeta { name: Some(odd.clone()), ..ObjectMeta::default() };
    csr.status = None;
    let made = cluster.create_request(cluster.permit().unwrap(), &csr, false).await.unwrap();
    let pin = RequestVersion::of(&made);
    let decided = cluster.decide(&cleared(&cluster, Verb::Deny, &pin), &decision()).await.unwrap();
    assert_eq!(Request::from_object(&decided).state(), RequestState::Denied);
    let untouched = Request::from_object(&cluster.request(&plain).await.unwrap());
    assert_eq!(untouched.state(), RequestState::Pending);
    cluster.delete_request(&deletion(&cluster, &RequestVersion::of(&decided))).await.unwrap();
    assert!(matches!(cluster.request(&odd).await, Err(ClusterError::NotFound { .. })));
}

/// Lists are read as protobuf where a server has it, and single objects as JSON.
async fn a_list_has_the_same_content_in_every_format(plane: &dyn Plane) {
    let (cluster, prefix) = (admin(plane).await, unique("forms"));
    let name = |of: &str| format!("{prefix}-{of}");
    create(plane, &name("pending"), "jane", &["dev", "qa"]);
    create_with(plane, &name("failed"), "joe", &[], "server auth");
    for (of, verb) in [("failed", Verb::Approve), ("issued", Verb::Approve), ("denied", Verb::Deny)] {
        if of != "failed" {
            create_with(plane, &name(of), "花子", &[], "client auth, digital signature");
        }
        let pin = RequestVersion::of(&cluster.request(&name(of)).await.unwrap());
        cluster.decide(&cleared(&cluster, verb, &pin), &decision()).await.unwrap();
        let done = |request: &Request| !matches!(request.state(), RequestState::Pending | RequestState::Approved);
        cluster.wait_for(&name(of), &pin.uid, done).await.unwrap();
    }
    let file = plane.path(&format!("{prefix}.yaml"));
    std::fs::write(&file, manifest(&name("asked"), "bob", &[], "client auth")).unwrap();
    let requester_flags = ["--as=ci bot", "--as-uid=7", "--as-group=system:masters", "--as-group=ci"];
    let asked = plane.kubectl(&[&requester_flags[..], &["create", "-f", &file.display().to_string()]].concat());
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let mut listed = cluster.read_requests().await.unwrap();
    let mut whole: Vec<_> = cluster.list_requests().await.unwrap().iter().map(Request::from_object).collect();
    for list in [&mut listed, &mut whole] {
        list.retain(|request| request.pin.name.starts_with(&prefix));
        list.sort_by(|a, b| a.pin.name.cmp(&b.pin.name));
    }
    for request in &mut whole {
        // A list leaves signatures to the server.
        request.pkcs10.as_mut().unwrap().signature_valid = None;
    }
    let states: Vec<_> = listed.iter().map(Request::state).collect();
    assert_eq!(
        states,
        [
            RequestState::Pending,
            RequestState::Denied,
            RequestState::Failed,
            RequestState::Issued,
            RequestState::Pending
        ]
    );
    assert_eq!((&*listed[0].requester.username, &*listed[0].requester.uid), ("ci bot", "7"));
    assert_eq!(listed, whole);
}
