//! What comes from the terminal: keys, pastes, the mouse, and its answers.
//!
//! We read for ourselves because the terminal's answers matter: that it has shown a frame ([`TerminalReply::Ready`]), and what
//! it can do. A library that hides them leaves no way to tell a slow link from a fast one.

pub(crate) mod parser;

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossterm::event::{KeyEvent, MouseEvent};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::sync::mpsc;

use parser::Parser;

/// How long the rest of a key's sequence may take; after that an Esc was the Esc key.
const ESC_WAIT: Duration = Duration::from_millis(50);

/// Things typed that may wait. More stay where they are, in the terminal's own queue.
const WAITING: usize = 1024;

/// One thing that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputEvent {
    /// A key.
    Key(KeyEvent),
    /// Text, pasted as a whole.
    Paste(String),
    /// The mouse.
    Mouse(MouseEvent),
    /// The window got the keyboard, or lost it.
    Focus(bool),
    /// The terminal answered.
    Reply(TerminalReply),
}

/// The terminal's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerminalReply {
    /// It has done everything that was sent before it was asked (DSR 5).
    Ready,
    /// Whether it knows a private mode (DECRQM), and the mode.
    Mode(u16, bool),
}

/// Something that came, and when.
pub(crate) type Arrival = (Instant, io::Result<InputEvent>);

/// The thread that reads the terminal.
pub(crate) struct InputReader {
    /// What comes.
    pub arrivals: mpsc::Receiver<Arrival>,
    control: Arc<Control>,
    wake: PipeWriter,
    thread: JoinHandle<()>,
}

/// Lets the thread rest while the terminal is somebody else's.
#[derive(Default)]
struct Control {
    mode: Mutex<MouseTracking>,
    changed: Condvar,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum MouseTracking {
    #[default]
    Reads,
    Pausing,
    Paused,
}

/// Reads the terminal in a thread of its own until it is gone, which is told as the last thing.
///
/// # Errors
/// Where the system has no room for that.
pub(crate) fn start() -> io::Result<InputReader> {
    let (to, arrivals) = mpsc::channel(WAITING);
    let (woken, wake) = io::pipe()?;
    let control = Arc::new(Control::default());
    let own = control.clone();
    let thread = std::thread::spawn(move || {
        if let Err(error) = read(&to, &own, woken) {
            // The console may be ending; then nobody wants to know.
            let _ = to.blocking_send((Instant::now(), Err(error)));
        }
    });
    Ok(InputReader { arrivals, control, wake, thread })
}

impl InputReader {
    /// Stops reading, as soon as what has been read is taken.
    pub(crate) fn pause(&mut self) {
        *self.control.lock() = MouseTracking::Pausing;
        let _ = self.wake.write_all(b"p");
    }

    /// Whether nothing is read any more.
    pub(crate) fn is_paused(&self) -> bool {
        *self.control.lock() == MouseTracking::Paused || self.thread.is_finished()
    }

    /// Reads again.
    pub(crate) fn resume(&self) {
        *self.control.lock() = MouseTracking::Reads;
        self.control.changed.notify_all();
    }
}

impl Control {
    fn lock(&self) -> MutexGuard<'_, MouseTracking> {
        self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while somebody else reads the terminal.
    fn rest(&self) {
        let mut mode = self.lock();
        while *mode != MouseTracking::Reads {
            *mode = MouseTracking::Paused;
            mode = self.changed.wait(mode).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn read(to: &mpsc::Sender<Arrival>, control: &Control, mut woken: PipeReader) -> io::Result<()> {
    let (mut parser, mut found) = (Parser::default(), Vec::new());
    let mut buffer = [0; 4096];
    loop {
        if parser.is_within() && !comes(Some(ESC_WAIT), None)? {
            parser.rest(&mut found);
        } else if comes(None, Some(&woken))? {
            match rustix::io::read(rustix::stdio::stdin(), &mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => parser.feed(&buffer[..count], &mut found),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
        } else {
            woken.read_exact(&mut [0])?;
            control.rest();
            parser = Parser::default();
        }
        let now = Instant::now();
        for input in found.drain(..) {
            if to.blocking_send((now, Ok(input))).is_err() {
                return Ok(());
            }
        }
    }
}

/// Whether something comes from the terminal, within this time or before `woken` has something to read.
fn comes(within: Option<Duration>, woken: Option<&PipeReader>) -> io::Result<bool> {
    let wait = within.map(|wait| Timespec { tv_sec: 0, tv_nsec: i64::from(wait.subsec_nanos()) });
    let stdin = rustix::stdio::stdin();
    let mut polled = vec![PollFd::new(&stdin, PollFlags::IN)];
    polled.extend(woken.map(|woken| PollFd::new(woken, PollFlags::IN)));
    loop {
        match poll(&mut polled, wait.as_ref()) {
            Ok(_) => {
                let is_ready = |at: usize| polled.get(at).is_some_and(|polled| !polled.revents().is_empty());
                return Ok(is_ready(0) && !is_ready(1));
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
