//! Responses of a cluster: requests in JSON and protobuf, watch events, statuses.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::testing::cluster::ClusterError;
use countersign::testing::cluster::list_reader::protobuf::{Decoder, MAGIC};
use countersign::testing::cluster::list_reader::{ListItem, from_json};
use countersign::testing::cluster::slim_request::SlimRequest;
use countersign::testing::domain::interner::Interner;
use countersign::testing::domain::key_type::KeyType;
use countersign::testing::domain::policy_file::PolicyFile;
use countersign::testing::domain::request::{Pkcs10, Request};
use countersign::testing::domain::row::Row;
use countersign::testing::domain::verdict::evaluate_static;
use countersign::testing::keys::{PrivateKey, certification_request};
use k8s_openapi::api::certificates::v1::CertificateSigningRequest;
use kube::core::{Status, WatchEvent};
use serde_json::{Value, json};

use crate::harness::Target;

const WORDS: &[&str] = &[
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "-1",
    "1e999",
    "18446744073709551616",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "[[[[[[[[[[",
    "{\"a\":",
    "\"metadata\":",
    "\"spec\":",
    "\"status\":",
    "\"items\":",
    "\"continue\":\"x\"",
    "\"groups\":[\"\"]",
    "\u{202e}",
    "\u{1b}[2J",
    "2026-11-23T17:31:18Z",
    "99999-01-01T00:00:00Z",
    "\"type\":",
    "\"object\":",
];

fn pem() -> String {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    certification_request(&key, "jane \"x\"", &["dev".to_owned(), "qa".to_owned()]).unwrap()
}

fn object() -> Value {
    json!({
        "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
        "metadata": {
            "name": "jane", "uid": "0b5c1f0e-6f6a-4d5e-9c3b-0123456789ab", "resourceVersion": "812",
            "creationTimestamp": "2026-11-23T17:31:18Z", "labels": {"a": "b"},
            "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {"f:request": {}}}}],
        },
        "spec": {
            "request": STANDARD.encode(pem()), "signerName": "kubernetes.io/kube-apiserver-client",
            "expirationSeconds": 86_400, "usages": ["client auth"], "username": "ci\u{1b}bot", "uid": "7",
            "groups": ["ci", "system:authenticated"], "extra": {"scope": ["x"]},
        },
        "status": {
            "conditions": [{
                "type": "Approved", "status": "True", "reason": "R", "message": "by \"me\"",
                "lastUpdateTime": "2026-11-23T17:32:00Z", "lastTransitionTime": "2026-11-23T17:32:00Z",
            }],
            "certificate": STANDARD.encode("no certificate"),
        },
    })
}

/// Evaluates a request as the list does.
fn evaluate(request: &Request) {
    let verdict = evaluate_static(request, &PolicyFile::default());
    let _ = Row::new(request, &verdict, &mut Interner::default());
}

#[test]
fn a_request_in_json_reads_the_same_in_a_list_and_alone() {
    let list =
        json!({"kind": "List", "metadata": {"resourceVersion": "7", "continue": "x"}, "items": [object(), object()]});
    let bare = json!({"metadata": {"name": "x"}, "spec": {"request": "%", "usages": null}});
    let seeds = [object(), list, bare].map(|value| value.to_string().into_bytes()).to_vec();
    Target { name: "request-json", seeds, words: WORDS }.run(|bytes| {
        for piece in from_json(bytes).into_iter().flatten() {
            if let ListItem::Item(request) = piece {
                evaluate(&request);
            }
        }
        let Ok(read) = serde_json::from_slice::<SlimRequest>(bytes) else { return };
        evaluate(&read.request);
        if let Ok(whole) = serde_json::from_slice::<CertificateSigningRequest>(bytes) {
            let whole = Request::from_object(&whole);
            assert_eq!((&read.request.pin, &read.request.requester), (&whole.pin, &whole.requester));
            let identity = |request: &Request| request.pkcs10.as_ref().map(Pkcs10::identity).ok();
            assert_eq!(identity(&read.request), identity(&whole));
            assert_eq!(read.request.state(), whole.state());
        }
    });
}

/// A field of a protobuf message.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    prost::encode_length_delimiter(content.len(), &mut bytes).unwrap();
    bytes.extend_from_slice(content);
    bytes
}

