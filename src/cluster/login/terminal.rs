//! The terminal, and how a login program gets it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal as NixSignal};
use rustix::process::{Pid, Signal, getpgrp, kill_process_group};
use rustix::termios::tcsetpgrp;
use tokio::sync::{mpsc::UnboundedSender, oneshot};

use super::failed::Reason;

/// The limit for a program without a terminal.
const UNATTENDED_TIMEOUT: Duration = Duration::from_secs(60);
/// The limit for a program that may wait for the user, at a terminal or in a browser.
const ATTENDED_TIMEOUT: Duration = Duration::from_secs(600);

/// The request of a login program for the console's terminal.
#[derive(Debug)]
pub struct Handover {
    /// The program as the kubeconfig names it.
    pub program: String,
    /// The context that it logs in to.
    pub context: String,
    /// Whether it has not been started yet, and the user may prefer that it is not.
    pub waits: bool,
    /// Sent when the terminal is free; dropped where the user does not want it.
    pub free: oneshot::Sender<()>,
    /// Resolves when the program has ended and the terminal is free again.
    pub ended: oneshot::Receiver<()>,
}

/// What a program may use of the terminal.
#[derive(Debug, Clone)]
pub(in crate::cluster) enum Terminal {
    /// As kubectl: ours, with standard input where `interactive`.
    Shared {
        /// Whether standard input is the program's, too.
        interactive: bool,
    },
    /// The console's, when it asks for it.
    OnDemand(ConsoleHandle),
    /// The console's, from the start.
    HandedOver(ConsoleHandle),
    /// None, but the user may wait for the program.
    None,
    /// None, and no user waits.
    Background,
}

/// The console that a program runs under.
#[derive(Debug, Clone)]
pub struct ConsoleHandle {
    /// Takes requests for the terminal.
    pub handovers: UnboundedSender<Handover>,
    /// Set when the user stops the program.
    pub canceled: Arc<AtomicBool>,
}

impl Terminal {
    pub(crate) const fn interactive(&self) -> bool {
        matches!(self, Self::Shared { interactive: true } | Self::OnDemand(_) | Self::HandedOver(_))
    }

    pub(crate) const fn timeout(&self) -> Duration {
        if matches!(self, Self::Background) { UNATTENDED_TIMEOUT } else { ATTENDED_TIMEOUT }
    }
}

/// The console's terminal, which is free for a program.
pub(super) struct HandedOver {
    /// Dropped when the program has ended.
    _ended: oneshot::Sender<()>,
}

impl HandedOver {
    /// Waits until the console has left its screen.
    pub(crate) fn ask(console: &ConsoleHandle, program: &str, context: &str, waits: bool) -> Result<Self, Reason> {
        let (free, freed) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let handover = Handover { program: program.to_owned(), context: context.to_owned(), waits, free, ended };
        console.handovers.send(handover).map_err(|_| Reason::Canceled)?;
        freed.blocking_recv().map_err(|_| Reason::Canceled)?;
        Ok(Self { _ended: end })
    }
}

/// A process group in the terminal's foreground; we are again when this is dropped.
pub(super) struct Foreground {
    _handed: HandedOver,
    blocked: SigSet,
}

impl Foreground {
    pub(crate) fn give(handed: HandedOver, group: Option<Pid>) -> Result<Self, Reason> {
        // A process in the background that changes the foreground is stopped, unless its thread blocks this.
        let blocked = background_output();
        let failed = |error: &dyn std::fmt::Display| Reason::Start(format!("the terminal: {error}"));
        blocked.thread_block().map_err(|error| failed(&error))?;
        let given = Self { _handed: handed, blocked };
        if let Some(group) = group {
            tcsetpgrp(rustix::stdio::stdin(), group).map_err(|error| failed(&error))?;
            // It may have asked for the terminal before it got it.
            let _ = kill_process_group(group, Signal::CONT);
        }
        Ok(given)
    }
}

impl Drop for Foreground {
    fn drop(&mut self) {
        let _ = tcsetpgrp(rustix::stdio::stdin(), getpgrp());
        let _ = self.blocked.thread_unblock();
    }
}

/// The signal that stops a process in the background that writes to the terminal.
pub(super) fn background_output() -> SigSet {
    let mut signals = SigSet::empty();
    signals.add(NixSignal::SIGTTOU);
    signals
}
