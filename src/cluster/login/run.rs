//! Running a login program: with a terminal or without one, within limits of time and output.
//!
//! A program that may use the terminal of the console runs as a background job of it. Only when it really reads from the
//! terminal or writes to it – the kernel stops it then – the console hands its terminal over. Most programs of this kind
//! never do, and the screen stays.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal as NixSignal};
use process_wrap::std::{ChildWrapper, CommandWrap, ProcessSession};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpgrp, kill_process_group, waitid};
use rustix::termios::tcsetpgrp;
use tokio::sync::{mpsc::UnboundedSender, oneshot};
use zeroize::Zeroizing;

use super::failed::{Failed, LONGEST, Reason};
use super::program::Program;
use crate::domain::text::printable;

/// How long a program may take that has no terminal.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long one may take that may wait for a person, at a terminal or in a browser.
const PERSON: Duration = Duration::from_secs(600);
/// How long the output of a program that has ended is waited for: a process that it left behind may hold it open.
const LEFT_BEHIND: Duration = Duration::from_secs(1);
/// How often a program is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// When a command begins to pass on what a program writes to standard error: a quick one has nothing to say.
const SILENT: Duration = Duration::from_secs(1);
/// Bytes of standard error that are kept: its last line is quoted.
const KEPT: usize = 8 << 10;

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
    /// Resolves when the program has ended and the terminal can be taken back.
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
    OnDemand(Console),
    /// The console's, from the start.
    Handed(Console),
    /// None, though somebody may be waiting for it.
    None,
    /// None, and nobody waits.
    Background,
}

/// The console that a program runs under.
#[derive(Debug, Clone)]
pub struct Console {
    /// Takes requests for the terminal.
    pub handovers: UnboundedSender<Handover>,
    /// Set when the user stops the program.
    pub canceled: Arc<AtomicBool>,
}

impl Terminal {
    const fn interactive(&self) -> bool {
        matches!(self, Self::Shared { interactive: true } | Self::OnDemand(_) | Self::Handed(_))
    }

    const fn patience(&self) -> Duration {
        if matches!(self, Self::Background) { PATIENCE } else { PERSON }
    }

    const fn is_console(&self) -> bool {
        matches!(self, Self::OnDemand(_) | Self::Handed(_))
    }
}

/// Runs a program and returns what it prints. Blocks. `heard` gets every line that it writes to standard error while it
/// has no terminal.
///
/// # Errors
/// Why there is no output.
pub(in crate::cluster) fn run(
    context: &str,
    program: &Program,
    terminal: &Terminal,
    canceled: &AtomicBool,
    heard: Arc<dyn Fn(&str) + Send + Sync>,
) -> Result<Zeroizing<Vec<u8>>, Failed> {
    run_within(context, program, terminal, canceled, heard, terminal.patience())
        .map_err(|reason| program.failed(reason))
}

fn run_within(
    context: &str,
    program: &Program,
    terminal: &Terminal,
    canceled: &AtomicBool,
    heard: Arc<dyn Fn(&str) + Send + Sync>,
    patience: Duration,
) -> Result<Zeroizing<Vec<u8>>, Reason> {
    let handed = match terminal {
        Terminal::Handed(console) => Some(Handed::ask(console, &program.command, context, true)?),
        _ => None,
    };
    let mut running = Running::start(program, terminal)?;
    let stderr = running.child.stderr().take().map(|stderr| StandardError::follow(stderr, terminal, heard));
    let printed = follow_output(&mut running);
    let mut foreground = match handed {
        Some(handed) => Some(Foreground::give(handed, running.group)?),
        None => None,
    };
    let until = Instant::now() + patience;
    let mut output = Zeroizing::new(Vec::new());
    let mut ended: Option<(ExitStatus, Instant)> = None;
    loop {
        match printed.recv_timeout(LOOK) {
            Ok(piece) => output.extend_from_slice(&piece),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) if ended.is_some() => break,
            // It has closed its output and still runs.
            Err(RecvTimeoutError::Disconnected) => thread::sleep(LOOK),
        }
        if output.len() > LONGEST {
            return Err(Reason::Long);
        }
        if ended.is_some_and(|(_, at)| at.elapsed() > LEFT_BEHIND) {
            break;
        }
        if ended.is_none() {
            ended = running.ended()?.map(|status| (status, Instant::now()));
        }
        if canceled.load(Ordering::Relaxed) {
            return Err(Reason::Canceled);
        }
        if ended.is_none() && Instant::now() > until {
            return Err(Reason::Slow(patience));
        }
        if ended.is_none() && running.is_stopped() {
            match (terminal, &foreground) {
                (Terminal::OnDemand(console), None) => {
                    let handed = Handed::ask(console, &program.command, context, false)?;
                    if let Some(stderr) = &stderr {
                        stderr.show();
                    }
                    foreground = Some(Foreground::give(handed, running.group)?);
                }
                // Stopped with Ctrl-Z: nothing would ever let it go on.
                _ => return Err(Reason::Canceled),
            }
        }
    }
    drop(foreground);
    let Some((status, _)) = ended else { return Err(Reason::Slow(patience)) };
    if status.success() {
        return Ok(output);
    }
    // Ctrl-C at the terminal ends the program, and is meant as that.
    let interrupted = std::os::unix::process::ExitStatusExt::signal(&status) == Some(Signal::INT.as_raw())
        || (terminal.is_console() && status.code() == Some(128 + Signal::INT.as_raw()));
    if interrupted {
        return Err(Reason::Canceled);
    }
    Err(Reason::Ended(status, stderr.map(StandardError::last_line).unwrap_or_default()))
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
        let inherits = matches!(terminal, Terminal::Shared { interactive: true } | Terminal::Handed(_));
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

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // What a program leaves behind when it is canceled must not keep a prompt open.
            if !self.over {
                let _ = kill_process_group(group, Signal::KILL);
            }
        } else if !self.over {
            let _ = self.child.start_kill();
        }
        if !self.over {
            let _ = self.child.inner_mut().wait();
        }
    }
}

