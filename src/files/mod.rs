//! Files: atomic writes, locks, permissions, the kubeconfig on disk, and the folders of state and configuration.

pub(crate) mod atomic;
mod backup_name;
pub(crate) mod bounded;
pub(crate) mod config;
pub(crate) mod folders;
pub(crate) mod imported;
pub(crate) mod kubeconfig;
pub(crate) mod kuberc;
pub(crate) mod lock;
pub(crate) mod policy;
pub(crate) mod presets;
pub(crate) mod programs;
pub(crate) mod session_store;
pub(crate) mod sweep;
pub(crate) mod unfinished;

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::output::shell::ShellCommand;
use crate::domain::text::printable;
use crate::domain::validity;
use crate::error::{ErrorKind, UserError};

/// What can go wrong with a file. Names the file, never its content.
#[derive(Debug)]
pub enum FileError {
    /// The operating system refused an operation.
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// The folder in which state is kept cannot be used.
    State {
        /// The folder.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// The kubeconfig of `--kubeconfig` does not exist.
    Missing(PathBuf),
    /// The file exists and must not be replaced.
    Exists(PathBuf),
    /// Another program holds the lock.
    Locked {
        /// The lock file.
        lock: PathBuf,
        /// Its age in seconds, if known.
        age_seconds: Option<u64>,
    },
    /// The file has invalid content.
    Content {
        /// The file.
        path: PathBuf,
        /// The problem.
        why: String,
    },
    /// The change is not possible.
    Refused(String),
    /// Writing the file would lose its comments, and that was not allowed.
    Comments(PathBuf),
    /// A program that takes no lock changed the file at the same time.
    Raced(PathBuf),
    /// An imported context runs a program, or reads a file that its sender chose, and the user has not agreed to that yet.
    Untrusted {
        /// The context.
        context: String,
        /// What it runs and reads, a sentence each.
        what: Vec<String>,
    },
    /// No theme has that name.
    NoTheme {
        name: String,
        /// The known names.
        known: Vec<String>,
    },
    /// No home folder is known.
    NoHome,
}

impl FileError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |error| Self::Io { path, error }
    }

    /// What the user can do, where something is known to help.
    pub(crate) fn advice(&self) -> Option<String> {
        match self {
            Self::Locked { lock, .. } => Some(format!(
                "If no kubectl or other program is writing it, the lock was left behind: `countersign unlock` (or removing \
                 {}) helps.",
                printable(&lock.display().to_string())
            )),
            Self::Comments(_) => {
                Some("--drop-comments writes it without them; the backup beside it keeps them.".to_owned())
            }
            Self::Raced(_) => Some("Nothing was written. Try again.".to_owned()),
            Self::Untrusted { context, .. } => Some(trust_advice(context)),
            Self::State { .. } => Some("Set XDG_STATE_HOME to a folder that you may write.".to_owned()),
            Self::NoHome => Some("Set HOME, or XDG_STATE_HOME and KUBECONFIG.".to_owned()),
            _ => None,
        }
    }
}

impl From<FileError> for UserError {
    fn from(error: FileError) -> Self {
        let kind = match error {
            FileError::Missing(_) | FileError::NoTheme { .. } => ErrorKind::NotFound,
            FileError::Exists(_) => ErrorKind::Exists,
            FileError::Locked { .. } => ErrorKind::Locked,
            FileError::Comments(_) => ErrorKind::LosesComments,
            FileError::Raced(_) => ErrorKind::Conflict,
            FileError::Untrusted { .. } => ErrorKind::Forbidden,
            _ => ErrorKind::Other,
        };
        Self { kind, message: error.to_string(), hint: error.advice() }
    }
}

impl std::fmt::Display for FileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = match self {
            Self::Io { path, error } => format!("{}: {error}", path.display()),
            Self::State { path, error } => format!("the folder {} cannot be used: {error}", path.display()),
            Self::Missing(path) => format!("kubeconfig {} not found", path.display()),
            Self::Exists(path) => format!("{} exists already", path.display()),
            Self::Locked { lock, age_seconds: Some(age) } => {
                let age = i64::try_from(*age).unwrap_or(i64::MAX);
                format!("another program is writing: {} is there, {} old", lock.display(), validity::age(age))
            }
            Self::Locked { lock, age_seconds: None } => {
                format!("another program is writing: {} is there", lock.display())
            }
            Self::Refused(why) => why.clone(),
            Self::Comments(path) => format!("{} has comments that writing it would lose", path.display()),
            Self::Content { path, why } => format!("{}: {why}", path.display()),
            Self::Raced(path) => format!("{} was changed by another program meanwhile", path.display()),
            Self::Untrusted { context, what } => untrusted(context, what),
            Self::NoTheme { name, known } => format!("there is no theme {name:?}; there are: {}", known.join(", ")),
            Self::NoHome => "no home folder is known".to_owned(),
        };
        f.write_str(&printable(&text))
    }
}

impl std::error::Error for FileError {}

/// The error text for a context that is not trusted yet.
pub(crate) fn untrusted(context: &str, what: &[String]) -> String {
    format!("context {context} was imported and is used for the first time: {}", what.join("; "))
}

/// The hint for a context that is not trusted yet.
pub(crate) fn trust_advice(context: &str) -> String {
    let trust = ShellCommand::new("countersign trust").operands([context]).line();
    format!("If you know its sender and want this: {trust}")
}
