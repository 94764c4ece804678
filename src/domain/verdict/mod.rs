//! What approving a request would mean: findings with stable rule ids, levels and reasons.
//!
//! A rule is a function. One kind looks at the request [alone](judge_alone): what it says does not change. The other kind
//! looks at the [facts](Facts) of the request and [around](judge_around): at bindings, nodes, other requests, time. Those
//! facts are slim, and [`RelatedIndex`] says whose verdict a change touches, so that a live list of a hundred thousand requests
//! judges again only what it must.

mod access;
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
pub(crate) mod rules;
mod serving;
pub(crate) mod signer;
mod subject;
mod validity;

pub use context::ClusterSnapshot;
pub use context::Context;
pub use context::Limits;
pub use facts::RequestFacts;
pub use facts::uid_id;
pub(crate) use facts::{Id, RequesterKind};
pub(crate) use form::difference_from_request;
pub use grants::Grants;
pub use hosts::AddressRange;
pub use hosts::ApiHosts;
pub use hosts::Host;
pub use nodes::Nodes;
pub use related_index::RelatedIndex;
pub(crate) use rules::Rule;
pub use signer::is_signed_here;
pub use signer::refusal;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::policy_file::PolicyFile;
use super::request::Request;

/// How bad a finding is. The order is the order of attention: a request that the signer will refuse hands out nothing,
/// but what is dangerous in it is said first, so that a danger never looks harmless.
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
    /// As it stands in text.
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

/// One thing a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable id of the rule, such as `identity-control-plane`.
    pub rule: &'static str,
    /// How bad.
    pub level: Level,
    /// A sentence: what, and why. May quote the request: hostile until made printable.
    pub text: String,
    /// What to do.
    pub todo: &'static str,
    /// The column's word or two, such as `node id`.
    pub headline: &'static str,
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut fields = to.serialize_struct("Finding", 4)?;
        fields.serialize_field("rule", self.rule)?;
        fields.serialize_field("level", &self.level)?;
        fields.serialize_field("text", &self.text)?;
        fields.serialize_field("todo", self.todo)?;
        fields.end()
    }
}

/// All findings on one request, worst first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Verdict {
    /// Worst first.
    pub findings: Vec<Finding>,
}

impl Verdict {
    fn of(mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
        Self { findings }
    }

    /// Both together.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.findings.extend(other.findings);
        Self::of(self.findings)
    }

    /// The findings in one line, each with its rule.
    pub(crate) fn reasons(&self) -> String {
        let reasons = self.findings.iter().map(|finding| format!("{} ({})", finding.text, finding.rule));
        reasons.collect::<Vec<_>>().join(" ")
    }

    /// The worst finding's level, `Ok` without any.
    pub fn level(&self) -> Level {
        self.findings.first().map_or(Level::Ok, |finding| finding.level)
    }

    /// The worst finding in a word or two, `ok` without any.
    pub(crate) fn headline(&self) -> &'static str {
        self.findings.first().map_or("ok", |finding| finding.headline)
    }
}

/// What a rule about the request alone looks at.
struct Case<'a> {
    request: &'a Request,
    policy: &'a PolicyFile,
}

/// A rule about the request alone.
type StaticRule = fn(&Case<'_>) -> Option<Finding>;

const ALONE: &[StaticRule] = &[
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
    subject::blanks,
    subject::string_type,
    subject::several_names,
    subject::no_name,
    subject::weak_key,
    subject::exotic_key,
    subject::names_without_meaning,
    signer::authority_usages,
    signer::will_fail,
];

/// A rule about what is around; it may find several things.
type ContextRule = fn(&RequestFacts, &Context<'_>, &mut Vec<Finding>);

const AROUND: &[ContextRule] = &[
    access::dangers,
    access::known_name,
    access::groups_gained,
    access::look_alike,
    requester::somebody_else,
    serving::hosts,
    related_requests::same_key,
    related_requests::named_as_other,
    related_requests::duplicate,
    related_requests::unknown_signer,
    validity::beyond_policy,
    validity::cut,
    cleanup::stuck,
    cleanup::goes_soon,
];

/// Judges one request with all that is known.
pub fn judge(request: &Request, context: &Context<'_>) -> Verdict {
    judge_alone(request, context.policy).and(judge_around(&RequestFacts::of(request), context))
}

/// What the request says by itself: it stays the same for as long as the request and the policy do.
pub fn judge_alone(request: &Request, policy: &PolicyFile) -> Verdict {
    let case = Case { request, policy };
    Verdict::of(ALONE.iter().filter_map(|rule| rule(&case)).collect())
}

/// What is to be said of it in view of bindings, nodes, other requests and time.
pub(crate) fn judge_around(facts: &RequestFacts, context: &Context<'_>) -> Verdict {
    let mut findings = Vec::new();
    for rule in AROUND {
        rule(facts, context, &mut findings);
    }
    Verdict::of(findings)
}

/// What a rule that fires gives back.
#[expect(clippy::unnecessary_wraps, reason = "the last word of every rule")]
fn finding(rule: &'static Rule, level: Level, text: impl Into<String>) -> Option<Finding> {
    debug_assert!(rule.levels.contains(&level), "{} at {level:?}", rule.id);
    Some(Finding { rule: rule.id, level, text: text.into(), todo: rule.todo, headline: rule.headline })
}

#[cfg(test)]
mod tests;
