//! What time does to requests: csrcleaner (`pkg/controller/certificates/cleaner`), and signers that do not act.

use chrono::{DateTime, TimeDelta, Utc};

use super::context::Context;
use super::facts::RequestFacts;
use super::schedule::{ISSUED, PENDING, next_evaluation_at};
use crate::domain::finding::{Finding, finding};
use crate::domain::level::Level;
use crate::domain::request::RequestState;
use crate::domain::rules;
use crate::domain::validity::age;

fn due_now(facts: &RequestFacts, context: &Context<'_>) -> Option<DateTime<Utc>> {
    context.now.filter(|now| next_evaluation_at(facts).is_some_and(|at| at <= *now))
}

/// Approved, and not signed.
pub(super) fn not_signed(facts: &RequestFacts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(now) = due_now(facts, context).filter(|_| facts.state == RequestState::Approved) else { return };
    let Some(approved) = facts.approved_at else { return };
    let text =
        format!("It was approved {} ago, and {} has not signed it.", age((now - approved).num_seconds()), facts.signer);
    found.extend(finding(&rules::SIGNER_STUCK, Level::Warning, text));
}

/// csrcleaner will delete it soon.
pub(super) fn deletion_soon(facts: &RequestFacts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(now) = due_now(facts, context) else { return };
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
