//! Input from the terminal: keys, pastes, the mouse, and the terminal's replies.
//!
//! Own code because crossterm hides the replies: that a frame has been shown ([`TerminalReply::Ready`]) and which modes are
//! supported. Without them a slow link cannot be distinguished from a fast one.

mod event;
pub(crate) mod parser;

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::sync::mpsc;

pub use event::InputEvent;
pub(crate) use event::TerminalReply;
use parser::Parser;

/// How long the rest of a key's sequence may take; after that an ESC byte was the Esc key.
const ESC_TIMEOUT: Duration = Duration::from_millis(50);

/// Events that may be queued. Further input stays in the kernel's queue.
const QUEUE_CAPACITY: usize = 1024;

/// An event with the time when it was read; an error is the last item.
pub(crate) type TimedInput = (Instant, io::Result<InputEvent>);

/// The thread that reads the terminal.
pub(crate) struct InputReader {
    pub events: mpsc::Receiver<TimedInput>,
    control: Arc<Control>,
    wake: PipeWriter,
    thread: JoinHandle<()>,
}

/// Pauses the thread while another process owns the terminal.
#[derive(Default)]
struct Control {
    state: Mutex<ReadState>,
    changed: Condvar,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum ReadState {
    #[default]
    Reading,
    Pausing,
    Paused,
}

/// Starts the thread that reads the terminal until it is gone; the error is the last item.
///
/// # Errors
/// Where the system cannot make a pipe.
pub(crate) fn start() -> io::Result<InputReader> {
    let (to, events) = mpsc::channel(QUEUE_CAPACITY);
    let (woken, wake) = io::pipe()?;
    let control = Arc::new(Control::default());
    let shared = control.clone();
    let thread = std::thread::spawn(move || {
        if let Err(error) = read(&to, &shared, woken) {
            // Fails only while the application is exiting.
            let _ = to.blocking_send((Instant::now(), Err(error)));
        }
    });
    Ok(InputReader { events, control, wake, thread })
}

impl InputReader {
    /// Requests that the thread stop reading. It does so once the queue has accepted what it has read.
    pub(crate) fn pause(&mut self) {
        *self.control.lock() = ReadState::Pausing;
        let _ = self.wake.write_all(b"p");
    }

    /// Whether the thread has stopped reading.
    pub(crate) fn is_paused(&self) -> bool {
        *self.control.lock() == ReadState::Paused || self.thread.is_finished()
    }

    /// Makes the thread read again.
    pub(crate) fn resume(&self) {
        *self.control.lock() = ReadState::Reading;
        self.control.changed.notify_all();
    }
}

impl Control {
    fn lock(&self) -> MutexGuard<'_, ReadState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until reading is resumed.
    fn wait_while_paused(&self) {
        let mut state = self.lock();
        while *state != ReadState::Reading {
            *state = ReadState::Paused;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn read(to: &mpsc::Sender<TimedInput>, control: &Control, mut woken: PipeReader) -> io::Result<()> {
    let (mut parser, mut found) = (Parser::default(), Vec::new());
    let mut buffer = [0; 4096];
    loop {
        if parser.is_incomplete() && !wait_readable(Some(ESC_TIMEOUT), None)? {
            parser.flush(&mut found);
        } else if wait_readable(None, Some(&woken))? {
            match rustix::io::read(rustix::stdio::stdin(), &mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => parser.feed(&buffer[..count], &mut found),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
        } else {
            woken.read_exact(&mut [0])?;
            control.wait_while_paused();
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

/// Waits until the terminal is readable and returns true; false if `timeout` passes or `woken` becomes readable first.
fn wait_readable(timeout: Option<Duration>, woken: Option<&PipeReader>) -> io::Result<bool> {
    let timeout = timeout.map(|time| Timespec { tv_sec: 0, tv_nsec: i64::from(time.subsec_nanos()) });
    let stdin = rustix::stdio::stdin();
    let mut polled = vec![PollFd::new(&stdin, PollFlags::IN)];
    polled.extend(woken.map(|woken| PollFd::new(woken, PollFlags::IN)));
    loop {
        match poll(&mut polled, timeout.as_ref()) {
            Ok(_) => {
                let is_ready = |at: usize| polled.get(at).is_some_and(|polled| !polled.revents().is_empty());
                return Ok(is_ready(0) && !is_ready(1));
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
