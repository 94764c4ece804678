//! Why a principal may do something, and why not: what almost grants it, and the smallest change that would.

use k8s_openapi::api::rbac::v1::PolicyRule;

use super::action::{Action, ResourceName};
use super::policy::{Grant, Policy, Role, Scope, holds};
use super::principal::{Principal, UNAUTHENTICATED};
use super::rule::{allows, list, url_covers};
use super::subject::SubjectKey;

mod change;

use change::reference;
pub(crate) use change::{GrantChange, Part};

/// The number of near misses in an answer.
const NEAREST: usize = 6;
/// Roles that the API server resets when it starts (`pkg/registry/rbac/rest`, reconciliation).
const DEFAULTS: &str = "kubernetes.io/bootstrapping";

/// The answer.
#[derive(Debug)]
pub(crate) enum WhyAnswer<'a> {
    /// A member of `system:masters` needs no rule.
    BypassesRbac,
    /// These chains grant it.
    Granted(Vec<Grant<'a>>),
    /// Nothing grants it; these come near, the smallest change first.
    Denied(Vec<NearMiss<'a>>),
}

/// Something that almost grants it.
#[derive(Debug, Clone)]
pub(crate) struct NearMiss<'a> {
    /// What is there, and what it lacks. Not yet made printable.
    pub text: String,
    /// The chain that comes near, where it is one of the person's own.
    pub grant: Option<Grant<'a>>,
    /// What would grant it.
    pub change: GrantChange,
    /// How much more than was asked for the change gives away.
    cost: usize,
}

