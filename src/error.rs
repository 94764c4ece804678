//! The error that a user sees: what failed, and what to do about it.

/// What the program decides by after an error. Nothing else does: messages are for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorKind {
    /// 401: the server does not accept the credentials.
    Unauthorized,
    /// 403, or refused here: read-only, or an imported context that is not trusted yet.
    Forbidden,
    /// 404, or a file that does not exist.
    NotFound,
    /// 409, or a file that another program changed.
    Conflict,
    /// Another program holds the lock of a file.
    Locked,
    /// Writing a file would lose its comments.
    LosesComments,
    /// An object or a file of that name exists.
    Exists,
    /// Any other.
    #[default]
    Other,
}

/// Why something failed, for a user. Both texts are printable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserError {
    /// What the program decides by.
    pub kind: ErrorKind,
    /// What failed and why: one sentence without a final period.
    pub message: String,
    /// What to do about it, in full sentences.
    pub hint: Option<String>,
}

impl UserError {
    /// An error of [`ErrorKind::Other`] without a hint.
    pub fn new(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Other, message: message.into(), hint: None }
    }

    /// The same error with this hint.
    #[must_use]
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same error of this kind.
    #[must_use]
    pub(crate) fn of_kind(self, kind: ErrorKind) -> Self {
        Self { kind, ..self }
    }
}

impl std::fmt::Display for UserError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for UserError {}
