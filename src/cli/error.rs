//! Why a command failed: a message, a hint and an exit status.

use std::io;

use super::exit_status::ExitStatus;
use crate::cluster::login::Reason;
use crate::domain::gate::Refusal;
use crate::error::{ErrorKind, UserError};
use crate::operations::issue::Stopped;
use crate::{cluster, files};

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(super) struct CliError {
    status: ExitStatus,
    message: String,
    hint: Option<String>,
    unauthorized: bool,
}

impl CliError {
    /// It did not work.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { status: ExitStatus::Failed, message: message.into(), hint: None, unauthorized: false }
    }

    /// The arguments make no sense together.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { status: ExitStatus::Usage, ..Self::new(message) }
    }

    /// It is refused by a verdict or by the user.
    pub(crate) fn refused(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status: ExitStatus::Refused, hint: Some(hint.into()), ..Self::new(message) }
    }

    /// Everything has been printed already; only the exit status is left.
    pub(crate) fn silent(status: ExitStatus) -> Self {
        Self { status, ..Self::new(String::new()) }
    }

    /// Some of many did not work; `first` is the error of the first of them.
    pub(crate) fn of_many(first: &cluster::ClusterError, message: impl Into<String>) -> Self {
        let unauthorized = false;
        Self { message: message.into(), unauthorized, ..Self::from(first.clone()) }
    }

    /// The same with another hint.
    pub(crate) fn with_hint(self, hint: String) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// Whether the server did not accept the credentials.
    pub(crate) const fn is_unauthorized(&self) -> bool {
        self.unauthorized
    }

    pub(crate) const fn status(&self) -> ExitStatus {
        self.status
    }

    /// The lines for standard error; none where everything has been printed already.
    pub(crate) fn lines(&self) -> Vec<String> {
        if self.message.is_empty() {
            return Vec::new();
        }
        let hint = self.hint.iter().map(|hint| format!("  {hint}"));
        std::iter::once(format!("error: {}", self.message)).chain(hint).collect()
    }
}

impl From<cluster::ClusterError> for CliError {
    fn from(error: cluster::ClusterError) -> Self {
        let refused = matches!(error, cluster::ClusterError::ReadOnly | cluster::ClusterError::Untrusted { .. });
        let status = if refused { ExitStatus::Refused } else { ExitStatus::Failed };
        let unauthorized = match &error {
            cluster::ClusterError::Unauthorized { .. } => true,
            cluster::ClusterError::Login { failed, .. } => failed.reason == Reason::Rejected,
            _ => false,
        };
        Self { status, message: error.to_string(), hint: error.advice(), unauthorized }
    }
}

impl From<Refusal> for CliError {
    fn from(refusal: Refusal) -> Self {
        Self { status: ExitStatus::Refused, hint: refusal.advice(), ..Self::new(refusal.to_string()) }
    }
}

impl From<Stopped> for CliError {
    fn from(stopped: Stopped) -> Self {
        let status = if stopped.refusal.is_some() { ExitStatus::Refused } else { ExitStatus::Failed };
        Self { status, ..Self::from(stopped.error) }
    }
}

impl From<files::FileError> for CliError {
    fn from(error: files::FileError) -> Self {
        let refused = matches!(error, files::FileError::Untrusted { .. });
        let status = if refused { ExitStatus::Refused } else { ExitStatus::Failed };
        Self { status, hint: error.advice(), ..Self::new(error.to_string()) }
    }
}

impl From<UserError> for CliError {
    fn from(error: UserError) -> Self {
        let unauthorized = error.kind == ErrorKind::Unauthorized;
        Self { hint: error.hint, unauthorized, ..Self::new(error.message) }
    }
}

/// A closed pipe is an end, not a failure: the reader wants no more output.
impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::silent(ExitStatus::Done)
        } else {
            Self::new(error.to_string())
        }
    }
}
