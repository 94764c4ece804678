//! Errors of kube, of the transport and of the login, as [`ClusterError`]s.

use std::error::Error as StdError;

use kube::core::Status;

use super::ClusterError;
use crate::cluster::budget::Exceeded;
use crate::cluster::login::{LoginError, Reason};
use crate::cluster::quoted;
use crate::cluster::transport::failure::ConnectFailure;
use crate::cluster::transport::{NotAnApi, tls};

impl ClusterError {
    /// Converts a failed login. What is wrong in the kubeconfig is an error of the kubeconfig.
    pub(in crate::cluster) fn login(failed: LoginError, context: &str) -> Self {
        match failed.reason {
            Reason::Entry(why) => Self::Config(format!("context {context}: {why}")),
            _ => Self::Login { context: context.to_owned(), failed },
        }
    }

    /// Converts an error of kube, whose own text quotes addresses with their passwords.
    pub(in crate::cluster) fn from_kube(error: kube::Error, server: &str, context: &str) -> Self {
        if let Some(limit) = Exceeded::of(&error) {
            return Self::Server { code: limit.code(), message: limit.to_string() };
        }
        if let Some(failed) = LoginError::of(&error) {
            return Self::login(failed.clone(), context);
        }
        if let Some(other) = NotAnApi::of(&error) {
            return Self::NotAnApi { server: server.to_owned(), why: other.to_string() };
        }
        match error {
            kube::Error::Api(status) => Self::from_status(&status, server),
            kube::Error::SerdeError(_) => {
                Self::NotAnApi { server: server.to_owned(), why: "its answer is not a Kubernetes object".to_owned() }
            }
            other => Self::Unreachable {
                server: server.to_owned(),
                cause: ConnectFailure::of(&other),
                why: innermost_text(&other),
            },
        }
    }

    /// Converts a Status of the API.
    pub fn from_status(status: &Status, server: &str) -> Self {
        let message = quoted::bounded(&status.message);
        if status.reason == NO_STATUS && status.code != 401 {
            let page = page_text(&message);
            return match status.code {
                404 => Self::NotAnApi { server: server.to_owned(), why: format!("it answered 404{page}") },
                code => {
                    let is_plain = server.starts_with("http://");
                    let hint = if is_plain { "; should its address begin with https://?" } else { "" };
                    Self::Server {
                        code,
                        message: format!("it gives no reason that an API server would give{page}{hint}"),
                    }
                }
            };
        }
        match (status.code, status.reason.as_str()) {
            (401, _) => Self::Unauthorized { server: server.to_owned() },
            (403, _) => Self::Forbidden { missing: missing_right(&message), message },
            (404, _) => Self::NotFound { what: object_of(status) },
            (409, "AlreadyExists") => Self::AlreadyExists { message },
            (409, _) => Self::Conflict { message },
            (400 | 422, _) => Self::Invalid { message },
            (code, _) => Self::Server { code, message },
        }
    }
}

/// The reason that kube sets where the body of an error response is no `Status` (kube-client, `client/mod.rs`,
/// `handle_api_errors`). kube marks this in no other way, and a transport that reports it would have to buffer and parse the body
/// of every error before kube does. It is kube's constant and never the text of a server; a test asks kube for it.
const NO_STATUS: &str = "Failed to parse error data";

/// The title of an HTML page, else its first line, formatted as the end of a sentence.
fn page_text(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title>").and_then(|at| {
        let from = at + "<title>".len();
        text.get(from..from + lower.get(from..)?.find("</title>")?)
    });
    let line = title.unwrap_or(if lower.contains("<html") || lower.contains("<!doctype") {
        "an HTML page"
    } else {
        text.lines().next().unwrap_or_default()
    });
    let line: String = line.trim().chars().take(100).collect();
    if line.is_empty() { line } else { format!(" ({line})") }
}

fn object_of(status: &Status) -> String {
    match status.details.as_ref().filter(|details| !details.name.is_empty()) {
        Some(details) => quoted::bounded(&format!("{} {}", details.kind, details.name)),
        None => quoted::bounded(&status.message),
    }
}

