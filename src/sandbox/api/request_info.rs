//! What a request is about, by method, path and query alone (`apiserver/pkg/endpoints/request/requestinfo.go`).
//!
//! Nothing here knows what is served: an unknown group, version or resource is authorized as what its path says, and
//! only then answered with 404.

use http::Method;
use percent_encoding::percent_decode_str;

use super::labels::LabelSelector;
use crate::domain::access::{Action, ResourceAction};
use crate::sandbox::field_selector::FieldSelector;
use crate::sandbox::kinds::names;

/// A request, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestInfo {
    /// What is authorized.
    pub action: Action,
    /// `api` or `apis`; empty for a path that is no resource.
    pub prefix: String,
    /// The API version that the path names; empty for a path that is no resource.
    pub version: String,
    /// Path segments from the resource on: resource, name, subresource, and what follows it.
    pub depth: usize,
    /// Whether the verb was in the path (`/api/v1/watch/…`, deprecated).
    pub verb_in_path: bool,
    /// `fieldSelector`, for verbs that have one; not parsed.
    pub fields: String,
    /// `labelSelector`, for verbs that have one; not parsed.
    pub labels: String,
}

/// Why a request has no attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// The path is not percent-encoded UTF-8.
    Encoding,
    /// The path ends behind a special verb (`/api/v1/watch`).
    Incomplete,
}

impl RequestInfo {
    /// Takes method, path and query apart, both as in the request line.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn of(method: &Method, path: &str, query: &str) -> Result<Self, Unreadable> {
        let path = unescape(path, UrlPart::Path).ok_or(Unreadable::Encoding)?;
        let trimmed = path.trim_matches('/');
        let parts: Vec<&str> = if trimmed.is_empty() { Vec::new() } else { trimmed.split('/').collect() };
        match *parts.as_slice() {
            ["api", version, ref rest @ ..] if !rest.is_empty() => resource(("api", "", version), rest, method, query),
            ["apis", group, version, ref rest @ ..] if !rest.is_empty() => {
                resource(("apis", group, version), rest, method, query)
            }
            _ => Ok(Self::of_path(method, path)),
        }
    }

    fn of_path(method: &Method, path: String) -> Self {
        Self {
            action: Action::Path { verb: method.as_str().to_lowercase(), path },
            prefix: String::new(),
            version: String::new(),
            depth: 0,
            verb_in_path: false,
            fields: String::new(),
            labels: String::new(),
        }
    }
}

fn resource(
    (prefix, group, version): (&str, &str, &str),
    parts: &[&str],
    method: &Method,
    query: &str,
) -> Result<RequestInfo, Unreadable> {
    let (special, parts) = match parts {
        ["proxy" | "watch"] => return Err(Unreadable::Incomplete),
        [verb @ ("proxy" | "watch"), rest @ ..] => (Some(*verb), rest),
        _ => (None, parts),
    };
    let (namespace, parts) = match parts {
        ["namespaces", name, "status" | "finalize", ..] | ["namespaces", name] => (*name, parts),
        ["namespaces", name, rest @ ..] => (*name, rest),
        _ => ("", parts),
    };
    let part = |at: usize| parts.get(at).copied().unwrap_or_default().to_owned();
    let mut action = ResourceAction {
        verb: special.map_or_else(|| verb_of(method), ToOwned::to_owned),
        group: group.to_owned(),
        resource: part(0),
        name: part(1),
        subresource: if special == Some("proxy") { String::new() } else { part(2) },
        namespace: namespace.to_owned(),
    };
    let query = parse_query(query);
    if action.name.is_empty() && action.verb == "get" {
        list_or_watch(&mut action, &query);
    }
    if action.name.is_empty() && action.verb == "delete" {
        "deletecollection".clone_into(&mut action.verb);
    }
    let selects = special.is_none() && matches!(action.verb.as_str(), "list" | "watch" | "deletecollection");
    let selector = |key: &str| first(&query, key).filter(|_| selects).unwrap_or_default().to_owned();
    Ok(RequestInfo {
        prefix: prefix.to_owned(),
        version: version.to_owned(),
        depth: parts.len(),
        verb_in_path: special.is_some(),
        fields: selector("fieldSelector"),
        labels: selector("labelSelector"),
        action: Action::Resource(action),
    })
}

