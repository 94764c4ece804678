//! Server certificates by the rules of Go (`crypto/x509`), which differ from those of webpki.

use rcgen::{CertificateParams, GeneralSubtree, IsCa, KeyPair, NameConstraints, RsaKeySize, SanType};
use serde_json::{Value, json};

use super::case::Case;
use super::compare::check;
use super::fixture::{Fixture, fixture, token};
use crate::support::certificates::{Authority, Issued, authority, named, openssl, server, server_at};
use crate::support::reverse_proxy::{ReverseProxy, forward};

#[test]
fn accepts_the_server_certificates_that_go_accepts() {
    let Some(fixture) = fixture("accepts_the_server_certificates_that_go_accepts") else { return };
    check(fixture, [accepted(fixture), chains(fixture), unverified(fixture)].concat());
}

#[test]
fn rejects_the_server_certificates_that_go_rejects() {
    let Some(fixture) = fixture("rejects_the_server_certificates_that_go_rejects") else { return };
    check(fixture, rejected(fixture));
}

/// A server with this certificate, and a kubeconfig with this CA (PEM).
fn served(fixture: &Fixture, name: &str, certificate: &Issued, authority: &str, fields: &Value) -> Case {
    let server_proxy =
        ReverseProxy::start(&fixture.plane, Some(certificate.server_config(rustls::ALL_VERSIONS)), forward);
    let mut cluster = fixture.cluster_at(&server_proxy.url(), authority);
    for (name, value) in fields.as_object().unwrap() {
        cluster[name] = value.clone();
    }
    Case::new(name, &cluster, &token(&json!({})))
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

fn accepted(fixture: &Fixture) -> Vec<Case> {
    let ca = Authority::new();
    let by_ca = |name: &str, certificate: &Issued| served(fixture, name, certificate, &ca.certificate, &json!({}));
    let self_signed = Issued::self_signed(&server());
    let mut no_usage = server();
    no_usage.extended_key_usages.clear();
    no_usage.key_usages.clear();
    let mut self_signed_ca = server();
    self_signed_ca.is_ca = authority().is_ca;
    self_signed_ca.key_usages = authority().key_usages;
    let self_signed_ca = Issued::self_signed(&self_signed_ca);
    let rsa = |size| KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size).unwrap();
    let key = |algorithm| KeyPair::generate_for(algorithm).unwrap();
    let by_name = ca.issue(&server_at(&[dns("api.test.invalid")]));
    let wildcard = ca.issue(&server_at(&[dns("*.test.invalid")]));
    let name = |name: &str| json!({"tls-server-name": name});
    let tls12 = ReverseProxy::start(
        &fixture.plane,
        Some(ca.issue(&server()).server_config(&[&rustls::version::TLS12])),
        forward,
    );
    let tls12 = fixture.cluster_at(&tls12.url(), &ca.certificate);
    let pinned = ca.issue(&server());
    vec![
        by_ca("ECDSA P-256", &ca.issue(&server())),
        by_ca("RSA 2048", &ca.issue_for(&server(), &rsa(RsaKeySize::_2048))),
        by_ca("ECDSA P-384", &ca.issue_for(&server(), &key(&rcgen::PKCS_ECDSA_P384_SHA384))),
        by_ca("ECDSA P-521", &ca.issue_for(&server(), &key(&rcgen::PKCS_ECDSA_P521_SHA512))),
        by_ca("Ed25519", &ca.issue_for(&server(), &key(&rcgen::PKCS_ED25519))),
        by_ca("without key usages", &ca.issue(&no_usage)),
        served(fixture, "self-signed, its own CA", &self_signed, &self_signed.certificate, &json!({})).console(),
        served(
            fixture,
            "self-signed with CA:TRUE, its own CA",
            &self_signed_ca,
            &self_signed_ca.certificate,
            &json!({}),
        ),
        served(fixture, "server certificate of an unknown CA as the CA", &pinned, &pinned.certificate, &json!({})),
        served(fixture, "tls-server-name", &by_name, &ca.certificate, &name("api.test.invalid")).console(),
        served(fixture, "tls-server-name, wildcard", &wildcard, &ca.certificate, &name("api.test.invalid")),
        served(fixture, "tls-server-name is an IP address", &ca.issue(&server()), &ca.certificate, &name("127.0.0.1")),
        served(fixture, "tls-server-name with a trailing dot", &by_name, &ca.certificate, &name("api.test.invalid.")),
        served(fixture, "tls-server-name in uppercase", &by_name, &ca.certificate, &name("API.test.invalid")),
        by_ca("tls-server-name is empty", &ca.issue(&server())).with_server_name(""),
        Case::new("TLS 1.2 only", &tls12, &token(&json!({}))),
    ]
}

