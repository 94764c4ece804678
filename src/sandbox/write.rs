//! The context of a write request: user, resource, object, time.

use chrono::{DateTime, Utc};

use crate::sandbox::authorization::Access;
use crate::sandbox::object::stamp;
use crate::sandbox::resource::Resource;
use crate::sandbox::status::ApiFailure;
use crate::sandbox::user::User;

/// A write request, as defaults, validation and admission see it.
pub(crate) struct WriteRequest<'a> {
    pub resource: &'static Resource,
    /// `approval`, or empty.
    pub subresource: &'a str,
    /// The namespace, or empty.
    pub namespace: &'a str,
    pub name: &'a str,
    pub user: &'a User,
    /// The current authorization, for escalation checks.
    pub access: &'a Access,
    /// Time of the request.
    pub now: DateTime<Utc>,
}

impl WriteRequest<'_> {
    /// The time as objects contain it.
    pub(crate) fn stamp(&self) -> String {
        stamp(self.now)
    }

    /// The 403 of an admission plugin.
    pub(crate) fn forbidden(&self, why: &str) -> ApiFailure {
        ApiFailure::forbidden(self.resource, self.name, why)
    }
}
