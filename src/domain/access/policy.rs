//! Roles and bindings, indexed by subject.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock};

use k8s_openapi::api::rbac::v1::{self as rbac, PolicyRule};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::action::Action;
use super::danger::matching::{self, CONTROL_PLANE};
use super::principal::Principal;
use super::rule::allows;
use super::subject::SubjectKey;
use crate::domain::level::Level;

/// Where a role or binding holds: in one namespace, or in the cluster (`None`).
pub(crate) type Scope = Option<String>;

/// A `Role` or `ClusterRole`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Role {
    /// The namespace of a `Role`; `None` for a `ClusterRole`.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// What it allows.
    pub rules: Vec<PolicyRule>,
    /// Its labels, by which others gather it.
    pub labels: BTreeMap<String, String>,
    /// Whose rules it gathers (`aggregationRule`): its own are then overwritten with theirs.
    pub aggregates: Vec<LabelSelector>,
}

/// A `RoleBinding` or `ClusterRoleBinding`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Binding {
    /// The namespace of a `RoleBinding`; `None` for a `ClusterRoleBinding`.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// The role that it grants.
    pub role: rbac::RoleRef,
    /// The subjects that it grants the role to.
    pub subjects: Vec<rbac::Subject>,
}

/// Roles and bindings of a cluster at one moment. Built again when something changes: 5,000 bindings and 1,000 roles
/// take a few milliseconds, and the objects are shared with the build before.
#[derive(Debug, Default)]
pub struct Policy {
    roles: Vec<Arc<Role>>,
    bindings: Vec<Arc<Binding>>,
    role_at: HashMap<(Scope, String), usize>,
    by_subject: HashMap<SubjectKey, Vec<usize>>,
    by_role: HashMap<(Scope, String), Vec<usize>>,
    /// How dangerous each role is, by where it is bound (see [`Policy::level_of`]); worked out when first asked for.
    levels: OnceLock<Vec<[Level; 3]>>,
}

/// Why something is allowed: through this binding, to this subject, by this rule of its role.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'a> {
    /// The binding.
    pub binding: &'a Binding,
    /// The first of its subjects that fits.
    pub subject: &'a rbac::Subject,
    /// The role that it grants.
    pub role: &'a Role,
    /// The rule's place in the role, from 0.
    pub place: usize,
    /// The rule.
    pub rule: &'a PolicyRule,
}

impl Role {
    fn new(meta: ObjectMeta, rules: Option<Vec<PolicyRule>>, aggregates: Vec<LabelSelector>) -> Self {
        let (scope, name) = (meta.namespace, meta.name.unwrap_or_default());
        Self { scope, name, rules: rules.unwrap_or_default(), labels: meta.labels.unwrap_or_default(), aggregates }
    }

    /// `Role` or `ClusterRole`.
    pub(crate) const fn kind(&self) -> &'static str {
        if self.scope.is_some() { "Role" } else { "ClusterRole" }
    }
}

impl Binding {
    /// `RoleBinding` or `ClusterRoleBinding`.
    pub(crate) const fn kind(&self) -> &'static str {
        if self.scope.is_some() { "RoleBinding" } else { "ClusterRoleBinding" }
    }

    /// Its subjects that match some user.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (SubjectKey, &rbac::Subject)> {
        let scope = self.scope.as_deref();
        self.subjects.iter().filter_map(move |subject| Some((SubjectKey::of(subject, scope)?, subject)))
    }

    /// Where the role that it names would stand.
    fn role_key(&self) -> Option<(Scope, String)> {
        let scope = match self.role.kind.as_str() {
            "Role" => Some(self.scope.clone()?),
            "ClusterRole" => None,
            _ => return None,
        };
        Some((scope, self.role.name.clone()))
    }
}

impl From<rbac::Role> for Role {
    fn from(role: rbac::Role) -> Self {
        Self::new(role.metadata, role.rules, Vec::new())
    }
}

impl From<rbac::ClusterRole> for Role {
    fn from(role: rbac::ClusterRole) -> Self {
        let aggregates = role.aggregation_rule.and_then(|rule| rule.cluster_role_selectors).unwrap_or_default();
        Self::new(role.metadata, role.rules, aggregates)
    }
}

impl From<rbac::RoleBinding> for Binding {
    fn from(binding: rbac::RoleBinding) -> Self {
        let meta = binding.metadata;
        Self {
            scope: meta.namespace,
            name: meta.name.unwrap_or_default(),
            role: binding.role_ref,
            subjects: binding.subjects.unwrap_or_default(),
        }
    }
}

impl From<rbac::ClusterRoleBinding> for Binding {
    fn from(binding: rbac::ClusterRoleBinding) -> Self {
        Self {
            scope: None,
            name: binding.metadata.name.unwrap_or_default(),
            role: binding.role_ref,
            subjects: binding.subjects.unwrap_or_default(),
        }
    }
}

