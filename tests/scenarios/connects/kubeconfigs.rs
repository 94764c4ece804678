//! Kubeconfigs in odd forms, as far as connecting goes.

use serde_json::{Value, json};

use super::case::Case;
use super::parts::{Parts, kubeconfig, parts, token};
use super::run::check;
use crate::support::front::{Front, as_admin};

#[test]
fn kubeconfigs_in_odd_forms() {
    let Some(parts) = parts("kubeconfigs_in_odd_forms") else { return };
    check(parts, [servers(parts), forms(parts), names(parts)].concat());
}

fn servers(parts: &Parts) -> Vec<Case> {
    let at = |name: &str, server: &str| Case::new(name, &parts.cluster(&json!({"server": server})), &token(&json!({})));
    let port = parts.port();
    // As kubectl does, countersign says nothing of who it is over plain HTTP.
    let plain = Front::start(&parts.plane, None, as_admin);
    vec![
        at("server without a scheme: plain HTTP", &plain.address.to_string()),
        at("server without a scheme, of TLS", &format!("127.0.0.1:{port}")).fails(&["server|https"]),
        at("server is a name and a port: plain HTTP", &format!("localhost:{}", plain.address.port())),
        at("server is a name and a port, of TLS", &format!("localhost:{port}")).fails(&["server|https"]),
        at("server is a name alone", "localhost").fails(&["server|localhost"]),
        at("server is empty", "").fails(&["server"]),
        at("server of another scheme", &format!("ftp://127.0.0.1:{port}")).fails(&["server", "ftp"]),
        at("server with a blank", "https://127.0.0.1 :1").fails(&["server"]),
        at("server with spaces around", &format!(" https://127.0.0.1:{port} ")).fails(&["server"]),
        at("server without a host", &format!("https://:{port}")).fails(&["server"]),
        at("server with a port that is none", "https://127.0.0.1:99999").fails(&["server|127.0.0.1:99999"]),
        at("server is IPv6", "https://[::1]:1").fails(&["[::1]:1"]),
        at("server by name", &format!("https://localhost:{port}")),
    ]
}

/// The same text in other encodings and notations.
fn forms(parts: &Parts) -> Vec<Case> {
    let text = kubeconfig(&parts.cluster(&json!({})), &token(&json!({})));
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
        Case::text("YAML of two documents", format!("{yaml}---\nkind: Config\n")),
        Case::text("UTF-16, little end first", utf16(true, u16::to_le_bytes)),
        Case::text("UTF-16, big end first", utf16(true, u16::to_be_bytes)),
        Case::text("UTF-16 without a mark", utf16(false, u16::to_le_bytes)).fails(&["config"]),
        Case::text("fields that nobody knows", format!("{yaml}s3cret: {{more: 1}}\n")),
        Case::text("fields in other capitals", yaml.replace("current-context", "Current-Context")).fails(&["context"]),
        Case::text("a token that is a number", yaml.replace("token: s3cret-token-of-the-admin", "token: 12345"))
            .fails(&["token"]),
        Case::text("a list that is none", lists).fails(&["users"]),
        Case::text("kind of another object", yaml.replace("kind: Config", "kind: Pod")).fails(&["kind"]),
        Case::text("apiVersion of another", yaml.replace("apiVersion: v1", "apiVersion: v2")).fails(&["apiVersion"]),
        Case::text("without apiVersion and kind", yaml.replace("apiVersion: v1", "").replace("kind: Config", "")),
        Case::text("empty", "").fails(&["kubeconfig|context"]),
        Case::text("a text that is no mapping", "s3cret").fails(&["config"]),
        Case::text("broken", format!("{yaml} :\n\t- [")).fails(&["config"]),
        Case::without_kubeconfig("no kubeconfig").fails(&["kubeconfig"]),
        Case::without_kubeconfig("KUBECONFIG names a missing file").variable("KUBECONFIG", "gone").fails(&["gone"]),
        Case::text("KUBECONFIG names two files", "")
            .file("a", yaml.replace("current-context: here", ""))
            .file("b", "current-context: here\n")
            .variable("KUBECONFIG", "@HOME@/.kube/gone:@HOME@/.kube/a::@HOME@/.kube/b")
            .console(),
    ]
}

/// Names that lead nowhere.
fn names(parts: &Parts) -> Vec<Case> {
    let value: Value = serde_json::from_str(&kubeconfig(&parts.cluster(&json!({})), &token(&json!({})))).unwrap();
    let with = |name: &str, change: fn(&mut Value)| {
        let mut value = value.clone();
        change(&mut value);
        Case::text(name, value.to_string())
    };
    vec![
        with("current context is missing", |value| value["current-context"] = "gone".into()).fails(&["gone"]),
        with("no current context", |value| value["current-context"] = "".into()).fails(&["context"]),
        with("no current context, --context", |value| value["current-context"] = "".into())
            .arguments(&["--context", "here"]),
        with("--context of another", |_| ()).arguments(&["--context", "other"]).fails(&["other"]),
        with("its cluster is missing", |value| value["contexts"][0]["context"]["cluster"] = "gone".into())
            .fails(&["gone"]),
        with("its user is missing", |value| value["contexts"][0]["context"]["user"] = "gone".into()).fails(&["gone"]),
        with("its context names no cluster", |value| value["contexts"][0]["context"] = json!({"user": "u"}))
            .fails(&["cluster"]),
        with("its context names no user", |value| value["contexts"][0]["context"] = json!({"cluster": "c"}))
            .fails(&["context"]),
    ]
}
