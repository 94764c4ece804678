//! The result of authorization.

/// Whether a request is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    pub allowed: bool,
    /// The reason in the API server's words; may be empty.
    pub reason: String,
}
