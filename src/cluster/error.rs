//! What can go wrong with a cluster, in plain words.

use std::error::Error as StdError;

use kube::client::AuthError;
use kube::config::{KubeconfigError, LoadDataError};
use kube::core::Status;
use kube::runtime::watcher;

use super::budget::Exceeded;
use super::{Cluster, login, quoted};
use crate::domain::output::redact;
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
        f.write_str(&printable(&redact::urls(&text)))
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
        Some(printable(&redact::urls(&text)).into_owned())
    }

    /// Puts kube's error in our words; `program` is the one that the kubeconfig logs in with, where there is one. kube's own
    /// words quote addresses with their passwords.
    pub(super) fn from_kube(error: kube::Error, server: &str, program: Option<&str>) -> Self {
        if let Some(limit) = Exceeded::of(&error) {
            return Self::Server { code: limit.code(), message: limit.to_string() };
        }
        if let Some(failed) = login::Failed::of(&error) {
            return Self::Config(failed.about(program));
        }
        if let Some(error) = auth_error(&error) {
            return Self::Config(credentials_problem(error));
        }
        match error {
            kube::Error::Api(status) => Self::from_status(&status, server),
            kube::Error::InferKubeconfig(error) => Self::from_kubeconfig(&error),
            kube::Error::InferConfig(_) => Self::Config("there is none that can be used".to_owned()),
            kube::Error::ProxyProtocolUnsupported { proxy_url } => {
                let url = proxy_url.to_string();
                Self::Config(format!("the proxy {} speaks no protocol that is known here", redact::url(&url)))
            }
            kube::Error::ProxyProtocolDisabled { proxy_url, .. } => {
                let url = proxy_url.to_string();
                Self::Config(format!("the proxy {} speaks a protocol that is not built in", redact::url(&url)))
            }
            kube::Error::HttpError(_) => {
                Self::Config("a user or group to act as has characters that no request can carry".to_owned())
            }
            kube::Error::SerdeError(_) => {
                Self::Server { code: 200, message: "its answer cannot be read: is it a Kubernetes API?".to_owned() }
            }
            other => Self::Unreachable { server: server.to_owned(), why: root(&other) },
        }
    }

    /// Puts the error of reading a kubeconfig in our words: the field, and never its value.
    pub(super) fn from_kubeconfig(error: &KubeconfigError) -> Self {
        let data = |what: &str, error: &LoadDataError| match error {
            LoadDataError::DecodeBase64(_) => format!("{what}-data is no Base64"),
            LoadDataError::ReadFile(error, path) => format!("{what} {}: {error}", path.display()),
            LoadDataError::NoBase64DataOrFile => format!("{what} is missing"),
        };
        Self::Config(match error {
            KubeconfigError::MissingClusterUrl => "the cluster names no server".to_owned(),
            KubeconfigError::ParseClusterUrl(_) => "the server is no address".to_owned(),
            KubeconfigError::ParseProxyUrl(_) => "the proxy-url is no address".to_owned(),
            KubeconfigError::ParseCertificates(_) => "the certificate-authority is no certificate in PEM".to_owned(),
            KubeconfigError::LoadCertificateAuthority(error) => data("certificate-authority", error),
            KubeconfigError::LoadClientCertificate(error) => data("client-certificate", error),
            KubeconfigError::LoadClientKey(error) => data("client-key", error),
            KubeconfigError::ParseNoProxy(_) => "the environment's NO_PROXY cannot be read".to_owned(),
            KubeconfigError::LoadClusterOfContext(name) => format!("there is no cluster {name}"),
            _ => "a field has a value that cannot be used".to_owned(),
        })
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
        Some(details) => quoted::bounded(&format!("{} {}", details.kind, details.name)),
        None => quoted::bounded(&status.message),
    }
}

impl Cluster {
    /// What went wrong with a request, in our words.
    pub(super) fn error(&self, error: kube::Error) -> Error {
        Error::from_kube(error, &self.server, self.login.as_deref())
    }

    /// What went wrong with a watch, in our words.
    pub(super) fn watch_error(&self, error: watcher::Error) -> Error {
        match error {
            watcher::Error::InitialListFailed(error)
            | watcher::Error::WatchStartFailed(error)
            | watcher::Error::WatchFailed(error) => self.error(error),
            watcher::Error::WatchError(status) => Error::from_status(&status, &self.server),
            watcher::Error::NoResourceVersion => {
                Error::Server { code: 200, message: "the list has no resourceVersion".to_owned() }
            }
        }
    }
}

/// The failed login that is behind an error: the client's layers wrap it.
fn auth_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a AuthError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<AuthError>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// Why the credentials of the kubeconfig cannot be used. Login programs and token files are not kube's (see [`login`]).
fn credentials_problem(error: &AuthError) -> String {
    match error {
        AuthError::InvalidBearerToken(_) => "the token has characters that no request can carry",
        AuthError::InvalidBasicAuth(_) => "user name or password have characters that no request can carry",
        AuthError::NoValidNativeRootCA(_) => "this system has no certificate authorities",
        _ => "its credentials cannot be used",
    }
    .to_owned()
}

/// The innermost cause: `Connection refused`, `certificate has expired`, …
fn root(error: &(dyn StdError + 'static)) -> String {
    let mut innermost = error;
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
    fn a_failed_login_program_is_named_and_nothing_that_it_was_given_or_printed() {
        let failed = login::Failed::Slow(std::time::Duration::from_secs(60));
        let text = Error::from_kube(kube::Error::Service(Box::new(failed)), "https://s", Some("/bin/aws")).to_string();
        assert_eq!(text, "kubeconfig: the login program /bin/aws did not answer within 60 s");
    }

    #[test]
    fn no_address_is_told_with_its_password() {
        let proxy_url = Box::new("socks5h://u:s3cret@h/".parse().unwrap());
        let error = kube::Error::ProxyProtocolUnsupported { proxy_url };
        let text = Error::from_kube(error, "https://s", None).to_string();
        assert!(text.contains("socks5h://REDACTED@h") && !text.contains("s3cret"), "{text}");
        let error = Error::Server { code: 500, message: "see https://u:s3cret@h/?token=s3cret".into() };
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }

    #[test]
    fn what_a_server_says_reaches_a_terminal_only_printable() {
        let error = Error::Server { code: 500, message: "\u{1b}[2Jgone".into() };
        assert!(!error.to_string().contains('\u{1b}'));
        let error = Error::Forbidden { missing: None, message: "\u{202e}".into() };
        assert!(!error.to_string().contains('\u{202e}'));
    }
}
