//! Errors: `Status` objects with the API server's reasons, codes and messages (`apimachinery/pkg/api/errors`).

use serde_json::{Map, Value, json};

use crate::sandbox::resource::Resource;

/// The error of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiFailure {
    /// The HTTP status.
    pub code: u16,
    /// `NotFound`; empty for plain text.
    pub reason: &'static str,
    pub message: String,
    /// `status.details`.
    pub details: Option<Box<Value>>,
    /// A `continue` token for an expired list.
    pub continue_token: Option<String>,
}

/// One validation error of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cause {
    /// `FieldValueInvalid`.
    pub reason: &'static str,
    /// `Invalid value: 599: …`.
    pub message: String,
    /// `spec.expirationSeconds`.
    pub field: String,
}

impl Cause {
    /// An invalid value.
    pub(crate) fn invalid(field: impl Into<String>, value: &Value, why: &str) -> Self {
        let message = format!("Invalid value: {}: {why}", quote(value));
        Self { reason: "FieldValueInvalid", message, field: field.into() }
    }

    /// A missing value.
    pub(crate) fn required(field: impl Into<String>, why: &str) -> Self {
        let colon = if why.is_empty() { "" } else { ": " };
        Self { reason: "FieldValueRequired", message: format!("Required value{colon}{why}"), field: field.into() }
    }

    /// A value that is not in the list of supported ones.
    pub(crate) fn unsupported(field: impl Into<String>, value: impl Into<Value>, supported: &[&str]) -> Self {
        let supported: Vec<_> = supported.iter().map(|value| format!("{value:?}")).collect();
        let message = format!("Unsupported value: {}: supported values: {}", value.into(), supported.join(", "));
        Self { reason: "FieldValueNotSupported", message, field: field.into() }
    }

    /// A forbidden change.
    pub(crate) fn forbidden(field: impl Into<String>, why: impl Into<String>) -> Self {
        let message = format!("Forbidden: {}", why.into());
        Self { reason: "FieldValueForbidden", message, field: field.into() }
    }

    /// A duplicate value.
    pub(crate) fn duplicate(field: impl Into<String>, value: &Value) -> Self {
        let message = format!("Duplicate value: {}", quote(value));
        Self { reason: "FieldValueDuplicate", message, field: field.into() }
    }

    fn sentence(&self) -> String {
        format!("{}: {}", self.field, self.message)
    }
}

/// A value as the API server's messages show it.
fn quote(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        other => other.to_string(),
    }
}

