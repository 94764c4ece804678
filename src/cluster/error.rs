//! What can go wrong with a cluster, in plain words.

use std::error::Error as StdError;

use kube::core::Status;
use kube::runtime::watcher;

use super::budget::Exceeded;
use super::login::{LoginError, Reason};
use super::transport::{NotAnApi, tls_error};
use super::{Cluster, quoted};
use crate::domain::output::redact;
use crate::domain::request::RequestState;
use crate::domain::text::printable;
use crate::files;

/// Why the cluster did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterError {
    /// The kubeconfig cannot be used.
    Config(String),
    /// The login failed.
    Login {
        /// The context that is logged in to.
        context: String,
        /// Why.
        failed: LoginError,
    },
    /// No connection: name resolution, TCP, TLS, or proxy.
    Unreachable {
        /// The server's address.
        server: String,
        /// What failed.
        why: String,
    },
    /// No answer in time.
    Timeout {
        /// The server's address.
        server: String,
        /// How long was waited.
        seconds: u64,
    },
    /// The server asked to wait, every time.
    Busy {
        /// HTTP status: 429, 503 or 504.
        code: u16,
        /// How many times.
        times: u64,
        /// How long it was asked.
        seconds: u64,
    },
    /// Something answers that is no Kubernetes API.
    NotAnApi {
        /// The server's address.
        server: String,
        /// What it answers.
        why: String,
    },
    /// 401: the credentials are not accepted.
    Unauthorized {
        /// The server's address.
        server: String,
    },
    /// 403.
    Forbidden {
        /// Which right is missing, where the server's words tell.
        missing: Option<String>,
        /// The server's words.
        message: String,
    },
    /// 404.
    Gone {
        /// What is not there.
        what: String,
    },
    /// The object is no longer what was on the screen, and the write was not made.
    Changed {
        /// The object's name.
        name: String,
        /// Where the request stands now.
        now: RequestState,
    },
    /// Somebody decided the request already; decisions are final.
    AlreadyDecided {
        /// The request's name.
        name: String,
        /// How.
        how: RequestState,
    },
    /// 409 on creating.
    AlreadyExists {
        /// The server's words.
        message: String,
    },
    /// 409 on updating or deleting.
    Conflict {
        /// The server's words.
        message: String,
    },
    /// 422 and 400: the server does not accept the object.
    Invalid {
        /// The server's words.
        message: String,
    },
    /// Refused here: this console only reads.
    ReadOnly,
    /// Refused here: an imported context that is not trusted yet would run a program or read a file.
    Untrusted {
        /// The context.
        context: String,
        /// What it runs and reads, a sentence each.
        what: Vec<String>,
    },
    /// Anything else that the server said.
    Server {
        /// HTTP status.
        code: u16,
        /// Its words.
        message: String,
    },
}

impl std::fmt::Display for ClusterError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = match self {
            Self::Config(why) => format!("kubeconfig: {why}"),
            Self::Login { context, failed } => format!("login to context {context}: {failed}"),
            Self::Busy { code, times, seconds } => {
                format!("the server is busy: it answered {code} {times} times in {seconds} s")
            }
            Self::NotAnApi { server, why } => format!("no Kubernetes API at this address ({server}): {why}"),
            Self::Unreachable { server, why } => format!("{server} cannot be reached: {why}"),
            Self::Timeout { server, seconds } => format!("{server} did not answer within {seconds} s"),
            Self::Unauthorized { server } => format!("{server} does not accept these credentials (401)"),
            Self::Forbidden { missing: Some(right), .. } => format!("you may not {right} (403)"),
            Self::Forbidden { missing: None, message } => format!("refused (403): {message}"),
            Self::Gone { what } => format!("{what} is gone"),
            Self::Changed { name, now } => format!("{name} changed meanwhile: it is {} now", now.outcome()),
            Self::AlreadyDecided { name, how } => format!("{name} is already {}", how.outcome()),
            Self::AlreadyExists { message } => format!("it exists already: {message}"),
            Self::Conflict { message } => format!("it changed meanwhile (409): {message}"),
            Self::Invalid { message } => format!("the server does not accept it: {message}"),
            Self::ReadOnly => "this console is read-only".to_owned(),
            Self::Untrusted { context, what } => files::untrusted(context, what),
            Self::Server { code, message } => format!("the server answered {code}: {message}"),
        };
        f.write_str(&printable(&redact::urls(&text)))
    }
}

impl StdError for ClusterError {}

impl ClusterError {
    /// What to do about it, where something is known to help. Printable.
    pub fn advice(&self) -> Option<String> {
        let text = match self {
            Self::Config(_) => "Name another with --kubeconfig or KUBECONFIG, or a context with --context.".into(),
            Self::Unreachable { .. } | Self::Timeout { .. } => {
                "Check the server's address in the kubeconfig, the network (VPN, proxy), and that the API server runs."
                    .into()
            }
            Self::NotAnApi { .. } => "Check the server's address and its path in the kubeconfig.".into(),
            Self::Busy { .. } => "Try again later.".into(),
            Self::Unauthorized { .. } => {
                "A certificate that has expired gives just this; look at its end date, or log in again.".into()
            }
            Self::Forbidden { missing: Some(_), message } => format!("The server said: {message}"),
            Self::AlreadyDecided { .. } => "Approved and Denied are final: ask for a new request.".into(),
            Self::Changed { .. } | Self::Conflict { .. } => "Nothing was written. Look again, then decide.".into(),
            Self::Untrusted { context, .. } => files::trust_advice(context),
            Self::ReadOnly => "Start it without --read-only to write.".into(),
            _ => return None,
        };
        Some(printable(&redact::urls(&text)).into_owned())
    }