impl Case {
    /// The same case with another `tls-server-name`.
    fn with_server_name(mut self, name: &str) -> Self {
        let mut kubeconfig: Value = serde_json::from_slice(self.kubeconfig.as_ref().unwrap()).unwrap();
        kubeconfig["clusters"][0]["cluster"]["tls-server-name"] = name.into();
        self.kubeconfig = Some(kubeconfig.to_string().into_bytes());
        self
    }
}

fn chains(fixture: &Fixture) -> Vec<Case> {
    let ca = Authority::new();
    let mut intermediate = authority();
    intermediate.distinguished_name = named("connects-test-intermediate").distinguished_name;
    let intermediate = ca.intermediate(intermediate);
    let leaf = intermediate.issue(&server());
    let chain =
        Issued { certificate: format!("{}{}", leaf.certificate, intermediate.certificate), key: leaf.key.clone() };
    let with_root = Issued { certificate: format!("{}{}", chain.certificate, ca.certificate), key: leaf.key.clone() };
    let other = Authority::with(named("connects-other-ca"), KeyPair::generate().unwrap());
    let renewed = format!("{}{}", Authority::new().certificate, ca.certificate);
    let bundle = format!("# two CAs\n{}{}", other.certificate, ca.certificate);
    let constrained = |subtree| {
        let mut params = authority();
        params.name_constraints =
            Some(NameConstraints { permitted_subtrees: vec![subtree], excluded_subtrees: Vec::new() });
        Authority::with(params, KeyPair::generate().unwrap())
    };
    let inside = constrained(GeneralSubtree::IpAddress(rcgen::CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)));
    let outside = constrained(GeneralSubtree::IpAddress(rcgen::CidrSubnet::from_v4_prefix([10, 0, 0, 0], 8)));
    vec![
        served(fixture, "chain with an intermediate CA", &chain, &ca.certificate, &json!({})),
        served(fixture, "intermediate CA as the CA", &leaf, &intermediate.certificate, &json!({})),
        served(fixture, "missing intermediate CA", &leaf, &ca.certificate, &json!({})).fails(&["certificate"]),
        served(fixture, "chain that includes the root CA", &with_root, &ca.certificate, &json!({})),
        served(fixture, "bundle of two CAs with the same name", &ca.issue(&server()), &renewed, &json!({})),
        served(fixture, "bundle of two CAs", &ca.issue(&server()), &bundle, &json!({})),
        served(
            fixture,
            "name constraints that permit the address",
            &inside.issue(&server()),
            &inside.certificate,
            &json!({}),
        ),
        served(
            fixture,
            "name constraints that exclude the address",
            &outside.issue(&server()),
            &outside.certificate,
            &json!({}),
        )
        .fails(&["certificate"]),
    ]
}

