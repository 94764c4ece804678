//! The console's core: event loop, state, events, effects, the one function that changes the state, keys.

pub(crate) mod ascii;
pub(crate) mod clock;
pub(crate) mod copy;
pub(crate) mod ctx;
pub(crate) mod effect;
pub(crate) mod event;
pub(crate) mod event_loop;
pub(crate) mod key;
pub(crate) mod keymap;
pub(crate) mod keys;
pub(crate) mod login;
pub(crate) mod mouse;
pub(crate) mod prompt_guard;
pub(crate) mod runner;
pub(crate) mod saved_view;
pub(crate) mod settings;
pub(crate) mod state;
pub(crate) mod update;
pub(crate) mod view;