fn page() -> Vec<u8> {
    let metadata =
        [field(1, b"jane"), field(5, b"0b5c1f0e"), field(6, b"812"), field(8, &[0x08, 0xae, 0xc6, 0x8e, 0xd9, 0x06])];
    let spec = [
        field(1, pem().as_bytes()),
        field(2, b"admin"),
        field(4, b"system:masters"),
        field(5, b"client auth"),
        field(6, &[field(1, b"k"), field(2, &field(1, b"v"))].concat()),
        field(7, b"kubernetes.io/kube-apiserver-client"),
        vec![0x40, 0x80, 0xa3, 0x05],
    ];
    let status = [field(1, &[field(1, b"Approved"), field(2, b"R"), field(6, b"True")].concat()), field(2, b"none")];
    let item = field(2, &[field(1, &metadata.concat()), field(2, &spec.concat()), field(3, &status.concat())].concat());
    let list = [field(1, &[field(2, b"812"), field(3, b"next")].concat()), item.repeat(3)].concat();
    let kind = field(1, &[field(1, b"certificates.k8s.io/v1"), field(2, b"List")].concat());
    [MAGIC.to_vec(), kind, field(2, &list), field(3, b""), field(4, b"")].concat()
}

/// Decodes a page in chunks of `size`: its requests up to an error, and whether it is complete (`None`: malformed).
fn decode(bytes: &[u8], size: usize) -> (Vec<Request>, Option<bool>) {
    let (mut decoder, mut found) = (Decoder::default(), Vec::new());
    for chunk in bytes.chunks(size) {
        decoder.push(chunk);
        loop {
            match decoder.piece() {
                Ok(Some(ListItem::Item(request))) => found.push(*request),
                Ok(Some(ListItem::Meta(_))) => {}
                Ok(None) => break,
                Err(_) => return (found, None),
            }
        }
    }
    (found, Some(decoder.is_complete()))
}

#[test]
fn a_protobuf_page_reads_the_same_in_any_chunks() {
    let seeds = vec![page(), [&MAGIC[..], &field(2, b"")].concat()];
    Target { name: "request-protobuf", seeds, words: &["k8s\0", "\u{12}", "\n", "\u{7f}"] }.run(|bytes| {
        let (found, end) = decode(bytes, bytes.len().max(1));
        found.iter().for_each(evaluate);
        assert_eq!(decode(bytes, 7), (found, end));
    });
}

#[test]
fn watch_events_are_read_or_rejected() {
    let event = |kind: &str, object: Value| json!({"type": kind, "object": object}).to_string().into_bytes();
    let mark = json!({"kind": "CertificateSigningRequest", "apiVersion": "certificates.k8s.io/v1", "metadata": {"resourceVersion": "12", "annotations": {"k8s.io/initial-events-end": "true"}}});
    let seeds = vec![
        event("ADDED", object()),
        event("DELETED", json!({"metadata": {}, "spec": {}})),
        event("BOOKMARK", mark),
        event(
            "ERROR",
            json!({"kind": "Status", "status": "Failure", "message": "too old", "reason": "Expired", "code": 410}),
        ),
    ];
    Target { name: "watch-event", seeds, words: WORDS }.run(|bytes| match serde_json::from_slice(bytes) {
        Ok(WatchEvent::<SlimRequest>::Added(read) | WatchEvent::Modified(read) | WatchEvent::Deleted(read)) => {
            evaluate(&read.request);
        }
        Ok(WatchEvent::Error(status)) => check_message(&status),
        Ok(WatchEvent::Bookmark(_)) | Err(_) => {}
    });
}

/// The message for a person is short and printable.
fn check_message(status: &Status) {
    let error = ClusterError::from_status(status, "https://server");
    let text = error.to_string() + &error.advice().unwrap_or_default();
    assert!(!text.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)), "{text:?}");
    // Escaping makes a character up to ten.
    assert!(text.len() < 100_000, "{} bytes", text.len());
}

#[test]
fn error_messages_are_short_and_printable() {
    let status = |code: u16, reason: &str, message: &str| json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason, "details": {"name": "x", "kind": "y", "causes": [{"reason": "r", "message": "m", "field": "f"}], "retryAfterSeconds": 1}, "code": code});
    let seeds = [
        status(
            403,
            "Forbidden",
            "pods is forbidden: User \"jane\" cannot list resource \"pods\" in API group \"\" in the namespace \"x\"",
        ),
        status(403, "Forbidden", "user not permitted to approve requests with signerName \"a/b\""),
        status(409, "AlreadyExists", "it exists"),
        status(422, "Invalid", "spec: Invalid value"),
        status(500, "", "\u{1b}[31mno"),
    ];
    let seeds = seeds.map(|value| value.to_string().into_bytes()).to_vec();
    Target {
        name: "status",
        seeds,
        words: &[" cannot ", " resource \"", "\"", " in the namespace ", "\u{202e}", "\\u001b", "\\n", "404", "null"],
    }
    .run(|bytes| {
        if let Ok(status) = serde_json::from_slice::<Status>(bytes) {
            check_message(&status);
        }
    });
}
