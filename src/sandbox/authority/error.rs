//! The error of the certificate authority.

/// Why a certificate cannot be made. Never quotes key material.
#[derive(Debug, thiserror::Error)]
#[error("the certificate cannot be made: {0}")]
pub struct AuthorityError(String);

/// Wraps an error of a library.
pub(super) fn failed(error: impl std::fmt::Display) -> AuthorityError {
    AuthorityError(error.to_string())
}