fn verb_of(method: &Method) -> String {
    let verb = match *method {
        Method::GET | Method::HEAD => "get",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => "",
    };
    verb.to_owned()
}

/// Reads `metav1.ListOptions`. Where one of them is wrong, only `watch` counts.
fn list_or_watch(action: &mut ResourceAction, query: &[(String, String)]) {
    let integers = ["timeoutSeconds", "limit"];
    let numbers = integers.into_iter().filter_map(|key| first(query, key)).all(|text| text.parse::<i64>().is_ok());
    let labels = LabelSelector::parse(first(query, "labelSelector").unwrap_or_default());
    let fields = FieldSelector::parse(first(query, "fieldSelector").unwrap_or_default());
    let watch = first(query, "watch").is_some_and(|value| value != "0" && !value.eq_ignore_ascii_case("false"));
    if watch { "watch" } else { "list" }.clone_into(&mut action.verb);
    if let (true, Ok(_), Ok(fields)) = (numbers, labels, fields)
        && let Some(name) = fields.exact("metadata.name")
        && names::path_segment(name).is_none()
    {
        name.clone_into(&mut action.name);
    }
}

fn first<'a>(query: &'a [(String, String)], key: &str) -> Option<&'a str> {
    query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

/// Go's `url.ParseQuery`, which leaves out pairs that it cannot read.
fn parse_query(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';'));
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((unescape(key, UrlPart::Query)?, unescape(value, UrlPart::Query)?))
    };
    pairs.filter_map(pair).collect()
}

/// The part of a URL that a text comes from: in a query, `+` is a space.
#[derive(Clone, Copy, PartialEq, Eq)]
enum UrlPart {
    Path,
    Query,
}