impl ApiFailure {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None, continue_token: None }
    }

    fn about(mut self, resource: &Resource, name: &str) -> Self {
        self.details = Some(Box::new(details(resource.group, resource.plural, name)));
        self
    }

    /// The request is not authenticated.
    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// The object does not exist.
    pub(crate) fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} {name:?} not found", resource.qualified());
        Self::new(404, "NotFound", message).about(resource, name)
    }

    /// The resource does not exist.
    pub(crate) fn no_resource() -> Self {
        let message = "the server could not find the requested resource";
        Self { details: Some(Box::new(json!({}))), ..Self::new(404, "NotFound", message) }
    }

    /// The path does not exist; plain text.
    pub(crate) fn no_path() -> Self {
        Self::new(404, "", "404 page not found\n")
    }

    /// The path ends after a special verb (`responsewriters.InternalError`); plain text.
    pub(crate) fn no_request_info(uri: &str) -> Self {
        let why = format!(
            "Internal Server Error: {uri:?}: failed to create RequestInfo: unable to determine kind and namespace from \
             url, {uri}\n"
        );
        Self::new(500, "", why.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
    }

    /// The path does not support the method.
    pub(crate) fn no_method() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self { details: Some(Box::new(json!({}))), ..Self::new(405, "MethodNotAllowed", message) }
    }

    /// The object already exists.
    pub(crate) fn already_exists(resource: &Resource, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", resource.qualified());
        Self::new(409, "AlreadyExists", message).about(resource, name)
    }

    /// The object has another UID or resourceVersion than the request.
    pub(crate) fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} {name:?}: {why}", resource.qualified());
        Self::new(409, "Conflict", message).about(resource, name)
    }

    /// The object has another version by now.
    pub(crate) fn changed(resource: &Resource, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(resource, name, why)
    }

    /// Forbidden by admission; `why` is part of the message.
    pub(crate) fn forbidden(resource: &Resource, name: &str, why: &str) -> Self {
        let named = if name.is_empty() { String::new() } else { format!(" {name:?}") };
        Self::new(403, "Forbidden", format!("{}{named} is forbidden: {why}", resource.qualified()))
            .about(resource, name)
    }

    /// Forbidden by authorization; the resource may be unknown.
    pub(crate) fn denied(group: &str, plural: &str, name: &str, why: &str) -> Self {
        let qualified = if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") };
        let named = if name.is_empty() { String::new() } else { format!(" {name:?}") };
        let message = format!("{qualified}{named} is forbidden: {why}");
        Self { details: Some(Box::new(details(group, plural, name))), ..Self::new(403, "Forbidden", message) }
    }

    /// A path that authorization forbids.
    pub(crate) fn denied_path(why: &str) -> Self {
        Self { details: Some(Box::new(json!({}))), ..Self::new(403, "Forbidden", format!("forbidden: {why}")) }
    }

    /// The object is invalid.
    pub(crate) fn invalid(group: &str, kind: &str, name: &str, causes: &[Cause]) -> Self {
        let summary = match causes {
            [one] => one.sentence(),
            many => format!("[{}]", many.iter().map(Cause::sentence).collect::<Vec<_>>().join(", ")),
        };
        let qualified = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        let causes = causes
            .iter()
            .map(|cause| json!({ "reason": cause.reason, "message": cause.message, "field": cause.field }));
        let mut details = details(group, kind, name);
        details["causes"] = causes.collect();
        let message = format!("{qualified} {name:?} is invalid: {summary}");
        Self { details: Some(Box::new(details)), ..Self::new(422, "Invalid", message) }
    }

    /// Other managers own fields of an apply.
    pub(crate) fn apply_conflict(conflicts: &[crate::sandbox::schema::managed::Conflict]) -> Self {
        let summary = match conflicts {
            [one] => format!("1 conflict: {}: {}", one.with, one.field),
            many => {
                let lines = many.iter().map(|conflict| format!("{}: {}", conflict.with, conflict.field));
                format!("{} conflicts: {}", many.len(), lines.collect::<Vec<_>>().join("\n"))
            }
        };
        let causes = conflicts.iter().map(
            |conflict| json!({ "reason": "FieldManagerConflict", "message": conflict.with, "field": conflict.field }),
        );
        let details = json!({ "causes": causes.collect::<Value>() });
        Self { details: Some(Box::new(details)), ..Self::new(409, "Conflict", format!("Apply failed with {summary}")) }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// The media type of the body is not supported.
    pub(crate) fn unsupported_media(accepted: &str) -> Self {
        let message =
            format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// No media type of `Accept` is supported.
    pub(crate) fn not_acceptable() -> Self {
        let message = "only the following media types are accepted: application/json, application/yaml";
        Self { details: Some(Box::new(json!({}))), ..Self::new(406, "NotAcceptable", message) }
    }

    /// The path has a single media type, and the client does not accept it.
    pub(crate) fn only_representation(media: &str) -> Self {
        let message = format!("406: Not Acceptable\n\nAvailable representations: {media}");
        Self { details: Some(Box::new(json!({}))), ..Self::new(406, "NotAcceptable", message) }
    }

    /// The requested revision has been compacted.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// The body is too large.
    pub(crate) fn too_large() -> Self {
        Self::new(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728")
    }

    /// The requested revision is in the future.
    pub(crate) fn too_new(requested: u64, current: u64) -> Self {
        let causes = json!([{ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" }]);
        let details = json!({ "causes": causes, "retryAfterSeconds": 1 });
        let message = format!("Timeout: Too large resource version: {requested}, current: {current}");
        Self { details: Some(Box::new(details)), ..Self::new(504, "Timeout", message) }
    }

    /// An internal error.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "InternalError", message)
    }

    /// As a `Status` object.
    pub(crate) fn to_json(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": self.message,
            "reason": self.reason,
        });
        if let Some(token) = &self.continue_token {
            status["metadata"]["continue"] = token.as_str().into();
        }
        if let Some(details) = &self.details {
            status["details"] = (**details).clone();
        }
        status["code"] = self.code.into();
        status
    }
}

fn details(group: &str, kind: &str, name: &str) -> Value {
    let mut details = Map::new();
    for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
        if !value.is_empty() {
            details.insert(key.to_owned(), value.into());
        }
    }
    Value::Object(details)
}
