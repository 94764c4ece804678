//! The user's own rules, from the server, where roles and bindings may not be listed (`SelfSubjectRulesReview`).

use k8s_openapi::api::rbac::v1::{PolicyRule, RoleRef};

use super::policy::{Binding, Policy, Role};
use super::principal::Principal;
use super::subject::SubjectKey;

/// In place of the names of binding and role, which the server does not disclose.
pub(crate) const UNSEEN: &str = "what the server says of you";

/// A policy of one person's rules in one namespace.
pub(crate) fn policy(who: &Principal, namespace: &str, rules: Vec<PolicyRule>) -> Policy {
    let scope = Some(namespace.to_owned());
    let reference = RoleRef { kind: "Role".to_owned(), name: UNSEEN.to_owned(), ..RoleRef::default() };
    let subjects = vec![SubjectKey::user(&who.user).to_subject()];
    let role = Role { scope: scope.clone(), name: UNSEEN.to_owned(), rules, ..Role::default() };
    Policy::new([role], [Binding { scope, name: UNSEEN.to_owned(), role: reference, subjects }])
}
