//! Requests as JSON. Fields are added, never renamed.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::request::{Request, San};
use crate::domain::verdict::Verdict;

/// A request with its verdict.
pub(super) fn request(request: &Request, verdict: &Verdict) -> Value {
    let identity = request.identity();
    json!({
        "name": request.pin.name,
        "uid": request.pin.uid,
        "resourceVersion": request.pin.resource_version,
        "createdAt": request.created_at.map(timestamp),
        "state": request.state().word(),
        "signerName": request.signer_name,
        "usages": request.usages,
        "expirationSeconds": request.expiration_seconds,
        "requester": {
            "username": request.requester.username,
            "uid": request.requester.uid,
            "groups": request.requester.groups,
            "extra": request.requester.extra,
        },
        "identity": {"user": identity.user, "groups": identity.groups},
        "request": pkcs10(request),
        "conditions": request.conditions.iter().map(|condition| json!({
            "type": condition.kind,
            "status": condition.status,
            "reason": condition.reason,
            "message": condition.message,
            "lastUpdateTime": condition.last_update.map(timestamp),
        })).collect::<Vec<_>>(),
        "certificate": certificate(request),
        "verdict": {"level": verdict.level(), "findings": to_value(&verdict.findings)},
    })
}

fn pkcs10(request: &Request) -> Value {
    match &request.pkcs10 {
        Ok(pkcs10) => json!({
            "subject": pkcs10.subject,
            "commonNames": pkcs10.common_names,
            "sans": pkcs10.sans.iter().map(san).collect::<Vec<_>>(),
            "key": {"algorithm": pkcs10.key.algorithm, "bits": pkcs10.key.bits},
            "signatureAlgorithm": pkcs10.signature_algorithm,
            "signatureValid": pkcs10.signature_valid,
            "publicKeySha256": pkcs10.key.sha256,
        }),
        Err(why) => json!({"error": why}),
    }
}

fn san(san: &San) -> String {
    match san {
        San::Dns(name) => format!("DNS:{name}"),
        San::Ip(address) => format!("IP:{address}"),
        San::Email(address) => format!("email:{address}"),
        San::Uri(uri) => format!("URI:{uri}"),
        San::Other(what) => format!("other:{what}"),
    }
}

fn certificate(request: &Request) -> Value {
    match &request.certificate {
        None => Value::Null,
        Some(Err(why)) => json!({"error": why}),
        Some(Ok(certificate)) => json!({
            "serial": certificate.serial,
            "subject": certificate.subject,
            "issuer": certificate.issuer,
            "notBefore": timestamp(certificate.not_before),
            "notAfter": timestamp(certificate.not_after),
            "sha256": certificate.sha256,
        }),
    }
}

fn to_value<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// RFC 3339, in UTC, in seconds.
pub(super) fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
