//! The panes, one folder each.

pub(crate) mod activity;
pub(crate) mod kubeconfig;
pub(crate) mod rbac;
pub(crate) mod requests;
