use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::super::set::testing::files;
use super::*;
use crate::domain::x509::private_key::public_sha256;

const MOMENT: i64 = 1_795_500_000;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(MOMENT, 0).unwrap()
}

struct Made {
    ca: String,
    certificate: String,
    key: String,
}

/// A CA called `kubernetes`, and a certificate of it for jane that ends `days` from now.
fn made(days: i64) -> Made {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "kubernetes");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let ca = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let moment = |at: DateTime<Utc>| {
        let (year, month, day) =
            (at.format("%Y").to_string(), at.format("%m").to_string(), at.format("%d").to_string());
        rcgen::date_time_ymd(year.parse().unwrap(), month.parse().unwrap(), day.parse().unwrap())
    };
    let mut leaf = CertificateParams::default();
    leaf.distinguished_name.push(DnType::CommonName, "jane");
    leaf.not_before = moment(now() - TimeDelta::days(100));
    leaf.not_after = moment(now() + TimeDelta::days(days));
    let own = KeyPair::generate().unwrap();
    let certificate = leaf.signed_by(&own, &issuer).unwrap().pem();
    Made { ca, certificate, key: own.serialize_pem() }
}

struct FakeFiles;

impl FileAccess for FakeFiles {
    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        Err(format!("it is not there ({})", path.parent().unwrap().display()))
    }

    fn public_key(&self, pem: &[u8]) -> Result<String, String> {
        public_sha256(pem).map_err(|error| error.to_string())
    }

    fn program(&self, command: &str) -> Result<(), String> {
        if command.ends_with("aws") { Ok(()) } else { Err("not found in PATH".to_owned()) }
    }
}

fn looked(cluster: &str, user: &str) -> Diagnosis {
    let text = format!(
        "clusters: [{{name: c, cluster: {{server: 'https://c', {cluster}}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\ncontexts: [{{name: x, context: {{cluster: c, user: u, namespace: ns}}}}]\ncurrent-context: x"
    );
    files(&[&text]).diagnose(&FakeFiles).remove(0)
}

fn data(name: &str, pem: &str) -> String {
    format!("{name}: {}", STANDARD.encode(pem))
}

fn certified(made: &Made, ca: &str, key: &str) -> Diagnosis {
    let user = [data("client-certificate-data", &made.certificate), data("client-key-data", key)].join(", ");
    looked(&data("certificate-authority-data", ca), &user)
}

#[test]
fn a_good_certificate_has_a_subject_an_end_and_no_problem() {
    let made = made(30);
    let seen = certified(&made, &made.ca, &made.key);
    assert_eq!((seen.problems.as_slice(), seen.key_fits), (&[] as &[String], Some(true)));
    assert_eq!(
        (seen.credential().as_str(), seen.certificate.as_ref().unwrap().subject.as_str()),
        ("certificate", "CN=jane")
    );
    assert!(matches!(seen.life(now(), TimeDelta::days(14)), Life::Valid(_)));
    assert!(matches!(seen.life(now(), TimeDelta::days(31)), Life::Soon(_)));
    assert!(matches!(seen.life(now() + TimeDelta::days(31), TimeDelta::zero()), Life::Expired(_)));
    assert!(matches!(seen.life(now() - TimeDelta::days(200), TimeDelta::zero()), Life::NotYet(_)));
}

#[test]
fn a_short_certificate_is_no_warning_from_its_first_hour() {
    let mut seen = certified(&made(30), "", "");
    let certificate = seen.certificate.as_mut().unwrap();
    (certificate.not_before, certificate.not_after) = (now(), now() + TimeDelta::days(1));
    assert!(seen.default_warning() < TimeDelta::hours(5));
}

#[test]
fn names_foreign_keys_foreign_cas_and_malformed_ones() {
    let (one, two) = (made(30), made(30));
    assert!(certified(&one, &one.ca, &two.key).problems[0].contains("the key is not the certificate's"));
    assert!(certified(&one, &two.ca, &one.key).problems[0].contains("wrong CA"));
    assert!(certified(&one, "no PEM", &one.key).problems[0].contains("certificate-authority-data: no PEM block"));
    assert!(certified(&one, &one.ca, "secret").problems[0].contains("client-key-data: it holds no private key"));
    let seen = looked(
        "certificate-authority: ca.pem, insecure-skip-tls-verify: true",
        "client-certificate: j.crt, client-key: j.key",
    );
    assert!(
        seen.problems.iter().any(|why| why.contains("certificate-authority: /k/ca.pem: it is not there")),
        "{:?}",
        seen.problems
    );
    assert!(seen.problems.iter().any(|why| why.contains("client-certificate: /k/j.crt")), "{:?}", seen.problems);
    // Whether its CA can be read or not.
    assert!(seen.problems.iter().any(|why| why.contains(CONTRADICTION)), "{:?}", seen.problems);
    assert!(!format!("{seen:?}").contains("secret"));
}

#[test]
fn every_kind_of_credential_has_a_word() {
    for (user, word) in [
        ("token: t", "token"),
        ("exec: {command: /usr/bin/aws, args: []}", "exec aws"),
        ("auth-provider: {name: oidc, config: {}}", "OIDC"),
        ("username: u, password: p", "password"),
        ("", "none"),
    ] {
        assert_eq!(looked("", user).credential(), word);
    }
}

#[test]
fn the_expiry_of_a_token_is_read_from_it() {
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("{{\"exp\":{MOMENT}}}"));
    assert_eq!(looked("", &format!("token: x.{payload}.y")).ends, Some(now()));
}

