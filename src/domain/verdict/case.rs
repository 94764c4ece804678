//! The input of the static rules.

use crate::domain::policy_file::PolicyFile;
use crate::domain::request::Request;

/// What a rule about the request alone looks at.
pub(super) struct Case<'a> {
    pub(super) request: &'a Request,
    pub(super) policy: &'a PolicyFile,
}
