//! Entering the terminal and restoring it on every exit, and the thread that writes frames.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use ratatui::layout::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::stdio::{stdin, stdout};
use rustix::termios::{LocalModes, OptionalActions, QueueSelector};
use tokio::sync::mpsc;

use crate::terminal::pacing::STATUS_REQUEST;

/// Whether this process has entered the terminal and not restored it. Pending frames are dropped otherwise, so that they
/// reach neither a shell nor a lost connection.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// Whether a frame has been written in part.
static MID_FRAME: AtomicBool = AtomicBool::new(false);

/// Held while a chunk is written.
static WRITE_LOCK: Mutex<()> = Mutex::new(());

/// Whether the window title has been saved and has to be restored.
static TITLE_SAVED: AtomicBool = AtomicBool::new(false);

/// Bytes per write. Between two chunks the terminal can be restored.
const CHUNK: usize = 512;

/// How long [`restore`] waits for a chunk that the terminal does not accept.
const WRITE_STALL: Duration = Duration::from_millis(300);

/// Undoes everything that [`enter`] and frames may have set: attributes, focus and mouse reports, bracketed paste,
/// alternate screen, hidden cursor.
const RESTORE: &str = "\x1b[m\x1b[?1004l\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?1049l\x1b[?25h";

/// Optional features: what the terminal supports and what the user wants.
#[derive(Debug, Clone, Copy, Default)]
pub struct TerminalFeatures {
    /// Whether it understands xterm's window title and mode requests. Hardware consoles print them.
    pub xterm: bool,
    /// Whether to enable mouse reports.
    pub mouse: bool,
}

impl TerminalFeatures {
    /// Detects the features by the terminal's name (`TERM`).
    pub(crate) fn detect(term: &str, mouse: bool) -> Self {
        let plain = ["", "dumb", "linux", "unknown", "cons25", "sun"].contains(&term) || term.starts_with("vt");
        Self { xterm: !plain, mouse }
    }
}

/// Enables raw mode, alternate screen, bracketed paste, focus reports and, where wanted, mouse reports; requests the
/// terminal's status and its support of synchronized output.
///
/// # Errors
/// Where standard output is no terminal or is gone.
pub fn enter(features: TerminalFeatures) -> io::Result<()> {
    enable_raw_mode()?;
    stop_background_output()?;
    ENTERED.store(true, Ordering::SeqCst);
    let mut bytes = "\x1b[?1049h\x1b[?2004h\x1b[?1004h\x1b[?25l".to_owned();
    if features.mouse {
        bytes += "\x1b[?1000h\x1b[?1006h";
    }
    if features.xterm {
        TITLE_SAVED.store(true, Ordering::SeqCst);
        bytes += "\x1b[22;2t\x1b[?2026$p";
    }
    bytes += STATUS_REQUEST;
    write_all(bytes.as_bytes())
}

/// Makes the kernel stop a background process that writes to the terminal (a login program), so that this process can
/// leave the alternate screen first. Leaving raw mode undoes this.
fn stop_background_output() -> io::Result<()> {
    let mut modes = rustix::termios::tcgetattr(stdin())?;
    modes.local_modes |= LocalModes::TOSTOP;
    Ok(rustix::termios::tcsetattr(stdin(), OptionalActions::Now, &modes)?)
}

/// Writes text to a restored terminal.
pub(crate) fn write_line(line: &str) {
    // A lost terminal is detected elsewhere.
    let _ = write_all(line.as_bytes());
}

/// Discards input that has been typed but not read.
pub(crate) fn discard_input() {
    let _ = rustix::termios::tcflush(stdin(), QueueSelector::IFlush);
}

/// Restores the terminal. Idempotent; a step that fails does not prevent the next.
pub(crate) fn restore() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let lock = lock_writes();
    // Writing to a terminal that accepts nothing would block forever.
    if lock.is_some() || accepts_output() {
        // First ends a sequence that was cut off: ST, CAN, end of synchronized output.
        let cut = if MID_FRAME.swap(false, Ordering::SeqCst) { "\x1b\\\x18\x1b[?2026l" } else { "" };
        let title = if TITLE_SAVED.swap(false, Ordering::SeqCst) { "\x1b[23;2t" } else { "" };
        let _ = write_all(format!("{cut}{RESTORE}{title}").as_bytes());
    }
    drop(lock);
    let _ = disable_raw_mode();
}

