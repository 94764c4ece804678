//! A slow link: no key is lost, and no stale frame is queued. A lost link: the console exits.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::support::plane::Plane;
use crate::support::requests::create;
use crate::support::{TestUser, eventually, program, unique};

crate::on_both!(
    over_9600_bits_a_second_no_key_is_lost_and_no_stale_frame_is_queued,
    creates_a_role_only_after_the_review_has_been_drawn,
    console_exits_when_the_terminal_connection_is_lost,
);

/// Bytes that a line of 9,600 bit/s carries in a tenth of a second.
const TENTH: usize = 96;

struct Line {
    parser: vt100::Parser,
    bytes: usize,
}

fn console_in(person: &TestUser) -> (portable_pty::PtyPair, Box<dyn portable_pty::Child + Send + Sync>) {
    let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut builder = CommandBuilder::new(program());
    builder.env_clear();
    for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("TZ", "UTC")] {
        builder.env(name, value);
    }
    builder.env("HOME", person.path(""));
    builder.cwd(person.path(""));
    let child = pair.slave.spawn_command(builder).unwrap();
    (pair, child)
}

/// A console at the end of a slow line.
struct Slow {
    line: Arc<Mutex<Line>>,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    _pair: portable_pty::PtyPair,
}

impl Slow {
    fn console(person: &TestUser) -> Self {
        let (pair, child) = console_in(person);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let line = Arc::new(Mutex::new(Line { parser: vt100::Parser::new(24, 80, 0), bytes: 0 }));
        let (to, answers) = (Arc::clone(&line), Arc::clone(&writer));
        std::thread::spawn(move || {
            let mut buffer = [0; TENTH];
            let mut last: Vec<u8> = Vec::new();
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                // This is the line's speed, not a wait for anything.
                std::thread::sleep(Duration::from_millis(100) * u32::try_from(count).unwrap() / 96);
                let mut line = to.lock().unwrap();
                line.parser.process(&buffer[..count]);
                line.bytes += count;
                drop(line);
                // A terminal answers when it has come to the question.
                last.extend(&buffer[..count]);
                while let Some(at) = last.windows(4).position(|bytes| bytes == b"\x1b[5n") {
                    answers.lock().unwrap().write_all(b"\x1b[0n").unwrap();
                    last.drain(..at + 4);
                }
                let keep = last.len().saturating_sub(3);
                last.drain(..keep);
            }
        });
        Self { line, writer, child, _pair: pair }
    }

    fn screen(&self) -> String {
        self.line.lock().unwrap().parser.screen().contents()
    }

    fn expect_text(&self, text: &str) {
        eventually(text, || self.screen().contains(text).then_some(()));
    }

    fn type_text(&self, keys: &str) {
        self.writer.lock().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// Presses a key again and again for as long as the terminal does not show `text`.
    fn type_until_shown(&self, key: &str, text: &str) {
        eventually(text, || {
            // Nothing comes to the screen while the key is on its way.
            let line = self.line.lock().unwrap();
            let seen = line.parser.screen().contents().contains(text);
            if !seen {
                self.type_text(key);
            }
            seen.then_some(())
        });
    }

    /// Leaves the console. A q that is typed before the last change is seen does not count.
    fn quit(&mut self) {
        eventually("the end", || {
            // It may have ended already.
            let _ = self.writer.lock().unwrap().write_all(b"q");
            self.child.try_wait().unwrap()
        });
    }
}

fn over_9600_bits_a_second_no_key_is_lost_and_no_stale_frame_is_queued(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    // Short enough for the column of names.
    let name = unique("slow");
    for number in 10..30 {
        create(plane, &format!("{name}-{number}"), &name, &["dev"]);
    }
    let mut console = Slow::console(&admin);
    console.expect_text("● live");
    console.type_text(&format!("/{name}\r"));
    console.expect_text(&format!("/{name} "));
    let wait_for_cursor_on = |name: &str| {
        let there = |line: &str| line.contains('›') && line.contains(name);
        eventually(name, || console.screen().lines().skip(2).any(there).then_some(()));
    };
    wait_for_cursor_on(&format!("{name}-10"));
    let (before, began) = (console.line.lock().unwrap().bytes, Instant::now());
    // As fast as a held key repeats, and much faster than the line.
    for _ in 0..19 {
        console.type_text("j");
    }
    wait_for_cursor_on(&format!("{name}-29"));
    // Nineteen frames, had they all been sent, would have taken longer than this.
    let (sent, took) = (console.line.lock().unwrap().bytes - before, began.elapsed());
    assert!(sent < 2_500 && took < Duration::from_secs(5), "{sent} bytes in {took:?}");
    console.quit();
}

fn creates_a_role_only_after_the_review_has_been_drawn(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let name = unique("early");
    let there = || admin.kubectl(&["get", "role", &name]).status.success();
    let mut console = Slow::console(&admin);
    console.expect_text("● live");
    console.type_text("2");
    console.expect_text("RBAC · Subjects");
    console.type_text("n");
    console.expect_text("New role");
    console.type_text(&format!("{name}\t\tget: pods"));
    console.expect_text("get: pods");
    // The rehearsal has long been answered while the line still draws: none of these is a yes to it.
    console.type_text("\x12");
    console.type_until_shown("y", "Write it?");
    assert!(!there(), "it was written before it was shown");
    // It counts from when the terminal shows all of the frame.
    eventually("it is written", || {
        console.type_text("y");
        there().then_some(())
    });
    admin.kubectl_ok(&["delete", "role", &name]);
    console.quit();
}

fn console_exits_when_the_terminal_connection_is_lost(plane: &dyn Plane) {
    let admin = TestUser::admin(plane);
    let (pair, mut child) = console_in(&admin);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&seen).contains("live") {
        let count = reader.read(&mut buffer).unwrap();
        seen.extend(&buffer[..count]);
    }
    let began = Instant::now();
    drop((reader, pair));
    let status = eventually("the end", || child.try_wait().unwrap());
    assert_eq!(status.exit_code(), 129);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}
