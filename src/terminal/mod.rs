//! A terminal runtime for ratatui: input with the terminal's replies, minimal output, pacing by what the terminal has
//! shown, and restoring the terminal on every exit. It knows nothing of the application and imports nothing of the rest
//! of this crate.
//!
//! ```text
//! stdin ─ bytes ─▶ input::parser::Parser ─ InputEvent ─▶ application
//!                    │ key, paste, mouse, focus              │ draws into a Buffer
//!                    │ TerminalReply                         ▼
//!                    ▼                           screen::Screen ─▶ diff::TerminalDiff::render
//!              pacing::FramePacer ◀──────────────────────────┐       │ bytes (sgr::Sgr: styles)
//!                    ▲   has the last frame been shown?      │       ▼
//!      frame_scheduler::FrameScheduler: is a frame due?      └─ guard::FrameWriter ─▶ stdout
//! ```
//!
//! - [`guard`]: enters raw mode and the alternate screen, restores both on return, panic, suspend and hang-up; the thread
//!   that writes frames, so that a slow terminal blocks nothing else.
//! - [`input`]: a thread that reads standard input, and the parser from bytes to [`input::InputEvent`].
//! - [`screen`]: one frame: the application draws into a ratatui buffer; the result is the bytes to send.
//! - [`diff`]: the shortest byte sequence from the buffer that the terminal shows to the next one. [`sgr`]: the same for
//!   styles.
//! - [`pacing`]: sends a frame only when the terminal has shown the previous one (DSR), so that no link is flooded.
//! - [`frame_scheduler`]: limits the frame rate; nothing is drawn while nothing changes.
//! - [`color_depth`]: how many colors the terminal has, and conversion to them.
//! - [`clipboard`]: OSC 52, through tmux and GNU screen.
//! - [`signals`]: hang-up, termination, suspend, resize.
//!
//! Escape sequences follow ECMA-48 and xterm's `ctlseqs`.

pub(crate) mod clipboard;
pub(crate) mod color_depth;
pub(crate) mod diff;
pub(crate) mod frame_scheduler;
pub(crate) mod guard;
pub(crate) mod input;
pub(crate) mod pacing;
pub(crate) mod screen;
pub(crate) mod sgr;
pub(crate) mod signals;
