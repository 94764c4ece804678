//! The standard error of a login program: kept for its last line, and passed on if the user waits at the terminal.

use std::io::{self, Read, Write};
use std::process::ChildStderr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::terminal::{Terminal, background_output};
use crate::domain::text::printable;

/// When a command starts to pass on the standard error of a program; that of a quick program is not shown.
const QUIET_PERIOD: Duration = Duration::from_secs(1);
/// Bytes of standard error that are kept: its last line is quoted.
const KEPT: usize = 8 << 10;

/// How long the rest of the output is awaited after the program has exited.
const OUTPUT_GRACE: Duration = Duration::from_secs(1);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The standard error of a program.
pub(super) struct StandardError {
    kept: Arc<Mutex<Vec<u8>>>,
    /// Whether it is written to the terminal now.
    shown: Arc<AtomicBool>,
    reader: thread::JoinHandle<()>,
}

impl StandardError {
    pub(crate) fn follow(
        mut stderr: ChildStderr,
        terminal: &Terminal,
        on_line: Arc<dyn Fn(&str) + Send + Sync>,
    ) -> Self {
        let (kept, shown) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (keep, show) = (kept.clone(), shown.clone());
        let passes_on = matches!(terminal, Terminal::Shared { .. });
        let reader = thread::spawn(move || {
            // While the program has the terminal, this process is in the background and still writes its output.
            let _ = background_output().thread_block();
            let (mut buffer, mut passed) = ([0; 4096], 0);
            if passes_on {
                // Early output, such as an address to visit, is passed on even if nothing follows it.
                if keep_for(QUIET_PERIOD, &mut stderr, &keep) == StderrState::Ended {
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
                on_line(&last_line(&kept));
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

    /// Writes the kept output to the terminal, and all later output, too.
    pub(crate) fn show(&self) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept).into_owned();
        self.shown.store(true, Ordering::SeqCst);
        let _ = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
    }

    pub(crate) fn last_line(self) -> String {
        let until = Instant::now() + OUTPUT_GRACE;
        while !self.reader.is_finished() && Instant::now() < until {
            thread::sleep(POLL_INTERVAL);
        }
        last_line(&self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether a program has closed its standard error.
#[derive(Debug, PartialEq, Eq)]
enum StderrState {
    Ended,
    Open,
}

/// Keeps the output of this period.
fn keep_for(time: Duration, stderr: &mut ChildStderr, keep: &Mutex<Vec<u8>>) -> StderrState {
    let until = Instant::now() + time;
    let mut buffer = [0; 4096];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let wait = Timespec { tv_sec: 0, tv_nsec: i64::from(left.subsec_nanos()) };
        if left.is_zero() {
            return StderrState::Open;
        }
        match poll(&mut [PollFd::new(stderr, PollFlags::IN)], Some(&wait)) {
            Ok(0) | Err(_) => {}
            Ok(_) => match stderr.read(&mut buffer) {
                Ok(0) | Err(_) => return StderrState::Ended,
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
#[expect(clippy::print_stderr, reason = "the user waits for the output of the program")]
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
