//! Running a login program: with a terminal or without one, within limits of time and output.
//!
//! A program that may use the terminal of the console runs as a background job of it. Only when it really reads from the
//! terminal or writes to it – the kernel stops it then – the console hands its terminal over. Most programs of this kind
//! never do, and the screen stays.

use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use process_wrap::std::{ChildWrapper, CommandWrap, ProcessSession};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use zeroize::Zeroizing;

use super::failed::{LONGEST, LoginError, Reason};
use super::program::Program;
use super::stderr::StandardError;
use super::terminal::{Foreground, HandedOver, Terminal};

/// How long the output of a program that has ended is waited for: a process that it left behind may hold it open.
const OUTPUT_GRACE: Duration = Duration::from_secs(1);
/// How often a program is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// Runs a program and returns what it prints. Blocks. `on_line` gets every line that it writes to standard error while it
/// has no terminal.
///
/// # Errors
/// Why there is no output.
pub(in crate::cluster) fn run(
    context: &str,
    program: &Program,
    terminal: &Terminal,
    canceled: &AtomicBool,
    on_line: Arc<dyn Fn(&str) + Send + Sync>,
) -> Result<Zeroizing<Vec<u8>>, LoginError> {
    run_within(context, program, terminal, canceled, on_line, terminal.timeout())
        .map_err(|reason| program.failed(reason))
}

fn run_within(
    context: &str,
    program: &Program,
    terminal: &Terminal,
    canceled: &AtomicBool,
    on_line: Arc<dyn Fn(&str) + Send + Sync>,
    timeout: Duration,
) -> Result<Zeroizing<Vec<u8>>, Reason> {
    let mut job = Job::start(context, program, terminal, on_line)?;
    let result = job.wait(canceled, timeout).and_then(|status| job.result(status));
    if result.as_ref().is_err_and(|reason| !matches!(reason, Reason::Ended(..))) {
        // The program may have ended, and have left behind what holds a prompt open.
        job.running.kill();
    }
    result
}

/// A program at work.
struct Job<'a> {
    context: &'a str,
    program: &'a Program,
    terminal: &'a Terminal,
    running: Running,
    printed: Receiver<Zeroizing<Vec<u8>>>,
    output: Zeroizing<Vec<u8>>,
    stderr: Option<StandardError>,
    foreground: Option<Foreground>,
}

impl<'a> Job<'a> {
    fn start(
        context: &'a str,
        program: &'a Program,
        terminal: &'a Terminal,
        on_line: Arc<dyn Fn(&str) + Send + Sync>,
    ) -> Result<Self, Reason> {
        let handed = match terminal {
            Terminal::HandedOver(console) => Some(HandedOver::ask(console, &program.command, context, true)?),
            _ => None,
        };
        let mut running = Running::start(program, terminal)?;
        let stderr = running.child.stderr().take().map(|stderr| StandardError::follow(stderr, terminal, on_line));
        let printed = follow_output(&mut running);
        let foreground = handed.map(|handed| Foreground::give(handed, running.group)).transpose()?;
        let output = Zeroizing::new(Vec::new());
        Ok(Self { context, program, terminal, running, printed, output, stderr, foreground })
    }

    /// Waits until the program has ended and what it printed has been read.
    fn wait(&mut self, canceled: &AtomicBool, timeout: Duration) -> Result<ExitStatus, Reason> {
        let until = Instant::now() + timeout;
        let mut ended: Option<(ExitStatus, Instant)> = None;
        loop {
            let is_read = self.read()?;
            match ended {
                Some((status, at)) if is_read || at.elapsed() > OUTPUT_GRACE => return Ok(status),
                Some(_) => {}
                None => ended = self.running.ended()?.map(|status| (status, Instant::now())),
            }
            if canceled.load(Ordering::Relaxed) {
                return Err(Reason::Canceled);
            }
            if ended.is_none() && Instant::now() > until {
                return Err(Reason::Slow(timeout));
            }
            if ended.is_none() && self.running.is_stopped() {
                self.hand_over()?;
            }
        }
    }