#[test]
fn broken_references_are_named() {
    let seen = files(&["contexts: [{name: half, context: {cluster: nowhere}}]"]).diagnose(&FakeFiles).remove(0);
    assert_eq!(seen.problems, ["cluster nowhere not found (/k/0)", "it names no user (/k/0)"]);
}

#[test]
fn a_server_that_no_client_can_use_is_a_problem_and_its_password_is_not_shown() {
    for (server, problem) in [
        ("127.0.0.1:8443", Some("the server 127.0.0.1:8443 has no scheme: write https://127.0.0.1:8443")),
        ("me:s3cret@host", Some("the server REDACTED@host has no scheme")),
        ("ftp://host", Some("has the scheme ftp")),
        ("https://", Some("names no host")),
        ("https://:6443", Some("names no host")),
        ("https://me:s3cret@host/path", None),
        ("http://127.0.0.1:8001", None),
        ("https://[::1]:6443", None),
    ] {
        let text = format!(
            "clusters: [{{name: c, cluster: {{server: '{server}'}}}}]\nusers: [{{name: u, user: {{token: t}}}}]\ncontexts: [{{name: x, context: {{cluster: c, user: u}}}}]"
        );
        let seen = files(&[&text]).diagnose(&FakeFiles).remove(0);
        assert_eq!(seen.problems.len(), usize::from(problem.is_some()), "{server}: {:?}", seen.problems);
        assert!(problem.is_none_or(|words| seen.problems[0].contains(words)), "{:?}", seen.problems);
        assert!(!format!("{seen:?}").contains("s3cret"), "{seen:?}");
    }
}

#[test]
fn what_keeps_kubectl_from_a_login_is_a_problem_with_its_field_and_file() {
    let exec = |fields: &str| format!("exec: {{command: aws, apiVersion: client.authentication.k8s.io/v1, {fields}}}");
    for (cluster, user, wanted) in [
        ("", "", "user u: it has no credentials (/k/0)"),
        ("", "client-key-data: QQ==", "user u: it has no credentials"),
        ("", "token: t, username: u", "user u: username: a token is set, too"),
        ("", "token: t, as-groups: [g]", "user u: as-groups: it needs a user to impersonate"),
        ("", &exec(""), "user u: exec.interactiveMode: it is missing"),
        ("", &exec("interactiveMode: never"), "user u: exec.interactiveMode: never is not Never"),
        ("", &exec("interactiveMode: Never, env: [{value: x}]"), "user u: exec.env: a variable has no name"),
        ("", "exec: {command: aws}", "user u: exec.apiVersion: it is missing"),
        ("", "exec: {command: aws, apiVersion: client.authentication.k8s.io/v1alpha1}", "clients do not know client"),
        (
            "",
            "exec: {command: a, apiVersion: client.authentication.k8s.io/v1beta1}",
            "exec.command: a: not found in PATH",
        ),
        ("", "exec: {apiVersion: client.authentication.k8s.io/v1beta1}", "user u: exec.command: it is missing"),
        ("", "auth-provider: {name: gcp}", "user u: auth-provider: gcp: it was removed from clients in 1.26"),
        ("", "auth-provider: {name: openstack}", "user u: auth-provider: openstack: clients do not know it"),
        (
            "",
            "auth-provider: {name: oidc, config: {idp-issuer-url: i, client-id: c}}",
            "auth-provider.config: neither an id-token nor a refresh-token",
        ),
        (
            "",
            "auth-provider: {name: oidc, config: {idp-issuer-url: i, id-token: t}}",
            "auth-provider.config.client-id: it is missing",
        ),
        ("proxy-url: 'ftp://p'", "token: t", "cluster c: proxy-url: ftp://p is no address"),
        (
            "certificate-authority: /ca, certificate-authority-data: QQ==",
            "token: t",
            "certificate-authority-data is set",
        ),
    ] {
        let problems = looked(cluster, user).problems;
        assert!(problems.iter().any(|why| why.contains(wanted)), "{cluster} {user}: {problems:?}");
        assert!(problems.iter().all(|why| why.ends_with("(/k/0)")), "{problems:?}");
    }
}

#[test]
fn what_kubectl_logs_in_with_is_no_problem() {
    for user in [
        "token: t",
        "username: u, password: p",
        "token: t, tokenFile: missing",
        "token: t, client-key-data: QQ==",
        "token: t, as: a, as-groups: [g]",
        "exec: {command: aws, apiVersion: client.authentication.k8s.io/v1beta1}",
        "exec: {command: aws, apiVersion: client.authentication.k8s.io/v1, interactiveMode: IfAvailable}",
        "auth-provider: {name: oidc, config: {idp-issuer-url: i, client-id: c, refresh-token: r}}",
    ] {
        assert_eq!(looked("tls-server-name: ''", user).problems, [""; 0], "{user}");
    }
}

#[test]
fn a_server_without_tls_asks_for_no_credentials() {
    for (user, problems) in [
        ("{}", 0),
        ("{exec: {command: gone, apiVersion: client.authentication.k8s.io/v1beta1}}", 0),
        ("{client-certificate: gone, client-key-data: QQ==}", 1),
    ] {
        let text = format!(
            "clusters: [{{name: c, cluster: {{server: 'http://127.0.0.1:8001'}}}}]\nusers: [{{name: u, user: {user}}}]\ncontexts: [{{name: x, context: {{cluster: c, user: u}}}}, {{name: z, context: {{cluster: c}}}}]"
        );
        let seen = files(&[&text]).diagnose(&FakeFiles);
        assert_eq!(seen[0].problems.len(), problems, "{:?}", seen[0].problems);
        assert_eq!(seen[1].problems, [""; 0]);
    }
}
