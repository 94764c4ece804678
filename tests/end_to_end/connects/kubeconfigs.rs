//! Server addresses, encodings of kubeconfigs, and references to entries that do not exist.

use serde_json::{Value, json};

use super::case::Case;
use super::compare::check;
use super::fixture::{Fixture, fixture, kubeconfig, token};
use crate::support::reverse_proxy::{ReverseProxy, as_admin};

#[test]
fn connects_with_unusual_kubeconfigs() {
    let Some(fixture) = fixture("connects_with_unusual_kubeconfigs") else { return };
    check(fixture, [servers(fixture), encodings(fixture), references(fixture)].concat());
}

fn servers(fixture: &Fixture) -> Vec<Case> {
    let at =
        |name: &str, server: &str| Case::new(name, &fixture.cluster(&json!({"server": server})), &token(&json!({})));
    let port = fixture.port();
    // No credentials are sent over plain HTTP.
    let plain = ReverseProxy::start(&fixture.plane, None, as_admin);
    vec![
        at("server without a scheme, plain HTTP", &plain.address.to_string())
            .only_kubectl_connects(&["server", "scheme"]),
        at("server without a scheme, TLS", &format!("127.0.0.1:{port}")).fails(&["server|https"]),
        at("server is a host name and a port, plain HTTP", &format!("localhost:{}", plain.address.port()))
            .only_kubectl_connects(&["server", "scheme"]),
        at("server is a host name and a port, TLS", &format!("localhost:{port}")).fails(&["server|https"]),
        at("server is a host name", "localhost").fails(&["server|localhost"]),
        at("server is empty", "").fails(&["server"]),
        at("server with an unsupported scheme", &format!("ftp://127.0.0.1:{port}")).fails(&["server", "ftp"]),
        at("server with a space in the host", "https://127.0.0.1 :1").fails(&["server"]),
        at("server with surrounding spaces", &format!(" https://127.0.0.1:{port} ")).fails(&["server"]),
        at("server without a host", &format!("https://:{port}")).fails(&["server"]),
        at("server with an invalid port", "https://127.0.0.1:99999").fails(&["server|127.0.0.1:99999"]),
        at("server with an IPv6 address, connection refused", "https://[::1]:1").fails(&["[::1]:1"]),
        at("server with a host name", &format!("https://localhost:{port}")),
    ]
}

/// The same kubeconfig in other encodings, and malformed ones.
fn encodings(fixture: &Fixture) -> Vec<Case> {
    let text = kubeconfig(&fixture.cluster(&json!({})), &token(&json!({})));
    let value: Value = serde_json::from_str(&text).unwrap();
    let yaml = serde_yaml::to_string(&value).unwrap();
    let utf16 = |mark: bool, bytes: fn(u16) -> [u8; 2]| {
        let mark = mark.then_some(0xfeff);
        mark.into_iter().chain(yaml.encode_utf16()).flat_map(bytes).collect::<Vec<_>>()
    };
    let lists = value.to_string().replace("\"users\":[{", "\"users\":{").replace("}}],\"contexts\"", "}},\"contexts\"");
    vec![
        Case::text("JSON", text.as_str()).console(),
        Case::text("YAML", yaml.as_str()),
        Case::text("YAML with CRLF", yaml.replace('\n', "\r\n")),
        Case::text("YAML with a byte order mark", format!("\u{feff}{yaml}")),
        Case::text("two YAML documents", format!("{yaml}---\nkind: Config\n")),
        Case::text("UTF-16 little-endian", utf16(true, u16::to_le_bytes)),
        Case::text("UTF-16 big-endian", utf16(true, u16::to_be_bytes)),
        Case::text("UTF-16 without a byte order mark", utf16(false, u16::to_le_bytes)).fails(&["config"]),
        Case::text("unknown fields", format!("{yaml}s3cret: {{more: 1}}\n")),
        Case::text("field name in the wrong case", yaml.replace("current-context", "Current-Context"))
            .fails(&["context"]),
        Case::text("token is a number", yaml.replace("token: s3cret-token-of-the-admin", "token: 12345"))
            .fails(&["token"]),
        Case::text("users is not a list", lists).fails(&["users"]),
        Case::text("wrong kind", yaml.replace("kind: Config", "kind: Pod")).fails(&["kind"]),
        Case::text("wrong apiVersion", yaml.replace("apiVersion: v1", "apiVersion: v2")).fails(&["apiVersion"]),
        Case::text("without apiVersion and kind", yaml.replace("apiVersion: v1", "").replace("kind: Config", "")),
        Case::text("empty kubeconfig", "").fails(&["kubeconfig|context"]),
        Case::text("kubeconfig is a string", "s3cret").fails(&["config"]),
        Case::text("malformed YAML", format!("{yaml} :\n\t- [")).fails(&["config"]),
        Case::without_kubeconfig("no kubeconfig").fails(&["kubeconfig"]),
        Case::without_kubeconfig("KUBECONFIG names a missing file").env("KUBECONFIG", "missing").fails(&["missing"]),
        Case::text("KUBECONFIG names two files", "")
            .file("a", yaml.replace("current-context: here", ""))
            .file("b", "current-context: here\n")
            .env("KUBECONFIG", "@HOME@/.kube/missing:@HOME@/.kube/a::@HOME@/.kube/b")
            .console(),
    ]
}

/// References to entries that do not exist.
fn references(fixture: &Fixture) -> Vec<Case> {
    let value: Value = serde_json::from_str(&kubeconfig(&fixture.cluster(&json!({})), &token(&json!({})))).unwrap();
    let with = |name: &str, change: fn(&mut Value)| {
        let mut value = value.clone();
        change(&mut value);
        Case::text(name, value.to_string())
    };
    vec![
        with("current context not found", |value| value["current-context"] = "missing".into()).fails(&["missing"]),
        with("no current context", |value| value["current-context"] = "".into()).fails(&["context"]),
        with("no current context, --context", |value| value["current-context"] = "".into())
            .arguments(&["--context", "here"]),
        with("--context not found", |_| ()).arguments(&["--context", "other"]).fails(&["other"]),
        with("cluster not found", |value| value["contexts"][0]["context"]["cluster"] = "missing".into())
            .fails(&["missing"]),
        with("user not found", |value| value["contexts"][0]["context"]["user"] = "missing".into()).fails(&["missing"]),
        with("context without a cluster", |value| value["contexts"][0]["context"] = json!({"user": "u"}))
            .fails(&["cluster"]),
        with("context without a user", |value| value["contexts"][0]["context"] = json!({"cluster": "c"}))
            .fails(&["context"]),
    ]
}
