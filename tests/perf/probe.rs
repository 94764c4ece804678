//! A program in a terminal, watched with a clock: what its user sees, and what it costs.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

/// How long anything may take to be seen.
const PATIENCE: Duration = Duration::from_secs(180);

struct Shown {
    parser: vt100::Parser,
    bytes: usize,
}

/// A program in a terminal of 80 columns and 24 lines.
pub(crate) struct Probe {
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    shown: Arc<(Mutex<Shown>, Condvar)>,
    /// When it was started.
    pub started: Instant,
}

impl Probe {
    /// Starts it.
    pub(crate) fn start(program: &Path, arguments: &[&str], home: &Path) -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut builder = CommandBuilder::new(program);
        builder.args(arguments);
        builder.env_clear();
        for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("TZ", "UTC")] {
            builder.env(name, value);
        }
        builder.env("HOME", home);
        builder.cwd(home);
        let started = Instant::now();
        let child = pair.slave.spawn_command(builder).unwrap();
        drop(pair.slave);
        let shown = Arc::new((Mutex::new(Shown { parser: vt100::Parser::new(24, 80, 0), bytes: 0 }), Condvar::new()));
        let (mut reader, along) = (pair.master.try_clone_reader().unwrap(), Arc::clone(&shown));
        let writer = pair.master.take_writer().unwrap();
        std::thread::spawn(move || {
            let _master = pair.master;
            let mut buffer = vec![0; 65_536];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                let mut shown = along.0.lock().unwrap();
                shown.parser.process(&buffer[..count]);
                shown.bytes += count;
                along.1.notify_all();
            }
        });
        Self { writer, child, shown, started }
    }

    /// Waits until `seen` is true of the screen's text; how long that took.
    pub(crate) fn until(&self, what: &str, seen: impl Fn(&str) -> bool) -> Duration {
        let from = Instant::now();
        let mut shown = self.shown.0.lock().unwrap();
        loop {
            let text = shown.parser.screen().contents();
            if seen(&text) {
                return from.elapsed();
            }
            assert!(from.elapsed() < PATIENCE, "never seen: {what}\n{text}");
            shown = self.shown.1.wait_timeout(shown, Duration::from_secs(1)).unwrap().0;
        }
    }

    /// What is on the screen.
    pub(crate) fn screen(&self) -> String {
        self.shown.0.lock().unwrap().parser.screen().contents()
    }

    /// Presses keys; how long until `seen` is true.
    pub(crate) fn press(&mut self, keys: &str, seen: impl Fn(&str) -> bool) -> Duration {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.until(keys, seen)
    }

    /// Bytes sent to the terminal so far.
    pub(crate) fn bytes(&self) -> usize {
        self.shown.0.lock().unwrap().bytes
    }

    /// Resident memory in MB.
    pub(crate) fn memory(&self) -> f64 {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.pid())).unwrap();
        statm.split(' ').nth(1).unwrap().parse::<f64>().unwrap() * 4096.0 / 1e6
    }

    /// Processor time used so far, in seconds.
    pub(crate) fn processor(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: f64 = [11, 12].iter().map(|at| fields[*at].parse::<f64>().unwrap()).sum();
        ticks / 100.0
    }

    fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