impl Policy {
    /// Indexes roles and bindings.
    pub fn new<R: Into<Arc<Role>>, B: Into<Arc<Binding>>>(
        roles: impl IntoIterator<Item = R>,
        bindings: impl IntoIterator<Item = B>,
    ) -> Self {
        let mut roles: Vec<Arc<Role>> = roles.into_iter().map(Into::into).collect();
        let mut bindings: Vec<Arc<Binding>> = bindings.into_iter().map(Into::into).collect();
        // Those of the cluster first, as the server visits them; then by name, so that answers do not change.
        roles.sort_by(|a, b| (&a.scope, &a.name).cmp(&(&b.scope, &b.name)));
        bindings.sort_by(|a, b| (&a.scope, &a.name).cmp(&(&b.scope, &b.name)));
        let (mut by_subject, mut by_role) = (HashMap::<_, Vec<usize>>::new(), HashMap::<_, Vec<usize>>::new());
        for (at, binding) in bindings.iter().enumerate() {
            for (key, _) in binding.keys() {
                by_subject.entry(key).or_default().push(at);
            }
            if let Some(key) = binding.role_key() {
                by_role.entry(key).or_default().push(at);
            }
        }
        let key = |(at, role): (usize, &Arc<Role>)| ((role.scope.clone(), role.name.clone()), at);
        let role_at = roles.iter().enumerate().map(key).collect();
        Self { roles, bindings, role_at, by_subject, by_role, levels: OnceLock::new() }
    }

    /// All roles: those of the cluster first, then by namespace and name.
    pub(crate) fn roles(&self) -> &[Arc<Role>] {
        &self.roles
    }

    /// All bindings, in the same order.
    pub(crate) fn bindings(&self) -> &[Arc<Binding>] {
        &self.bindings
    }

    /// All subjects of bindings, with the number of their bindings; groups first, then by name.
    pub fn subjects(&self) -> Vec<(&SubjectKey, usize)> {
        let mut all: Vec<_> = self.by_subject.iter().map(|(key, bindings)| (key, distinct(bindings))).collect();
        all.sort_unstable();
        all
    }

    /// How dangerous the worst is that a binding grants: in the cluster, in the control plane's namespace, elsewhere.
    pub(crate) fn level_of(&self, binding: &Binding) -> Level {
        let place = binding.role_key().and_then(|key| self.role_at.get(&key));
        place.map_or(Level::Ok, |place| {
            let [cluster, control_plane, namespace] = self.levels()[*place];
            match binding.scope.as_deref() {
                None => cluster,
                Some(CONTROL_PLANE) => control_plane,
                Some(_) => namespace,
            }
        })
    }

    /// How dangerous the worst is that is granted to a subject by name.
    pub(crate) fn level_of_subject(&self, subject: &SubjectKey) -> Level {
        let bindings = self.by_subject.get(subject).into_iter().flatten();
        bindings.map(|at| self.level_of(&self.bindings[*at])).max().unwrap_or(Level::Ok)
    }

    fn levels(&self) -> &[[Level; 3]] {
        fn worst(role: &Role, scope: Option<&str>) -> Level {
            let levels = role.rules.iter().map(|rule| matching::level_of_rule(rule, scope));
            levels.max().unwrap_or(Level::Ok)
        }
        let scopes = [None, Some(CONTROL_PLANE), Some("any")];
        let levels = |role: &Arc<Role>| scopes.map(|scope| worst(role, scope));
        self.levels.get_or_init(|| self.roles.iter().map(levels).collect())
    }

    /// The role of that place and name, if it is there.
    pub fn role(&self, scope: Option<&str>, name: &str) -> Option<&Arc<Role>> {
        self.role_at.get(&(scope.map(ToOwned::to_owned), name.to_owned())).map(|at| &self.roles[*at])
    }

    /// The binding of that place and name, if it is there.
    pub(crate) fn binding(&self, scope: Option<&str>, name: &str) -> Option<&Arc<Binding>> {
        let wanted = (scope, name);
        let at = self.bindings.binary_search_by(|b| (b.scope.as_deref(), b.name.as_str()).cmp(&wanted));
        at.ok().map(|at| &self.bindings[at])
    }

    /// The bindings that grant a role.
    pub(crate) fn bindings_of_role(&self, role: &Role) -> impl Iterator<Item = &Arc<Binding>> {
        let found = self.by_role.get(&(role.scope.clone(), role.name.clone()));
        found.into_iter().flatten().map(|at| &self.bindings[*at])
    }

    /// The role that a binding grants, if it is there.
    pub(crate) fn role_of(&self, binding: &Binding) -> Option<&Role> {
        self.role_at.get(&binding.role_key()?).map(|at| &*self.roles[*at])
    }

    /// The role that a reference in a binding of this scope means, if it is there.
    pub(crate) fn referenced(&self, role: &rbac::RoleRef, scope: Option<&str>) -> Option<&Role> {
        let scope = match role.kind.as_str() {
            "Role" => Some(scope?),
            "ClusterRole" => None,
            _ => return None,
        };
        self.role(scope, &role.name).map(|role| &**role)
    }

