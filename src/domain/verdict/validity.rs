//! How long the certificate would live.

use super::context::Bound;
use super::context::Context;
use super::facts::RequestFacts;
use crate::domain::finding::{Finding, finding};
use crate::domain::level::Level;
use crate::domain::request::{CLIENT_SIGNER, RequestState};
use crate::domain::rules;
use crate::domain::signer::is_signed_here;
use crate::domain::validity::human;

/// Whether the certificate is still to be made, by a signer whose ways are known.
fn is_to_come(facts: &RequestFacts) -> bool {
    is_signed_here(&facts.signer) && matches!(facts.state, RequestState::Pending | RequestState::Approved)
}

/// A person's certificate that is valid for longer than the policy allows.
pub(super) fn beyond_policy(facts: &RequestFacts, context: &Context<'_>, found: &mut Vec<Finding>) {
    if facts.signer.as_ref() != CLIENT_SIGNER || !is_to_come(facts) {
        return;
    }
    let (longest, by_file) = context.policy.longest_life();
    let (life, _) = context.limits.life(facts.expiration_seconds);
    if life.num_seconds() <= longest.into() {
        return;
    }
    let asked = if facts.expiration_seconds.is_none() { "It names no life and would get" } else { "It would live for" };
    let wants = if by_file { "the policy allows" } else { "what is usual for people is at most" };
    let text = format!("{asked} {}; {wants} {}.", human(life.num_seconds()), human(longest.into()));
    let level = if by_file { Level::Warning } else { Level::Notice };
    found.extend(finding(&rules::LIFE_BEYOND_POLICY, level, text));
}

/// A certificate that ends before what was asked for.
pub(super) fn cut(facts: &RequestFacts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(asked) = facts.expiration_seconds.filter(|_| is_to_come(facts)) else { return };
    let (life, bound) = context.limits.life(Some(asked));
    let end = context.now.and_then(|now| context.limits.end(Some(asked), now));
    let bound = end.map_or(bound, |(_, by)| by);
    if bound == Bound::Asked {
        return;
    }
    let until =
        end.map(|(end, _)| format!(": it would end on {}", end.format("%Y-%m-%d %H:%M UTC"))).unwrap_or_default();
    let cause = match bound {
        Bound::Asked | Bound::Signer => format!("the signer gives {} at most", human(life.num_seconds())),
        Bound::SignerByDefault => format!(
            "the signer gives {} at most, unless --cluster-signing-duration says otherwise",
            human(life.num_seconds())
        ),
        Bound::Ca => "the CA ends before that".to_owned(),
    };
    let text = format!("It asks for {}; {cause}{until}.", human(asked.into()));
    found.extend(finding(&rules::LIFE_CUT, Level::Notice, text));
}
