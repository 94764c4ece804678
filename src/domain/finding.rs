//! What a rule found in a request, and all findings on a request together.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::level::Level;
use super::rules::Rule;

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
    pub(crate) fn of(mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
        Self { findings }
    }

    /// The findings in one line, each with its rule.
    pub(crate) fn reasons(&self) -> String {
        let reasons = self.findings.iter().map(|finding| format!("{} ({})", finding.text, finding.rule));
        reasons.collect::<Vec<_>>().join(" ")
    }

    /// Both together.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.findings.extend(other.findings);
        Self::of(self.findings)
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

/// What a rule that fires gives back.
#[expect(clippy::unnecessary_wraps, reason = "the last word of every rule")]
pub(crate) fn finding(rule: &'static Rule, level: Level, text: impl Into<String>) -> Option<Finding> {
    debug_assert!(rule.levels.contains(&level), "{} at {level:?}", rule.id);
    Some(Finding { rule: rule.id, level, text: text.into(), todo: rule.todo, headline: rule.headline })
}
