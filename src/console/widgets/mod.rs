//! What panes and dialogs are built from.

pub(crate) mod form;
pub(crate) mod text;
pub(crate) mod theme;
