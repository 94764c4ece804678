//! What approving a request would mean: findings with stable rule ids, levels and reasons.

use serde::Serialize;

use super::request::Request;

/// How bad the worst finding is. The order is the order of attention: `WillFail` outranks nothing dangerous but
/// tells that the decision is moot.
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

/// Judges one request by itself.
pub fn judge(_request: &Request) -> Verdict {
    Verdict::default()
}
