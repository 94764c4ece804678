//! What approving a request would mean: findings with stable rule ids, levels and reasons.
//!
//! A rule is a function. [`evaluate_static`] runs those that look at the request alone: their findings never change.
//! [`evaluate_in_context`] runs those that compare the [`RequestFacts`] with bindings, nodes, other requests and time.
//! [`RelatedIndex`] names the requests whose verdict a change touches, so that of a hundred thousand requests only these are
//! evaluated again.

mod access;
mod case;
mod cleanup;
mod confusables;
mod context;
mod facts;
mod form;
pub(crate) mod grants;
mod hosts;
mod identity;
mod nodes;
mod policy;
pub(crate) mod related_index;
mod related_requests;
mod requester;
mod schedule;
mod serving;
mod signer_checks;
mod subject;
mod validity;

pub use context::ClusterSnapshot;
pub use context::Context;
pub use context::Limits;
pub(crate) use facts::Id;
pub use facts::RequestFacts;
pub use facts::uid_id;
pub(crate) use form::difference_from_request;
pub use grants::Grants;
pub use hosts::AddressRange;
pub use hosts::ApiHosts;
pub use hosts::Host;
pub use nodes::Nodes;
pub use related_index::RelatedIndex;
pub use signer_checks::refusal;

pub(crate) use super::finding::Finding;
pub use super::finding::Verdict;
pub use super::level::Level;
pub use super::signer::is_signed_here;

use super::policy_file::PolicyFile;
use super::request::Request;
use case::Case;

/// A rule about the request alone.
type StaticRule = fn(&Case<'_>) -> Option<Finding>;

const STATIC_RULES: &[StaticRule] = &[
    identity::control_plane,
    identity::service_account,
    identity::node,
    identity::masters,
    identity::system_group,
    identity::like_system,
    policy::group,
    policy::name,
    subject::unreadable,
    form::two_readings,
    form::extra_content,
    form::issued_differs,
    subject::bad_signature,
    subject::weak_signature,
    subject::hidden_characters,
    subject::mixed_script,
    subject::outer_whitespace,
    subject::string_type,
    subject::several_names,
    subject::no_name,
    subject::weak_key,
    subject::exotic_key,
    subject::names_without_meaning,
    signer_checks::authority_usages,
    signer_checks::will_fail,
];

/// A rule about what is around; it may find several things.
type ContextRule = fn(&RequestFacts, &Context<'_>, &mut Vec<Finding>);

const CONTEXT_RULES: &[ContextRule] = &[
    access::dangers,
    access::known_name,
    access::groups_gained,
    access::look_alike,
    requester::other_requester,
    serving::hosts,
    related_requests::same_key,
    related_requests::named_as_other,
    related_requests::duplicate,
    related_requests::unknown_signer,
    validity::beyond_policy,
    validity::cut,
    cleanup::not_signed,
    cleanup::deletion_soon,
];

/// Evaluates all rules on a request.
pub fn judge(request: &Request, context: &Context<'_>) -> Verdict {
    evaluate_static(request, context.policy).and(evaluate_in_context(&RequestFacts::of(request), context))
}

/// The findings that depend on the request and the policy only.
pub fn evaluate_static(request: &Request, policy: &PolicyFile) -> Verdict {
    let case = Case { request, policy };
    Verdict::of(STATIC_RULES.iter().filter_map(|rule| rule(&case)).collect())
}

/// The findings that depend on bindings, nodes, other requests and time.
pub(crate) fn evaluate_in_context(facts: &RequestFacts, context: &Context<'_>) -> Verdict {
    let mut findings = Vec::new();
    for rule in CONTEXT_RULES {
        rule(facts, context, &mut findings);
    }
    Verdict::of(findings)
}

#[cfg(test)]
mod tests;