    /// Reads what is printed; whether all has been read.
    fn read(&mut self) -> Result<bool, Reason> {
        match self.printed.recv_timeout(POLL_INTERVAL) {
            Ok(piece) => self.output.extend_from_slice(&piece),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                // It may have closed its output and still run.
                thread::sleep(POLL_INTERVAL);
                return Ok(true);
            }
        }
        if self.output.len() > LONGEST { Err(Reason::Long) } else { Ok(false) }
    }

    /// Gives the console's terminal to a program that was stopped because it asked for it.
    fn hand_over(&mut self) -> Result<(), Reason> {
        let (Terminal::OnDemand(console), None) = (self.terminal, &self.foreground) else {
            // Stopped with Ctrl-Z: nothing would ever let it go on.
            return Err(Reason::Canceled);
        };
        let handed = HandedOver::ask(console, &self.program.command, self.context, false)?;
        if let Some(stderr) = &self.stderr {
            stderr.show();
        }
        self.foreground = Some(Foreground::give(handed, self.running.group)?);
        Ok(())
    }

    /// What a program that has ended means.
    fn result(&mut self, status: ExitStatus) -> Result<Zeroizing<Vec<u8>>, Reason> {
        self.foreground = None;
        if status.success() {
            return Ok(std::mem::take(&mut self.output));
        }
        // Ctrl-C at the terminal ends the program, and is meant as that.
        let interrupt = Signal::INT.as_raw();
        let is_console = matches!(self.terminal, Terminal::OnDemand(_) | Terminal::HandedOver(_));
        if status.signal() == Some(interrupt) || (is_console && status.code() == Some(128 + interrupt)) {
            return Err(Reason::Canceled);
        }
        Err(Reason::Ended(status, self.stderr.take().map(StandardError::last_line).unwrap_or_default()))
    }
}

fn follow_output(running: &mut Running) -> Receiver<Zeroizing<Vec<u8>>> {
    let (to, pieces) = mpsc::channel();
    let output = running.child.stdout().take();
    thread::spawn(move || {
        let Some(mut output) = output else { return };
        let mut buffer = Zeroizing::new(vec![0; 64 << 10]);
        let mut all = 0;
        while let Ok(count) = output.read(&mut buffer)
            && count > 0
            && all <= LONGEST
        {
            all += count;
            if to.send(Zeroizing::new(buffer[..count].to_vec())).is_err() {
                return;
            }
        }
    });
    pieces
}

/// A program that is killed with its process group when dropped, if it leads one.
struct Running {
    child: Box<dyn ChildWrapper>,
    group: Option<Pid>,
    over: bool,
}

impl Running {
    fn start(program: &Program, terminal: &Terminal) -> Result<Self, Reason> {
        let mut command = program.command(terminal.interactive())?;
        command.stdin(if terminal.interactive() { Stdio::inherit() } else { Stdio::null() });
        let inherits = matches!(terminal, Terminal::Shared { interactive: true } | Terminal::HandedOver(_));
        command.stderr(if inherits { Stdio::inherit() } else { Stdio::piped() });
        // Ctrl-C in a shell reaches a program of its job; one under the console is killed with its children.
        let leads = !matches!(terminal, Terminal::Shared { .. });
        let session = matches!(terminal, Terminal::None | Terminal::Background);
        if leads && !session {
            command.process_group(0);
        }
        let mut command = CommandWrap::from(command);
        if session {
            command.wrap(ProcessSession);
        }
        let child = command.spawn().map_err(|error| Reason::Start(error.to_string()))?;
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw).filter(|_| leads);
        Ok(Self { child, group, over: false })
    }

    /// Its exit status, when it has ended.
    fn ended(&mut self) -> Result<Option<ExitStatus>, Reason> {
        // The wrapper of a session waits for the whole group, and a program may leave a process behind.
        let leader = if self.child.inner().id() == self.child.id() { self.child.inner_mut() } else { &mut *self.child };
        let status = leader.try_wait().map_err(|error| Reason::Start(error.to_string()))?;
        self.over |= status.is_some();
        Ok(status)
    }

    /// Whether it is stopped, because it wants the terminal or by a signal.
    fn is_stopped(&self) -> bool {
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let Some(group) = self.group else { return false };
        // A child of the program may be the one that reads from the terminal; then the whole group is stopped.
        waitid(WaitId::Pid(group), options).is_ok_and(|status| status.is_some_and(|status| status.stopped()))
    }
}

impl Running {
    /// Kills the program, and its whole process group if it leads one.
    fn kill(&mut self) {
        match self.group {
            Some(group) => drop(kill_process_group(group, Signal::KILL)),
            None if !self.over => drop(self.child.start_kill()),
            None => {}
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.over {
            self.kill();
            let _ = self.child.inner_mut().wait();
        }
    }
}

#[cfg(test)]
mod tests;
