//! Requests that are judged by their signer, their requester, others, time and policy.

use chrono::TimeDelta;
use rcgen::KeyPair;

use super::super::Case;
use super::super::Label::{Failing, Harmless, Hostile, Odd};
use super::super::fixture_cluster::{CLIENT, Csr, KUBELET, SERVING};
use crate::support::pkcs10::Asked;

pub(crate) fn signers() -> Vec<Case> {
    let vpn = |name: &str| Csr::person(name, "priya", &["payments"]).to("example.com/vpn");
    let kubelet = |name: &str, asked: Asked| Csr {
        pem: asked.sign(&KeyPair::generate().unwrap()),
        ..Csr::bootstrap(name, "worker-3")
    };
    vec![
        Csr::person("server-auth", "web", &[]).usages(&["server auth"]).is(Failing, &["signer-refuses"], &[]),
        Csr::person("no-client-auth", "web", &[]).usages(&["digital signature"]).is(Failing, &["signer-refuses"], &[]),
        Csr::person("any-usage", "web", &[]).usages(&["client auth", "any"]).is(Failing, &["signer-refuses"], &[]),
        Csr::person("cert-sign", "web", &[]).usages(&["client auth", "cert sign"]).is(
            Failing,
            &["signer-refuses"],
            &["usage-ca"],
        ),
        kubelet("kubelet-with-sans", Asked::node("worker-3").dns("worker-3")).is(Failing, &["signer-refuses"], &[]),
        kubelet("kubelet-other-group", Asked::person("system:node:worker-3", &["system:nodes", "dev"])).is(
            Failing,
            &["signer-refuses"],
            &[],
        ),
        Csr::serving("serves-nothing", "worker-1", &Asked::node("worker-1")).is(
            Failing,
            &["signer-refuses"],
            &["serving-unchecked"],
        ),
        Csr::serving("serves-mail", "worker-1", &Asked::node("worker-1").dns("worker-1").email("a@b.example")).is(
            Hostile,
            &["signer-refuses", "serving-foreign-name"],
            &[],
        ),
        Csr::person("fails-and-bad", "system:admin", &[]).usages(&["server auth"]).is(
            Hostile,
            &["identity-control-plane", "signer-refuses"],
            &[],
        ),
        vpn("vpn").is(Harmless, &["signer-unknown"], &["signer-refuses"]),
        vpn("vpn-runs").is(Harmless, &[], &["signer-unknown"]).beside(&vpn("earlier").issued(TimeDelta::minutes(3))),
        Csr::person("no-such-signer", "jane", &[]).to("kubernetes.io/kube-apiserver").is(Odd, &["signer-unknown"], &[]),
        vpn("authority").usages(&["cert sign"]).is(Odd, &["usage-ca"], &["signer-refuses"]),
    ]
}

pub(crate) fn requesters() -> Vec<Case> {
    vec![
        Csr::person("unknown-by-ci", "build-bot", &["dev"]).by("ci").is(Harmless, &["requester-differs"], &[]),
        Csr::bootstrap("token-for-person", "x").to(CLIENT).usages(&["client auth"]).is(
            Hostile,
            &["identity-node"],
            &[],
        ),
        Csr {
            pem: Asked::person("jane", &["dev"]).sign(&KeyPair::generate().unwrap()),
            ..Csr::bootstrap("token-as-jane", "x")
        }
        .to(CLIENT)
        .usages(&["client auth"])
        .is(Harmless, &["requester-differs"], &[]),
    ]
}

