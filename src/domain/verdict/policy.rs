//! The organization's policy on names and groups. It is about people: kubelets and programs have their own signers.

use super::case::Case;
use crate::domain::finding::{Finding, finding};
use crate::domain::level::Level;
use crate::domain::request::CLIENT_SIGNER;
use crate::domain::rules;

/// A group that is not wanted.
pub(super) fn group(case: &Case<'_>) -> Option<Finding> {
    let groups = is_for_people(case).then(|| case.request.identity().groups)?;
    let (group, why) = groups.iter().find_map(|group| Some((group, case.policy.groups.objection(group)?)))?;
    finding(&rules::POLICY_GROUP, Level::Danger, format!("It asks for group {group}: {why}."))
}

/// A user name that is not wanted.
pub(super) fn name(case: &Case<'_>) -> Option<Finding> {
    let user = is_for_people(case).then(|| case.request.identity().user).filter(|user| !user.is_empty())?;
    let why = case.policy.names.objection(&user)?;
    finding(&rules::POLICY_NAME, Level::Danger, format!("It logs in as {user}: {why}."))
}

fn is_for_people(case: &Case<'_>) -> bool {
    case.request.signer_name == CLIENT_SIGNER
}
