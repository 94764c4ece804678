//! Dialogs: what lies on top of a pane. Each is a [`Dialog`](crate::console::core::dialog::Dialog); only the topmost gets
//! keys.

pub(crate) mod bulk;
pub(crate) mod columns;
pub(crate) mod columns_view;
pub(crate) mod context_switcher;
pub(crate) mod decide;
mod decide_view;
pub(crate) mod delete;
pub(crate) mod export;
pub(crate) mod help;
pub(crate) mod leave_wizard;
pub(crate) mod palette;
pub(crate) mod palette_view;
pub(crate) mod phase;
pub(crate) mod reader;
pub(crate) mod undo;
pub(crate) mod view;
