//! What a login program writes to standard error: kept for its last line, passed on where somebody waits for it.

use std::io::{self, Read, Write};
use std::process::ChildStderr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::terminal::{Terminal, background_output};
use crate::domain::text::printable;

/// When a command begins to pass on what a program writes to standard error: a quick one has nothing to say.
const SILENT: Duration = Duration::from_secs(1);
/// Bytes of standard error that are kept: its last line is quoted.
const KEPT: usize = 8 << 10;

/// How long the rest is waited for when the program has ended.
const REST: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(10);

/// What a program writes to standard error.
pub(super) struct StandardError {
    kept: Arc<Mutex<Vec<u8>>>,
    /// Whether it goes to the terminal now.
    shown: Arc<AtomicBool>,
    reader: thread::JoinHandle<()>,
}

impl StandardError {
    pub(crate) fn follow(mut stderr: ChildStderr, terminal: &Terminal, heard: Arc<dyn Fn(&str) + Send + Sync>) -> Self {
        let (kept, shown) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (keep, show) = (kept.clone(), shown.clone());
        let passes_on = matches!(terminal, Terminal::Shared { .. });
        let reader = thread::spawn(move || {
            // While the program has the terminal we are in the background, and write for it all the same.
            let _ = background_output().thread_block();
            let (mut buffer, mut passed) = ([0; 4096], 0);
            if passes_on {
                // What is said at the beginning, such as an address to visit, is passed on although nothing follows it.
                let said = keep_for(SILENT, &mut stderr, &keep);
                if said == Said::All {
                    return;
                }
                passed = pass_on(&keep.lock().unwrap_or_else(PoisonError::into_inner), passed);
            }
            while let Ok(count) = stderr.read(&mut buffer)
                && count > 0
            {
                let mut kept = keep.lock().unwrap_or_else(PoisonError::into_inner);
                if show.load(Ordering::SeqCst) {
                    let _ = io::stdout().write_all(&buffer[..count]).and_then(|()| io::stdout().flush());
                }
                kept.extend_from_slice(&buffer[..count]);
                heard(&last_line(&kept));
                if passes_on {
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
    pub(crate) fn show(&self) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept).into_owned();
        self.shown.store(true, Ordering::SeqCst);
        let _ = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
    }

    pub(crate) fn last_line(self) -> String {
        let until = Instant::now() + REST;
        while !self.reader.is_finished() && Instant::now() < until {
            thread::sleep(LOOK);
        }
        last_line(&self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether a program has said all that it will.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    All,
    NotAll,
}

/// Keeps what is written within this time.
fn keep_for(time: Duration, stderr: &mut ChildStderr, keep: &Mutex<Vec<u8>>) -> Said {
    let until = Instant::now() + time;
    let mut buffer = [0; 4096];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let wait = Timespec { tv_sec: 0, tv_nsec: i64::from(left.subsec_nanos()) };
        if left.is_zero() {
            return Said::NotAll;
        }
        match poll(&mut [PollFd::new(stderr, PollFlags::IN)], Some(&wait)) {
            Ok(0) | Err(_) => {}
            Ok(_) => match stderr.read(&mut buffer) {
                Ok(0) | Err(_) => return Said::All,
                Ok(count) => {
                    let mut kept = keep.lock().unwrap_or_else(PoisonError::into_inner);
                    kept.extend_from_slice(&buffer[..count]);
                    let too_much = kept.len().saturating_sub(KEPT);
                    kept.drain(..too_much);
                }
            },
        }
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
