//! Authorization of nodes: the Node authorizer, and what it knows of pods.

mod authorizer;
mod identity;
mod references;

pub(crate) use authorizer::NodeAuthorizer;
pub(crate) use identity::node_name;
pub(crate) use references::{MIRROR, forbidden_reference, is_mirror, refers_to_secrets};
