//! Serving requests of kubelets: what makes them dangerous, with the Node and without it.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Node;
use serde_json::json;

use super::*;
use crate::domain::interner::RequesterKind;
use crate::domain::request::RequestState;
use crate::domain::verdict::{Nodes, RequestFacts, evaluate_in_context};

/// A node's own request, for these names and addresses.
fn request(node: &str, sans: &[San]) -> RequestFacts {
    let user: Arc<str> = format!("system:node:{node}").into();
    RequestFacts {
        uid: [1; 16],
        name: "csr-a".into(),
        state: RequestState::Pending,
        created_at: None,
        approved_at: None,
        signer: KUBELET_SERVING.into(),
        user: Arc::clone(&user),
        groups: Arc::new(["system:nodes".into()]),
        requester: Arc::new(RequesterKind { user, groups: Arc::new(["system:nodes".into()]) }),
        key: None,
        hosts: sans.into(),
        expiration_seconds: None,
    }
}

fn node(name: &str, addresses: &[(&str, &str)]) -> Node {
    let addresses: Vec<_> = addresses.iter().map(|(kind, address)| json!({"type": kind, "address": address})).collect();
    serde_json::from_value(json!({"metadata": {"name": name}, "status": {"addresses": addresses}})).unwrap()
}

fn nodes() -> Nodes {
    let mut control_plane = node("cp", &[("InternalIP", "10.1.0.9"), ("InternalIP", "fd00:1::9"), ("Hostname", "cp")]);
    control_plane.metadata.labels = Some([("node-role.kubernetes.io/control-plane".to_owned(), String::new())].into());
    Nodes::new(&[
        control_plane,
        node("w1", &[("InternalIP", "10.1.0.1"), ("ExternalIP", "203.0.113.1"), ("Hostname", "w1")]),
        node(
            "w2",
            &[("InternalIP", "10.1.0.2"), ("ExternalIP", "203.0.113.1"), ("InternalDNS", "W2.internal.example.")],
        ),
        node("10.1.0.7", &[("Hostname", "10.1.0.7")]),
    ])
}

fn api_hosts() -> ApiHosts {
    ApiHosts {
        server: [Host::of_server("https://10.1.0.9:6443"), Host::of_server("api.example.com")]
            .into_iter()
            .flatten()
            .collect(),
        service: ["10.96.0.1".parse().unwrap()].into(),
        ranges: ["10.96.0.0/12", "fd00:96::/112"]
            .into_iter()
            .filter_map(crate::domain::verdict::AddressRange::parse)
            .collect(),
        is_complete: true,
    }
}

fn rules_of(facts: &RequestFacts, nodes: Option<&Nodes>, api_hosts: Option<&ApiHosts>) -> Vec<(&'static str, Level)> {
    let context = Context { nodes, api_hosts, ..Context::default() };
    evaluate_in_context(facts, &context).findings.iter().map(|finding| (finding.rule, finding.level)).collect()
}

fn ip(text: &str) -> San {
    San::Ip(text.into())
}

fn dns(text: &str) -> San {
    San::Dns(text.into())
}

#[test]
fn what_no_node_can_be_is_dangerous_with_and_without_its_node() {
    let (nodes, api) = (nodes(), api_hosts());
    for (san, rule) in [
        (dns("kubernetes"), "serving-service-name"),
        (dns("Kubernetes.Default.SVC."), "serving-service-name"),
        (dns("kubernetes.default.svc.cluster.local"), "serving-service-name"),
        (dns("web.shop.svc"), "serving-service-name"),
        (dns("API.example.com."), "serving-service-name"),
        (ip("10.96.0.1"), "serving-service-name"),
        (ip("::ffff:10.96.0.1"), "serving-service-name"),
        (ip("10.100.7.8"), "serving-service-name"),
        (ip("fd00:96::1"), "serving-service-name"),
        (ip("127.0.0.1"), "serving-unfit-name"),
        (ip("::1"), "serving-unfit-name"),
        (ip("169.254.169.254"), "serving-unfit-name"),
        (ip("0.0.0.0"), "serving-unfit-name"),
        (ip("224.0.0.1"), "serving-unfit-name"),
        (dns("localhost"), "serving-unfit-name"),
        (dns("*.internal.example"), "serving-unfit-name"),
        (dns("w2"), "serving-other-node"),
        (dns("W2.INTERNAL.example"), "serving-other-node"),
        (ip("10.1.0.2"), "serving-other-node"),
        (ip("::ffff:10.1.0.2"), "serving-other-node"),
        (ip("10.1.0.9"), "serving-other-node"),
    ] {
        for name in ["w1", "unborn", ""] {
            let found = rules_of(&request(name, std::slice::from_ref(&san)), Some(&nodes), Some(&api));
            assert_eq!(found[0], (rule, Level::Danger), "{san:?} {name} {found:?}");
        }
    }
}

