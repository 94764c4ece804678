//! Impersonation (headers `Impersonate-…`; `apiserver/pkg/endpoints/filters/impersonation`, 1.36).
//!
//! Several rules can allow it, tried in order: those of constrained impersonation, which also require permission for the
//! request itself (`impersonate-on:MODE:VERB`), and the legacy one. The error is that of the first rule.

use std::collections::BTreeMap;

use http::HeaderMap;

use crate::domain::access::{AUTHENTICATED, Action, MASTERS, Principal, ResourceAction};
use crate::sandbox::authorization::{Access, refusal};
use crate::sandbox::field_selector::FieldSelector;
use crate::sandbox::status::ApiFailure;
use crate::sandbox::user::{ANONYMOUS, NODES, UNAUTHENTICATED, User};

const AUTHENTICATION: &str = "authentication.k8s.io";

/// The user that the headers name.
struct Impersonated {
    name: String,
    uid: String,
    groups: Vec<String>,
    extra: BTreeMap<String, Vec<String>>,
}

impl Impersonated {
    fn read(headers: &HeaderMap) -> Result<Option<Self>, ApiFailure> {
        let texts = |name: &str| headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let first = |name: &str| texts(name).next().unwrap_or_default().to_owned();
        let mut wanted = Self {
            name: first("impersonate-user"),
            uid: first("impersonate-uid"),
            groups: texts("impersonate-group").map(ToOwned::to_owned).collect(),
            extra: BTreeMap::new(),
        };
        for (key, value) in headers {
            if let Some((key, value)) = key.as_str().strip_prefix("impersonate-extra-").zip(value.to_str().ok()) {
                wanted.extra.entry(key.to_owned()).or_default().push(value.to_owned());
            }
        }
        let more = !wanted.uid.is_empty() || !wanted.groups.is_empty() || !wanted.extra.is_empty();
        match (wanted.name.is_empty(), more) {
            (true, true) => {
                Err(ApiFailure::bad_request("requested a group, uid or extra without impersonating a user name"))
            }
            (true, false) => Ok(None),
            (false, _) => Ok(Some(wanted)),
        }
    }

    fn who(&self) -> Principal {
        Principal { user: self.name.clone(), groups: self.groups.clone() }
    }

    fn only_named(&self) -> bool {
        self.uid.is_empty() && self.groups.is_empty() && self.extra.is_empty()
    }

    fn node(&self) -> Option<&str> {
        self.name.strip_prefix("system:node:")
    }
}

/// A rule that can allow impersonation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ImpersonationRule {
    AssociatedNode,
    ArbitraryNode,
    ServiceAccount,
    UserInfo,
    Legacy,
}

impl ImpersonationRule {
    const ALL: [Self; 5] =
        [Self::AssociatedNode, Self::ArbitraryNode, Self::ServiceAccount, Self::UserInfo, Self::Legacy];

    fn applies(self, user: &User, wanted: &Impersonated) -> bool {
        let account = wanted.who().service_account().is_some();
        match self {
            Self::AssociatedNode => wanted.only_named() && wanted.node().is_some_and(|node| is_associated(user, node)),
            Self::ArbitraryNode => wanted.only_named() && wanted.node().is_some(),
            Self::ServiceAccount => wanted.only_named() && account,
            Self::UserInfo => wanted.node().is_none() && !account,
            Self::Legacy => true,
        }
    }

    fn name(self) -> Option<&'static str> {
        match self {
            Self::AssociatedNode => Some("associated-node"),
            Self::ArbitraryNode => Some("arbitrary-node"),
            Self::ServiceAccount => Some("serviceaccount"),
            Self::UserInfo => Some("user-info"),
            Self::Legacy => None,
        }
    }
}

/// Whether this is a service account whose token is bound to that node.
fn is_associated(user: &User, node: &str) -> bool {
    let of_node = |values: &Vec<String>| values.len() == 1 && values[0] == node;
    user.who.service_account().is_some()
        && user.extra.get("authentication.kubernetes.io/node-name").is_some_and(of_node)
}

