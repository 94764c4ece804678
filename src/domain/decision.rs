//! What a decision writes into the condition that it adds to a request.

use super::gate::Verb;

/// Reason and message of the condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// A CamelCase word for machines.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
}

impl Decision {
    /// The approval of a request that an issuance made for `user`.
    pub(crate) fn for_issuance(user: &str) -> Self {
        Self { reason: "IssuedWithCountersign".to_owned(), message: format!("issued to {user} with countersign") }
    }
}

impl Verb {
    /// `approve` or `deny`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
        }
    }

    /// `approved` or `denied`.
    pub(crate) const fn past(self) -> &'static str {
        match self {
            Self::Approve => "approved",
            Self::Deny => "denied",
        }
    }

    /// The reason unless the admin gives another.
    pub(crate) const fn default_reason(self) -> &'static str {
        match self {
            Self::Approve => "ReviewedByAdmin",
            Self::Deny => "DeniedByAdmin",
        }
    }

    /// The message unless the admin gives another; it names `username` where that is known.
    pub(crate) fn default_message(self, username: Option<&str>) -> String {
        let done = self.past();
        username.map_or_else(
            || format!("{done} with countersign"),
            |username| format!("{done} by {username} with countersign"),
        )
    }
}
