//! Taking the terminal and giving it back, whatever happens; and the thread that writes to it.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use ratatui::layout::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::stdio::{stdin, stdout};
use rustix::termios::{LocalModes, OptionalActions, QueueSelector};
use tokio::sync::mpsc;

use crate::contained;

/// Whether the terminal is ours now. Nothing that is still to be written then reaches a shell, or a lost connection.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether part of a frame has been written and part has not.
static WITHIN: AtomicBool = AtomicBool::new(false);

/// Held while bytes go out.
static WRITING: Mutex<()> = Mutex::new(());

/// Bytes that go out at once. Between two pieces the terminal can be given back.
const PIECE: usize = 512;

/// How long giving back waits for a piece that a terminal does not take.
const STUCK: Duration = Duration::from_millis(300);

/// What to undo, whatever has been done: attributes, focus and mouse reports, bracketed paste, alternate screen, the
/// title, the cursor.
const BACK: &str = "\x1b[m\x1b[?1004l\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?1049l\x1b[?25h";

/// What the terminal can do beyond what every terminal does, and what is wanted of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Abilities {
    /// Whether it knows xterm's window title and questions about modes. The consoles of machines print them.
    pub xterm: bool,
    /// Whether the mouse is wanted.
    pub mouse: bool,
}

impl Abilities {
    /// By the terminal's name.
    pub(crate) fn of(terminal: &str, mouse: bool) -> Self {
        let plain = ["", "dumb", "linux", "unknown", "cons25", "sun"].contains(&terminal) || terminal.starts_with("vt");
        Self { xterm: !plain, mouse }
    }
}

/// Raw mode, alternate screen, bracketed paste, focus reports; the mouse where it is wanted. Asks what the terminal can do.
///
/// # Errors
/// Where standard output is no terminal or is gone.
pub fn take(abilities: Abilities) -> io::Result<()> {
    enable_raw_mode()?;
    stop_background_output()?;
    TAKEN.store(true, Ordering::SeqCst);
    let mut bytes = "\x1b[?1049h\x1b[?2004h\x1b[?1004h\x1b[?25l".to_owned();
    if abilities.mouse {
        bytes += "\x1b[?1000h\x1b[?1006h";
    }
    if abilities.xterm {
        TITLED.store(true, Ordering::SeqCst);
        bytes += "\x1b[22;2t\x1b[?2026$p";
    }
    bytes += crate::terminal::pacing::QUESTION;
    write_all(bytes.as_bytes())
}

/// A login program in the background that writes to the terminal is stopped, so that the console can leave its screen
/// first. Leaving raw mode takes this back as well.
fn stop_background_output() -> io::Result<()> {
    let mut modes = rustix::termios::tcgetattr(stdin())?;
    modes.local_modes |= LocalModes::TOSTOP;
    Ok(rustix::termios::tcsetattr(stdin(), OptionalActions::Now, &modes)?)
}

/// Writes a line where nothing of the console is on the screen.
pub(crate) fn say(line: &str) {
    // A terminal that is gone is noticed elsewhere.
    let _ = write_all(line.as_bytes());
}

/// Forgets what was typed and not read.
pub(crate) fn forget_input() {
    let _ = rustix::termios::tcflush(stdin(), QueueSelector::IFlush);
}

/// Whether the title is ours and has to be given back.
static TITLED: AtomicBool = AtomicBool::new(false);

/// Gives the terminal back as it was. Does nothing the second time. No step that fails keeps the next from being tried.
pub(crate) fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let held = wait_for_piece();
    // A terminal that takes nothing more would keep us for ever.
    if held.is_some() || takes_more() {
        // A sequence that was cut off is ended first.
        let cut = if WITHIN.swap(false, Ordering::SeqCst) { "\x1b\\\x18\x1b[?2026l" } else { "" };
        let title = if TITLED.swap(false, Ordering::SeqCst) { "\x1b[23;2t" } else { "" };
        let _ = write_all(format!("{cut}{BACK}{title}").as_bytes());
    }
    drop(held);
    let _ = disable_raw_mode();
}

