//! The commands about kubeconfigs. They ask no cluster.

pub(super) mod check;
pub(super) mod contexts;
pub(super) mod delete_context;
mod editor;
pub(super) mod embed;
pub(super) mod extract;
pub(super) mod import;
pub(super) mod namespace;
pub(super) mod rename;
pub(super) mod trust;
pub(super) mod unlock;
pub(super) mod use_context;
pub(super) mod validity;
