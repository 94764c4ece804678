//! The terminal app: event → [`update::update`] → view.
//!
//! The state changes in one place ([`update`]), I/O happens in one place ([`runner`]), drawing ([`view`]) changes
//! nothing. Each room (requests, rbac, activity, wizard, overlay) has its state, what it does with an event, and its view.

pub mod activity;
pub mod ascii;
pub mod clock;
pub mod colour;
pub mod copy;
pub mod effect;
pub mod encoder;
pub mod event;
pub mod event_loop;
pub mod flow;
pub mod form;
pub mod frame;
pub mod input;
pub mod key;
pub mod keymap;
pub mod keys;
pub mod kubeconfig;
pub mod login;
pub mod memory;
pub mod mouse;
pub mod overlay;
pub mod pen;
pub mod rbac;
pub mod requests;
pub mod runner;
pub mod screen;
pub mod settings;
pub mod signals;
pub mod state;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod typeahead;
pub mod update;
pub mod view;
pub mod wizard;

pub use event_loop::run;

#[cfg(test)]
mod tests;
