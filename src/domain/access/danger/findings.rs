//! The dangerous permissions that a user holds, and through which grant.

use super::super::policy::{Grant, Policy, Scope};
use super::super::principal::Principal;
use super::super::rule::list;
use super::matching::{all, of_rule};
use super::permission::RiskyPermission;
use super::table::BYPASSES_RBAC;
use crate::domain::level::Level;

/// Names of objects that are listed; of more only the number is.
const NAMES: usize = 5;

/// A dangerous permission that a principal holds.
#[derive(Debug, Clone)]
pub(crate) struct RiskFinding<'a> {
    /// The rule that found it.
    pub danger: &'static RiskyPermission,
    pub level: Level,
    /// Where it holds.
    pub scope: Scope,
    /// The objects that it is about, where the granting rule names them.
    pub names: &'a [String],
    /// The chain; `None` where no binding grants it (`masters`).
    pub grant: Option<Grant<'a>>,
}

impl RiskFinding<'_> {
    /// A sentence without its subject: `reads secrets in namespace qa`. Names are not yet made printable.
    pub(crate) fn text(&self) -> String {
        let place = match (&self.scope, self.grant) {
            (_, None) => String::new(),
            (Some(namespace), _) => format!(" in namespace {namespace}"),
            (None, _) => " in the whole cluster".to_owned(),
        };
        let shown = self.names.iter().take(NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
        let only = match self.names.len() {
            0 => String::new(),
            1..=NAMES => format!(" (only {shown})"),
            many => format!(" (only {shown} and {} more)", many - NAMES),
        };
        format!("{}{place}{only}", self.danger.text)
    }
}

/// What is dangerous in everything that `who` holds, in all namespaces: the worst first, each kind once a place.
pub(crate) fn findings<'a>(policy: &'a Policy, who: &Principal) -> Vec<RiskFinding<'a>> {
    let mut found = Vec::new();
    if who.is_master() {
        found.push(RiskFinding { danger: &BYPASSES_RBAC, level: Level::Danger, scope: None, names: &[], grant: None });
    }
    found.extend(policy.all_rules_of(who).flat_map(of_grant));
    sorted(found)
}

/// What is dangerous in one rule of a role, as it would be where that is bound.
pub(crate) fn of_grant(grant: Grant<'_>) -> Vec<RiskFinding<'_>> {
    let names = list(grant.rule.resource_names.as_ref());
    let scope = grant.binding.scope.clone();
    let finding = |danger: &'static RiskyPermission| {
        let level = danger.level(scope.as_deref(), !names.is_empty());
        RiskFinding { danger, level, scope: scope.clone(), names, grant: Some(grant) }
    };
    of_rule(grant.rule, scope.as_deref()).into_iter().map(finding).collect()
}

/// The worst first; of several chains to the same danger in the same place the first.
fn sorted(mut found: Vec<RiskFinding<'_>>) -> Vec<RiskFinding<'_>> {
    let order = |danger: &'static RiskyPermission| all().position(|other| std::ptr::eq(other, danger));
    found.sort_by_key(|finding| (std::cmp::Reverse(finding.level), order(finding.danger), finding.scope.clone()));
    found.dedup_by(|a, b| std::ptr::eq(a.danger, b.danger) && a.scope == b.scope && a.level == b.level);
    found
}
