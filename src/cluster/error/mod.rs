//! Errors of the adapter, with the sentences that users read.

mod convert;

use std::error::Error as StdError;

use super::login::LoginError;
use super::transport::failure::ConnectFailure;
use crate::domain::output::redact;
use crate::domain::request::RequestState;
use crate::domain::text::printable;
use crate::error::{ErrorKind, UserError};
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
    /// No connection, or it broke.
    Unreachable {
        /// The server's address.
        server: String,
        /// The step that failed.
        cause: ConnectFailure,
        /// The error of that step.
        why: String,
    },
    /// No answer in time.
    Timeout {
        /// The server's address.
        server: String,
        /// The limit.
        seconds: u64,
    },
    /// The server asked to wait, every time.
    Busy {
        /// HTTP status: 429, 503 or 504.
        code: u16,
        /// How many times.
        times: u64,
        /// For how long.
        seconds: u64,
    },
    /// The server answers, but is no Kubernetes API.
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
        /// The missing right, if the server's message names it.
        missing: Option<String>,
        /// The server's message.
        message: String,
    },
    /// 404.
    NotFound {
        /// The object.
        what: String,
    },
    /// The object changed since it was shown, so it was not written.
    Changed {
        /// The object's name.
        name: String,
        /// The request's state now.
        now: RequestState,
    },
    /// The request is already decided, and decisions are final.
    AlreadyDecided {
        /// The request's name.
        name: String,
        /// Its state.
        how: RequestState,
    },
    /// 409 on creating.
    AlreadyExists {
        /// The server's message.
        message: String,
    },
    /// 409 on updating or deleting.
    Conflict {
        /// The server's message.
        message: String,
    },
    /// 422 and 400: the server does not accept the object.
    Invalid {
        /// The server's message.
        message: String,
    },
    /// Refused by this program: the session is read-only.
    ReadOnly,
    /// Refused by this program: an imported context that is not trusted yet would run a program or read a file.
    Untrusted {
        /// The context.
        context: String,
        /// What it runs and reads, a sentence each.
        what: Vec<String>,
    },
    /// Any other answer of the server.
    Server {
        /// HTTP status.
        code: u16,
        /// The server's message.
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
            Self::Unreachable { server, why, .. } => format!("{server} cannot be reached: {why}"),
            Self::Timeout { server, seconds } => format!("{server} did not answer within {seconds} s"),
            Self::Unauthorized { server } => format!("{server} does not accept these credentials (401)"),
            Self::Forbidden { missing: Some(right), .. } => format!("you may not {right} (403)"),
            Self::Forbidden { missing: None, message } => format!("refused (403): {message}"),
            Self::NotFound { what } => format!("{what} is gone"),
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

impl From<ClusterError> for UserError {
    fn from(error: ClusterError) -> Self {
        let kind = match error {
            ClusterError::Unauthorized { .. } => ErrorKind::Unauthorized,
            ClusterError::Forbidden { .. } | ClusterError::ReadOnly | ClusterError::Untrusted { .. } => {
                ErrorKind::Forbidden
            }
            ClusterError::NotFound { .. } => ErrorKind::NotFound,
            ClusterError::Conflict { .. } | ClusterError::Changed { .. } | ClusterError::AlreadyDecided { .. } => {
                ErrorKind::Conflict
            }
            ClusterError::AlreadyExists { .. } => ErrorKind::Exists,
            _ => ErrorKind::Other,
        };
        Self { kind, message: error.to_string(), hint: error.advice() }
    }
}

impl ClusterError {
    /// What the user can do, where something is known to help. Printable.
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_passwords() {
        let error = ClusterError::Server { code: 500, message: "see https://u:s3cret@h/?token=s3cret".into() };
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }

    #[test]
    fn messages_of_a_server_are_made_printable() {
        let error = ClusterError::Server { code: 500, message: "\u{1b}[2Jgone".into() };
        assert!(!error.to_string().contains('\u{1b}'));
        let error = ClusterError::Forbidden { missing: None, message: "\u{202e}".into() };
        assert!(!error.to_string().contains('\u{202e}'));
    }
}
