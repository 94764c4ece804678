//! The status of a login, as the console shows it.

use chrono::{DateTime, Utc};

use super::failed::LoginError;

/// The status of a login.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LoginStatus {
    /// No failure is known.
    #[default]
    Fine,
    /// A login program is running.
    Running {
        /// The program as the kubeconfig names it.
        program: String,
        /// Since when.
        since: DateTime<Utc>,
        /// The last line of its standard error.
        line: String,
    },
    /// It failed, and is tried again.
    Failing {
        why: LoginError,
        /// When it is tried again.
        next_try: DateTime<Utc>,
    },
    /// The login has ended, or its program needs the user: only the user can log in again.
    Ended(LoginError),
}
