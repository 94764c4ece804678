//! What approving a request would mean: findings with stable rule ids, levels and reasons.
//!
//! A rule is a function from a request to a finding, or none. This first set looks at the request alone.

mod identity;
mod requester;
mod signer;
mod subject;

pub use signer::{is_signed_here, refusal};

use serde::Serialize;

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

/// One thing a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable id of the rule, such as `identity-control-plane`.
    pub rule: &'static str,
    /// How bad.
    pub level: Level,
    /// A sentence: what, why, and what to do. May quote the request: hostile until made printable.
    pub text: String,
    /// The column's word or two, such as `node id`.
    #[serde(skip)]
    pub headline: &'static str,
}

/// All findings on one request, worst first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Verdict {
    /// Worst first.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// The worst finding's level, `Ok` without any.
    pub fn level(&self) -> Level {
        self.findings.first().map_or(Level::Ok, |finding| finding.level)
    }

    /// The worst finding in a word or two, `ok` without any.
    pub fn headline(&self) -> &'static str {
        self.findings.first().map_or("ok", |finding| finding.headline)
    }
}

/// One rule.
type Rule = fn(&Request) -> Option<Finding>;

const RULES: &[Rule] = &[
    identity::control_plane,
    identity::service_account,
    identity::node,
    identity::masters,
    identity::system_group,
    subject::unreadable,
    subject::bad_signature,
    subject::hidden_characters,
    subject::several_names,
    subject::no_name,
    subject::weak_key,
    subject::names_without_meaning,
    signer::will_fail,
    requester::somebody_else,
];

/// Judges one request by itself.
pub fn judge(request: &Request) -> Verdict {
    let mut findings: Vec<_> = RULES.iter().filter_map(|rule| rule(request)).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    Verdict { findings }
}

/// What a rule that fires gives back.
#[expect(clippy::unnecessary_wraps, reason = "the last word of every rule")]
fn finding(level: Level, rule: &'static str, headline: &'static str, text: impl Into<String>) -> Option<Finding> {
    Some(Finding { rule, level, headline, text: text.into() })
}

#[cfg(test)]
mod tests;