    /// The bindings that hold for `who` somewhere, each with the first of its subjects that fits.
    pub(crate) fn all_bindings_of<'a>(&'a self, who: &Principal) -> Vec<(&'a Binding, &'a rbac::Subject)> {
        let mut found: Vec<_> = who.keys().filter_map(|key| self.by_subject.get(&key)).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        let applies = |key: &SubjectKey| match key {
            SubjectKey::Group(name) => who.groups.contains(name),
            other => *other == SubjectKey::user(&who.user),
        };
        let bindings = found.into_iter().map(|at| &*self.bindings[at]);
        let with_first = |binding: &'a Binding| {
            let (_, subject) = binding.keys().find(|(key, _)| applies(key))?;
            Some((binding, subject))
        };
        bindings.filter_map(with_first).collect()
    }

    /// The bindings that hold for `who`: those of the cluster, and those of `namespace` where one is given.
    pub(crate) fn bindings_of<'a>(
        &'a self,
        who: &Principal,
        namespace: Option<&str>,
    ) -> Vec<(&'a Binding, &'a rbac::Subject)> {
        let mut bindings = self.all_bindings_of(who);
        bindings.retain(|(binding, _)| holds(binding, namespace));
        bindings
    }

    /// Every rule that holds for `who`, with how it comes to hold.
    pub fn rules_of<'a>(
        &'a self,
        who: &Principal,
        namespace: Option<&str>,
    ) -> impl Iterator<Item = Grant<'a>> + use<'a> {
        self.grants(self.bindings_of(who, namespace))
    }

    /// Every rule that holds for `who` anywhere: what [`Grant::binding`] says is where.
    pub(crate) fn all_rules_of<'a>(&'a self, who: &Principal) -> impl Iterator<Item = Grant<'a>> + use<'a> {
        self.grants(self.all_bindings_of(who))
    }

    fn grants<'a>(
        &'a self,
        bindings: Vec<(&'a Binding, &'a rbac::Subject)>,
    ) -> impl Iterator<Item = Grant<'a>> + use<'a> {
        let with_role = |(binding, subject)| Some((binding, subject, self.role_of(binding)?));
        let bindings = bindings.into_iter().filter_map(with_role);
        bindings.flat_map(|(binding, subject, role)| {
            let rules = role.rules.iter().enumerate();
            rules.map(move |(place, rule)| Grant { binding, subject, role, place, rule })
        })
    }

    /// The first grant that allows it; `None` where RBAC does not. Members of `system:masters` need none.
    pub(crate) fn grant(&self, who: &Principal, action: &Action) -> Option<Grant<'_>> {
        self.rules_of(who, action.namespace()).find(|grant| allows(grant.rule, action))
    }

    /// Whether `who` may do it, by a grant or as a member of `system:masters`.
    pub fn permits(&self, who: &Principal, action: &Action) -> bool {
        who.is_master() || self.grant(who, action).is_some()
    }

    /// The roles that bindings of `who` name and that are not there, as the server's errors name them.
    pub(crate) fn dangling(&self, who: &Principal, namespace: Option<&str>) -> Vec<String> {
        let bindings = self.bindings_of(who, namespace).into_iter();
        let missing = bindings.filter(|(binding, _)| self.role_of(binding).is_none()).map(|(binding, _)| &binding.role);
        let mut missing: Vec<_> = missing
            .map(|role| format!("{}.rbac.authorization.k8s.io {:?} not found", role.kind.to_lowercase(), role.name))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }
}

impl fmt::Display for Grant<'_> {
    /// As the server gives the reason in a review: `ClusterRoleBinding "a" of ClusterRole "b" to Group "c"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (binding, subject) = (self.binding, self.subject);
        match &binding.scope {
            None => write!(f, "ClusterRoleBinding {:?}", binding.name)?,
            Some(namespace) => write!(f, "RoleBinding {:?}", format!("{}/{namespace}", binding.name))?,
        }
        write!(f, " of {} {:?} to {} ", binding.role.kind, binding.role.name, subject.kind)?;
        if subject.kind == "ServiceAccount" {
            let own = subject.namespace.as_deref().filter(|namespace| !namespace.is_empty());
            let namespace = own.or(binding.scope.as_deref()).unwrap_or_default();
            return write!(f, "{:?}", format!("{}/{namespace}", subject.name));
        }
        write!(f, "{:?}", subject.name)
    }
}

/// Whether a binding counts in `namespace` (in the cluster's scope without one).
pub(super) fn holds(binding: &Binding, namespace: Option<&str>) -> bool {
    binding.scope.is_none() || binding.scope.as_deref() == namespace
}

/// How many different numbers an ascending list has.
fn distinct(sorted: &[usize]) -> usize {
    sorted.len() - sorted.windows(2).filter(|pair| pair[0] == pair[1]).count()
}