fn wait_for_piece() -> Option<std::sync::MutexGuard<'static, ()>> {
    let until = Instant::now() + STUCK;
    loop {
        match WRITING.try_lock() {
            Ok(held) => return Some(held),
            Err(TryLockError::Poisoned(held)) => return Some(held.into_inner()),
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(Duration::from_millis(5)),
            Err(TryLockError::WouldBlock) => return None,
        }
    }
}

fn takes_more() -> bool {
    let (out, now) = (stdout(), Timespec { tv_sec: 0, tv_nsec: 0 });
    poll(&mut [PollFd::new(&out, PollFlags::OUT)], Some(&now)).is_ok_and(|ready| ready > 0)
}

/// After a hang-up: a terminal that is still there is given back; to one that is gone nothing is written any more.
pub(crate) fn hung_up() {
    if rustix::termios::tcgetattr(stdout()).is_err() {
        TAKEN.store(false, Ordering::SeqCst);
    }
    give_back();
}

/// Reports of panics and unexpected errors that come after the terminal has been given back, so that they can be read.
///
/// # Errors
/// Where hooks are installed already.
pub fn install_hooks() -> color_eyre::Result<()> {
    let mut hooks = color_eyre::config::HookBuilder::default().display_env_section(false);
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if no_color || !io::stderr().is_terminal() {
        hooks = hooks.theme(color_eyre::config::Theme::new());
    }
    let (panics, errors) = hooks.into_hooks();
    errors.install()?;
    let report = panics.into_panic_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if contained::is_inside() {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(place, "a task panicked");
            return;
        }
        give_back();
        report(panic);
    }));
    Ok(())
}

/// The terminal's size.
///
/// # Errors
/// Where it is gone.
pub(crate) fn size() -> io::Result<Size> {
    let size = rustix::termios::tcgetwinsize(stdout())?;
    // One that does not know its size (a serial line) is as large as they all once were.
    let or = |value: u16, usual| if value == 0 { usual } else { value };
    Ok(Size { width: or(size.ws_col, 80), height: or(size.ws_row, 24) })
}

/// How a frame fares.
#[derive(Debug)]
pub(crate) enum Progress {
    /// Its first piece goes out now. Told before it does: no key that answers to the frame can be older.
    Begun(Instant),
    /// It has left us, or could not.
    Ended(io::Result<()>),
}

/// The way to the terminal: one frame at a time, so that a slow terminal holds up nothing but frames.
pub(crate) struct Writer {
    to: SyncSender<String>,
    /// How the frames fare.
    pub progress: mpsc::UnboundedReceiver<Progress>,
}

impl Writer {
    /// Starts the thread that writes.
    pub(crate) fn start() -> Self {
        let (to, frames) = sync_channel::<String>(1);
        let (tell, progress) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for frame in frames {
                // The console may be ending; then nobody wants to know.
                let ended = write_frame(frame.as_bytes(), || drop(tell.send(Progress::Begun(Instant::now()))));
                let _ = tell.send(Progress::Ended(ended));
            }
        });
        Self { to, progress }
    }

    /// Sends a frame off. There must be none on its way.
    pub(crate) fn send(&self, frame: String) {
        // The thread ends with us.
        let _ = self.to.try_send(frame);
    }
}

fn write_frame(bytes: &[u8], begins: impl Fn()) -> io::Result<()> {
    // Whoever reads fast can answer what stands in the first piece before the last one is written.
    begins();
    for piece in bytes.chunks(PIECE) {
        let _held = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        if !TAKEN.load(Ordering::SeqCst) {
            return Ok(());
        }
        WITHIN.store(true, Ordering::SeqCst);
        write_all(piece)?;
    }
    WITHIN.store(false, Ordering::SeqCst);
    Ok(())
}

fn write_all(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(stdout(), bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR) => {}
            // Somebody made the terminal's queue one that does not wait.
            Err(Errno::AGAIN) => std::thread::sleep(Duration::from_millis(10)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Gives the terminal back on every way out of a scope.
pub struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}
