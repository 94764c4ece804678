//! Names and addresses that a node cannot have, as they are written in requests.

use super::*;

fn dns(name: &str) -> Host {
    Host::of(&San::Dns(name.into())).unwrap()
}

fn ip(text: &str) -> Host {
    Host::of(&San::Ip(text.into())).unwrap()
}

#[test]
fn names_are_compared_without_case_and_root_and_addresses_in_one_form() {
    assert_eq!(dns("Worker-1.Example.com."), dns("worker-1.example.com"));
    assert_eq!(ip("::ffff:10.1.2.3"), ip("10.1.2.3"));
    assert_eq!(ip("FD00:0::1"), ip("fd00::1"));
    assert_eq!(Host::of(&San::Ip("10.1.2".into())), None);
    assert_eq!(Host::of(&San::Uri("spiffe://x".into())), None);
}

#[test]
fn wildcards_loopback_and_the_like_are_never_a_nodes() {
    for name in
        ["*.example.com", "a.*", "*", "localhost", "LOCALHOST.", "x.localhost", "localhost.localdomain", "127.0.0.1"]
    {
        assert!(never_a_nodes(&dns(name)).is_some(), "{name}");
    }
    for address in [
        "127.0.0.1",
        "127.8.9.1",
        "::1",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "169.254.1.1",
        "fe80::1",
        "224.0.0.1",
        "239.1.1.1",
        "ff02::1",
        "255.255.255.255",
        "::ffff:169.254.169.254",
    ] {
        assert!(never_a_nodes(&ip(address)).is_some(), "{address}");
    }
    for name in ["worker-1", "localhost-1", "node.localhost.example.com", "ip-10-0-0-1.ec2.internal"] {
        assert_eq!(never_a_nodes(&dns(name)), None, "{name}");
    }
    for address in ["10.0.0.1", "172.31.0.4", "192.168.1.1", "100.64.0.1", "fd00::1", "2001:db8::1", "128.0.0.1"] {
        assert_eq!(never_a_nodes(&ip(address)), None, "{address}");
    }
}

#[test]
fn distinguishes_service_names_from_node_names() {
    let node = "n1.prod.svc.corp.example";
    for name in [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        "web.shop.svc",
        "web-0.web.shop.svc.cluster.local",
        "web.shop.svc.k8s.corp.example",
        "default.svc",
    ] {
        assert!(is_service_name(name, "worker-1"), "{name}");
        assert!(is_service_name(name, node), "{name}");
    }
    assert!(is_service_name(node, "worker-1") && !is_service_name(node, node));
    for name in [
        "worker-1",
        "svc",
        "svc.example.com",
        "kubernetes-1",
        "kubernetes.example.com",
        "node1.cluster.local",
        "a.svcs",
    ] {
        assert!(!is_service_name(name, "worker-1"), "{name}");
    }
}

#[test]
fn the_host_of_a_server_is_found_in_its_url() {
    for (url, host) in [
        ("https://10.0.0.1:6443", Some(ip("10.0.0.1"))),
        ("https://API.example.com./", Some(dns("api.example.com"))),
        ("https://[fd00::1]:6443/x", Some(ip("fd00::1"))),
        ("https://u:p@api.example.com/k8s/clusters/c-1", Some(dns("api.example.com"))),
        ("api.example.com:443", Some(dns("api.example.com"))),
        ("https://", None),
    ] {
        assert_eq!(Host::of_server(url), host, "{url}");
    }
}

#[test]
fn a_range_holds_its_own_addresses() {
    let holds = |range: &str, address: &str| AddressRange::parse(range).unwrap().contains(address.parse().unwrap());
    assert!(holds("10.96.0.0/12", "10.96.0.1") && holds("10.96.0.0/12", "10.111.255.255"));
    assert!(!holds("10.96.0.0/12", "10.112.0.0") && !holds("10.96.0.0/12", "fd00::1"));
    assert!(holds("fd00:10::/112", "fd00:10::a") && !holds("fd00:10::/112", "fd00:11::a"));
    assert!(holds("0.0.0.0/0", "1.2.3.4") && holds("::/0", "fd00::1") && holds("10.0.0.1/32", "10.0.0.1"));
    for text in ["10.0.0.0", "10.0.0.0/33", "x/8", "10.0.0.0/", "::/129"] {
        assert_eq!(AddressRange::parse(text), None, "{text}");
    }
}
