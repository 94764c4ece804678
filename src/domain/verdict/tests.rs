//! Labelled requests: which rules fire, and which do not.

use super::*;
use crate::domain::request::{CLIENT_SIGNER, Pin, Pkcs10, PublicKey, Requester, San};

fn request(names: &[&str], groups: &[&str]) -> Request {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    Request {
        pin: Pin::default(),
        created_at: None,
        signer_name: CLIENT_SIGNER.into(),
        usages: owned(&["client auth"]),
        expiration_seconds: Some(86_400),
        requester: Requester {
            username: names.last().unwrap_or(&"admin").to_string(),
            groups: owned(&["system:authenticated"]),
            ..Requester::default()
        },
        pkcs10: Ok(Pkcs10 {
            subject: String::new(),
            common_names: owned(names),
            organizations: owned(groups),
            sans: Vec::new(),
            key: PublicKey { algorithm: "RSA".into(), bits: 2048, sha256: String::new() },
            signature_algorithm: "SHA256-RSA".into(),
            signature_valid: Some(true),
        }),
        conditions: Vec::new(),
        certificate: None,
    }
}

fn rules(request: &Request) -> Vec<&'static str> {
    judge(request).findings.iter().map(|finding| finding.rule).collect()
}

fn kubelet(signer: &str, purpose: &str, sans: Vec<San>) -> Request {
    let mut request = request(&["system:node:w1"], &["system:nodes"]);
    request.signer_name = format!("kubernetes.io/{signer}");
    request.usages = vec!["digital signature".into(), purpose.into()];
    if let Ok(pkcs10) = &mut request.pkcs10 {
        pkcs10.sans = sans;
    }
    request
}

#[test]
fn a_person_who_asks_for_themselves_is_nothing_unusual() {
    assert_eq!(rules(&request(&["jane"], &["dev", "qa"])), [""; 0]);
    assert_eq!(judge(&request(&["jane"], &[])).level(), Level::Ok);
}

#[test]
fn names_of_the_cluster_itself_are_dangerous() {
    for (names, groups, rule) in [
        (&["system:kube-controller-manager"][..], &[][..], "identity-control-plane"),
        (&["system:serviceaccount:kube-system:job-controller"], &[], "identity-service-account"),
        (&["system:node:n1"], &["system:nodes"], "identity-node"),
        (&["jane"], &["system:masters"], "group-masters"),
        (&["jane"], &["system:nodes"], "group-system"),
        (&["jane\u{202e}nimda"], &[], "name-hidden-characters"),
        (&["jane"], &["dev\u{1b}[31m"], "name-hidden-characters"),
        (&["harmless", "evil"], &[], "several-common-names"),
    ] {
        let request = request(names, groups);
        assert!(rules(&request).contains(&rule), "{names:?} {groups:?}");
        assert_eq!(judge(&request).level(), Level::Danger, "{names:?} {groups:?}");
    }
}

#[test]
fn a_danger_is_said_before_a_refusal() {
    let mut request = request(&["system:admin"], &[]);
    request.usages = vec!["server auth".into()];
    assert_eq!(rules(&request), ["identity-control-plane", "signer-refuses"]);
}

#[test]
fn wrong_usages_will_fail_and_say_why() {
    let mut request = request(&["bob"], &[]);
    for (usages, words) in [
        (&["server auth"][..], "invalid usage for client certificate: server auth"),
        (&["digital signature"], "client auth"),
    ] {
        request.usages = usages.iter().map(|usage| (*usage).to_owned()).collect();
        let verdict = judge(&request);
        assert_eq!(verdict.level(), Level::WillFail);
        assert!(verdict.findings[0].text.contains(words), "{verdict:?}");
    }
}

#[test]
fn a_kubelet_that_asks_for_itself_is_nothing_unusual() {
    assert_eq!(rules(&kubelet("kube-apiserver-client-kubelet", "client auth", vec![])), [""; 0]);
    assert_eq!(rules(&kubelet("kubelet-serving", "server auth", vec![San::Dns("w1".into())])), [""; 0]);
    assert_eq!(rules(&kubelet("kubelet-serving", "server auth", vec![])), ["signer-refuses"]);
    let mut other = kubelet("kubelet-serving", "server auth", vec![San::Dns("w1".into())]);
    other.requester.username = "system:node:w2".into();
    assert_eq!(rules(&other), ["requester-not-the-node"]);
}

#[test]
fn somebody_who_asks_for_another_is_a_notice_and_an_admin_is_not() {
    let mut request = request(&["jane"], &[]);
    request.requester.username = "ci-bot".into();
    assert_eq!(rules(&request), ["requester-differs"]);
    request.requester.groups.push("system:masters".into());
    assert_eq!(rules(&request), [""; 0]);
}

#[test]
fn what_cannot_be_read_is_dangerous() {
    let mut request = request(&["jane"], &[]);
    request.pkcs10 = Err("not a PKCS#10 request".into());
    assert_eq!(rules(&request), ["request-unreadable"]);
}
