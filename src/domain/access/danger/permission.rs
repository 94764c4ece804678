//! A dangerous permission, and the verbs and resources that make it up.

use crate::domain::level::Level;
use crate::domain::rules::Rule;

/// The namespace of the control plane: what is dangerous there is so for the whole cluster.
pub(crate) const CONTROL_PLANE: &str = "kube-system";

/// One dangerous right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RiskyPermission {
    /// The rule for it in verdicts, docs and JSON.
    pub rule: &'static Rule,
    /// How bad it is for the whole cluster, and how bad in one namespace.
    pub(super) levels: (Level, Level),
    /// What it allows, so that `… in namespace x` can follow.
    pub text: &'static str,
    /// Whether it is as bad where the rule names the objects.
    pub(super) even_named: bool,
    pub(super) permissions: &'static [Permission],
}

/// Verbs with a resource that make a rule dangerous.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Permission {
    pub(super) verbs: &'static [&'static str],
    pub(super) group: &'static str,
    pub(super) name: &'static str,
    /// Whether a `RoleBinding` cannot grant it.
    pub(super) cluster: bool,
}

impl Permission {
    /// The resource of which any subresource is meant: `userextras` of `userextras/*`. In a rule of RBAC itself that
    /// matches nothing.
    pub(super) fn any_part_of(&self) -> Option<&'static str> {
        self.name.strip_suffix("/*")
    }

    /// Whether it is about this resource, such as `pods/exec`.
    pub(super) fn is_of(&self, name: &str) -> bool {
        match self.any_part_of() {
            Some(of) => name.split_once('/').is_some_and(|(resource, _)| resource == of),
            None => self.name == name,
        }
    }
}

impl RiskyPermission {
    /// How bad it is in a namespace, or (without one) in the whole cluster, for every object or for named ones.
    pub(crate) fn level(&self, scope: Option<&str>, named: bool) -> Level {
        let wide = scope.is_none_or(|namespace| namespace == CONTROL_PLANE);
        let level = if wide { self.levels.0 } else { self.levels.1 };
        match level {
            Level::Danger if named && !self.even_named => Level::Warning,
            Level::Warning if named && !self.even_named => Level::Notice,
            other => other,
        }
    }
}
