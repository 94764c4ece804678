//! The log file: `countersign.log.<day>` in the state folder, a week of them. It holds no key and no token, because
//! nothing that has one can be written as text.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use chrono::Utc;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{Builder, Rotation};
use tracing_subscriber::EnvFilter;

use super::flags::LogLevel;
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

/// Begins to log. Without a state folder nothing is logged: that is no reason not to work.
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
    // Ours alone: what libraries tell of requests and connections is not ours to vouch for.
    let filter = EnvFilter::new(format!("off,countersign={level}"));
    let subscriber = tracing_subscriber::fmt().with_writer(writer).with_ansi(false).with_env_filter(filter);
    subscriber.try_init().ok()?;
    Some(guard)
}
