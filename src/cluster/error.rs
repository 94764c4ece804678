//! What can go wrong with a cluster, in plain words.

use std::error::Error as StdError;

use kube::client::AuthError;
use kube::core::Status;
use kube::runtime::watcher;

use super::budget::Exceeded;
use super::{login, quoted};
use crate::domain::request::State;
use crate::domain::text::printable;
use crate::files;

/// Why the cluster did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The kubeconfig cannot be used.
    Config(String),
    /// No connection: name resolution, TCP, TLS, proxy, or an exec plugin.
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
        now: State,
    },
    /// Somebody decided the request already; decisions are final.
    AlreadyDecided {
        /// The request's name.
        name: String,
        /// How.
        how: State,
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

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = match self {
            Self::Config(why) => format!("kubeconfig: {why}"),
            Self::Unreachable { server, why } => format!("{server} cannot be reached: {why}"),
            Self::Timeout { server, seconds } => format!("{server} did not answer within {seconds} s"),
            Self::Unauthorized { server } => format!("{server} does not accept these credentials (401)"),
            Self::Forbidden { missing: Some(right), .. } => format!("you may not {right} (403)"),
            Self::Forbidden { missing: None, message } => format!("refused (403): {message}"),
            Self::Gone { what } => format!("{what} is gone"),
            Self::Changed { name, now } => format!("{name} changed meanwhile: it is {} now", word(*now)),
            Self::AlreadyDecided { name, how } => format!("{name} is already {}", word(*how)),
            Self::AlreadyExists { message } => format!("it exists already: {message}"),
            Self::Conflict { message } => format!("it changed meanwhile (409): {message}"),
            Self::Invalid { message } => format!("the server does not accept it: {message}"),
            Self::ReadOnly => "this console is read-only".to_owned(),
            Self::Untrusted { context, what } => files::untrusted(context, what),
            Self::Server { code, message } => format!("the server answered {code}: {message}"),
        };
        f.write_str(&printable(&text))
    }
}

impl StdError for Error {}

const fn word(state: State) -> &'static str {
    match state {
        State::Pending => "pending",
        State::Approved => "approved",
        State::Issued => "approved and issued",
        State::Denied => "denied",
        State::Failed => "refused by the signer",
    }
}

impl Error {
    /// What to do about it, where something is known to help. Printable.
    pub fn advice(&self) -> Option<String> {
        let text = match self {
            Self::Config(_) => "Name another with --kubeconfig or KUBECONFIG, or a context with --context.".into(),
            Self::Unreachable { .. } | Self::Timeout { .. } => {
                "Check the server's address in the kubeconfig, the network (VPN, proxy), and that the API server runs."
                    .into()
            }
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
        Some(printable(&text).into_owned())
    }

    /// Puts kube's error in our words.
    pub(super) fn from_kube(error: kube::Error, server: &str) -> Self {
        if let Some(limit) = Exceeded::of(&error) {
            return Self::Server { code: limit.code(), message: limit.to_string() };
        }
        if let Some(failed) = login::Failed::of(&error) {
            return Self::Config(failed.to_string());
        }
        match error {
            kube::Error::Api(status) => Self::from_status(&status, server),
            kube::Error::InferKubeconfig(error) => Self::Config(error.to_string()),
            kube::Error::InferConfig(error) => Self::Config(error.to_string()),
            kube::Error::Auth(error) => Self::Config(login_failed(&error)),
            kube::Error::SerdeError(_) => {
                Self::Server { code: 200, message: "its answer cannot be read: is it a Kubernetes API?".to_owned() }
            }
            other => Self::Unreachable { server: server.to_owned(), why: root(&other) },
        }
    }

    /// Puts the error of a watch in our words.
    pub(super) fn from_watcher(error: watcher::Error, server: &str) -> Self {
        match error {
            watcher::Error::InitialListFailed(error)
            | watcher::Error::WatchStartFailed(error)
            | watcher::Error::WatchFailed(error) => Self::from_kube(error, server),
            watcher::Error::WatchError(status) => Self::from_status(&status, server),
            watcher::Error::NoResourceVersion => {
                Self::Server { code: 200, message: "the list has no resourceVersion".to_owned() }
            }
        }
    }

    /// Puts a Status of the API in our words.
    pub fn from_status(status: &Status, server: &str) -> Self {
        let message = quoted::bounded(&status.message);
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

fn what(status: &Status) -> String {
    match status.details.as_ref().filter(|details| !details.name.is_empty()) {
        Some(details) => format!("{} {}", details.kind, details.name),
        None => quoted::bounded(&status.message),
    }
}

/// Why a login program or plugin gave nothing to log in with. What it printed on standard output may be a token.
fn login_failed(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecStart(error) => format!("the login program cannot be started: {error}"),
        AuthError::AuthExecRun { out, .. } => {
            let said = String::from_utf8_lossy(&out.stderr);
            let said: String = said
                .split(['\n', '\r'])
                .find(|line| !line.trim().is_empty())
                .unwrap_or_default()
                .chars()
                .take(200)
                .collect();
            let said = if said.is_empty() { said } else { format!(": {}", said.trim()) };
            format!("the login program failed ({}){said}", out.status)
        }
        AuthError::AuthExec(why) => why.clone(),
        AuthError::AuthExecParse(_) => "what the login program printed cannot be read".to_owned(),
        other => root(other),
    }
}

/// The innermost cause: `Connection refused`, `certificate has expired`, …
fn root(error: &dyn StdError) -> String {
    let mut innermost: &dyn StdError = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    if text.contains("UnknownIssuer") {
        return "its certificate is not from the CA that the kubeconfig names (UnknownIssuer)".to_owned();
    }
    text
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
    fn what_a_server_says_reaches_a_terminal_only_printable() {
        let error = Error::Server { code: 500, message: "\u{1b}[2Jgone".into() };
        assert!(!error.to_string().contains('\u{1b}'));
        let error = Error::Forbidden { missing: None, message: "\u{202e}".into() };
        assert!(!error.to_string().contains('\u{202e}'));
    }
}
