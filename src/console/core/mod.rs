//! The console's core: event loop, state, events, effects, the one function that changes the state, keys.

pub mod ascii;
pub mod clock;
pub mod copy;
pub mod effect;
pub mod event;
pub mod event_loop;
pub mod key;
pub mod keymap;
pub mod keys;
pub mod login;
pub mod mouse;
pub mod prompt_guard;
pub mod runner;
pub mod saved_view;
pub mod settings;
pub mod state;
pub mod update;
pub mod view;
