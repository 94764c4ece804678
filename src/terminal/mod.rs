//! The terminal runtime: reads input, draws only what differs, and gives the terminal back as it was. It depends on no
//! other module of this crate.

pub mod color_depth;
pub mod diff;
pub mod frame_scheduler;
pub mod guard;
pub mod input;
pub mod pacing;
pub mod screen;
pub mod sgr;
pub mod signals;
