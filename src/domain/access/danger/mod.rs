//! What is dangerous in what a user or group holds, by one [table](table).

mod findings;
pub(super) mod matching;
mod permission;
mod table;

pub(crate) use findings::{RiskFinding, findings, of_grant};
pub(crate) use matching::{level_of_rule, of_action, of_rule};
