//! Logging in: what a kubeconfig's user entry says, login programs, and one source of credentials for each context.

pub(super) mod content;
pub(super) mod credential;
pub(super) mod entry;
mod failed;
mod policy;
pub(super) mod program;
mod prompt;
pub(super) mod provider;
mod run;
pub(super) mod session;
mod status;
mod stderr;
mod terminal;

pub use credential::ExecCredential;
pub use failed::LoginError;
pub(crate) use failed::Reason;
pub use prompt::Prompt;
pub(crate) use status::LoginStatus;
pub(crate) use terminal::{ConsoleHandle, Handover};