impl Policy {
    /// Why, or why not.
    pub(crate) fn why(&self, who: &Principal, action: &Action) -> WhyAnswer<'_> {
        if who.is_master() {
            return WhyAnswer::BypassesRbac;
        }
        let grants: Vec<_> = self.rules_of(who, action.namespace()).collect();
        let granting: Vec<_> = grants.iter().filter(|grant| allows(grant.rule, action)).copied().collect();
        if !granting.is_empty() {
            return WhyAnswer::Granted(granting);
        }
        let subject = subject_of(who);
        let mut near: Vec<_> = grants.iter().filter_map(|grant| self.widen_rule(*grant, action)).collect();
        near.extend(self.granted_elsewhere(who, action, &subject));
        near.extend(self.not_held(action, &subject));
        near.push(self.new_role(action, &subject));
        near.sort_by_key(|near| near.cost);
        near.dedup_by(|a, b| a.change == b.change);
        near.truncate(NEAREST);
        WhyAnswer::Denied(near)
    }

    /// A rule that is held and lacks one word.
    fn widen_rule<'a>(&'a self, grant: Grant<'a>, action: &Action) -> Option<NearMiss<'a>> {
        let (part, value, extra) = missing_part(grant.rule, action)?;
        // The rules of a role that gathers others are written over; those that it gathers are the ones to change.
        let (role, place) = match (self.origin(&grant), grant.role.aggregates.is_empty()) {
            (Some(origin), _) => origin,
            (None, true) => (grant.role, grant.place),
            (None, false) => return None,
        };
        if role.labels.contains_key(DEFAULTS) {
            return None;
        }
        let others: usize = self.bindings_of_role(grant.role).map(|binding| binding.subjects.len()).sum();
        let text = format!(
            "{} {} has rule {} about it, without the {} {value:?}",
            role.kind(),
            qualified_name(role),
            place + 1,
            part.word()
        );
        let role = (role.scope.clone(), role.name.clone());
        let change = GrantChange::Widen { role, place, part, value };
        Some(NearMiss { text, grant: Some(grant), change, cost: 4 + extra + 2 * others.saturating_sub(1).min(20) })
    }

    /// What is held in other namespaces, but not here.
    fn granted_elsewhere<'a>(&'a self, who: &Principal, action: &Action, subject: &SubjectKey) -> Vec<NearMiss<'a>> {
        let cluster_roles = |grant: &Grant<'_>| grant.role.scope.is_none();
        let granting = self.all_rules_of(who).filter(|grant| allows(grant.rule, action) && cluster_roles(grant));
        let away = granting.filter(|grant| !holds(grant.binding, action.namespace()));
        let near = away.map(|grant| {
            let there = grant.binding.scope.as_deref().unwrap_or_default();
            let text = format!("{} grants it in namespace {there} alone", grant.binding.name);
            let change = self.binding_of(grant.role, action, subject);
            NearMiss { text, grant: Some(grant), change, cost: 3 + size(grant.role) }
        });
        near.collect()
    }

    /// Roles that would grant it and are not held.
    fn not_held(&self, action: &Action, subject: &SubjectKey) -> Vec<NearMiss<'_>> {
        let namespace = action.namespace();
        // Those of control-plane components are for these only.
        let own = |role: &Role| role.name.starts_with("system:") && role.labels.contains_key(DEFAULTS);
        let here = |role: &&Role| (role.scope.is_none() || role.scope.as_deref() == namespace) && !own(role);
        let roles = self.roles().iter().map(|role| &**role).filter(here);
        let granting = roles.filter(|role| role.rules.iter().any(|rule| allows(rule, action)));
        let near = granting.map(|role| {
            let bound = self.bindings_of_role(role).find(|binding| holds(binding, namespace));
            let (text, change, more) = if let Some(binding) = bound {
                let text = format!("{} {} grants it to others", binding.kind(), binding.name);
                let binding = (binding.scope.clone(), binding.name.clone());
                // A binding of the cluster gives it in every namespace.
                let wider = usize::from(binding.0.is_none() && namespace.is_some());
                (text, GrantChange::Join { binding, subject: subject.clone() }, 40 * wider)
            } else {
                let text = format!("{} {} would grant it and is not bound here", role.kind(), qualified_name(role));
                (text, self.binding_of(role, action, subject), 1)
            };
            NearMiss { text, grant: None, change, cost: 6 + size(role) + more }
        });
        near.collect()
    }

    fn binding_of(&self, role: &Role, action: &Action, subject: &SubjectKey) -> GrantChange {
        let scope = action.namespace().map(ToOwned::to_owned);
        let reference = reference(role.kind(), &role.name);
        GrantChange::Bind {
            name: self.free_name(&role.name, subject, scope.as_deref()),
            scope,
            role: reference,
            subject: subject.clone(),
        }
    }

    /// A new role that grants nothing more than what was asked for.
    fn new_role(&self, action: &Action, subject: &SubjectKey) -> NearMiss<'_> {
        let rule = exact_rule(action);
        let scope: Scope = action.namespace().map(ToOwned::to_owned);
        let wanted = super::summary::rules(std::slice::from_ref(&rule));
        let base: String = wanted.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let base = base.to_ascii_lowercase();
        let base = base.trim_matches('-');
        let taken = |name: &String| self.role(scope.as_deref(), name).is_some();
        let role = numbered(base).find(|name| !taken(name)).unwrap_or_else(|| base.to_owned());
        let binding = self.free_name(&role, subject, scope.as_deref());
        let change = GrantChange::Make { scope, role, rule, binding, subject: subject.clone() };
        NearMiss { text: "a role of its own gives this and nothing else".to_owned(), grant: None, change, cost: 12 }
    }

    /// A name for a new binding: a binding's role can never be changed, so another's name must not be taken.
    fn free_name(&self, role: &str, subject: &SubjectKey, scope: Option<&str>) -> String {
        let base = crate::domain::issuance_request::binding_name(role, &subject.name());
        numbered(&base).find(|name| self.binding(scope, name).is_none()).unwrap_or_else(|| base.clone())
    }
}

