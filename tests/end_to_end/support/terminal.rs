//! A real pseudo-terminal with a screen that can be read, as wide as an SSH session's.

use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::{PATIENCE, TestUser, program};

/// What the terminal shows, and everything that was sent to it.
struct Shown {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    closed: bool,
}

/// The result of a requested full redraw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redrawn {
    Yes,
    /// Not within the time limit.
    NotYet,
    /// The program has exited.
    Ended,
}

/// A program in a terminal of 80 columns and 24 lines.
pub(crate) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    shown: Arc<(Mutex<Shown>, Condvar)>,
}

impl Terminal {
    /// The console.
    pub(crate) fn console(person: &TestUser, arguments: &[&str]) -> Self {
        let mut command = vec![program().display().to_string()];
        command.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        Self::start(person, &command)
    }

    /// Any command.
    pub(crate) fn start(person: &TestUser, command: &[String]) -> Self {
        Self::start_with(person, command, &[])
    }

    /// Any command, with these variables of the environment beside the usual ones.
    pub(crate) fn start_with(person: &TestUser, command: &[String], variables: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut builder = CommandBuilder::new(&command[0]);
        builder.args(&command[1..]);
        builder.env_clear();
        let usual = [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("TZ", "UTC")];
        for (name, value) in usual.iter().chain(variables) {
            builder.env(name, value);
        }
        builder.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        builder.env("HOME", person.path(""));
        builder.cwd(person.path(""));
        let child = pair.slave.spawn_command(builder).unwrap();
        drop(pair.slave);
        let parser = vt100::Parser::new(24, 80, 0);
        let shown = Arc::new((Mutex::new(Shown { parser, bytes: Vec::new(), closed: false }), Condvar::new()));
        read_along(pair.master.try_clone_reader().unwrap(), Arc::clone(&shown));
        let writer = pair.master.take_writer().unwrap();
        Self { master: pair.master, writer, child, shown }
    }

