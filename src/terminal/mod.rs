//! The terminal runtime: reads input, draws only what differs, and gives the terminal back as it was. It depends on no
//! other module of this crate.

pub(crate) mod color_depth;
pub(crate) mod diff;
pub(crate) mod frame_scheduler;
pub(crate) mod guard;
pub(crate) mod input;
pub(crate) mod pacing;
pub(crate) mod screen;
pub(crate) mod sgr;
pub(crate) mod signals;
