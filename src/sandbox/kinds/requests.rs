//! Certificate signing requests (`pkg/registry/certificates`, `pkg/apis/certificates/validation`,
//! `plugin/pkg/admission/certificates`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::names;
use crate::domain::access::{Action, ResourceAction};
use crate::domain::certificate::Certificate;
use crate::domain::request::{CLIENT_SIGNER, Pkcs10};
use crate::domain::x509::{first_request, pem};
use crate::sandbox::object::{items, set_part, text};
use crate::sandbox::status::{ApiFailure, Cause};
use crate::sandbox::write::WriteRequest;

const GROUP: &str = "certificates.k8s.io";
const USAGES: &[&str] = &[
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];
/// Conditions that are final and can only be true.
const FINAL: [&str; 3] = ["Approved", "Denied", "Failed"];

pub(super) fn prepare_create(object: &mut Value, write: &WriteRequest<'_>) {
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        for own in ["username", "uid", "groups", "extra"] {
            spec.shift_remove(own);
        }
        let Value::Object(mut user) = write.user.to_json() else { return };
        spec.append(&mut user);
    }
    set_part(object, "status", Some(json!({})));
}

pub(super) fn prepare_update(object: &mut Value, old: &Value, write: &WriteRequest<'_>) {
    set_part(object, "spec", old.get("spec").cloned());
    match write.subresource {
        "" => set_part(object, "status", old.get("status").cloned()),
        "approval" => {
            stamp_conditions(object, old, &write.stamp());
            let mut status = old.get("status").cloned().unwrap_or_else(|| json!({}));
            set_part(&mut status, "conditions", object.pointer("/status/conditions").cloned());
            set_part(object, "status", Some(status));
        }
        _ => {
            keep_decisions(object, old);
            stamp_conditions(object, old, &write.stamp());
        }
    }
}

/// Who writes `/status` neither makes nor changes a decision.
fn keep_decisions(object: &mut Value, old: &Value) {
    for kind in ["Approved", "Denied"] {
        let before: Vec<Value> = conditions(old, kind).cloned().collect();
        let Some(list) = object.pointer_mut("/status/conditions").and_then(Value::as_array_mut) else { continue };
        let now: Vec<_> = list.iter_mut().filter(|condition| condition["type"] == kind).collect();
        if now.len() == before.len() {
            now.into_iter().zip(before).for_each(|(now, before)| *now = before);
        }
    }
}

fn stamp_conditions(object: &mut Value, old: &Value, now: &str) {
    let list = object.pointer_mut("/status/conditions").and_then(Value::as_array_mut);
    for condition in list.into_iter().flatten() {
        let same = |other: &&Value| other["type"] == condition["type"] && other["status"] == condition["status"];
        let before = items(old, "/status/conditions").find(same);
        let transition = before.and_then(|before| before.get("lastTransitionTime")).cloned();
        let Some(condition) = condition.as_object_mut() else { continue };
        let missing = |condition: &Map<String, Value>, key: &str| condition.get(key).is_none_or(Value::is_null);
        if missing(condition, "lastUpdateTime") {
            condition.insert("lastUpdateTime".to_owned(), now.into());
        }
        if missing(condition, "lastTransitionTime") {
            condition.insert("lastTransitionTime".to_owned(), transition.unwrap_or_else(|| now.into()));
        }
    }
}

fn conditions<'a>(object: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    items(object, "/status/conditions").filter(move |condition| condition["type"] == kind)
}

pub(super) fn causes(object: &Value, old: Option<&Value>, subresource: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    if old.is_none() {
        causes.extend(request_cause(object));
        causes.extend(usage_causes(object));
        causes.extend(signer_cause(text(object, "/spec/signerName")));
        causes.extend(life_cause(object));
    }
    causes.extend(condition_causes(object));
    if let Some(old) = old {
        causes.extend(change_causes(object, old, subresource));
    }
    causes
}

fn request_cause(object: &Value) -> Option<Cause> {
    let encoded = object.pointer("/spec/request").filter(|value| value.as_str().is_some_and(|text| !text.is_empty()));
    let why = match encoded.and_then(Value::as_str) {
        None => "PEM block type must be CERTIFICATE REQUEST".to_owned(),
        Some(text) => request_wrong(&STANDARD.decode(text).unwrap_or_default())?,
    };
    Some(Cause::invalid("spec.request", encoded.unwrap_or(&Value::Null), &why))
}

