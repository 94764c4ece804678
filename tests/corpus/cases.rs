//! The labelled requests.

mod around;
mod form;
mod keys;
mod look_alikes;
mod serving;

use keys::openssl;

use super::Case;
use super::Label::{Harmless, Hostile, Odd};
use super::fixture_cluster::Csr;
use crate::support::pkcs10::{Asked, BMP, T61, UNIVERSAL};

const MASTERS: &[&str] = &["system:masters"];
const PORTAL: &str = "system:serviceaccount:onboarding:portal";

/// All of them.
pub(crate) fn all() -> Vec<Case> {
    [
        harmless(),
        kubelets(),
        serving::requests(),
        look_alikes::of_the_clusters_names(),
        look_alikes::of_bound_names(),
        look_alikes::of_other_requests(),
        identities(),
        accesses(),
        names(),
        keys::keys(),
        form::form(),
        around::signers(),
        around::requesters(),
        around::related_requests(),
        around::times(),
        around::policies(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn harmless() -> Vec<Case> {
    let others = &["requester-differs", "groups-gained", "name-in-bindings", "name-looks-like", "signer-refuses"];
    vec![
        Csr::person("jane-self", "jane", &["dev"]).is(Harmless, &[], others),
        Csr::person("jane-no-groups", "jane", &[]).is(Harmless, &[], others),
        Csr::person("jane-many-groups", "jane", &["dev", "qa", "on-call"]).is(Harmless, &[], others),
        Csr::person("jane-by-admin", "jane", &["dev"]).by("admin").within(MASTERS).is(Harmless, &[], others),
        Csr::person("jane-by-bound-admin", "jane", &["dev"]).by("root-alice").is(Harmless, &[], others),
        Csr::person("jane-by-platform", "jane", &["dev"]).by("omar").within(&["platform-admins"]).is(
            Harmless,
            &[],
            others,
        ),
        Csr::person("jane-by-me", "jane", &["dev"]).by("desk-dora").is(Harmless, &[], others),
        Csr::person("jane-by-portal", "jane", &["dev"]).by(PORTAL).is(
            Harmless,
            &["requester-differs"],
            &["name-in-bindings"],
        ),
        Csr::person("jane-by-trusted", "jane", &["dev"])
            .by(PORTAL)
            .is(Harmless, &[], others)
            .under("mayAskForOthers: {users: ['system:serviceaccount:onboarding:*']}"),
        Csr::person("lena-renews", "lena", &["on-call"]).is(Harmless, &["name-in-bindings"], &["requester-differs"]),
        Csr::person("jose", "José Núñez", &["dev"]).is(Harmless, &[], &["name-mixed-script", "name-hidden-characters"]),
        Csr::person("hanako", "山田花子", &["dev"]).is(Harmless, &[], &["name-mixed-script", "name-looks-like"]),
        Csr::person("taro", "山田Taro", &["dev"]).is(Harmless, &[], &["name-mixed-script"]),
        Csr::person("ivan", "Иван Петров", &["dev"]).is(Harmless, &[], &["name-mixed-script", "name-looks-like"]),
        Csr::person("mail", "jane.doe@example.com", &["dev"]).is(Harmless, &[], others),
        Csr::person("all-usages", "jane", &["dev"])
            .usages(&["client auth", "digital signature", "key encipherment"])
            .is(Harmless, &[], &["signer-refuses", "usage-ca"]),
        Csr::person("ten-minutes", "jane", &["dev"]).for_seconds(600).is(
            Harmless,
            &[],
            &["life-cut", "life-beyond-policy"],
        ),
        Csr::asked("with-unit", &Asked::person("jane", &["dev"]).ou("Berlin"), "jane").within(&["dev"]).is(
            Harmless,
            &[],
            others,
        ),
        Csr::asked("joined-groups", &Asked::default().joined(&["dev", "qa"]).cn("jane"), "jane")
            .within(&["dev", "qa"])
            .is(Harmless, &[], &["several-common-names"]),
        Csr::of("rsa", openssl("req -new -newkey rsa:2048 -nodes -subj /CN=jane/O=dev"), "jane").within(&["dev"]).is(
            Harmless,
            &[],
            &["key-weak", "key-exotic", "signature-weak"],
        ),
        Csr::of("ed25519", openssl("req -new -newkey ed25519 -nodes -subj /CN=jane/O=dev"), "jane")
            .within(&["dev"])
            .is(Harmless, &[], &["key-exotic"]),
        Csr::of(
            "p384",
            openssl("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -subj /CN=jane/O=dev"),
            "jane",
        )
        .within(&["dev"])
        .is(Harmless, &[], &["key-exotic", "key-weak"]),
        Csr::person("jane-denied", "jane", &["dev"]).denied().is(Harmless, &[], &["cleanup-pending", "signer-stuck"]),
    ]
}

fn kubelets() -> Vec<Case> {
    let two = || {
        Asked::node("worker-2").dns("worker-2").ip("192.168.10.22").ip("fd00:10::22").dns("WORKER-2.internal.example")
    };
    let fine =
        &["serving-foreign-name", "serving-no-node", "serving-unchecked", "requester-not-the-node", "client-sans"];
    vec![
        Csr::bootstrap("new-node", "worker-3").is(
            Harmless,
            &[],
            &["requester-not-the-node", "bootstrap-for-known-node"],
        ),
        Csr::bootstrap("looks-like-node", "w\u{43e}rker-1").is(
            Hostile,
            &["name-looks-like"],
            &["bootstrap-for-known-node"],
        ),
        Csr::bootstrap("known-node", "worker-1").is(Odd, &["bootstrap-for-known-node"], &["requester-not-the-node"]),
        Csr::bootstrap("node-renews", "worker-1").by("system:node:worker-1").within(&["system:nodes"]).is(
            Harmless,
            &[],
            &["requester-not-the-node", "bootstrap-for-known-node", "group-system", "access-secrets"],
        ),
        Csr::bootstrap("node-by-admin", "worker-3").by("admin").within(MASTERS).is(
            Harmless,
            &[],
            &["requester-not-the-node"],
        ),
        Csr::bootstrap("node-by-other", "worker-2").by("system:node:worker-1").within(&["system:nodes"]).is(
            Hostile,
            &["requester-not-the-node"],
            &[],
        ),
        Csr::bootstrap("node-by-person", "worker-2").by("mallory").is(Hostile, &["requester-not-the-node"], &[]),
        Csr::serving("serves-itself", "worker-2", &two()).is(Harmless, &[], fine),
        Csr::serving("serves-unseen", "worker-2", &two()).is(Harmless, &["serving-unchecked"], &[]).blind(),
        Csr::serving("serves-unborn", "worker-9", &Asked::node("worker-9").dns("worker-9")).is(
            Odd,
            &["serving-no-node"],
            &["serving-foreign-name"],
        ),
        Csr::serving("serves-for-other", "worker-1", &two()).is(Hostile, &["requester-not-the-node"], &[]),
        Csr { user: "system:bootstrap:07401b".into(), ..Csr::serving("serves-by-token", "worker-2", &two()) }
            .within(&["system:bootstrappers"])
            .is(Hostile, &["requester-not-the-node"], &[]),
    ]
}

fn identities() -> Vec<Case> {
    let system = |name: &str, user: &str, groups: &[&str]| Csr::person(name, user, groups).by("ci").within(&["ci"]);
    vec![
        system("kcm", "system:kube-controller-manager", &[]).is(
            Hostile,
            &["identity-control-plane"],
            &["identity-node"],
        ),
        system("anonymous", "system:anonymous", &[]).is(Hostile, &["identity-control-plane"], &[]),
        system("account", "system:serviceaccount:kube-system:job-controller", &[]).is(
            Hostile,
            &["identity-service-account"],
            &["identity-control-plane"],
        ),
        system("node-by-client", "system:node:worker-1", &["system:nodes"]).is(
            Hostile,
            &["identity-node", "group-system", "requester-not-the-node"],
            &["signer-refuses"],
        ),
        system("masters", "jane", &["dev", "system:masters"]).is(Hostile, &["group-masters"], &["group-system"]),
        system("nodes-group", "jane", &["system:nodes"]).is(Hostile, &["group-system"], &["group-masters"]),
        Csr::person("masters-elsewhere", "jane", &["system:masters"]).to("example.com/vpn").is(
            Hostile,
            &["group-masters"],
            &[],
        ),
        Csr::person("kcm-elsewhere", "system:kube-scheduler", &[]).to("example.com/vpn").is(
            Harmless,
            &["signer-unknown"],
            &["identity-control-plane"],
        ),
    ]
}

fn accesses() -> Vec<Case> {
    let with = |name: &str, group: &str| Csr::person(name, "eve", &["dev", group]).by("mallory");
    let wide =
        |name: &str, group: &str, must: &'static [&'static str]| with(name, group).is(Hostile, must, &["group-system"]);
    vec![
        wide("to-cluster-admin", "platform-admins", &["access-cluster-admin", "requester-differs"]),
        wide("to-secrets", "auditors", &["access-secrets"]),
        wide("to-rbac", "rbac-admins", &["access-escalate", "access-bind"]),
        wide("to-impersonation", "support", &["access-impersonate"]),
        wide("to-signing", "deskers", &["access-sign"]),
        wide("to-tokens", "tokeners", &["access-tokens"]),
        wide("to-kubelets", "node-operators", &["access-nodes-proxy"]),
        wide("to-apps", "releasers", &["access-wildcard", "access-workloads"]),
        wide("to-webhooks", "hook-writers", &["access-webhooks"]),
        wide("to-volumes", "storage-team", &["access-volumes"]),
        wide("to-jobs", "job-runners", &["access-workloads"]),
        with("to-bindings", "team-leads").is(Odd, &["access-rbac-write"], &["access-bind", "access-escalate"]),
        with("to-labels", "labellers").is(Odd, &["access-nodes-write"], &["access-nodes-proxy"]),
        with("to-namespaces", "tenant-managers").is(Odd, &["access-namespaces-write"], &["access-rbac-write"]),
        with("to-endpoints", "balancers").is(Odd, &["access-endpoints-write"], &["access-workloads"]),
        wide("to-constrained-impersonation", "delegates", &["access-impersonate"]),
        wide("to-impersonation-of-requests", "delegates-half", &["access-impersonate"]),
        wide("to-replica-sets", "scalers", &["access-workloads"]),
        wide("to-mutating-policies", "policy-writers", &["access-webhooks"]),
        with("to-checks", "policy-removers").is(Odd, &["access-webhooks"], &[]),
        wide("to-kube-system", "system-editors", &["access-secrets", "access-pods-exec"]),
        Csr::person("as-root-alice", "root-alice", &[]).by("mallory").is(
            Hostile,
            &["access-cluster-admin", "name-in-bindings", "requester-differs"],
            &[],
        ),
        Csr::person("root-alice-renews", "root-alice", &[]).is(
            Hostile,
            &["access-cluster-admin"],
            &["requester-differs"],
        ),
        with("to-payments", "payments").is(Odd, &["access-secrets", "access-pods-exec"], &["access-cluster-admin"]),
        Csr::person("auditor-renews", "ann", &["auditors"]).is(Odd, &["access-secrets"], &["groups-gained"]),
        Csr::person("joins-qa", "jane", &["dev", "qa"]).within(&["dev"]).is(
            Harmless,
            &["groups-gained"],
            &["requester-differs"],
        ),
        Csr::person("as-lena", "lena", &[]).by("mallory").is(Odd, &["name-in-bindings", "requester-differs"], &[]),
        Csr::person("payments-elsewhere", "jane", &["auditors"]).to("example.com/vpn").is(
            Harmless,
            &[],
            &["access-secrets", "groups-gained"],
        ),
    ]
}

fn names() -> Vec<Case> {
    let person = |name: &str, user: &str| Csr::person(name, user, &["dev"]);
    vec![
        person("bidi", "maria\u{202e}nimda").is(Hostile, &["name-hidden-characters"], &[]),
        person("escape", "root\u{1b}[31m").is(Hostile, &["name-hidden-characters"], &[]),
        person("zero-width", "ja\u{200b}ne").is(Hostile, &["name-hidden-characters"], &[]),
        person("hidden-group", "jane").is(Harmless, &[], &["name-hidden-characters"]),
        Csr::person("no-break", "jane", &["dev\u{a0}ops"]).is(Hostile, &["name-hidden-characters"], &[]),
        person("cyrillic-letter", "p\u{430}vel").is(Odd, &["name-mixed-script"], &["name-hidden-characters"]),
        person("looks-like-lena", "l\u{435}na").is(Hostile, &["name-looks-like", "name-mixed-script"], &[]),
        Csr::person("group-looks-like", "eve", &["\u{440}latform-admins"]).is(
            Hostile,
            &["name-looks-like"],
            &["access-cluster-admin"],
        ),
        person("ascii-looks-like", "root-a1ice").is(Hostile, &["name-looks-like"], &["name-mixed-script"]),
        person("looks-like-a-request", "\u{43e}mar").is(Odd, &["name-looks-like"], &[]).beside(&person("omar", "omar")),
        person("omar-himself", "omar")
            .is(Harmless, &[], &["name-looks-like"])
            .beside(&person("imitated", "\u{43e}mar")),
        person("blank-behind", "jane ").is(Odd, &["name-blanks"], &["name-hidden-characters"]),
        Csr::person("nameless-group", "jane", &["dev", ""]).is(Odd, &["name-blanks"], &["no-common-name"]),
        Csr::asked("two-names", &Asked::default().cn("harmless").cn("priya"), "priya").is(
            Hostile,
            &["several-common-names"],
            &["no-common-name"],
        ),
        Csr::asked("nobody", &Asked::default().o("dev"), "jane").within(&["dev"]).is(
            Odd,
            &["no-common-name"],
            &["requester-differs"],
        ),
        Csr::asked("empty-name", &Asked::person("", &[]), "jane").is(Odd, &["no-common-name"], &[]),
        Csr::asked("t61", &Asked::default().cn_as(T61, b"jane"), "jane").is(
            Odd,
            &["name-string-type"],
            &["no-common-name"],
        ),
        Csr::asked("bmp", &Asked::default().cn_as(BMP, b"\0j\0a\0n\0e"), "jane").is(
            Odd,
            &["name-string-type"],
            &["no-common-name"],
        ),
        // Kubernetes ignores it, and other programs take it for the name.
        Csr::asked("universal", &Asked::default().cn("jane").cn_as(UNIVERSAL, b"\0\0\0r"), "jane").is(
            Hostile,
            &["name-string-type", "two-readings"],
            &["several-common-names", "no-common-name"],
        ),
        Csr::of("garbage", "no request at all".into(), "jane").is(
            Hostile,
            &["request-unreadable"],
            &["no-common-name"],
        ),
    ]
}
