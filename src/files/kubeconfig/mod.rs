//! The kubeconfig on disk: which files count, reading them, and editing them safely.

pub(crate) mod backups;
pub(crate) mod disk;
mod edit;
mod read;
mod search;
mod text;
mod write;

pub use edit::edit;
pub(crate) use edit::{Rest, change, take_out, write_extracted};
pub(crate) use read::{has_comments, load, load_for_change};
pub use read::{load_from, read};
pub(crate) use search::{for_new_entries, search_path};
pub(crate) use write::{Comments, WrittenFile};

#[cfg(test)]
mod tests;
