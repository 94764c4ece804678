//! Names that can be mistaken for others, and ordinary neighbors of them.

use super::super::Case;
use super::super::Label::{Harmless, Hostile, Odd};
use super::super::fixture_cluster::Csr;

pub(crate) fn of_the_clusters_names() -> Vec<Case> {
    let hostile = |name: &str, csr: Csr| Csr { name: name.to_owned(), ..csr }.is(Hostile, &["name-like-system"], &[]);
    let user = |name: &str, user: &str| hostile(name, Csr::person(name, user, &[]));
    let group = |name: &str, group: &str| hostile(name, Csr::person(name, "jane", &["dev", group]));
    let calm = |name: &str, user: &str, group: &str| {
        Csr::person(name, user, &["dev", group]).is(Harmless, &[], &["name-like-system", "name-looks-like"])
    };
    vec![
        user("like-node", "system;node:n1"),
        user("like-component", "System:kube-controller-manager"),
        user("like-kubeadm", "Kubernetes-Admin"),
        group("like-masters-full-width", "system\u{ff1a}masters"),
        group("like-masters-case", "System:Masters"),
        group("like-masters-digit", "5ystem:masters"),
        group("like-masters-edge", ":system:masters"),
        group("like-nodes", "system;nodes"),
        group("like-kubeadm-admins", "kubeadm:cluster-adm1ns"),
        Csr::person("like-masters-letters", "jane", &["system:rnasters"]).is(
            Hostile,
            &["name-like-system", "group-system"],
            &[],
        ),
        Csr::person("like-masters-dash", "jane", &["system-masters"]).is(Odd, &["name-like-system"], &["group-system"]),
        Csr::person("like-masters-elsewhere", "jane", &["System:Masters"]).to("example.com/vpn").is(
            Harmless,
            &[],
            &["name-like-system"],
        ),
        calm("system-team", "system-upgrade", "systems"),
        calm("kubernetes-admin-2", "kubernetes-admin2", "cluster-operators"),
    ]
}

pub(crate) fn of_bound_names() -> Vec<Case> {
    let group = |name: &str, group: &str| Csr::person(name, "eve", &["dev", group]);
    let odd = |name: &str, to: &str| group(name, to).is(Odd, &["name-looks-like"], &["access-cluster-admin"]);
    let calm = |name: &str, user: &str| Csr::person(name, user, &["dev"]).is(Harmless, &[], &["name-looks-like"]);
    vec![
        odd("group-other-case", "Platform-Admins"),
        odd("group-other-separator", "platform_admins"),
        odd("group-letter-pair", "platforrn-admins"),
        odd("group-trailing-digit", "auditor5"),
        group("group-digit-inside", "platform-adm1ns").is(Hostile, &["name-looks-like"], &["access-cluster-admin"]),
        group("group-full-width", "platform\u{ff0d}admins").is(Hostile, &["name-looks-like"], &[]),
        group("group-semicolon", "platform;admins").is(Hostile, &["name-looks-like"], &[]),
        Csr::person("user-other-case", "Lena", &["dev"]).is(Odd, &["name-looks-like"], &["name-in-bindings"]),
        Csr::person("user-like-group", "auditors.", &["dev"]).is(Odd, &["name-looks-like"], &[]),
        Csr::bootstrap("node-like-node", "worker-l").is(Odd, &["name-looks-like"], &["requester-not-the-node"]),
        Csr::bootstrap("node-other-case", "Worker-1").is(Odd, &["name-looks-like"], &[]),
        Csr::bootstrap("node-digit-inside", "w0rker-1").is(Hostile, &["name-looks-like"], &[]),
        Csr::bootstrap("node-neighbor", "worker-10").is(Harmless, &[], &["name-looks-like"]),
        calm("numbered-lena", "lena2"),
        calm("near-lena", "lena-maria"),
        calm("near-alice", "root-alicia"),
        group("numbered-group", "auditors2").is(Harmless, &[], &["name-looks-like"]),
    ]
}

pub(crate) fn of_other_requests() -> Vec<Case> {
    let person = |name: &str, user: &str| Csr::person(name, user, &["dev"]);
    let beside = |user: &str, other: &str| (person(&format!("asks-{user}"), user), person("is-there", other));
    let odd = |user: &str, other: &str| {
        let (asks, there) = beside(user, other);
        asks.is(Odd, &["name-looks-like"], &[]).beside(&there)
    };
    let calm = |user: &str, other: &str| {
        let (asks, there) = beside(user, other);
        asks.is(Harmless, &[], &["name-looks-like"]).beside(&there)
    };
    vec![
        odd("rnaria", "maria"),
        odd("Omar", "omar"),
        odd("0mar", "omar"),
        odd("J.Doe@Example.com", "j.doe@example.com"),
        // Either may be the imitation.
        person("asks-maria", "maria").is(Harmless, &["name-looks-like"], &[]).beside(&person("is-there", "rnaria")),
        calm("omar", "Omar"),
        calm("omar", "0mar"),
        calm("jane1", "jane2"),
        calm("worker-1", "worker-2"),
        calm("jane", "janet"),
        Csr::person("group-like-another", "eve", &["0n-call-berlin"])
            .is(Odd, &["name-looks-like"], &[])
            .beside(&Csr::person("first-of-group", "omar", &["on-call-berlin"])),
        Csr::person("group-of-many", "eve", &["on-call-berlin"])
            .is(Harmless, &[], &["name-looks-like"])
            .beside(&Csr::person("imitated-group", "omar", &["0n-call-berlin"])),
        Csr::person("group-of-series", "eve", &["on-call-1"])
            .is(Harmless, &[], &["name-looks-like"])
            .beside(&Csr::person("next-of-series", "omar", &["on-call-2"])),
    ]
}