/// Why the API server takes it for no request: the first block counts, and its signature must fit.
fn request_wrong(pem: &[u8]) -> Option<String> {
    if first_request(pem).is_err() {
        return Some("PEM block type must be CERTIFICATE REQUEST".to_owned());
    }
    match Pkcs10::from_pem(pem) {
        Err(why) => Some(format!("asn1: structure error: {why}")),
        Ok(request) if request.signature_valid == Some(false) => Some(match request.key.algorithm.as_str() {
            "RSA" => "crypto/rsa: verification error".to_owned(),
            other => format!("x509: {other} verification failure"),
        }),
        Ok(_) => None,
    }
}

fn usage_causes(object: &Value) -> Vec<Cause> {
    let usages: Vec<_> = items(object, "/spec/usages").filter_map(Value::as_str).collect();
    if usages.is_empty() {
        return vec![Cause::required("spec.usages", "")];
    }
    let mut causes = Vec::new();
    for (at, usage) in usages.iter().enumerate() {
        if !USAGES.contains(usage) {
            causes.push(Cause::unsupported(format!("spec.usages[{at}]"), *usage, USAGES));
        }
    }
    for (at, usage) in usages.iter().enumerate() {
        if usages[..at].contains(usage) {
            causes.push(Cause::duplicate(format!("spec.usages[{at}]"), &(*usage).into()));
        }
    }
    causes
}

fn signer_cause(signer: &str) -> Option<Cause> {
    let field = "spec.signerName";
    if signer.is_empty() {
        return Some(Cause::required(field, ""));
    }
    if signer == "kubernetes.io/legacy-unknown" {
        let why = "the legacy signerName is not allowed via this API version";
        return Some(Cause::invalid(field, &signer.into(), why));
    }
    let mut parts = signer.split('/');
    let (Some(domain), Some(path), None) = (parts.next(), parts.next(), parts.next()) else {
        let why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
        return Some(Cause::invalid(field, &signer.into(), why));
    };
    let wrong = |part: &str, label: &str, why: &str| {
        Some(Cause::invalid(field, &part.into(), &format!("validating label {label:?}: {why}")))
    };
    if let Some((label, why)) = domain.split('.').find_map(|label| Some((label, names::label(label)?))) {
        return wrong(domain, label, &why);
    }
    if !domain.contains('.') {
        let why = "should be a domain with at least two segments separated by dots";
        return Some(Cause::invalid(field, &domain.into(), why));
    }
    let (label, why) = path.split('.').find_map(|label| Some((label, names::subdomain(label)?)))?;
    wrong(path, label, &why)
}

fn life_cause(object: &Value) -> Option<Cause> {
    let seconds = object.pointer("/spec/expirationSeconds").filter(|seconds| seconds.as_i64() < Some(600))?;
    let why = "may not specify a duration less than 600 seconds (10 minutes)";
    Some(Cause::invalid("spec.expirationSeconds", seconds, why))
}

fn condition_causes(object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let all: Vec<_> = items(object, "/status/conditions").collect();
    for (at, condition) in all.iter().enumerate() {
        let field = |name: &str| format!("status.conditions[{at}].{name}");
        let (kind, status) = (text(condition, "/type"), text(condition, "/status"));
        if kind.is_empty() {
            causes.push(Cause::required(field("type"), ""));
        }
        let allowed: &[&str] = if FINAL.contains(&kind) { &["True"] } else { &["False", "True", "Unknown"] };
        if status.is_empty() {
            causes.push(Cause::required(field("status"), ""));
        } else if !allowed.contains(&status) {
            causes.push(Cause::unsupported(field("status"), status, allowed));
        }
        let before = |other: &str| all[..at].iter().any(|condition| text(condition, "/type") == other);
        if (kind == "Approved" && before("Denied")) || (kind == "Denied" && before("Approved")) {
            let why = "Approved and Denied conditions are mutually exclusive";
            causes.push(Cause::invalid("status.conditions", &kind.into(), why));
        }
        if before(kind) {
            causes.push(Cause::duplicate(field("type"), &kind.into()));
        }
    }
    causes
}