/// Percent-decoding as strict as Go's: `None` for a `%` without two hexadecimal digits, and for bytes that are not UTF-8.
fn unescape(text: &str, part: UrlPart) -> Option<String> {
    let escapes = text.split('%').skip(1);
    let hexadecimal = |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !escapes.into_iter().all(hexadecimal) {
        return None;
    }
    let text = if part == UrlPart::Query { text.replace('+', " ") } else { text.to_owned() };
    percent_decode_str(&text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `VERB GROUP/VERSION NAMESPACE RESOURCE/SUBRESOURCE NAME DEPTH`, empty parts as `-`.
    fn read(method: &Method, url: &str) -> String {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let info = RequestInfo::of(method, path, query).unwrap();
        let Action::Resource(action) = info.action else { return "path".to_owned() };
        let or = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        let resource = format!("{}/{}", action.resource, or(&action.subresource));
        let group = format!("{}/{}", or(&action.group), info.version);
        format!("{} {group} {} {resource} {} {}", action.verb, or(&action.namespace), or(&action.name), info.depth)
    }

    /// The table of `requestinfo_test.go`.
    #[test]
    fn reads_requests_as_the_api_server_does() {
        for (method, url, expected) in [
            (Method::GET, "/api/v1/namespaces", "list -/v1 - namespaces/- - 1"),
            (Method::GET, "/api/v1/namespaces/other", "get -/v1 other namespaces/- other 2"),
            (Method::GET, "/api/v1/namespaces/other/pods", "list -/v1 other pods/- - 1"),
            (Method::GET, "/api/v1/namespaces/other/pods/foo", "get -/v1 other pods/- foo 2"),
            (Method::HEAD, "/api/v1/namespaces/other/pods/foo", "get -/v1 other pods/- foo 2"),
            (Method::GET, "/api/v1/pods", "list -/v1 - pods/- - 1"),
            (Method::HEAD, "/api/v1/pods", "list -/v1 - pods/- - 1"),
            (Method::GET, "/api/v1/proxy/namespaces/other/pods/foo", "proxy -/v1 other pods/- foo 2"),
            (Method::GET, "/api/v1/proxy/namespaces/other/pods/foo/sub/not/a/sub", "proxy -/v1 other pods/- foo 6"),
            (Method::GET, "/api/v1/watch/pods", "watch -/v1 - pods/- - 1"),
            (Method::GET, "/api/v1/pods?watch=true", "watch -/v1 - pods/- - 1"),
            (Method::GET, "/api/v1/pods?watch=false", "list -/v1 - pods/- - 1"),
            (Method::GET, "/api/v1/watch/namespaces/other/pods", "watch -/v1 other pods/- - 1"),
            (Method::GET, "/api/v1/namespaces/other/pods?watch=1", "watch -/v1 other pods/- - 1"),
            (Method::GET, "/api/v1/namespaces/other/pods?watch=0", "list -/v1 other pods/- - 1"),
            (Method::GET, "/api/v1/namespaces/other/pods/foo/status", "get -/v1 other pods/status foo 3"),
            (Method::GET, "/api/v1/namespaces/other/pods/foo/proxy/subpath", "get -/v1 other pods/proxy foo 4"),
            (Method::PUT, "/api/v1/namespaces/other/finalize", "update -/v1 other namespaces/finalize other 3"),
            (Method::PUT, "/api/v1/namespaces/other/status", "update -/v1 other namespaces/status other 3"),
            (Method::PATCH, "/api/v1/namespaces/other/pods/foo", "patch -/v1 other pods/- foo 2"),
            (Method::DELETE, "/api/v1/namespaces/other/pods/foo", "delete -/v1 other pods/- foo 2"),
            (Method::POST, "/api/v1/namespaces/other/pods", "create -/v1 other pods/- - 1"),
            (Method::DELETE, "/api/v1/nodes", "deletecollection -/v1 - nodes/- - 1"),
            (Method::DELETE, "/api/v1/namespaces", "deletecollection -/v1 - namespaces/- - 1"),
            (Method::DELETE, "/api/v1/namespaces/other/pods", "deletecollection -/v1 other pods/- - 1"),
            (Method::DELETE, "/apis/e/v1/namespaces/other/pods", "deletecollection e/v1 other pods/- - 1"),
            (Method::POST, "/apis/e/v1/namespaces/other/pods", "create e/v1 other pods/- - 1"),
            (Method::POST, "/apis/e/v1beta3/namespaces/other/pods", "create e/v1beta3 other pods/- - 1"),
            (Method::GET, "/api/version/resource/name/subresource", "get -/version - resource/subresource name 3"),
            (
                Method::GET,
                "/apis/group/version/resource?fieldSelector=metadata.name=n",
                "list group/version - resource/- n 1",
            ),
            (
                Method::GET,
                "/apis/group/version/resource?fieldSelector=metadata.name=n,foo",
                "list group/version - resource/- - 1",
            ),
            (Method::GET, "/", "path"),
            (Method::GET, "/api/version/", "path"),
            (Method::GET, "/apis/group/version/", "path"),
            (Method::GET, "/badprefix/version/resource", "path"),
            (Method::GET, "/apis/version/resource", "path"),
            (Method::GET, "", "path"),
        ] {
            assert_eq!(read(&method, url), expected, "{method} {url}");
        }
    }

    #[test]
    fn rejects_incomplete_and_non_utf8_paths() {
        assert_eq!(RequestInfo::of(&Method::GET, "/api/v1/watch", ""), Err(Unreadable::Incomplete));
        assert_eq!(RequestInfo::of(&Method::GET, "/apis/a/v1/proxy/", ""), Err(Unreadable::Incomplete));
        for path in ["/%ff", "/%4", "/%zz"] {
            assert_eq!(RequestInfo::of(&Method::GET, path, ""), Err(Unreadable::Encoding), "{path}");
        }
    }
}
