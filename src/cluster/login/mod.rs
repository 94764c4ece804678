//! Logging in: what a kubeconfig's user entry says, login programs, and one source of credentials for each context.

pub(super) mod credential;
pub(super) mod entry;
mod failed;
mod policy;
pub(super) mod program;
pub(super) mod provider;
mod run;
pub(super) mod session;
mod stderr;
mod terminal;

pub use credential::ExecCredential;
pub use failed::LoginError;
pub(crate) use failed::Reason;
pub(crate) use provider::Health;
pub use provider::Prompt;
pub(crate) use terminal::{ConsoleHandle, Handover};
