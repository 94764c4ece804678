//! Who may do what: RBAC as the API server evaluates it (`plugin/pkg/auth/authorizer/rbac`).
//!
//! One evaluation for everything that asks: the practice cluster enforces it, the console explains with it.

mod action;
pub(crate) mod catalogue;
pub(crate) mod danger;
pub(crate) mod draft;
mod escalation;
mod loss;
pub(crate) mod matrix;
pub(crate) mod object;
mod origin;
pub(crate) mod own;
mod policy;
mod principal;
mod rule;
mod subject;
pub(crate) mod summary;
#[cfg(test)]
mod tests;
mod who_can;
pub(crate) mod why;

pub use action::Action;
pub use action::ResourceAction;
pub use action::ResourceName;
pub(crate) use catalogue::Catalogue;
pub(crate) use escalation::{compact, compact_text, uncovered};
pub(crate) use origin::path;
pub use policy::Binding;
pub(crate) use policy::Grant;
pub use policy::Policy;
pub use policy::Role;
pub use principal::Principal;
pub(crate) use principal::{AUTHENTICATED, MASTERS};
pub(crate) use rule::allows;
pub use subject::SubjectKey;
pub(crate) use who_can::Holder;