/// Waits until no chunk is being written; `None` after [`WRITE_STALL`].
fn lock_writes() -> Option<MutexGuard<'static, ()>> {
    let until = Instant::now() + WRITE_STALL;
    loop {
        match WRITE_LOCK.try_lock() {
            Ok(lock) => return Some(lock),
            Err(TryLockError::Poisoned(lock)) => return Some(lock.into_inner()),
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(Duration::from_millis(5)),
            Err(TryLockError::WouldBlock) => return None,
        }
    }
}

fn accepts_output() -> bool {
    let (out, now) = (stdout(), Timespec { tv_sec: 0, tv_nsec: 0 });
    poll(&mut [PollFd::new(&out, PollFlags::OUT)], Some(&now)).is_ok_and(|ready| ready > 0)
}

/// Restores the terminal after a hang-up, unless it is gone: then nothing more is written.
pub(crate) fn on_hangup() {
    if rustix::termios::tcgetattr(stdout()).is_err() {
        ENTERED.store(false, Ordering::SeqCst);
    }
    restore();
}

/// Installs hooks that restore the terminal before they report a panic or an error. A panic for which `is_caught` is
/// true, called on the panicking thread, is only logged, by its location.
///
/// # Errors
/// Where hooks are installed already.
pub fn install_hooks(is_caught: fn() -> bool) -> color_eyre::Result<()> {
    let mut hooks = color_eyre::config::HookBuilder::default().display_env_section(false);
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if no_color || !io::stderr().is_terminal() {
        hooks = hooks.theme(color_eyre::config::Theme::new());
    }
    let (panics, errors) = hooks.into_hooks();
    errors.install()?;
    let report = panics.into_panic_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if is_caught() {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(place, "a task panicked");
            return;
        }
        restore();
        report(panic);
    }));
    Ok(())
}

/// The terminal's size in cells.
///
/// # Errors
/// Where the terminal is gone.
pub(crate) fn size() -> io::Result<Size> {
    let size = rustix::termios::tcgetwinsize(stdout())?;
    // A serial line reports 0x0: assume the classic 80x24.
    let or = |value: u16, default| if value == 0 { default } else { value };
    Ok(Size { width: or(size.ws_col, 80), height: or(size.ws_row, 24) })
}

/// Progress of the frame that was sent last.
#[derive(Debug)]
pub(crate) enum WriteProgress {
    /// The first chunk is about to be written. Reported before it is, so that no key that responds to the frame has an
    /// earlier timestamp.
    Started(Instant),
    /// All chunks have been written, or writing failed.
    Finished(io::Result<()>),
}

/// Writes frames in a thread, one at a time, so that a slow terminal delays nothing but frames.
pub(crate) struct FrameWriter {
    frames: SyncSender<String>,
    pub progress: mpsc::UnboundedReceiver<WriteProgress>,
}

impl FrameWriter {
    /// Starts the thread.
    pub(crate) fn start() -> Self {
        let (to_thread, frames) = sync_channel::<String>(1);
        let (report, progress) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for frame in frames {
                // Errors: the application is exiting and no longer receives.
                let on_start = || drop(report.send(WriteProgress::Started(Instant::now())));
                let result = write_frame(frame.as_bytes(), on_start);
                let _ = report.send(WriteProgress::Finished(result));
            }
        });
        Self { frames: to_thread, progress }
    }

    /// Sends a frame to the thread. The previous frame must be finished, otherwise this one is dropped.
    pub(crate) fn send(&self, frame: String) {
        let _ = self.frames.try_send(frame);
    }
}

fn write_frame(bytes: &[u8], on_start: impl Fn()) -> io::Result<()> {
    // Before the first chunk: the user can respond to it before the last one is written.
    on_start();
    for chunk in bytes.chunks(CHUNK) {
        let _lock = WRITE_LOCK.lock().unwrap_or_else(PoisonError::into_inner);
        if !ENTERED.load(Ordering::SeqCst) {
            return Ok(());
        }
        MID_FRAME.store(true, Ordering::SeqCst);
        write_all(chunk)?;
    }
    MID_FRAME.store(false, Ordering::SeqCst);
    Ok(())
}

fn write_all(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(stdout(), bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR) => {}
            // Another process set O_NONBLOCK on the shared file description.
            Err(Errno::AGAIN) => std::thread::sleep(Duration::from_millis(10)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Restores the terminal when dropped.
pub struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}
