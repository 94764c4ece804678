//! The panes, one folder each.

pub mod activity;
pub mod kubeconfig;
pub mod rbac;
pub mod requests;