/// The user that a request for `action` acts as, if it may.
///
/// # Errors
/// 403 for what may not be impersonated.
pub(crate) fn effective_user(
    user: User,
    headers: &HeaderMap,
    action: &Action,
    access: &Access,
) -> Result<User, ApiFailure> {
    let Some(wanted) = Impersonated::read(headers)? else { return Ok(user) };
    let mut refused = None;
    for mode in ImpersonationRule::ALL.into_iter().filter(|mode| mode.applies(&user, &wanted)) {
        let attempt = Attempt { user: &user, wanted: &wanted, mode, access };
        match attempt.check(action) {
            Ok(acts_as) => return Ok(acts_as),
            Err(failure) => refused = refused.or(Some(failure)),
        }
    }
    Err(refused.unwrap_or_else(|| ApiFailure::internal("all impersonation modes failed")))
}

struct Attempt<'a> {
    user: &'a User,
    wanted: &'a Impersonated,
    mode: ImpersonationRule,
    access: &'a Access,
}

impl Attempt<'_> {
    fn check(&self, action: &Action) -> Result<User, ApiFailure> {
        if let Some(mode) = self.mode.name() {
            let on = |verb: &str| format!("impersonate-on:{mode}:{verb}");
            self.may(&match action.clone() {
                Action::Path { verb, path } => Action::Path { verb: on(&verb), path },
                Action::Resource(action) => Action::Resource(ResourceAction { verb: on(&action.verb), ..action }),
            })?;
        }
        let mut groups = self.name()?;
        if !self.wanted.uid.is_empty() {
            self.may_be(AUTHENTICATION, "uids", |action| action.named(&self.wanted.uid))?;
        }
        self.groups()?;
        for (key, values) in &self.wanted.extra {
            for value in values {
                self.may_be(AUTHENTICATION, "userextras", |action| action.on_part(key).named(value))?;
            }
        }
        let known = groups.iter().any(|group| group == AUTHENTICATED || group == UNAUTHENTICATED);
        if !known {
            groups.push(if self.wanted.name == ANONYMOUS { UNAUTHENTICATED } else { AUTHENTICATED }.to_owned());
        }
        let who = Principal { user: self.wanted.name.clone(), groups };
        Ok(User { who, uid: self.wanted.uid.clone(), extra: self.wanted.extra.clone() })
    }

    /// Checks the name; the groups that go with it.
    fn name(&self) -> Result<Vec<String>, ApiFailure> {
        let (wanted, group) = (self.wanted, self.group());
        let node_mode = matches!(self.mode, ImpersonationRule::AssociatedNode | ImpersonationRule::ArbitraryNode);
        if let Some(node) = wanted.node().filter(|_| node_mode) {
            // The right to be the associated node is one for all nodes.
            let node = if self.mode == ImpersonationRule::AssociatedNode { "*" } else { node };
            self.may_be(group, "nodes", |action| action.named(node))?;
            return Ok(vec![NODES.to_owned()]);
        }
        let who = wanted.who();
        let Some((namespace, account)) = who.service_account() else {
            self.may_be(group, "users", |action| action.named(&wanted.name))?;
            return Ok(wanted.groups.clone());
        };
        self.may_be(group, "serviceaccounts", |action| action.named(account).within(namespace))?;
        if wanted.groups.is_empty() {
            return Ok(vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")]);
        }
        Ok(wanted.groups.clone())
    }

    fn groups(&self) -> Result<(), ApiFailure> {
        for name in &self.wanted.groups {
            if self.mode != ImpersonationRule::Legacy && name == MASTERS {
                let why = "impersonating the system:masters group is not allowed";
                return Err(ApiFailure::denied(self.group(), "groups", MASTERS, why));
            }
            self.may_be(self.group(), "groups", |action| action.named(name))?;
        }
        Ok(())
    }

    /// The API group of users, groups and service accounts as things to be impersonated.
    fn group(&self) -> &'static str {
        if self.mode == ImpersonationRule::Legacy { "" } else { AUTHENTICATION }
    }

    fn may_be(
        &self,
        group: &str,
        resource: &str,
        about: impl FnOnce(ResourceAction) -> ResourceAction,
    ) -> Result<(), ApiFailure> {
        let verb = self.mode.name().map_or("impersonate".to_owned(), |mode| format!("impersonate:{mode}"));
        self.may(&Action::Resource(about(ResourceAction::new(&verb, group, resource))))
    }

    fn may(&self, action: &Action) -> Result<(), ApiFailure> {
        let decision = self.access.decide(&self.user.who, action, &FieldSelector::default());
        if decision.allowed { Ok(()) } else { Err(refusal(self.user, action, &decision.reason)) }
    }
}