/// The console's terminal, which is free for a program.
struct Handed {
    /// Dropped when the program has ended.
    _ended: oneshot::Sender<()>,
}

impl Handed {
    /// Waits until the console has left its screen.
    fn ask(console: &Console, program: &str, context: &str, waits: bool) -> Result<Self, Reason> {
        let (free, freed) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let handover = Handover { program: program.to_owned(), context: context.to_owned(), waits, free, ended };
        console.handovers.send(handover).map_err(|_| Reason::Canceled)?;
        freed.blocking_recv().map_err(|_| Reason::Canceled)?;
        Ok(Self { _ended: end })
    }
}

/// A process group in the terminal's foreground; we are again when this is dropped.
struct Foreground {
    _handed: Handed,
    blocked: SigSet,
}

impl Foreground {
    fn give(handed: Handed, group: Option<Pid>) -> Result<Self, Reason> {
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
fn background_output() -> SigSet {
    let mut signals = SigSet::empty();
    signals.add(NixSignal::SIGTTOU);
    signals
}

/// What a program writes to standard error.
struct StandardError {
    kept: Arc<Mutex<Vec<u8>>>,
    /// Whether it goes to the terminal now.
    shown: Arc<AtomicBool>,
    reader: thread::JoinHandle<()>,
}

impl StandardError {
    fn follow(
        mut stderr: impl Read + Send + 'static,
        terminal: &Terminal,
        heard: Arc<dyn Fn(&str) + Send + Sync>,
    ) -> Self {
        let (kept, shown) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (keep, show) = (kept.clone(), shown.clone());
        let passes_on = matches!(terminal, Terminal::Shared { .. });
        let began = Instant::now();
        let reader = thread::spawn(move || {
            // While the program has the terminal we are in the background, and write for it all the same.
            let _ = background_output().thread_block();
            let (mut buffer, mut passed) = ([0; 4096], 0);
            while let Ok(count) = stderr.read(&mut buffer)
                && count > 0
            {
                let mut kept = keep.lock().unwrap_or_else(PoisonError::into_inner);
                if show.load(Ordering::SeqCst) {
                    let _ = io::stdout().write_all(&buffer[..count]).and_then(|()| io::stdout().flush());
                }
                kept.extend_from_slice(&buffer[..count]);
                heard(&last_line(&kept));
                if passes_on && began.elapsed() > SILENT {
                    passed = pass_on(&kept, passed);
                }
                let too_much = kept.len().saturating_sub(KEPT);
                kept.drain(..too_much);
                passed = passed.saturating_sub(too_much);
            }
        });
        Self { kept, shown, reader }
    }

    /// Shows on the terminal what was written so far, and from now on everything.
    fn show(&self) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept).into_owned();
        self.shown.store(true, Ordering::SeqCst);
        let _ = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
    }

    fn last_line(self) -> String {
        let until = Instant::now() + LEFT_BEHIND;
        while !self.reader.is_finished() && Instant::now() < until {
            thread::sleep(LOOK);
        }
        last_line(&self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes complete lines to our own standard error; returns how much has been written of them.
#[expect(clippy::print_stderr, reason = "somebody waits for what the program says")]
fn pass_on(kept: &[u8], passed: usize) -> usize {
    let Some(end) = kept.iter().rposition(|byte| *byte == b'\n') else { return passed };
    let new = kept.get(passed..=end).unwrap_or_default();
    for line in String::from_utf8_lossy(new).lines() {
        eprintln!("{}", printable(line));
    }
    passed.max(end + 1)
}

/// The last line that is not empty.
fn last_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let line = text.split(['\n', '\r']).map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(200).collect()
}

#[cfg(test)]
mod tests;