    /// Types text or keys: `\r` Enter, `\t` Tab, `\x1b` Esc, `\x12` Ctrl-R.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Types a text character by character: each is on the screen before the next is sent.
    pub(crate) fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            let before = self.with_screen(vt100::Screen::cursor_position);
            self.keys(&c.to_string());
            self.wait_for(&format!("{c:?} is taken"), |screen| screen.cursor_position() != before);
        }
    }

    /// Searches the list for a name, and waits until the cursor is on it and its row or detail shows `text`.
    pub(crate) fn find(&mut self, name: &str, text: &str) {
        self.keys("/");
        self.keys(&format!("{name}\r"));
        // What is typed may be the beginning of several names; a terminal of ASCII has other frames.
        let headings = [format!("├ {name}"), format!("+ {name}")];
        self.wait_for(&format!("{text:?} is seen of {name}"), |screen| {
            let screen = screen.contents();
            let parts = headings.iter().find_map(|heading| screen.split_once(heading));
            parts.is_some_and(|(list, detail)| detail.contains(text) || list.contains(text))
        });
    }

    /// Changes the size.
    pub(crate) fn resize(&self, rows: u16, cols: u16) {
        resized(&mut self.shown.0.lock().unwrap().parser, rows, cols);
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    /// Waits until the screen shows `text`.
    pub(crate) fn expect_text(&self, text: &str) -> String {
        self.wait_for(&format!("the screen shows {text:?}"), |screen| screen.contents().contains(text))
    }

    /// Waits until `text` was sent `times` times or the program has exited; whether it was.
    pub(crate) fn wait_for_text_or_exit(&self, text: &str, times: usize) -> bool {
        self.wait_until(|shown| String::from_utf8_lossy(&shown.bytes).matches(text).count() >= times)
    }

    /// Waits until the screen shows `text`; `false` if the program exits or the timeout expires first.
    pub(crate) fn shows_before_exit(&self, text: &str) -> bool {
        self.wait_until(|shown| shown.parser.screen().contents().contains(text))
    }

    fn wait_until(&self, so: impl Fn(&Shown) -> bool) -> bool {
        let deadline = Instant::now() + PATIENCE;
        let mut shown = self.shown.0.lock().unwrap();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if so(&shown) || shown.closed || left.is_zero() {
                return so(&shown);
            }
            shown = self.shown.1.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Waits for the program's exit, and returns everything that was sent to the terminal.
    pub(crate) fn all_text(&self) -> String {
        // The last bytes can arrive after the exit is known.
        self.wait_until(|shown| shown.closed);
        let shown = self.shown.0.lock().unwrap();
        String::from_utf8_lossy(&shown.bytes).into_owned()
    }

    /// Waits until the screen no longer shows `text`.
    pub(crate) fn expect_no_text(&self, text: &str) -> String {
        self.wait_for(&format!("the screen shows {text:?} no more"), |screen| !screen.contents().contains(text))
    }

    /// Waits until `seen` is true of the screen, and returns its text.
    pub(crate) fn wait_for(&self, what: &str, seen: impl Fn(&vt100::Screen) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut shown = self.shown.0.lock().unwrap();
        loop {
            let screen = shown.parser.screen();
            if seen(screen) {
                return screen.contents();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !shown.closed, "never happened: {what}; the screen:\n{}", screen.contents());
            shown = self.shown.1.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Requests a full redraw; once it is drawn, everything typed before has been read.
    pub(crate) fn redraw(&mut self, within: Duration) -> Redrawn {
        let before = self.shown.0.lock().unwrap().bytes.len();
        self.keys("\x0c");
        let deadline = Instant::now() + within;
        let mut shown = self.shown.0.lock().unwrap();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match () {
                () if shown.bytes[before..].windows(4).any(|bytes| bytes == b"\x1b[2J") => return Redrawn::Yes,
                () if shown.closed => return Redrawn::Ended,
                () if left.is_zero() => return Redrawn::NotYet,
                () => shown = self.shown.1.wait_timeout(shown, left).unwrap().0,
            }
        }
    }

    /// What it shows now.
    pub(crate) fn contents(&self) -> String {
        self.shown.0.lock().unwrap().parser.screen().contents()
    }

    /// Whether something is true of the screen now.
    pub(crate) fn screen_matches(&self, so: impl Fn(&vt100::Screen) -> bool) -> bool {
        so(self.shown.0.lock().unwrap().parser.screen())
    }

    fn with_screen<T>(&self, what: impl Fn(&vt100::Screen) -> T) -> T {
        what(self.shown.0.lock().unwrap().parser.screen())
    }

    /// Everything that was sent to the terminal so far.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.shown.0.lock().unwrap().bytes.clone()
    }

    /// The program's process id.
    pub(crate) fn pid(&self) -> String {
        self.child.process_id().unwrap().to_string()
    }

    /// Waits for the program's exit, and returns its exit code.
    pub(crate) fn expect_exit(&mut self) -> u32 {
        self.wait_for_exit().unwrap_or_else(|| panic!("it does not end"))
    }

    /// Waits for the program's exit, and returns its exit code; `None` after the timeout.
    pub(crate) fn wait_for_exit(&mut self) -> Option<u32> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status.exit_code());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A screen of another size. By way of a column less, because a wide character that the new edge cuts would keep its left
/// half in the last column, and vt100 panics when something is written over such a half.
fn resized(parser: &mut vt100::Parser, rows: u16, cols: u16) {
    parser.screen_mut().set_size(rows, cols - 1);
    parser.screen_mut().set_size(rows, cols);
}

fn read_along(mut reader: Box<dyn Read + Send>, shown: Arc<(Mutex<Shown>, Condvar)>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        loop {
            let count = reader.read(&mut buffer).unwrap_or(0);
            let Ok(mut state) = shown.0.lock() else { return };
            state.parser.process(&buffer[..count]);
            state.bytes.extend(&buffer[..count]);
            state.closed = count == 0;
            shown.1.notify_all();
            if count == 0 {
                return;
            }
        }
    });
}

#[test]
fn a_wide_character_that_the_edge_cuts_can_be_written_over() {
    let mut parser = vt100::Parser::new(2, 10, 0);
    parser.process("\x1b[1;5H花\x1b[2;4H花".as_bytes());
    resized(&mut parser, 2, 5);
    parser.process(b"\x1b[1;5Hx\x1b[2;4Hyz");
    assert_eq!(parser.screen().contents(), "    x\n   yz");
}
