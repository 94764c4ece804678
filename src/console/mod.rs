//! The terminal app: event → [`core::update`] → view.
//!
//! The state changes in one place ([`core::update`]), I/O happens in one place ([`core::runner`]), drawing
//! ([`core::view`]) changes nothing. Each pane, dialog and the wizard has its state, what it does with an event, and its
//! view.

pub(crate) mod core;
pub(crate) mod dialogs;
pub(crate) mod panes;
pub(crate) mod widgets;
pub(crate) mod wizard;

pub(crate) use self::core::event_loop::run;

#[cfg(test)]
mod tests;