/// `name`, `name-2`, `name-3`, …
fn numbered(name: &str) -> impl Iterator<Item = String> {
    [name.to_owned()].into_iter().chain((2..1000).map(move |number| format!("{name}-{number}")))
}

fn qualified_name(role: &Role) -> String {
    role.scope.as_ref().map_or_else(|| role.name.clone(), |namespace| format!("{namespace}/{}", role.name))
}

/// The subject of a new binding: the user, or the first of the groups where no user is known.
fn subject_of(who: &Principal) -> SubjectKey {
    let group = || who.groups.iter().find(|group| *group != UNAUTHENTICATED).cloned().unwrap_or_default();
    if who.user.is_empty() { SubjectKey::Group(group()) } else { SubjectKey::user(&who.user) }
}

/// The rule that allows this and nothing else.
fn exact_rule(action: &Action) -> PolicyRule {
    match action {
        Action::Path { verb, path } => PolicyRule {
            non_resource_urls: Some(vec![path.clone()]),
            verbs: vec![verb.clone()],
            ..PolicyRule::default()
        },
        Action::Resource(action) => PolicyRule {
            api_groups: Some(vec![action.group.clone()]),
            resources: Some(vec![ResourceName::asked(action).name]),
            resource_names: (!action.name.is_empty()).then(|| vec![action.name.clone()]),
            verbs: vec![action.verb.clone()],
            ..PolicyRule::default()
        },
    }
}

/// How much a role gives: verbs times resources, a wildcard counting as many.
fn size(role: &Role) -> usize {
    let count = |values: &[String]| values.iter().map(|value| if value == "*" { 30 } else { 1 }).sum::<usize>();
    let rule = |rule: &PolicyRule| {
        let resources = count(list(rule.resources.as_ref())) + count(list(rule.non_resource_urls.as_ref()));
        let things = if list(rule.resource_names.as_ref()).is_empty() { resources } else { resources.div_ceil(2) };
        count(&rule.verbs) * things
    };
    role.rules.iter().map(rule).sum::<usize>().min(10_000)
}

/// The one word that a rule lacks, and how much more than was asked for adding it would give.
fn missing_part(rule: &PolicyRule, action: &Action) -> Option<(Part, String, usize)> {
    let one = |value: &String| Some(vec![value.clone()]);
    match action {
        Action::Path { verb, path } => {
            let urls = list(rule.non_resource_urls.as_ref());
            if urls.iter().any(|url| url_covers(url, path)) {
                return Some((Part::Verb, verb.clone(), urls.len() - 1));
            }
            let url = PolicyRule { non_resource_urls: one(path), ..rule.clone() };
            (!urls.is_empty() && allows(&url, action)).then(|| (Part::Url, path.clone(), rule.verbs.len() - 1))
        }
        Action::Resource(asked) => {
            let (resources, groups) = (list(rule.resources.as_ref()), list(rule.api_groups.as_ref()));
            let things = resources.len() * groups.len();
            if things == 0 {
                return None;
            }
            let with_verb = PolicyRule { verbs: vec![asked.verb.clone()], ..rule.clone() };
            if allows(&with_verb, action) {
                return Some((Part::Verb, asked.verb.clone(), things - 1));
            }
            let name = ResourceName::asked(asked).name;
            let with_resource = PolicyRule { resources: one(&name), ..rule.clone() };
            if allows(&with_resource, action) {
                return Some((Part::Resource, name, rule.verbs.len() * groups.len() - 1));
            }
            let with_group = PolicyRule { api_groups: one(&asked.group), ..rule.clone() };
            if allows(&with_group, action) {
                return Some((Part::Group, asked.group.clone(), rule.verbs.len() * resources.len() - 1));
            }
            let with_name = PolicyRule { resource_names: one(&asked.name), ..rule.clone() };
            let named = !asked.name.is_empty() && allows(&with_name, action);
            named.then(|| (Part::Name, asked.name.clone(), rule.verbs.len() - 1))
        }
    }
}
