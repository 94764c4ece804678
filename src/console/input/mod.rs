//! What comes from the terminal: keys, pastes, the mouse, and its answers.
//!
//! We read for ourselves because the terminal's answers matter: that it has shown a frame ([`Answer::Ready`]), and what
//! it can do. A library that hides them leaves no way to tell a slow link from a fast one.

pub mod parser;

use std::io;
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
pub enum Input {
    /// A key.
    Key(KeyEvent),
    /// Text, pasted as a whole.
    Paste(String),
    /// The mouse.
    Mouse(MouseEvent),
    /// The window got the keyboard, or lost it.
    Focus(bool),
    /// The terminal answered.
    Answer(Answer),
}

/// The terminal's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It has done everything that was sent before it was asked (DSR 5).
    Ready,
    /// Whether it knows a private mode (DECRQM), and the mode.
    Mode(u16, bool),
}

/// Something that came, and when.
pub type Arrival = (Instant, io::Result<Input>);

/// Reads the terminal in a thread of its own until it is gone, which is told as the last thing.
pub fn start() -> mpsc::Receiver<Arrival> {
    let (to, from) = mpsc::channel(WAITING);
    std::thread::spawn(move || {
        if let Err(error) = read(&to) {
            // The console may be ending; then nobody wants to know.
            let _ = to.blocking_send((Instant::now(), Err(error)));
        }
    });
    from
}

fn read(to: &mpsc::Sender<Arrival>) -> io::Result<()> {
    let (mut parser, mut found) = (Parser::default(), Vec::new());
    let mut buffer = [0; 4096];
    loop {
        if parser.is_within() && !more_comes()? {
            parser.rest(&mut found);
        } else {
            match rustix::io::read(rustix::stdio::stdin(), &mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => parser.feed(&buffer[..count], &mut found),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let now = Instant::now();
        for input in found.drain(..) {
            if to.blocking_send((now, Ok(input))).is_err() {
                return Ok(());
            }
        }
    }
}

/// Whether more of a sequence comes soon.
fn more_comes() -> io::Result<bool> {
    let wait = Timespec { tv_sec: 0, tv_nsec: i64::from(ESC_WAIT.subsec_nanos()) };
    let stdin = rustix::stdio::stdin();
    loop {
        match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&wait)) {
            Ok(ready) => return Ok(ready > 0),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
