//! Taking the terminal and giving it back, whatever happens.

use std::io::{self, Stdout, Write, stdout};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::queue;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

/// The screen, written to in one piece per frame.
pub type Screen = Terminal<CrosstermBackend<io::BufWriter<Out>>>;

/// Standard output while the terminal is ours; nowhere when it is not: whatever is still to be drawn must not reach a
/// shell, or a connection that is lost.
pub struct Out(Stdout);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if TAKEN.load(Ordering::SeqCst) { self.0.write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if TAKEN.load(Ordering::SeqCst) { self.0.flush() } else { Ok(()) }
    }
}

/// Whether the terminal is ours now.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Raw mode, alternate screen, bracketed paste.
///
/// # Errors
/// Where standard output is no terminal or is gone.
pub fn take() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    let mut out = stdout();
    queue!(out, EnterAlternateScreen, EnableBracketedPaste)?;
    out.flush()
}

/// Gives the terminal back as it was. Does nothing the second time. No step that fails keeps the next from being tried.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = stdout();
    let _ = queue!(out, DisableBracketedPaste);
    let _ = queue!(out, LeaveAlternateScreen);
    let _ = queue!(out, Show);
    let _ = out.flush();
    let _ = disable_raw_mode();
}

/// After a hang-up: a terminal that is still there is given back; to one that is gone nothing is written any more.
pub fn hung_up() {
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
    let (panics, errors) = color_eyre::config::HookBuilder::default().display_env_section(false).into_hooks();
    errors.install()?;
    let report = panics.into_panic_hook();
    std::panic::set_hook(Box::new(move |panic| {
        give_back();
        report(panic);
    }));
    Ok(())
}

/// A screen on standard output.
///
/// # Errors
/// Where its size cannot be told.
pub fn screen() -> io::Result<Screen> {
    Terminal::new(CrosstermBackend::new(io::BufWriter::with_capacity(16 * 1024, Out(stdout()))))
}

/// Gives the terminal back on every way out of a scope.
pub struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}