fn change_causes(object: &Value, old: &Value, subresource: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    let list = |object, kind| conditions(object, kind).collect::<Vec<_>>();
    for kind in FINAL {
        if list(object, kind).len() < list(old, kind).len() {
            let why = format!("updates may not remove a condition of type {kind:?}");
            causes.push(Cause::forbidden("status.conditions", why));
        }
    }
    for kind in FINAL.into_iter().filter(|kind| *kind != "Failed" && subresource != "approval") {
        let (now, before) = (list(object, kind), list(old, kind));
        if now.len() > before.len() {
            let why = format!("updates may not add a condition of type {kind:?}");
            causes.push(Cause::forbidden("status.conditions", why));
        } else if now.len() == before.len() && now != before {
            let why = format!("updates may not modify a condition of type {kind:?}");
            causes.push(Cause::forbidden("status.conditions", why));
        }
    }
    let certificate = |object| text(object, "/status/certificate").to_owned();
    if certificate(object) != certificate(old) {
        causes.extend(certificate_cause(&certificate(object)));
    }
    if certificate(object) != certificate(old) {
        if subresource != "status" {
            causes.push(Cause::forbidden("status.certificate", "updates may not set certificate content"));
        } else if !certificate(old).is_empty() {
            causes.push(Cause::forbidden("status.certificate", "updates may not modify existing certificate content"));
        }
    }
    causes
}

/// A signer may write only certificates.
fn certificate_cause(encoded: &str) -> Option<Cause> {
    let text = STANDARD.decode(encoded).unwrap_or_default();
    let blocks: Vec<_> = pem::blocks(&text).collect();
    let wrong = blocks.iter().find_map(|block| match block.label {
        b"CERTIFICATE" if block.headers => Some("no PEM block headers are permitted".to_owned()),
        b"CERTIFICATE" => Certificate::from_der(&block.content).err(),
        other => Some(format!("only CERTIFICATE PEM blocks are allowed, found {:?}", pem::label(other))),
    });
    let none = || "must contain at least one CERTIFICATE PEM block".to_owned();
    let why = wrong.or_else(|| (blocks.is_empty() && !text.is_empty()).then(none))?;
    Some(Cause::invalid("status.certificate", &"<certificate data>".into(), &why))
}

/// `CertificateSubjectRestriction`, `CertificateApproval`, `CertificateSigning`.
pub(super) fn admit(object: &Value, old: Option<&Value>, write: &WriteRequest<'_>) -> Result<(), ApiFailure> {
    let signer = text(old.unwrap_or(object), "/spec/signerName");
    let Some(old) = old else {
        let request = STANDARD.decode(text(object, "/spec/request")).unwrap_or_default();
        let masters =
            |request: &Pkcs10| request.organizations.iter().any(|group| group == crate::domain::access::MASTERS);
        if signer == CLIENT_SIGNER && Pkcs10::from_pem(&request).is_ok_and(|request| masters(&request)) {
            let why = format!("use of {CLIENT_SIGNER} signer with system:masters group is not allowed");
            return Err(write.forbidden(&why));
        }
        return Ok(());
    };
    let failed = |object| conditions(object, "Failed").cloned().collect::<Vec<_>>();
    let signs =
        old.pointer("/status/certificate") != object.pointer("/status/certificate") || failed(old) != failed(object);
    let verb = match write.subresource {
        "approval" => "approve",
        "status" if signs => "sign",
        _ => return Ok(()),
    };
    if may_act_on_signer(verb, signer, write) {
        return Ok(());
    }
    Err(write.forbidden(&format!("user not permitted to {verb} requests with signerName {signer:?}")))
}

/// By the signer's name, or by `<domain>/*`.
fn may_act_on_signer(verb: &str, signer: &str, write: &WriteRequest<'_>) -> bool {
    let domain = signer.split('/').next().unwrap_or_default();
    [signer.to_owned(), format!("{domain}/*")].iter().any(|name| {
        let action = Action::Resource(ResourceAction::new(verb, GROUP, "signers").named(name));
        write.access.permits(&write.user.who, &action)
    })
}