#[test]
fn hosts_of_the_node_itself_are_ok() {
    let (nodes, api) = (nodes(), api_hosts());
    for (name, sans) in [
        ("w1", vec![dns("w1"), ip("10.1.0.1")]),
        ("w1", vec![dns("W1."), ip("::ffff:10.1.0.1")]),
        ("w2", vec![dns("w2"), dns("w2.internal.example"), ip("10.1.0.2")]),
        // The API server runs there.
        ("cp", vec![dns("cp"), ip("10.1.0.9"), ip("fd00:1::9")]),
        ("10.1.0.7", vec![ip("10.1.0.7")]),
    ] {
        assert_eq!(rules_of(&request(name, &sans), Some(&nodes), Some(&api)), [], "{name} {sans:?}");
    }
}

#[test]
fn a_node_that_claims_a_service_or_another_node_in_its_status_gains_nothing() {
    let claims = [
        ("InternalIP", "10.1.0.3"),
        ("InternalIP", "10.96.0.1"),
        ("InternalIP", "10.1.0.2"),
        ("Hostname", "localhost"),
        ("ExternalDNS", "api.example.com"),
    ];
    let mut nodes = nodes();
    nodes.insert(&node("w3", &claims));
    for (san, rule) in [
        (ip("10.96.0.1"), "serving-service-name"),
        (ip("10.1.0.2"), "serving-other-node"),
        (dns("localhost"), "serving-unfit-name"),
    ] {
        let found = rules_of(&request("w3", std::slice::from_ref(&san)), Some(&nodes), Some(&api_hosts()));
        assert_eq!(found, [(rule, Level::Danger)], "{san:?}");
    }
    let found = rules_of(&request("w3", &[dns("api.example.com")]), Some(&nodes), Some(&api_hosts()));
    assert_eq!(found, [("serving-service-name", Level::Warning)], "it is no control plane node");
}

#[test]
fn an_external_address_that_two_nodes_have_is_a_warning() {
    let (nodes, api) = (nodes(), api_hosts());
    let sans = [dns("w1"), ip("203.0.113.1")];
    assert_eq!(rules_of(&request("w1", &sans), Some(&nodes), Some(&api)), [("serving-other-node", Level::Warning)]);
    let found = rules_of(&request("cp", &sans[1..]), Some(&nodes), Some(&api));
    assert_eq!(found, [("serving-other-node", Level::Danger)], "it is not its own");
}

#[test]
fn a_node_that_is_gone_takes_its_names_along() {
    let (mut nodes, api) = (nodes(), api_hosts());
    nodes.remove(&node("w2", &[]));
    let found = |nodes: &Nodes, san: San| rules_of(&request("w1", &[san]), Some(nodes), Some(&api));
    assert_eq!(found(&nodes, ip("10.1.0.2")), [("serving-foreign-name", Level::Danger)]);
    assert_eq!(found(&nodes, ip("203.0.113.1")), []);
    // Another one gets its address.
    nodes.insert(&node("w1", &[("InternalIP", "10.1.0.2")]));
    assert_eq!(found(&nodes, ip("10.1.0.2")), []);
    assert_eq!(found(&nodes, ip("10.1.0.1")), [("serving-foreign-name", Level::Danger)]);
}

#[test]
fn where_nodes_are_not_known_the_api_servers_address_is_a_question() {
    let api = api_hosts();
    let found = rules_of(&request("cp", &[dns("cp"), ip("10.1.0.9")]), None, Some(&api));
    assert_eq!(found, [("serving-service-name", Level::Warning), ("serving-unchecked", Level::Notice)]);
    let found = rules_of(&request("cp", &[ip("10.96.0.1")]), None, Some(&api));
    assert_eq!(found[0], ("serving-service-name", Level::Danger));
    assert_eq!(rules_of(&request("cp", &[dns("cp")]), None, None), [("serving-unchecked", Level::Notice)]);
}

#[test]
fn what_could_not_be_compared_with_services_is_noticed() {
    let (nodes, api) = (nodes(), ApiHosts { is_complete: false, ..ApiHosts::default() });
    let found = rules_of(&request("w1", &[ip("10.1.0.1")]), Some(&nodes), Some(&api));
    assert_eq!(found, [("serving-unchecked", Level::Notice)]);
    assert_eq!(rules_of(&request("w1", &[dns("w1")]), Some(&nodes), Some(&api)), []);
}

#[test]
fn a_name_that_is_no_node_is_compared_too() {
    let (nodes, api) = (nodes(), api_hosts());
    let found = rules_of(&request("", &[dns("anything")]), Some(&nodes), Some(&api));
    assert_eq!(found, [("serving-no-node", Level::Warning)]);
}

#[test]
fn only_the_node_itself_requests_its_serving_certificate() {
    let (nodes, api) = (nodes(), api_hosts());
    for (user, groups) in [
        ("admin", &["system:masters"][..]),
        ("system:node:w2", &["system:nodes"]),
        ("system:bootstrap:07401b", &["system:bootstrappers"]),
        ("system:node:W1", &["system:nodes"]),
        ("portal", &[]),
    ] {
        let mut facts = request("w1", &[dns("w1")]);
        let groups = groups.iter().map(|group| (*group).into()).collect();
        facts.requester = Arc::new(RequesterKind { user: user.into(), groups });
        let found = rules_of(&facts, Some(&nodes), Some(&api));
        assert_eq!(found, [("requester-not-the-node", Level::Danger)], "{user}");
    }
}