pub(crate) fn related_requests() -> Vec<Case> {
    let key = KeyPair::generate().unwrap();
    let with_key =
        |name: &str, user: &str| Csr::of(name, Asked::person(user, &["dev"]).sign(&key), user).within(&["dev"]);
    let serving = |name: &str, minutes: i64| {
        Csr::serving(name, "worker-1", &Asked::node("worker-1").dns("worker-1")).old(TimeDelta::minutes(minutes))
    };
    vec![
        with_key("key-again", "jane")
            .is(Harmless, &["key-reused"], &["key-shared"])
            .beside(&with_key("key-first", "jane")),
        with_key("key-two-names", "jane")
            .is(Odd, &["key-shared"], &["key-reused"])
            .beside(&with_key("key-other", "omar")),
        with_key("key-alone", "jane").is(Harmless, &[], &["key-shared", "key-reused"]).beside(&Csr::person(
            "else",
            "omar",
            &[],
        )),
        Csr::person("lena", "mallory", &[]).is(Odd, &["request-named-as-other"], &["name-in-bindings"]),
        Csr::person("worker-1", "mallory", &[]).is(Odd, &["request-named-as-other"], &[]),
        Csr::person("omar", "mallory", &[])
            .is(Odd, &["request-named-as-other"], &[])
            .beside(&Csr::person("omar-before", "omar", &[]).issued(TimeDelta::minutes(1))),
        Csr::person("omar", "mallory", &[]).is(Harmless, &[], &["request-named-as-other"]).beside(&Csr::person(
            "omar-2",
            "omar",
            &[],
        )),
        serving("serving-old", 30).is(Harmless, &["node-duplicate"], &[]).beside(&serving("serving-newest", 2)),
        serving("serving-genuine", 30)
            .is(Harmless, &[], &["node-duplicate"])
            .beside(&serving("serving-forged", 2).by("mallory")),
        serving("serving-new", 2).is(Harmless, &[], &["node-duplicate"]).beside(&serving("serving-older", 30)),
        serving("serving-decided", 30)
            .is(Harmless, &[], &["node-duplicate"])
            .beside(&serving("done", 2).issued(TimeDelta::minutes(1))),
    ]
}

pub(crate) fn times() -> Vec<Case> {
    let jane = |name: &str| Csr::person(name, "jane", &["dev"]);
    vec![
        jane("ten-years").for_seconds(315_360_000).is(Harmless, &["life-cut", "life-beyond-policy"], &[]),
        jane("no-life").for_seconds(None).is(Harmless, &["life-beyond-policy"], &["life-cut"]),
        jane("half-year").for_seconds(180 * 86_400).is(Harmless, &["life-beyond-policy"], &["life-cut"]),
        jane("forgotten").old(TimeDelta::minutes(23 * 60 + 10)).is(Harmless, &["cleanup-pending"], &["cleanup-issued"]),
        jane("yesterday").old(TimeDelta::hours(20)).is(Harmless, &[], &["cleanup-pending"]),
        jane("issued").issued(TimeDelta::minutes(45)).is(
            Harmless,
            &["cleanup-issued"],
            &["cleanup-pending", "signer-stuck"],
        ),
        jane("just-issued").issued(TimeDelta::minutes(5)).is(Harmless, &[], &["cleanup-issued"]),
        jane("stuck").approved(TimeDelta::minutes(10)).is(Odd, &["signer-stuck"], &["cleanup-issued"]),
        jane("just-approved").approved(TimeDelta::seconds(5)).is(Harmless, &[], &["signer-stuck"]),
        Csr::bootstrap("node-year", "worker-3").to(KUBELET).is(Harmless, &[], &["life-beyond-policy"]),
        Csr::serving("serves-year", "worker-1", &Asked::node("worker-1").dns("worker-1")).to(SERVING).is(
            Harmless,
            &[],
            &["life-beyond-policy"],
        ),
    ]
}

pub(crate) fn policies() -> Vec<Case> {
    let jane = |name: &str, groups: &[&str]| Csr::person(name, "jane", groups);
    vec![
        jane("forbidden-group", &["dev"])
            .is(Hostile, &["policy-group"], &["policy-name"])
            .under("groups: {forbidden: [dev]}"),
        jane("other-group", &["qa"]).is(Hostile, &["policy-group"], &[]).under("groups: {allowed: [dev, 'team-*']}"),
        jane("allowed-group", &["team-a", "dev"])
            .is(Harmless, &[], &["policy-group"])
            .under("groups: {allowed: [dev, 'team-*']}"),
        jane("forbidden-name", &[]).is(Hostile, &["policy-name"], &[]).under("names: {forbidden: ['ja*']}"),
        jane("week-at-most", &[])
            .for_seconds(8 * 86_400)
            .is(Odd, &["life-beyond-policy"], &[])
            .under("longestLife: 7d"),
        jane("week", &[]).for_seconds(7 * 86_400).is(Harmless, &[], &["life-beyond-policy"]).under("longestLife: 7d"),
        Csr::bootstrap("node-under-policy", "worker-3")
            .is(Harmless, &[], &["policy-group"])
            .under("groups: {allowed: [dev]}"),
    ]
}
