//! A request as the list reads it in JSON: in a watch event, and in a list where the server has no protobuf (see
//! [`crate::cluster::list_reader`]). Only what a row and its verdict need, borrowed from the text where that is possible; managedFields and
//! the rest are skipped over, never kept.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use k8s_openapi::ClusterResourceScope;
use k8s_openapi::api::certificates::v1::CertificateSigningRequest;
use kube::Resource;
use kube::core::ObjectMeta;
use serde::{Deserialize, Deserializer};

use crate::domain::certificate::Certificate;
use crate::domain::request::{Condition, Pkcs10, Request, RequestVersion, Requester};

/// A request decoded for the list: its signature is not checked (see [`Pkcs10::decode_unverified`]).
#[derive(Debug, Clone)]
pub struct SlimRequest {
    /// Name, uid and resourceVersion alone.
    meta: ObjectMeta,
    /// The request.
    pub request: Request,
}

impl<'de> Deserialize<'de> for SlimRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let request = WireRequest::deserialize(deserializer)?.into_request();
        let meta = ObjectMeta {
            name: Some(request.pin.name.clone()),
            uid: Some(request.pin.uid.clone()),
            resource_version: Some(request.pin.resource_version.clone()),
            ..ObjectMeta::default()
        };
        Ok(Self { meta, request })
    }
}

impl Resource for SlimRequest {
    type DynamicType = ();
    type Scope = ClusterResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        CertificateSigningRequest::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        CertificateSigningRequest::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        CertificateSigningRequest::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        CertificateSigningRequest::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
}

#[derive(Deserialize)]
struct WireRequest<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow)]
    spec: Spec<'a>,
    #[serde(borrow, default)]
    status: Option<SlimStatus<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    uid: Cow<'a, str>,
    #[serde(borrow, default)]
    resource_version: Cow<'a, str>,
    #[serde(borrow, default)]
    creation_timestamp: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    #[serde(borrow, default)]
    request: Cow<'a, str>,
    #[serde(borrow, default)]
    signer_name: Cow<'a, str>,
    #[serde(default)]
    expiration_seconds: Option<i32>,
    #[serde(default)]
    usages: Option<Vec<String>>,
    #[serde(borrow, default)]
    username: Cow<'a, str>,
    #[serde(borrow, default)]
    uid: Cow<'a, str>,
    #[serde(default)]
    groups: Option<Vec<String>>,
    #[serde(default)]
    extra: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Deserialize)]
struct SlimStatus<'a> {
    #[serde(borrow, default)]
    certificate: Option<Text<'a>>,
    #[serde(borrow, default)]
    conditions: Option<Vec<WireCondition<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireCondition<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    status: Cow<'a, str>,
    #[serde(borrow, default)]
    reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    message: Option<Text<'a>>,
    #[serde(borrow, default)]
    last_update_time: Option<Text<'a>>,
}

/// A string in an `Option` or a list, still borrowed.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    fn moment(&self) -> Option<DateTime<Utc>> {
        DateTime::parse_from_rfc3339(&self.0).ok().map(|at| at.to_utc())
    }
}

impl WireRequest<'_> {
    fn into_request(self) -> Request {
        let Self { metadata, spec, status } = self;
        let (certificate, conditions) = status.map_or((None, None), |status| (status.certificate, status.conditions));
        let certificate = certificate.filter(|text| !text.0.is_empty());
        Request {
            pin: RequestVersion {
                name: metadata.name.into_owned(),
                uid: metadata.uid.into_owned(),
                resource_version: metadata.resource_version.into_owned(),
            },
            created_at: metadata.creation_timestamp.as_ref().and_then(Text::moment),
            signer_name: spec.signer_name.into_owned(),
            usages: spec.usages.unwrap_or_default(),
            expiration_seconds: spec.expiration_seconds,
            requester: Requester {
                username: spec.username.into_owned(),
                uid: spec.uid.into_owned(),
                groups: spec.groups.unwrap_or_default(),
                extra: spec.extra.unwrap_or_default(),
            },
            pkcs10: bytes(&spec.request).and_then(|pem| Pkcs10::decode_unverified(&pem)),
            conditions: conditions.unwrap_or_default().into_iter().map(WireCondition::into_condition).collect(),
            certificate: certificate.map(|text| bytes(&text.0).and_then(|pem| Certificate::from_pem(&pem))),
        }
    }
}

fn bytes(base64: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(base64).map_err(|_| "it is not base64".to_owned())
}

impl WireCondition<'_> {
    fn into_condition(self) -> Condition {
        let text = |text: Option<Text>| text.map(|text| text.0.into_owned()).unwrap_or_default();
        Condition {
            kind: self.kind.into_owned(),
            status: self.status.into_owned(),
            last_update: self.last_update_time.as_ref().and_then(Text::moment),
            reason: text(self.reason),
            message: text(self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An object with everything in it that the list reads and much that it does not.
    fn object() -> String {
        let key = crate::keys::PrivateKey::generate(crate::domain::key_type::KeyType::EcdsaP256).unwrap();
        let pem = crate::keys::certification_request(&key, "jane \"x\"", &["dev".to_owned(), "qa".to_owned()]).unwrap();
        serde_json::json!({
            "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
            "metadata": {
                "name": "jane", "uid": "0b5c1f0e-6f6a-4d5e-9c3b-0123456789ab", "resourceVersion": "812",
                "creationTimestamp": "2026-11-23T17:31:18Z", "labels": {"a": "b"},
                "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {"f:request": {}}}}],
            },
            "spec": {
                "request": STANDARD.encode(pem), "signerName": "kubernetes.io/kube-apiserver-client",
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
        .to_string()
    }

    #[test]
    fn decodes_the_same_as_the_whole_object_except_the_signature() {
        let text = object();
        let whole: CertificateSigningRequest = serde_json::from_str(&text).unwrap();
        let mut whole = Request::from_object(&whole);
        let listed: SlimRequest = serde_json::from_str(&text).unwrap();
        let checked = whole.pkcs10.as_mut().unwrap().signature_valid.take();
        assert_eq!((listed.request, checked), (whole, Some(true)));
    }

    #[test]
    fn decodes_an_object_without_a_status() {
        let text = r#"{"metadata": {"name": "x"}, "spec": {"request": "%", "usages": null}}"#;
        let listed: SlimRequest = serde_json::from_str(text).unwrap();
        assert_eq!((listed.meta().name.as_deref(), listed.request.pkcs10.is_err()), (Some("x"), true));
    }
}
