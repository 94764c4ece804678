//! What time does to requests: csrcleaner (`pkg/controller/certificates/cleaner`), and signers that do not act.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Context, Finding, Level, RequestFacts, finding, rules};
use crate::domain::request::RequestState;
use crate::domain::validity::age;

/// csrcleaner deletes a request that nobody decided after this time.
const PENDING: TimeDelta = TimeDelta::hours(24);
/// It deletes an issued request this long after its approval.
const ISSUED: TimeDelta = TimeDelta::hours(1);
/// It is said so long before, of pending ones.
const PENDING_SOON: TimeDelta = TimeDelta::hours(2);
/// It is said so long before, of issued ones.
const ISSUED_SOON: TimeDelta = TimeDelta::minutes(30);
/// An approved request without certificate is called stuck after this time.
const STUCK: TimeDelta = TimeDelta::seconds(60);

/// The moment from which time has something to say of a request; it says nothing else later.
pub(super) fn wakes(facts: &RequestFacts) -> Option<DateTime<Utc>> {
    let (from, after) = match facts.state {
        RequestState::Pending => (facts.created_at?, PENDING - PENDING_SOON),
        RequestState::Issued => (facts.approved_at?, ISSUED - ISSUED_SOON),
        RequestState::Approved => (facts.approved_at?, STUCK),
        RequestState::Denied | RequestState::Failed => return None,
    };
    from.checked_add_signed(after)
}

fn awake(facts: &RequestFacts, context: &Context<'_>) -> Option<DateTime<Utc>> {
    context.now.filter(|now| wakes(facts).is_some_and(|at| at <= *now))
}

/// Approved, and nobody signs it.
pub(super) fn stuck(facts: &RequestFacts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(now) = awake(facts, context).filter(|_| facts.state == RequestState::Approved) else { return };
    let Some(approved) = facts.approved_at else { return };
    let text =
        format!("It was approved {} ago, and {} has not signed it.", age((now - approved).num_seconds()), facts.signer);
    found.extend(finding(&rules::SIGNER_STUCK, Level::Warning, text));
}

/// csrcleaner will delete it soon.
pub(super) fn goes_soon(facts: &RequestFacts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(now) = awake(facts, context) else { return };
    let left = |from: Option<DateTime<Utc>>, after: TimeDelta| from.map(|from| (from + after - now).num_seconds());
    let when = |seconds: i64| if seconds > 0 { format!("in about {}", age(seconds)) } else { "any moment".to_owned() };
    match facts.state {
        RequestState::Pending => {
            let Some(left) = left(facts.created_at, PENDING) else { return };
            let text = format!("Nobody decided it for long: csrcleaner deletes it {}.", when(left));
            found.extend(finding(&rules::CLEANUP_PENDING, Level::Notice, text));
        }
        RequestState::Issued => {
            let Some(left) = left(facts.approved_at, ISSUED) else { return };
            let text = format!("csrcleaner deletes it {}, with the only copy of the certificate here.", when(left));
            found.extend(finding(&rules::CLEANUP_ISSUED, Level::Notice, text));
        }
        RequestState::Approved | RequestState::Denied | RequestState::Failed => {}
    }
}
