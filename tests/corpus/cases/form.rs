//! Requests that programs read differently, that hold more than a request, and certificates that are not what was asked for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::Case;
use super::super::Label::{Harmless, Hostile, Odd};
use super::super::fixture_cluster::Csr;
use super::keys::openssl;
use crate::support::pkcs10::Asked;

const KUBELET: &str = "kubernetes.io/kube-apiserver-client-kubelet";

fn pem(user: &str, groups: &[&str]) -> String {
    Asked::person(user, groups).sign(&rcgen::KeyPair::generate().unwrap())
}

fn block(label: &str) -> String {
    format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n")
}

pub(crate) fn form() -> Vec<Case> {
    [two_readings(), extra_content(), issued()].into_iter().flatten().collect()
}

fn two_readings() -> Vec<Case> {
    let calm = pem("alice-calm", &["dev"]);
    let root = pem("root-owner", &["admins"]);
    let ambiguous =
        |name: &str, text: String| Csr::of(name, text, "jane").is(Hostile, &["two-readings"], &["request-unreadable"]);
    let hidden = Asked::person("jane", &["dev"]).empty().cn("root-owner").o("admins");
    vec![
        // Go takes the last BEGIN line before the first END line.
        ambiguous("a-begin-line-before", format!("-----BEGIN CERTIFICATE REQUEST-----\n{root}{calm}")),
        ambiguous("two-requests", format!("{calm}{root}")),
        ambiguous("with-a-header", calm.replacen("-----\n", "-----\nComment: x\n\n", 1)),
        ambiguous("text-before", format!("Subject: CN = jane\n{calm}")),
        ambiguous("text-after", format!("{calm}jane\n")),
        ambiguous("blanks-within", calm.replacen('M', " M", 1)),
        ambiguous("an-empty-rdn", hidden.sign(&rcgen::KeyPair::generate().unwrap())),
        Csr::of("windows-line-ends", calm.replace('\n', "\r\n"), "alice-calm").within(&["dev"]).is(
            Harmless,
            &[],
            &["two-readings"],
        ),
    ]
}

fn extra_content() -> Vec<Case> {
    let calm = pem("jane", &["dev"]);
    let attested =
        ["ATTESTATION CERTIFICATE", "ATTESTATION DATA", "ATTESTATION SIGNATURE", "VM IDENTITY"].map(block).concat();
    let kubelet = Asked::node("worker-3").sign(&rcgen::KeyPair::generate().unwrap());
    let bootstrap = |name: &str, text: String| {
        let csr =
            Csr::of(name, text, "system:bootstrap:07401b").to(KUBELET).usages(&["digital signature", "client auth"]);
        csr.within(&["system:bootstrappers", "system:bootstrappers:kubeadm:default-node-token"])
    };
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    vec![
        Csr::of("with-its-key", format!("{calm}{key}"), "jane").is(
            Hostile,
            &["extra-content"],
            &["request-unreadable"],
        ),
        // The first block counts, and the API server refuses it.
        Csr::of("its-key-first", format!("{key}{calm}"), "jane").is(Hostile, &["request-unreadable"], &[]),
        Csr::of("with-a-certificate", format!("{calm}{}", block("CERTIFICATE")), "jane").is(
            Hostile,
            &["extra-content"],
            &[],
        ),
        bootstrap("gke-kubelet", format!("{kubelet}{attested}")).is(Harmless, &[], &["extra-content", "two-readings"]),
        bootstrap("gke-kubelet-and-more", format!("{kubelet}{attested}{}", block("X"))).is(
            Hostile,
            &["extra-content"],
            &[],
        ),
        Csr::of("attested-person", format!("{calm}{attested}"), "jane").is(Hostile, &["extra-content"], &[]),
    ]
}

fn issued() -> Vec<Case> {
    let certificate = |subject: &str| {
        let text = openssl(&format!(
            "req -new -x509 -newkey ed25519 -nodes -subj {subject} -addext basicConstraints=CA:FALSE"
        ));
        STANDARD.encode(text)
    };
    let differs = &["issued-differs"];
    let case = |name: &str, subject: &str| Csr::person(name, "jane", &["dev"]).with_certificate(certificate(subject));
    vec![
        case("issued-as-another", "/O=dev/CN=root").is(Hostile, differs, &[]),
        case("issued-with-a-group-more", "/O=dev/O=admins/CN=jane").is(Hostile, differs, &[]),
        case("issued-for-another-key", "/O=dev/CN=jane").is(Hostile, differs, &[]),
        case("issued-by-a-signer-of-its-own", "/O=dev/CN=jane").to("example.com/signer").is(Odd, differs, &[]),
    ]
}
