//! The events that the parser produces.

use crossterm::event::{KeyEvent, MouseEvent};

/// One event from the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputEvent {
    /// A key press.
    Key(KeyEvent),
    /// Pasted text (bracketed paste).
    Paste(String),
    /// A mouse report.
    Mouse(MouseEvent),
    /// Whether the window gained the keyboard focus; otherwise it lost it.
    Focus(bool),
    /// A reply to a request.
    Reply(TerminalReply),
}

/// The terminal's replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerminalReply {
    /// It has processed everything that was sent before the status request (DSR 5).
    Ready,
    /// Whether it supports a private mode (DECRQM).
    Mode {
        /// The mode's number.
        number: u16,
        /// Whether it is set or reset, as opposed to unknown or permanent.
        is_supported: bool,
    },
}