    /// A login that failed. What is wrong in the kubeconfig is an error of the kubeconfig.
    pub(super) fn login(failed: LoginError, context: &str) -> Self {
        match failed.reason {
            Reason::Entry(why) => Self::Config(format!("context {context}: {why}")),
            _ => Self::Login { context: context.to_owned(), failed },
        }
    }

    /// Puts kube's error in our words. kube's own words quote addresses with their passwords.
    pub(super) fn from_kube(error: kube::Error, server: &str, context: &str) -> Self {
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
            other => Self::Unreachable { server: server.to_owned(), why: root(&other) },
        }
    }

    /// Puts a Status of the API in our words.
    pub fn from_status(status: &Status, server: &str) -> Self {
        let message = quoted::bounded(&status.message);
        if status.reason == NO_STATUS && status.code != 401 {
            let said = page(&message);
            return match status.code {
                404 => Self::NotAnApi { server: server.to_owned(), why: format!("it answered 404{said}") },
                code => {
                    let plain = server.starts_with("http://");
                    let hint = if plain { "; should its address begin with https://?" } else { "" };
                    Self::Server {
                        code,
                        message: format!("it gives no reason that an API server would give{said}{hint}"),
                    }
                }
            };
        }
        match (status.code, status.reason.as_str()) {
            (401, _) => Self::Unauthorized { server: server.to_owned() },
            (403, _) => Self::Forbidden { missing: missing_right(&message), message },
            (404, _) => Self::Gone { what: what(status) },
            (409, "AlreadyExists") => Self::AlreadyExists { message },
            (409, _) => Self::Conflict { message },
            (400 | 422, _) => Self::Invalid { message },
            (code, _) => Self::Server { code, message },
        }
    }
}

/// The reason that kube gives an error whose body is no `Status` (kube-client, `client/mod.rs`, `handle_api_errors`).
const NO_STATUS: &str = "Failed to parse error data";

/// What a page says, as the end of a sentence: the title of an HTML page, else its first line.
fn page(text: &str) -> String {
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

fn what(status: &Status) -> String {
    match status.details.as_ref().filter(|details| !details.name.is_empty()) {
        Some(details) => quoted::bounded(&format!("{} {}", details.kind, details.name)),
        None => quoted::bounded(&status.message),
    }
}

impl Cluster {
    /// What went wrong with a request, in our words.
    pub(super) fn error(&self, error: kube::Error) -> ClusterError {
        ClusterError::from_kube(error, &self.server, &self.context)
    }

    /// What went wrong with a watch, in our words.
    pub(super) fn watch_error(&self, error: watcher::Error) -> ClusterError {
        match error {
            watcher::Error::InitialListFailed(error)
            | watcher::Error::WatchStartFailed(error)
            | watcher::Error::WatchFailed(error) => self.error(error),
            watcher::Error::WatchError(status) => ClusterError::from_status(&status, &self.server),
            watcher::Error::NoResourceVersion => {
                ClusterError::Server { code: 200, message: "the list has no resourceVersion".to_owned() }
            }
        }
    }
}

/// The innermost cause: `Connection refused`, `certificate has expired`, …
fn root(error: &(dyn StdError + 'static)) -> String {
    if let Some(text) = tls_error(error) {
        return text;
    }
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Which right a 403 says is missing, read from the API server's fixed sentences
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
    fn a_refusal_names_the_right_that_is_missing() {
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
    fn a_failed_login_program_is_named_and_nothing_that_it_was_given_or_printed() {
        let reason = Reason::Slow(std::time::Duration::from_secs(60));
        let failed = LoginError { program: "/bin/aws".to_owned(), reason };
        let text = ClusterError::from_kube(kube::Error::Service(Box::new(failed)), "https://s", "prod").to_string();
        assert_eq!(text, "login to context prod: the login program /bin/aws did not answer within 60 s");
    }

    #[test]
    fn no_address_is_told_with_its_password() {
        let error = ClusterError::Server { code: 500, message: "see https://u:s3cret@h/?token=s3cret".into() };
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }

    #[test]
    fn an_answer_that_no_api_server_gives_is_shown_as_one() {
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

    #[test]
    fn what_a_server_says_reaches_a_terminal_only_printable() {
        let error = ClusterError::Server { code: 500, message: "\u{1b}[2Jgone".into() };
        assert!(!error.to_string().contains('\u{1b}'));
        let error = ClusterError::Forbidden { missing: None, message: "\u{202e}".into() };
        assert!(!error.to_string().contains('\u{202e}'));
    }
}
