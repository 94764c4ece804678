//! Labelled requests: which rules fire, and which do not.

use super::*;
use crate::domain::request::{CLIENT_SIGNER, Pkcs10, PublicKey, RequestVersion, Requester, San};

fn request(names: &[&str], groups: &[&str]) -> Request {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    Request {
        pin: RequestVersion::default(),
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
            odd_strings: Vec::new(),
            sans: Vec::new(),
            key: PublicKey { algorithm: "RSA".into(), bits: 2048, sha256: String::new() },
            signature_algorithm: "SHA256-RSA".into(),
            signature_valid: Some(true),
            oddities: Vec::new(),
        }),
        conditions: Vec::new(),
        certificate: None,
    }
}

/// Judged with nothing known but the request.
fn judged(request: &Request) -> Verdict {
    judge(request, &Context::default())
}

fn rules(request: &Request) -> Vec<&'static str> {
    judged(request).findings.iter().map(|finding| finding.rule).collect()
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
    assert_eq!(judged(&request(&["jane"], &[])).level(), Level::Ok);
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
        assert_eq!(judged(&request).level(), Level::Danger, "{names:?} {groups:?}");
    }
}

#[test]
fn danger_comes_before_refusal() {
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
        let verdict = judged(&request);
        assert_eq!(verdict.level(), Level::WillFail);
        assert!(verdict.findings[0].text.contains(words), "{verdict:?}");
    }
}

#[test]
fn a_kubelet_that_asks_for_itself_is_nothing_unusual() {
    assert_eq!(rules(&kubelet("kube-apiserver-client-kubelet", "client auth", vec![])), [""; 0]);
    let serving = kubelet("kubelet-serving", "server auth", vec![San::Dns("w1".into())]);
    assert_eq!(rules(&serving), ["serving-unchecked"]);
    let nodes = Nodes::new(&[serde_json::from_value(serde_json::json!({"metadata": {"name": "w1"}})).unwrap()]);
    assert_eq!(judge(&serving, &Context { nodes: Some(&nodes), ..Context::default() }), Verdict::default());
    assert_eq!(rules(&kubelet("kubelet-serving", "server auth", vec![])), ["signer-refuses"]);
    let mut other = kubelet("kubelet-serving", "server auth", vec![San::Dns("w1".into())]);
    other.requester.username = "system:node:w2".into();
    assert_eq!(rules(&other), ["requester-not-the-node", "serving-unchecked"]);
}

#[test]
fn request_for_another_user_is_a_notice_unless_by_an_admin() {
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

mod limits {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::super::context::Bound;
    use super::*;
    use crate::domain::certificate::Certificate;
    use crate::domain::request::Identity;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_500_000, 0).unwrap()
    }

    fn life(limits: Limits, asked: Option<i32>) -> (i64, Bound) {
        let (end, bound) = limits.end(asked, noon()).unwrap();
        ((end - noon()).num_seconds(), bound)
    }

    #[test]
    fn a_certificate_ends_where_the_signer_ends_it() {
        let limits = Limits::default();
        assert_eq!(life(limits, Some(600)), (600, Bound::Asked));
        assert_eq!(life(limits, Some(28_799)), (28_799, Bound::Asked));
        assert_eq!(life(limits, Some(28_800)), (28_500, Bound::Asked));
        assert_eq!(life(limits, Some(i32::MAX)), (365 * 86_400 - 300, Bound::SignerByDefault));
        assert_eq!(life(limits, None), (365 * 86_400 - 300, Bound::SignerByDefault));
        let known = Limits { signing: Some(TimeDelta::days(30)), ca_ends: Some(noon() + TimeDelta::days(10)) };
        assert_eq!(life(known, Some(86_400)), (86_100, Bound::Asked));
        assert_eq!(life(known, Some(20 * 86_400)), (10 * 86_400, Bound::Ca));
        let no_ca = Limits { ca_ends: None, ..known };
        assert_eq!(life(no_ca, Some(31 * 86_400)), (30 * 86_400 - 300, Bound::Signer));
    }

    fn issued(asked: Option<i32>, granted: TimeDelta) -> Request {
        let mut request = request(&["jane"], &[]);
        request.expiration_seconds = asked;
        request.certificate = Some(Ok(Certificate {
            serial: String::new(),
            subject: String::new(),
            identity: Identity::default(),
            issuer: String::new(),
            not_before: noon(),
            not_after: noon() + granted,
            sha256: String::new(),
            public_key_sha256: String::new(),
            purposes: Vec::new(),
            is_authority: false,
        }));
        request
    }

    #[test]
    fn the_signers_longest_life_is_learnt_from_certificates_that_were_cut() {
        let month = TimeDelta::days(30);
        let mut limits = Limits::default();
        limits.observe(&issued(Some(86_400), TimeDelta::days(1)));
        limits.observe(&issued(Some(600), TimeDelta::seconds(900)));
        assert_eq!(limits.signing, None);
        limits.observe(&issued(Some(90 * 86_400), month));
        assert_eq!(limits.signing, Some(month));
        let mut by_ca = Limits { ca_ends: Some(noon() + month), ..Limits::default() };
        by_ca.observe(&issued(None, month));
        assert_eq!(by_ca.signing, None);
    }

    #[test]
    fn shortened_validity_is_reported_with_its_real_end() {
        let mut request = request(&["jane"], &[]);
        request.expiration_seconds = Some(20 * 86_400);
        let limits = Limits { signing: None, ca_ends: Some(noon() + TimeDelta::days(10)) };
        let verdict = judge(&request, &Context { now: Some(noon()), limits, ..Context::default() });
        let text = "It asks for 20d; the CA ends before that: it would end on 2026-12-04 06:00 UTC.";
        assert_eq!((verdict.findings[0].rule, verdict.findings[0].text.as_str()), ("life-cut", text));
    }
}

#[test]
fn names_that_look_like_the_clusters_own_are_found_and_ordinary_ones_are_not() {
    for (names, groups, level) in [
        (&["system;node:n1"][..], &[][..], Level::Danger),
        (&["System:kube-scheduler"], &[], Level::Danger),
        (&["jane"], &["dev", "system\u{ff1a}masters"], Level::Danger),
        (&["jane"], &["SYSTEM:MASTERS"], Level::Danger),
        (&["jane"], &["system:master5"], Level::Danger),
        (&["jane"], &["kubeadm;cluster-admins"], Level::Danger),
        (&["kubernetes-adm1n"], &[], Level::Danger),
        (&["jane"], &["system-masters"], Level::Warning),
        (&["kubernetes_admin"], &[], Level::Warning),
    ] {
        let verdict = judged(&request(names, groups));
        let found = verdict.findings.iter().find(|finding| finding.rule == "name-like-system");
        assert_eq!(found.map(|finding| finding.level), Some(level), "{names:?} {groups:?}");
    }
    for (names, groups) in [
        (&["jane"][..], &["dev", "system-users", "clusters"][..]),
        (&["kubernetes-admin2"], &["cluster-operators"]),
        (&["system-upgrade"], &["systems:a"]),
        (&["Jane Doe"], &["Platform Team"]),
    ] {
        assert_eq!(rules(&request(names, groups)), [""; 0], "{names:?} {groups:?}");
    }
}