fn unverified(fixture: &Fixture) -> Vec<Case> {
    let ca = Authority::new();
    let insecure = |name: &str, certificate: &Issued| {
        let server_proxy =
            ReverseProxy::start(&fixture.plane, Some(certificate.server_config(rustls::ALL_VERSIONS)), forward);
        let fields =
            json!({"server": server_proxy.url(), "certificate-authority-data": null, "insecure-skip-tls-verify": true});
        Case::new(name, &fixture.cluster(&fields), &token(&json!({})))
    };
    let mut old = server();
    old.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let with_ca = fixture.cluster(&json!({"insecure-skip-tls-verify": true}));
    vec![
        insecure("insecure-skip-tls-verify", &ca.issue(&server())).console(),
        insecure("insecure-skip-tls-verify, expired", &ca.issue(&old)),
        insecure("insecure-skip-tls-verify, wrong host name", &ca.issue(&server_at(&[dns("other.test")]))),
        Case::new("insecure-skip-tls-verify and a CA", &with_ca, &token(&json!({})))
            .fails(&["insecure-skip-tls-verify"]),
    ]
}

fn rejected(fixture: &Fixture) -> Vec<Case> {
    let ca = Authority::new();
    let by_ca = |name: &str, params: &CertificateParams| {
        served(fixture, name, &ca.issue(params), &ca.certificate, &json!({})).fails(&["certificate", "127.0.0.1"])
    };
    let changed = |change: fn(&mut CertificateParams)| {
        let mut params = server();
        change(&mut params);
        params
    };
    let odd_ca = |name: &str, change: fn(&mut CertificateParams)| {
        let mut params = authority();
        change(&mut params);
        let ca = Authority::with(params, KeyPair::generate().unwrap());
        served(fixture, name, &ca.issue(&server()), &ca.certificate, &json!({})).fails(&["certificate"])
    };
    let mut unknown = rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
    unknown.set_criticality(true);
    let mut critical = server();
    critical.custom_extensions.push(unknown);
    let self_signed = Issued::self_signed(&server());
    let mut cases = rejected_chains(fixture);
    cases.extend([
        by_ca("common name without SAN", &named("127.0.0.1")),
        by_ca("expired", &changed(|params| params.not_after = rcgen::date_time_ymd(2020, 1, 1))),
        by_ca("not valid yet", &changed(|params| params.not_before = rcgen::date_time_ymd(2990, 1, 1))),
        by_ca("wrong host name", &server_at(&[dns("other.test")])),
        by_ca("wrong IP address", &server_at(&[SanType::IpAddress("10.1.2.3".parse().unwrap())])),
        by_ca("IP address as a DNS name", &server_at(&[dns("127.0.0.1")])),
        by_ca(
            "extended key usage clientAuth only",
            &changed(|params| params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth]),
        ),
        by_ca("unknown critical extension", &critical),
        by_ca("wrong tls-server-name", &server()).with_server_name("other.test").fails(&["other.test"]),
        served(fixture, "unknown CA", &Authority::new().issue(&server()), &ca.certificate, &json!({}))
            .fails(&["certificate"]),
        served(fixture, "self-signed, not the CA", &self_signed, &ca.certificate, &json!({})).fails(&["certificate"]),
        served(
            fixture,
            "CA with the same name and another key",
            &Authority::new().issue(&server()),
            &Authority::new().certificate,
            &json!({}),
        )
        .fails(&["certificate"]),
        odd_ca("CA without basic constraints", |params| params.is_ca = IsCa::NoCa),
        odd_ca("CA:FALSE", |params| params.is_ca = IsCa::ExplicitNoCa),
        odd_ca("CA without keyCertSign", |params| params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature]),
        odd_ca("expired CA", |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1)),
    ]);
    cases.extend(openssl_certificates(fixture));
    cases
}

