//! Why a login failed.

use std::process::ExitStatus;
use std::time::Duration;

use crate::domain::text::printable;
use crate::error::ErrorKind;

/// Bytes that a login program may print: a token or a certificate with its key.
pub(crate) const LONGEST: usize = 1 << 20;

/// A login that failed. Of what a program printed, only the last line of standard error is quoted: the rest may be a
/// token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginError {
    /// The program as the kubeconfig names it; empty where the login needs none.
    pub program: String,
    /// Why.
    pub reason: Reason,
}

/// Why a login failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// There is no such program, and why; the kubeconfig may say how to install it.
    NotFound(String, String),
    /// It cannot be started.
    Start(String),
    /// It ended with an error; the last line of its standard error.
    Ended(ExitStatus, String),
    /// It took too long.
    Slow(Duration),
    /// It printed too much.
    Long,
    /// What it printed is not an `ExecCredential`.
    Unreadable(&'static str),
    /// Its answer has another apiVersion than the kubeconfig asks for.
    Version(String),
    /// Its answer has neither a token nor a certificate.
    Nothing,
    /// Its answer has a certificate without a key, or a key without a certificate.
    Half,
    /// Its certificate and key cannot be used.
    KeyPair(String),
    /// Its token cannot be sent.
    Token,
    /// It needs a terminal on standard input, and there is none.
    NoTerminal,
    /// It may need the user at the terminal, so it is not started automatically.
    NeedsPerson,
    /// The user stopped it.
    Canceled,
    /// kuberc does not allow it.
    NotAllowed(String),
    /// The credentials in the kubeconfig, or in a file that it names, cannot be used.
    Entry(String),
    /// The server does not accept the credentials (401).
    Rejected,
}

impl LoginError {
    /// What the program decides by.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self.reason {
            Reason::Rejected => ErrorKind::Unauthorized,
            _ => ErrorKind::Other,
        }
    }

    /// A failure that concerns no program.
    pub(super) fn entry(why: impl Into<String>) -> Self {
        Self { program: String::new(), reason: Reason::Entry(why.into()) }
    }

    /// The failure of a login in an error of kube.
    pub(in crate::cluster) fn of(error: &kube::Error) -> Option<&Self> {
        match error {
            kube::Error::Service(error) => error.downcast_ref(),
            _ => None,
        }
    }
}

impl std::fmt::Display for LoginError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let program = format!("the login program {}", printable(&self.program));
        match &self.reason {
            Reason::NotFound(why, hint) if hint.is_empty() => write!(f, "{program} cannot be run: {why}"),
            Reason::NotFound(why, hint) => {
                write!(f, "{program} cannot be run: {why}. How to install it: {}", printable(hint))
            }
            Reason::Start(why) => write!(f, "{program} cannot be started: {}", printable(why)),
            Reason::Ended(status, line) if line.is_empty() => write!(f, "{program} failed ({status})"),
            Reason::Ended(status, line) => write!(f, "{program} failed ({status}): {}", printable(line)),
            Reason::Slow(limit) => write!(f, "{program} did not answer within {} s", limit.as_secs()),
            Reason::Long => write!(f, "{program} printed more than {} MiB", LONGEST >> 20),
            Reason::Unreadable(why) => write!(f, "{program} printed no ExecCredential: {why}"),
            Reason::Version(text) => {
                write!(f, "{program} answered with another apiVersion than the kubeconfig asks for{}", printable(text))
            }
            Reason::Nothing => write!(f, "{program} returned neither a token nor a certificate with a key"),
            Reason::Half => write!(f, "{program} returned only a certificate or only a key, not both"),
            Reason::KeyPair(why) => {
                write!(f, "{program} returned a certificate that cannot be used: {}", printable(why))
            }
            Reason::Token => write!(f, "{program} returned a token with characters that no HTTP header can carry"),
            Reason::NoTerminal => {
                write!(f, "{program} needs a terminal (interactiveMode: Always), and standard input is none")
            }
            Reason::NeedsPerson => write!(f, "{program} may need you at the terminal, so it was not started by itself"),
            Reason::Canceled => write!(f, "{program} was canceled"),
            Reason::NotAllowed(why) | Reason::Entry(why) => f.write_str(&printable(why)),
            Reason::Rejected => f.write_str("the server does not accept the credentials (401)"),
        }
    }
}

impl std::error::Error for LoginError {}
