//! Query parameters (`metav1.ListOptions`, `PatchOptions`, …).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::{Value, json};

use super::labels::LabelSelector;
use crate::sandbox::field_selector::FieldSelector;
use crate::sandbox::status::{ApiFailure, Cause};
use crate::sandbox::store::ObjectKey;

/// How unknown fields of a body are handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum FieldValidation {
    Ignore,
    #[default]
    Warn,
    /// Rejects the request.
    Strict,
}

/// The options of a request.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent option")]
pub(crate) struct Query {
    /// `watch`.
    pub watch: bool,
    /// `limit`; 0 means none.
    pub limit: usize,
    /// `continue`.
    pub after: Option<Continue>,
    /// `resourceVersion`, where it is not empty.
    pub version: Option<u64>,
    /// `resourceVersionMatch`.
    pub version_match: String,
    /// `sendInitialEvents`.
    pub initial_events: bool,
    /// `allowWatchBookmarks`.
    pub bookmarks: bool,
    /// `timeoutSeconds`.
    pub timeout: Option<Duration>,
    /// `labelSelector`.
    pub labels: LabelSelector,
    /// `fieldSelector`.
    pub fields: FieldSelector,
    /// `dryRun=All`.
    pub dry_run: bool,
    /// `fieldManager`.
    pub manager: String,
    /// `fieldValidation`.
    pub validation: FieldValidation,
    /// `force`.
    pub force: bool,
}

/// The position of the next page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Continue {
    /// The revision of the first page; `None` continues in the current list.
    pub revision: Option<u64>,
    /// The last object of the previous page.
    pub key: ObjectKey,
}

impl Continue {
    /// The `continue` token, in etcd's format.
    pub(crate) fn to_token(&self) -> String {
        let start = format!("/{}/{}\0", self.key.namespace, self.key.name);
        let version = self.revision.map_or(json!(-1), Value::from);
        let token = json!({ "v": "meta.k8s.io/v1", "rv": version, "start": start });
        URL_SAFE_NO_PAD.encode(token.to_string())
    }

    fn from_token(token: &str) -> Result<Self, ApiFailure> {
        let broken =
            |why: String| ApiFailure::bad_request(format!("invalid continue token: continue key is not valid: {why}"));
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|error| broken(error.to_string()))?;
        let token: Value = serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
        let start = token["start"].as_str().and_then(|start| start.strip_prefix('/')?.strip_suffix('\0'));
        let key = start.and_then(|start| start.split_once('/'));
        let version = token["rv"].as_i64().filter(|version| *version == -1 || *version > 0);
        let read = version.map(|version| u64::try_from(version).ok()).zip(key);
        let (revision, (namespace, name)) = read.ok_or_else(|| broken("no version or no start in it".to_owned()))?;
        Ok(Self { revision, key: ObjectKey::new(namespace, name) })
    }
}

impl Query {
    /// Reads the options.
    ///
    /// # Errors
    /// 400 and 422, as the server has them.
    pub(crate) fn parse(text: &str, method: &Method) -> Result<Self, ApiFailure> {
        let mut query = Self::default();
        for (key, value) in form_urlencoded::parse(text.as_bytes()) {
            query.set(&key, &value)?;
            if key == "dryRun" && value != "All" {
                let cause = Cause::unsupported("dryRun", json!([value]), &["All"]);
                return Err(ApiFailure::invalid("meta.k8s.io", options(method), "", &[cause]));
            }
        }
        query.check()?;
        Ok(query)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), ApiFailure> {
        let yes = !matches!(value, "false" | "0");
        match key {
            "watch" => self.watch = yes,
            "limit" => self.limit = usize::try_from(integer(value)?).unwrap_or(0),
            "continue" if !value.is_empty() => self.after = Some(Continue::from_token(value)?),
            "resourceVersion" if !value.is_empty() => self.version = Some(version(value)?),
            "resourceVersionMatch" => value.clone_into(&mut self.version_match),
            "sendInitialEvents" => self.initial_events = yes,
            "allowWatchBookmarks" => self.bookmarks = yes,
            "timeoutSeconds" => {
                self.timeout = u64::try_from(integer(value)?).ok().filter(|s| *s > 0).map(Duration::from_secs);
            }
            "labelSelector" => self.labels = LabelSelector::parse(value)?,
            "fieldSelector" => self.fields = FieldSelector::parse(value)?,
            "dryRun" => self.dry_run = true,
            "fieldManager" => value.clone_into(&mut self.manager),
            "fieldValidation" => {
                self.validation = match value {
                    "Ignore" => FieldValidation::Ignore,
                    "Strict" => FieldValidation::Strict,
                    _ => FieldValidation::Warn,
                };
            }
            "force" => self.force = yes,
            _ => {}
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ApiFailure> {
        let wrong = |why: &str| {
            let cause = Cause::forbidden("resourceVersionMatch", why);
            Err(ApiFailure::invalid("meta.k8s.io", "ListOptions", "", &[cause]))
        };
        match self.version_match.as_str() {
            "" if self.initial_events => {
                wrong("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
            }
            "" => Ok(()),
            _ if self.watch && !self.initial_events => {
                wrong("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
            }
            _ if !self.watch && self.version.is_none() => {
                wrong("resourceVersionMatch is forbidden unless resourceVersion is provided")
            }
            _ => Ok(()),
        }
    }
}

/// The kind of the options that a method has.
fn options(method: &Method) -> &'static str {
    match *method {
        Method::POST => "CreateOptions",
        Method::PUT => "UpdateOptions",
        Method::PATCH => "PatchOptions",
        Method::DELETE => "DeleteOptions",
        _ => "ListOptions",
    }
}

fn integer(text: &str) -> Result<i64, ApiFailure> {
    text.parse().map_err(|_| ApiFailure::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax")))
}

fn version(text: &str) -> Result<u64, ApiFailure> {
    text.parse().map_err(|_| {
        let message =
            format!("resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax");
        ApiFailure::internal(message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn continue_token_holds_the_position_of_the_next_page() {
        let there = Continue { revision: Some(12), key: ObjectKey::new("dev", "x/y") };
        assert_eq!(Continue::from_token(&there.to_token()).unwrap(), there);
        let cluster = Continue { revision: None, key: ObjectKey::new("", "jane") };
        assert_eq!(Continue::from_token(&cluster.to_token()).unwrap(), cluster);
        for broken in ["zzz", "e30", "!"] {
            assert_eq!(Continue::from_token(broken).unwrap_err().code, 400, "{broken}");
        }
    }

    #[test]
    fn rejects_contradicting_options() {
        assert_eq!(Query::parse("watch=true&sendInitialEvents=true", &Method::GET).unwrap_err().code, 422);
        assert_eq!(Query::parse("resourceVersionMatch=Exact", &Method::GET).unwrap_err().code, 422);
        assert_eq!(Query::parse("limit=x", &Method::GET).unwrap_err().code, 400);
        assert_eq!(Query::parse("dryRun=Some", &Method::GET).unwrap_err().code, 422);
        assert_eq!(Query::parse("limit=-1&watch=false", &Method::GET).unwrap().limit, 0);
    }
}
