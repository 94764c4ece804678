//! How bad a finding is.

use serde::Serialize;

/// How bad a finding is. The order is the order of attention: a request that the signer will refuse hands out nothing,
/// but what is dangerous in it comes first, so that a danger never looks harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Nothing unusual.
    Ok,
    /// Worth a glance.
    Notice,
    /// Worth a question.
    Warning,
    /// The signer will refuse it: approving changes nothing.
    WillFail,
    /// It hands out power. Asks for the request's name before it is approved.
    Danger,
}

impl Level {
    /// As it is written in text.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::WillFail => "will fail",
            Self::Danger => "danger",
        }
    }
}
