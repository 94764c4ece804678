//! Responses, and the representations of objects in them.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use serde_json::Value;

use super::partial::partial;
use super::table::{self, ColumnDefinitions};
use crate::sandbox::resource::Resource;
use crate::sandbox::status::ApiFailure;
use crate::sandbox::store::{ObjectKey, Record};

/// A response body, complete or streamed.
pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// The representation of objects in a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Representation {
    /// All fields.
    Full,
    /// As rows of a table, for `kubectl get`.
    Table,
    /// Only the metadata.
    Partial,
}

/// The encoding of a response body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    Yaml,
}

/// The first representation and encoding of `Accept` that is supported.
///
/// # Errors
/// 406 where none is.
pub(crate) fn negotiate(headers: &HeaderMap) -> Result<(Representation, Encoding), ApiFailure> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
    for entry in accept.split(',') {
        let mut parts = entry.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let shape = parts.find_map(|part| part.strip_prefix("as=")).unwrap_or_default();
        let representation = match shape {
            "" => Representation::Full,
            "Table" => Representation::Table,
            "PartialObjectMetadata" | "PartialObjectMetadataList" => Representation::Partial,
            _ => continue,
        };
        match media {
            "application/json" | "application/*" | "*/*" => return Ok((representation, Encoding::Json)),
            "application/yaml" => return Ok((representation, Encoding::Yaml)),
            _ => {}
        }
    }
    Err(ApiFailure::not_acceptable())
}

/// One object in a representation.
pub(crate) fn one(resource: &Resource, record: &Record, representation: Representation) -> Bytes {
    match representation {
        Representation::Full => with_kind(resource.kind, &resource.api_version(), &record.json),
        Representation::Table => {
            table::of(resource, [record].into_iter(), &Value::Null, ColumnDefinitions::Include).to_string().into()
        }
        Representation::Partial => partial(&record.object()).to_string().into(),
    }
}

fn with_kind(kind: &str, api_version: &str, json: &Bytes) -> Bytes {
    let start = format!("{{\"kind\":{},\"apiVersion\":{},", Value::from(kind), Value::from(api_version));
    [start.as_bytes(), json.get(1..).unwrap_or_default()].concat().into()
}

/// A list in a representation; `meta` is its metadata.
pub(crate) fn many(
    resource: &Resource,
    records: &[(ObjectKey, std::sync::Arc<Record>)],
    meta: &Value,
    representation: Representation,
) -> Bytes {
    let records = records.iter().map(|(_, record)| record.as_ref());
    match representation {
        Representation::Full => {
            let start = serde_json::json!({
                "kind": format!("{}List", resource.kind), "apiVersion": resource.api_version(), "metadata": meta,
            });
            let mut text = start.to_string().into_bytes();
            text.pop();
            text.extend_from_slice(b",\"items\":[");
            for (at, record) in records.enumerate() {
                if at > 0 {
                    text.push(b',');
                }
                text.extend_from_slice(&record.json);
            }
            text.extend_from_slice(b"]}");
            text.into()
        }
        Representation::Table => table::of(resource, records, meta, ColumnDefinitions::Include).to_string().into(),
        Representation::Partial => {
            let items: Vec<_> = records.map(|record| partial(&record.object())).collect();
            let list = serde_json::json!({
                "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "items": items,
            });
            list.to_string().into()
        }
    }
}

/// An object in an encoding.
pub(crate) fn data(code: u16, json: Bytes, encoding: Encoding) -> Response<Body> {
    let as_yaml = || serde_json::from_slice::<Value>(&json).ok().and_then(|value| serde_yaml::to_string(&value).ok());
    match encoding {
        Encoding::Json => whole(code, "application/json", json),
        Encoding::Yaml => match as_yaml() {
            Some(text) => whole(code, "application/yaml", text.into()),
            None => whole(code, "application/json", json),
        },
    }
}

/// A cacheable document with a single media type.
///
/// # Errors
/// 406 where the client does not accept it.
pub(crate) fn public(headers: &HeaderMap, media: &'static str, document: &Value) -> Result<Response<Body>, ApiFailure> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
    let mut accepted = accept.split(',').map(|entry| entry.split(';').next().unwrap_or_default().trim());
    if !accepted.any(|entry| entry == media || entry == "*/*") {
        return Err(ApiFailure::only_representation(media));
    }
    let mut response = whole(200, media, document.to_string().into());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    Ok(response)
}

/// Plain text.
pub(crate) fn text(code: u16, text: &str) -> Response<Body> {
    whole(code, "text/plain; charset=utf-8", Bytes::copy_from_slice(text.as_bytes()))
}

/// An error response.
pub(crate) fn failure(failure: &ApiFailure) -> Response<Body> {
    if failure.reason.is_empty() {
        return text(failure.code, &failure.message);
    }
    data(failure.code, failure.to_json().to_string().into(), Encoding::Json)
}

/// A stream of JSON values.
pub(crate) fn stream(chunks: impl futures::Stream<Item = Bytes> + Send + 'static) -> Response<Body> {
    use futures::StreamExt;
    let frames = chunks.map(|chunk| Ok::<_, Infallible>(Frame::data(chunk)));
    build(200, "application/json", StreamBody::new(frames).boxed_unsync())
}

fn whole(code: u16, media: &'static str, bytes: Bytes) -> Response<Body> {
    build(code, media, Full::new(bytes).boxed_unsync())
}

fn build(code: u16, media: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

/// Bytes of all warnings of a response (`apiserver/pkg/endpoints/filters/warning.go`).
const MAX_WARNING_BYTES: usize = 4096;

/// Adds sentences that kubectl prints as warnings (RFC 7234, 5.5), up to a limit.
pub(crate) fn warn(response: &mut Response<Body>, warnings: &[String]) {
    let mut left = MAX_WARNING_BYTES;
    for warning in warnings {
        let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
        let Some(rest) = left.checked_sub(quoted.len()) else { return };
        left = rest;
        if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
            response.headers_mut().append("warning", value);
        }
    }
}
