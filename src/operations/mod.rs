//! What the console and the command line both do: each operation exists once, with its progress, dry run and undo.

pub(crate) mod issue;
pub(crate) mod kubeconfig;
