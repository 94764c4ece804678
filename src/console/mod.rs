//! The terminal app: event → [`update::update`] → view.
//!
//! The state changes in one place ([`update`]), I/O happens in one place ([`runner`]), drawing ([`view`]) changes
//! nothing. Each room (requests, rbac, activity, wizard, overlay) has its state, what it does with an event, and its view.

pub mod activity;
pub mod clock;
pub mod effect;
pub mod event;
pub mod event_loop;
pub mod form;
pub mod frame;
pub mod keymap;
pub mod overlay;
pub mod rbac;
pub mod requests;
pub mod runner;
pub mod state;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod update;
pub mod view;
pub mod wizard;

pub use event_loop::run;

#[cfg(test)]
mod tests;
