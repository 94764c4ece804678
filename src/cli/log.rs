//! The log file: `countersign.log.<day>` in the state folder, a week of them. It holds no key and no token: errors are put
//! in words that have none ([`crate::cluster::ClusterError`]), and addresses lose their passwords here once more. What is read in
//! a terminal later is printable.

use std::io::{self, Write};

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use chrono::Utc;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{Builder, Rotation};
use tracing_subscriber::EnvFilter;

use super::global::LogLevel;
use crate::domain::output::redact;
use crate::domain::output::terminal::TerminalText;
use crate::files::folders;

/// The file's name without its day.
const NAME: &str = "countersign.log";
/// Days that are kept.
const KEPT: usize = 7;

/// Makes today's file for its owner alone, whatever the umask: the library only appends to it then.
fn private(folder: &Path) {
    let path = folder.join(format!("{NAME}.{}", Utc::now().format("%Y-%m-%d")));
    // Where that fails, the folder is still closed to others.
    let _ = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
}

/// Starts the log. Without a state folder nothing is logged, and the command runs.
pub(super) fn start(level: LogLevel) -> Option<WorkerGuard> {
    let level = match level {
        LogLevel::Off => return None,
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
    };
    let folder = folders::state().ok()?;
    private(&folder);
    let file = Builder::new().rotation(Rotation::DAILY).filename_prefix(NAME).max_log_files(KEPT).build(folder).ok()?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    // Events of this crate alone: libraries may log requests and connections with secrets in them.
    let filter = EnvFilter::new(format!("off,countersign={level}"));
    let filtered = move || LogFilter(writer.clone());
    let subscriber = tracing_subscriber::fmt().with_writer(filtered).with_ansi(false).with_env_filter(filter);
    subscriber.try_init().ok()?;
    Some(guard)
}

/// Redacts each line of the log and makes it printable. A line is written in one piece.
struct LogFilter<W>(W);

impl<W: Write> Write for LogFilter<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        self.0.write_all(TerminalText::new(&redact::urls(&text)).to_string().as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_lines_are_printable_and_urls_lose_their_password() {
        let mut filter = LogFilter(Vec::new());
        filter.write_all(b"WARN \x1b[2Jhttps://u:s3cret@h/ a\xe2\x80\xaeb\n").unwrap();
        assert_eq!(String::from_utf8(filter.0).unwrap(), "WARN \\u{1b}[2Jhttps://REDACTED@h/ a\\u{202e}b\n");
    }
}
