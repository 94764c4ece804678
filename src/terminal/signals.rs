//! The signals that a terminal program has to handle.

use std::io;

use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind, signal};

/// One stream per signal.
pub(crate) struct Signals {
    /// SIGHUP: the connection to the terminal is lost.
    pub hangup: unix::Signal,
    /// SIGTERM.
    pub terminate: unix::Signal,
    /// SIGINT, sent by another process: in raw mode this terminal sends ^C as a key.
    pub interrupt: unix::Signal,
    /// SIGTSTP, sent by another process: in raw mode this terminal sends ^Z as a key.
    pub stop: unix::Signal,
    /// SIGWINCH.
    pub resize: unix::Signal,
    /// SIGTTIN and SIGTTOU are never received in the foreground. tmux leaves them ignored, and a child process would
    /// inherit that and not be stopped when it reads the terminal in the background. `exec` resets a signal that has a
    /// handler.
    _background: [unix::Signal; 2],
}

impl Signals {
    /// Installs the handlers.
    ///
    /// # Errors
    /// Where the system refuses a handler.
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
