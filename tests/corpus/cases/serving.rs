//! Serving certificates for what a node is not.

use super::super::Case;
use super::super::Label::{Harmless, Hostile, Odd};
use super::super::fixture_cluster::Csr;
use crate::support::pkcs10::Asked;

const CALM: &[&str] = &[
    "serving-service-name",
    "serving-unfit-name",
    "serving-other-node",
    "serving-foreign-name",
    "requester-not-the-node",
];

pub(crate) fn requests() -> Vec<Case> {
    let two = || Asked::node("worker-2").dns("worker-2").ip("192.168.10.22");
    let serves = |name: &str, asked: Asked| Csr::serving(name, "worker-2", &asked);
    let service = |name: &str, asked: Asked| {
        serves(name, asked).is(Hostile, &["serving-service-name"], &["serving-foreign-name"])
    };
    let unfit =
        |name: &str, asked: Asked| serves(name, asked).is(Hostile, &["serving-unfit-name"], &["serving-foreign-name"]);
    let other =
        |name: &str, asked: Asked| serves(name, asked).is(Hostile, &["serving-other-node"], &["serving-foreign-name"]);
    let unborn = |name: &str, asked: Asked| Csr::serving(name, "worker-9", &asked);
    vec![
        service("serves-api", two().dns("kubernetes.default.svc").ip("10.96.0.1")),
        service("serves-hidden", two().dns("kubernetes.default.svc").hidden()),
        service("serves-service", two().dns("web.shop.svc.cluster.local")),
        service("serves-mapped-service", two().ip("::ffff:10.96.0.1")),
        service("serves-service-range", two().ip("10.100.3.4")),
        service("serves-api-name", two().dns("API.example.com.")),
        serves("serves-api-blind", two().dns("Kubernetes.Default.Svc."))
            .is(Hostile, &["serving-service-name", "serving-unchecked"], &[])
            .blind(),
        unborn("serves-api-unborn", Asked::node("worker-9").dns("kubernetes.default.svc")).is(
            Hostile,
            &["serving-service-name", "serving-no-node"],
            &["serving-foreign-name"],
        ),
        unborn("serves-api-unborn-admin", Asked::node("worker-9").dns("kubernetes.default.svc").ip("10.96.0.1"))
            .by("admin")
            .within(&["system:masters"])
            .is(Hostile, &["serving-service-name", "requester-not-the-node"], &[]),
        Csr::serving("serves-api-no-node", "", &Asked::node("").dns("kubernetes.default.svc")).is(
            Hostile,
            &["serving-service-name"],
            &[],
        ),
        unfit("serves-loopback", two().ip("127.0.0.1")),
        unfit("serves-loopback-six", two().ip("::1").dns("localhost")),
        unfit("serves-metadata", two().ip("169.254.169.254")),
        unfit("serves-wildcard", two().dns("*.internal.example")),
        unborn("serves-localhost-unborn", Asked::node("worker-9").dns("LocalHost")).is(
            Hostile,
            &["serving-unfit-name"],
            &[],
        ),
        other("serves-neighbor", two().ip("192.168.10.21")),
        other("serves-neighbor-name", two().dns("Worker-1.")),
        other("serves-control-plane", two().ip("192.168.10.20")),
        unborn("serves-neighbor-unborn", Asked::node("worker-9").ip("::ffff:192.168.10.21")).is(
            Hostile,
            &["serving-other-node", "serving-no-node"],
            &[],
        ),
        serves("serves-foreign", two().ip("203.0.113.9")).is(
            Hostile,
            &["serving-foreign-name"],
            &["serving-other-node"],
        ),
        serves("serves-own-written-otherwise", Asked::node("worker-2").dns("WORKER-2.").ip("::ffff:192.168.10.22")).is(
            Harmless,
            &[],
            CALM,
        ),
        Csr::serving("serves-own-api", "control-1", &Asked::node("control-1").dns("control-1").ip("192.168.10.20")).is(
            Harmless,
            &[],
            CALM,
        ),
        Csr::serving("serves-maybe-api", "control-1", &Asked::node("control-1").dns("control-1").ip("192.168.10.20"))
            .is(Odd, &["serving-service-name", "serving-unchecked"], &[])
            .blind(),
        serves("serves-by-admin", two()).by("admin").within(&["system:masters"]).is(
            Hostile,
            &["requester-not-the-node"],
            &["serving-foreign-name"],
        ),
        serves("serves-by-trusted", two())
            .by("portal")
            .is(Hostile, &["requester-not-the-node"], &[])
            .under("mayAskForOthers: {users: [portal]}"),
    ]
}
