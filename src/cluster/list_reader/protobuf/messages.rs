//! The messages of a list, as far as a row and its verdict need them.

use chrono::{DateTime, Utc};
use prost::Message;

use crate::cluster::list_reader::item::PageMeta;
use crate::domain::certificate::Certificate;
use crate::domain::request::{self, Pkcs10, Request, RequestVersion, Requester};

/// `metav1.ListMeta`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ListMeta {
    #[prost(string, tag = "2")]
    pub(super) resource_version: String,
    #[prost(string, tag = "3")]
    pub(super) next: String,
}

impl From<ListMeta> for PageMeta {
    fn from(ListMeta { resource_version, next }: ListMeta) -> Self {
        Self { resource_version, next }
    }
}

/// A `CertificateSigningRequest`. Strings are bytes here: a server writes some into protobuf as it received them, such as the
/// name of a user with an unusual certificate, and replaces invalid UTF-8 only in JSON.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Object {
    #[prost(message, optional, tag = "1")]
    pub(super) metadata: Option<Meta>,
    #[prost(message, optional, tag = "2")]
    pub(super) spec: Option<Spec>,
    #[prost(message, optional, tag = "3")]
    pub(super) status: Option<StatusMessage>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Meta {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) name: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    pub(super) uid: Vec<u8>,
    #[prost(bytes = "vec", tag = "6")]
    pub(super) resource_version: Vec<u8>,
    #[prost(message, optional, tag = "8")]
    pub(super) creation_timestamp: Option<Time>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Spec {
    #[prost(bytes = "vec", tag = "1")]
    request: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    username: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    uid: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "4")]
    groups: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "5")]
    usages: Vec<Vec<u8>>,
    #[prost(message, repeated, tag = "6")]
    extra: Vec<Extra>,
    #[prost(bytes = "vec", tag = "7")]
    signer_name: Vec<u8>,
    #[prost(int32, optional, tag = "8")]
    expiration_seconds: Option<i32>,
}

/// One entry of a map.
#[derive(Clone, PartialEq, Message)]
struct Extra {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    value: Option<ExtraValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ExtraValue {
    #[prost(bytes = "vec", repeated, tag = "1")]
    items: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct StatusMessage {
    #[prost(message, repeated, tag = "1")]
    conditions: Vec<Condition>,
    #[prost(bytes = "vec", tag = "2")]
    certificate: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Condition {
    #[prost(bytes = "vec", tag = "1")]
    kind: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    reason: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    message: Vec<u8>,
    #[prost(message, optional, tag = "4")]
    last_update_time: Option<Time>,
    #[prost(bytes = "vec", tag = "6")]
    status: Vec<u8>,
}

/// `metav1.Time`. A zero time is none (`Time.Unmarshal` in `time_proto.go`).
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Time {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn texts(many: Vec<Vec<u8>>) -> Vec<String> {
    many.into_iter().map(text).collect()
}

fn moment(time: Option<Time>) -> Option<DateTime<Utc>> {
    let Time { seconds, .. } = time.filter(|time| *time != Time::default())?;
    DateTime::from_timestamp(seconds, 0)
}

impl From<Object> for Request {
    fn from(object: Object) -> Self {
        let metadata = object.metadata.unwrap_or_default();
        let spec = object.spec.unwrap_or_default();
        let StatusMessage { conditions, certificate } = object.status.unwrap_or_default();
        let extra =
            spec.extra.into_iter().map(|Extra { key, value }| (text(key), texts(value.unwrap_or_default().items)));
        Self {
            pin: RequestVersion {
                name: text(metadata.name),
                uid: text(metadata.uid),
                resource_version: text(metadata.resource_version),
            },
            created_at: moment(metadata.creation_timestamp),
            signer_name: text(spec.signer_name),
            usages: texts(spec.usages),
            expiration_seconds: spec.expiration_seconds,
            requester: Requester {
                username: text(spec.username),
                uid: text(spec.uid),
                groups: texts(spec.groups),
                extra: extra.collect(),
            },
            pkcs10: Pkcs10::decode_unverified(&spec.request),
            conditions: conditions.into_iter().map(Into::into).collect(),
            certificate: (!certificate.is_empty()).then(|| Certificate::from_pem(&certificate)),
        }
    }
}

impl From<Condition> for request::Condition {
    fn from(condition: Condition) -> Self {
        Self {
            kind: text(condition.kind),
            status: text(condition.status),
            last_update: moment(condition.last_update_time),
            reason: text(condition.reason),
            message: text(condition.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_time_is_no_time() {
        assert_eq!((moment(None), moment(Some(Time::default()))), (None, None));
        let time = Time { seconds: 1_764_000_000, nanos: 5 };
        assert_eq!(moment(Some(time)).unwrap().to_rfc3339(), "2025-11-24T16:00:00+00:00");
    }
}
