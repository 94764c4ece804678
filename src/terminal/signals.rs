//! The signals that concern a terminal program.

use std::io;

use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind, signal};

/// One stream each.
pub(crate) struct Signals {
    /// The connection is lost.
    pub hangup: unix::Signal,
    /// Somebody wants us to end.
    pub terminate: unix::Signal,
    /// The same, from a keyboard elsewhere: our own sends a key.
    pub interrupt: unix::Signal,
    /// Somebody wants us to stop.
    pub stop: unix::Signal,
    /// The window has another size.
    pub resize: unix::Signal,
    /// Never received, because the console is in the foreground: tmux leaves these ignored, and a login program would
    /// inherit that and never be stopped when it asks for the terminal. A signal with a handler is reset by `exec`.
    _background: [unix::Signal; 2],
}

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// Where the system has no room for that.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?,
            resize: signal(SignalKind::window_change())?,
            _background: [
                signal(SignalKind::from_raw(Signal::TTIN.as_raw()))?,
                signal(SignalKind::from_raw(Signal::TTOU.as_raw()))?,
            ],
        })
    }
}