/// Chains with an invalid root or intermediate certificate.
fn rejected_chains(fixture: &Fixture) -> Vec<Case> {
    let through = |name: &str, top: CertificateParams, change: fn(&mut CertificateParams)| {
        let top = Authority::with(top, KeyPair::generate().unwrap());
        let mut params = authority();
        params.distinguished_name = named("connects-test-intermediate").distinguished_name;
        change(&mut params);
        let intermediate = top.intermediate(params);
        let leaf = intermediate.issue(&server());
        let chain = Issued { certificate: format!("{}{}", leaf.certificate, intermediate.certificate), key: leaf.key };
        served(fixture, name, &chain, &top.certificate, &json!({})).fails(&["certificate"])
    };
    let mut alone = authority();
    alone.is_ca = IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    let mut for_clients = authority();
    for_clients.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    vec![
        through("root CA with a path length of 0 and an intermediate CA", alone, |_| ()),
        through("root CA with extended key usage clientAuth", for_clients, |_| ()),
        through("expired intermediate CA", authority(), |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1)),
        through("intermediate certificate without CA:TRUE", authority(), |params| params.is_ca = IsCa::ExplicitNoCa),
        through("intermediate CA with extended key usage clientAuth", authority(), |params| {
            params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        }),
    ]
}

/// Certificates that rcgen does not support.
fn openssl_certificates(fixture: &Fixture) -> Vec<Case> {
    let folder = tempfile::tempdir().unwrap();
    openssl(
        folder.path(),
        "openssl req -new -newkey rsa:2048 -nodes -keyout ca.key -subj /CN=old-ca -out ca.csr
         openssl x509 -req -in ca.csr -signkey ca.key -days 30 -out v1.crt
         printf 'basicConstraints=CA:TRUE\\nkeyUsage=keyCertSign' > ca.ext
         openssl x509 -req -in ca.csr -signkey ca.key -days 30 -extfile ca.ext -out v3.crt
         openssl req -new -newkey rsa:2048 -nodes -keyout server.key -subj /CN=server -out server.csr
         printf 'subjectAltName=IP:127.0.0.1' > server.ext
         openssl x509 -req -in server.csr -CA v1.crt -CAkey ca.key -CAcreateserial -days 30 -extfile server.ext -out by-v1.crt
         openssl x509 -req -sha1 -in server.csr -CA v3.crt -CAkey ca.key -days 30 -extfile server.ext -out sha1.crt
         openssl x509 -req -in server.csr -CA v3.crt -CAkey ca.key -days 30 -sigopt rsa_padding_mode:pss -extfile server.ext -out long-salt.crt
         openssl x509 -req -in server.csr -CA v3.crt -CAkey ca.key -days 30 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1 -extfile server.ext -out pss.crt
         openssl x509 -req -in server.csr -CA v3.crt -CAkey ca.key -days 30 -set_serial -5 -extfile server.ext -out negative.crt
         openssl x509 -req -in server.csr -CA v3.crt -CAkey ca.key -days 30 -set_serial 0x0102030405060708091011121314151617181920212223 -extfile server.ext -out long-serial.crt
         openssl x509 -req -in server.csr -CA v3.crt -CAkey ca.key -days 30 -set_serial 0 -extfile server.ext -out serial0.crt
         openssl x509 -req -in server.csr -CA v3.crt -CAkey ca.key -days 30 -out v1-leaf.crt",
    );
    let path = |name: &str| folder.path().join(name);
    let pem = |name: &str| std::fs::read_to_string(path(name)).unwrap();
    let case = |name: &str, certificate: &str, ca: &str| {
        served(fixture, name, &Issued::read(&path(certificate), &path("server.key")), &pem(ca), &json!({}))
    };
    vec![
        case("CA of X.509 version 1", "by-v1.crt", "v1.crt"),
        case("signed with SHA-1", "sha1.crt", "v3.crt").fails(&["certificate"]),
        case("signed with RSA-PSS", "pss.crt", "v3.crt"),
        case("signed with RSA-PSS and a long salt", "long-salt.crt", "v3.crt").fails(&["certificate"]),
        case("serial number 0", "serial0.crt", "v3.crt"),
        case("serial number of 23 bytes", "long-serial.crt", "v3.crt"),
        case("negative serial number", "negative.crt", "v3.crt").fails(&["certificate"]),
        case("server certificate of X.509 version 1", "v1-leaf.crt", "v3.crt").fails(&["certificate"]),
    ]
}
