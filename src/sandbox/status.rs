//! Refusals: `Status` objects with the server's own reasons, codes and words (`apimachinery/pkg/api/errors`).

use serde_json::{Map, Value, json};

use crate::sandbox::resource::Resource;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiFailure {
    /// The HTTP status.
    pub code: u16,
    /// `NotFound`; empty for plain text.
    pub reason: &'static str,
    /// The sentence.
    pub message: String,
    /// `status.details`.
    pub details: Option<Box<Value>>,
    /// The token by which a list goes on in spite of it.
    pub go_on: Option<String>,
}

/// One thing that is wrong with an object.
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
    /// A value that cannot be.
    pub(crate) fn invalid(field: impl Into<String>, value: &Value, why: &str) -> Self {
        let message = format!("Invalid value: {}: {why}", told(value));
        Self { reason: "FieldValueInvalid", message, field: field.into() }
    }

    /// A value that is missing.
    pub(crate) fn required(field: impl Into<String>, why: &str) -> Self {
        let colon = if why.is_empty() { "" } else { ": " };
        Self { reason: "FieldValueRequired", message: format!("Required value{colon}{why}"), field: field.into() }
    }

    /// A value that is none of those that can be.
    pub(crate) fn unsupported(field: impl Into<String>, value: impl Into<Value>, supported: &[&str]) -> Self {
        let supported: Vec<_> = supported.iter().map(|value| format!("{value:?}")).collect();
        let message = format!("Unsupported value: {}: supported values: {}", value.into(), supported.join(", "));
        Self { reason: "FieldValueNotSupported", message, field: field.into() }
    }

    /// A change that is not allowed.
    pub(crate) fn forbidden(field: impl Into<String>, why: impl Into<String>) -> Self {
        let message = format!("Forbidden: {}", why.into());
        Self { reason: "FieldValueForbidden", message, field: field.into() }
    }

    /// A value that is there twice.
    pub(crate) fn duplicate(field: impl Into<String>, value: &Value) -> Self {
        let message = format!("Duplicate value: {}", told(value));
        Self { reason: "FieldValueDuplicate", message, field: field.into() }
    }

    fn sentence(&self) -> String {
        format!("{}: {}", self.field, self.message)
    }
}

/// A value as the server's messages show it.
fn told(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        other => other.to_string(),
    }
}

impl ApiFailure {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None, go_on: None }
    }

    fn about(mut self, resource: &Resource, name: &str) -> Self {
        self.details = Some(Box::new(details(resource.group, resource.plural, name)));
        self
    }

    /// Nobody is logged in.
    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// There is no such object.
    pub(crate) fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} {name:?} not found", resource.qualified());
        Self::new(404, "NotFound", message).about(resource, name)
    }

    /// There is no such resource.
    pub(crate) fn no_resource() -> Self {
        let message = "the server could not find the requested resource";
        Self { details: Some(Box::new(json!({}))), ..Self::new(404, "NotFound", message) }
    }

    /// There is no such path; plain text.
    pub(crate) fn no_path() -> Self {
        Self::new(404, "", "404 page not found\n")
    }

    /// The path breaks off behind a special verb (`responsewriters.InternalError`); plain text.
    pub(crate) fn no_request_info(uri: &str) -> Self {
        let why = format!(
            "Internal Server Error: {uri:?}: failed to create RequestInfo: unable to determine kind and namespace from \
             url, {uri}\n"
        );
        Self::new(500, "", why.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
    }

    /// The path knows no such method.
    pub(crate) fn no_method() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self { details: Some(Box::new(json!({}))), ..Self::new(405, "MethodNotAllowed", message) }
    }

    /// There is such an object already.
    pub(crate) fn already_exists(resource: &Resource, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", resource.qualified());
        Self::new(409, "AlreadyExists", message).about(resource, name)
    }

    /// The object is not the one, or not the version, that the request is about.
    pub(crate) fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} {name:?}: {why}", resource.qualified());
        Self::new(409, "Conflict", message).about(resource, name)
    }

    /// The object has another version by now.
    pub(crate) fn changed(resource: &Resource, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(resource, name, why)
    }

    /// Not allowed, for a reason that is said.
    pub(crate) fn forbidden(resource: &Resource, name: &str, why: &str) -> Self {
        let named = if name.is_empty() { String::new() } else { format!(" {name:?}") };
        Self::new(403, "Forbidden", format!("{}{named} is forbidden: {why}", resource.qualified()))
            .about(resource, name)
    }

    /// Not allowed by RBAC: any resource, known or not.
    pub(crate) fn denied(group: &str, plural: &str, name: &str, why: &str) -> Self {
        let qualified = if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") };
        let named = if name.is_empty() { String::new() } else { format!(" {name:?}") };
        let message = format!("{qualified}{named} is forbidden: {why}");
        Self { details: Some(Box::new(details(group, plural, name))), ..Self::new(403, "Forbidden", message) }
    }

    /// A path that is not allowed.
    pub(crate) fn denied_path(why: &str) -> Self {
        Self { details: Some(Box::new(json!({}))), ..Self::new(403, "Forbidden", format!("forbidden: {why}")) }
    }

    /// The object breaks rules.
    pub(crate) fn invalid(group: &str, kind: &str, name: &str, causes: &[Cause]) -> Self {
        let told = match causes {
            [one] => one.sentence(),
            many => format!("[{}]", many.iter().map(Cause::sentence).collect::<Vec<_>>().join(", ")),
        };
        let qualified = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        let causes = causes
            .iter()
            .map(|cause| json!({ "reason": cause.reason, "message": cause.message, "field": cause.field }));
        let mut details = details(group, kind, name);
        details["causes"] = causes.collect();
        let message = format!("{qualified} {name:?} is invalid: {told}");
        Self { details: Some(Box::new(details)), ..Self::new(422, "Invalid", message) }
    }

    /// Others own what an apply would write.
    pub(crate) fn apply_conflict(conflicts: &[crate::sandbox::schema::managed::Conflict]) -> Self {
        let told = match conflicts {
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
        Self { details: Some(Box::new(details)), ..Self::new(409, "Conflict", format!("Apply failed with {told}")) }
    }

    /// The request makes no sense.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// The body is in a form that is not understood.
    pub(crate) fn unsupported_media(accepted: &str) -> Self {
        let message =
            format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// No form that the client accepts can be given.
    pub(crate) fn not_acceptable() -> Self {
        let message = "only the following media types are accepted: application/json, application/yaml";
        Self { details: Some(Box::new(json!({}))), ..Self::new(406, "NotAcceptable", message) }
    }

    /// The path answers in one form alone, and the client does not accept it.
    pub(crate) fn only_representation(media: &str) -> Self {
        let message = format!("406: Not Acceptable\n\nAvailable representations: {media}");
        Self { details: Some(Box::new(json!({}))), ..Self::new(406, "NotAcceptable", message) }
    }

    /// The version asked for has been forgotten.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// The body is longer than is accepted.
    pub(crate) fn too_large() -> Self {
        Self::new(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728")
    }

    /// The version asked for is not there yet.
    pub(crate) fn too_new(asked: u64, current: u64) -> Self {
        let causes = json!([{ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" }]);
        let details = json!({ "causes": causes, "retryAfterSeconds": 1 });
        let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
        Self { details: Some(Box::new(details)), ..Self::new(504, "Timeout", message) }
    }

    /// What nobody expected.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "InternalError", message)
    }

    /// As a `Status` object.
    pub(crate) fn to_json(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": self.message,
            "reason": self.reason,
        });
        if let Some(token) = &self.go_on {
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
