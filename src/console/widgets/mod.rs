//! What panes and dialogs are built from.

pub mod form;
pub mod text;
pub mod theme;
