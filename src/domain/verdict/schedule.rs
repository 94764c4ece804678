//! When time alone changes a verdict: csrcleaner (`pkg/controller/certificates/cleaner`), and signers that do not act.

use chrono::{DateTime, TimeDelta, Utc};

use super::facts::RequestFacts;
use crate::domain::request::RequestState;

/// csrcleaner deletes an undecided request after this time.
pub(super) const PENDING: TimeDelta = TimeDelta::hours(24);
/// It deletes an issued request this long after its approval.
pub(super) const ISSUED: TimeDelta = TimeDelta::hours(1);
/// The warning about a pending request comes this long before.
pub(super) const PENDING_SOON: TimeDelta = TimeDelta::hours(2);
/// The warning about an issued request comes this long before.
pub(super) const ISSUED_SOON: TimeDelta = TimeDelta::minutes(30);
/// An approved request without certificate is called stuck after this time.
pub(super) const UNSIGNED_AFTER: TimeDelta = TimeDelta::seconds(60);

/// The moment from which time has something to say of a request; it says nothing else later.
pub(super) fn next_evaluation_at(facts: &RequestFacts) -> Option<DateTime<Utc>> {
    let (from, after) = match facts.state {
        RequestState::Pending => (facts.created_at?, PENDING - PENDING_SOON),
        RequestState::Issued => (facts.approved_at?, ISSUED - ISSUED_SOON),
        RequestState::Approved => (facts.approved_at?, UNSIGNED_AFTER),
        RequestState::Denied | RequestState::Failed => return None,
    };
    from.checked_add_signed(after)
}