/// The innermost cause: `Connection refused`, `certificate has expired`, …
fn innermost_text(error: &(dyn StdError + 'static)) -> String {
    if let Some(text) = tls::error_text(error) {
        return text;
    }
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// The right that a 403 names as missing. The API server has no field for it, so it is read from its fixed sentences
/// (`staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go`, and the admission plugins
/// certificates/approval and certificates/signing).
fn missing_right(message: &str) -> Option<String> {
    if let Some((_, signer)) = message.split_once("not permitted to approve requests with signerName ") {
        return Some(format!("approve requests for the signer {}", signer.trim_matches(['"', ' '])));
    }
    let (_, rest) = message.split_once(" cannot ")?;
    let (verb, rest) = rest.split_once(" resource \"")?;
    let (resource, rest) = rest.split_once('"')?;
    let place = rest.split_once(" in the namespace ").map(|(_, namespace)| namespace.split('"').nth(1).unwrap_or(""));
    let place = place.map(|namespace| format!(" in namespace {namespace}")).unwrap_or_default();
    Some(format!("{verb} {resource}{place}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_403_names_the_missing_right() {
        for (message, right) in [
            (
                r#"certificatesigningrequests.certificates.k8s.io "x" is forbidden: User "bob" cannot update resource "certificatesigningrequests/approval" in API group "certificates.k8s.io" at the cluster scope"#,
                "update certificatesigningrequests/approval",
            ),
            (
                r#"certificatesigningrequests.certificates.k8s.io "x" is forbidden: user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client""#,
                "approve requests for the signer kubernetes.io/kube-apiserver-client",
            ),
            (
                r#"pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "kube-system""#,
                "list pods in namespace kube-system",
            ),
        ] {
            assert_eq!(missing_right(message).as_deref(), Some(right));
        }
    }

    #[test]
    fn a_failed_login_names_the_program_without_its_input_or_output() {
        let reason = Reason::Slow(std::time::Duration::from_secs(60));
        let failed = LoginError { program: "/bin/aws".to_owned(), reason };
        let text = ClusterError::from_kube(kube::Error::Service(Box::new(failed)), "https://s", "prod").to_string();
        assert_eq!(text, "login to context prod: the login program /bin/aws did not answer within 60 s");
    }

    #[test]
    fn an_error_page_is_reported_as_no_answer_of_an_api_server() {
        let status = |code: u16, text: &str| Status::failure(text, NO_STATUS).with_code(code);
        for (code, text, shown) in [
            (
                404,
                "404 page not found\n",
                "no Kubernetes API at this address (https://s): it answered 404 (404 page not found)",
            ),
            (
                503,
                "<html><head><TITLE>Maintenance</TITLE>",
                "the server answered 503: it gives no reason that an API server would give (Maintenance)",
            ),
            (
                502,
                "<!DOCTYPE html><p>",
                "the server answered 502: it gives no reason that an API server would give (an HTML page)",
            ),
            (401, "no", "https://s does not accept these credentials (401)"),
        ] {
            assert_eq!(ClusterError::from_status(&status(code, text), "https://s").to_string(), shown);
        }
    }

    #[tokio::test]
    async fn kube_marks_an_error_without_a_status_as_expected() {
        let page = |_: http::Request<kube::client::Body>| async {
            let body = kube::client::Body::from(b"404 page not found".to_vec());
            http::Response::builder().status(404).body(body)
        };
        let client = kube::Client::new(tower::service_fn(page), "default");
        let error = ClusterError::from_kube(client.apiserver_version().await.unwrap_err(), "https://s", "c");
        assert!(matches!(error, ClusterError::NotAnApi { .. }), "{error:?}");
    }

    #[test]
    fn an_error_of_a_connection_carries_its_step() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let error = ClusterError::from_kube(kube::Error::Service(refused.into()), "https://s", "c");
        assert!(matches!(error, ClusterError::Unreachable { cause: ConnectFailure::Tcp, .. }), "{error:?}");
        let unknown = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let unknown = std::io::Error::new(std::io::ErrorKind::InvalidData, unknown);
        let error = ClusterError::from_kube(kube::Error::ReadEvents(unknown), "https://s", "c");
        assert!(matches!(error, ClusterError::Unreachable { cause: ConnectFailure::Tls, .. }), "{error:?}");
    }
}
