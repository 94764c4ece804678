//! Printing, and failing in plain words.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::domain::gate::Refusal;
use crate::domain::output::json;
use crate::domain::output::shell::ShellLine;
use crate::domain::output::terminal::TerminalText;
use crate::domain::text::in_ascii;
use crate::domain::yaml;
use crate::error::{ErrorKind, UserError};
use crate::operations::issue::Stopped;
use crate::{cluster, files};

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(super) struct CliError {
    code: u8,
    kind: ErrorKind,
    text: String,
    advice: Option<String>,
}

impl CliError {
    /// It did not work.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { code: 1, kind: ErrorKind::Other, text: text.into(), advice: None }
    }

    /// The arguments make no sense together.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self { code: 2, ..Self::new(text) }
    }

    /// It is refused by a verdict or by the user.
    pub(crate) fn refused(text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { code: 3, kind: ErrorKind::Other, text: text.into(), advice: Some(advice.into()) }
    }

    /// Everything has been said already; only the exit code is left.
    pub(crate) fn told(code: u8) -> Self {
        Self { code, ..Self::new("") }
    }

    /// Some of many did not work; `error` is what the first of them says.
    pub(crate) fn of_many(error: &cluster::ClusterError, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::from(error.clone()) }
    }

    /// Whether the server did not accept the credentials.
    pub(crate) fn is_unauthorized(&self) -> bool {
        self.kind == ErrorKind::Unauthorized
    }

    /// With other advice.
    pub(crate) fn advised(self, advice: String) -> Self {
        Self { advice: Some(advice), ..self }
    }

    /// Says so on standard error.
    pub(crate) fn report(&self) -> ExitCode {
        if self.text.is_empty() {
            return ExitCode::from(self.code);
        }
        tell(&format!("error: {}", self.text));
        if let Some(advice) = &self.advice {
            tell(&format!("  {advice}"));
        }
        ExitCode::from(self.code)
    }
}

impl From<cluster::ClusterError> for CliError {
    fn from(error: cluster::ClusterError) -> Self {
        let refused = matches!(error, cluster::ClusterError::ReadOnly | cluster::ClusterError::Untrusted { .. });
        let code = if refused { 3 } else { 1 };
        Self { code, ..Self::from(UserError::from(error)) }
    }
}

impl From<Refusal> for CliError {
    fn from(refusal: Refusal) -> Self {
        Self { code: 3, kind: ErrorKind::Forbidden, text: refusal.to_string(), advice: refusal.advice() }
    }
}

impl From<Stopped> for CliError {
    fn from(stopped: Stopped) -> Self {
        let code = if stopped.refusal.is_some() { 3 } else { 1 };
        Self { code, ..Self::from(stopped.trouble) }
    }
}

impl From<files::FileError> for CliError {
    fn from(error: files::FileError) -> Self {
        let code = if matches!(error, files::FileError::Untrusted { .. }) { 3 } else { 1 };
        Self { code, ..Self::from(UserError::from(error)) }
    }
}

impl From<UserError> for CliError {
    fn from(trouble: UserError) -> Self {
        Self { code: 1, kind: trouble.kind, text: trouble.message, advice: trouble.hint }
    }
}

/// A closed pipe is an end, not a failure: a reader who went away is told nothing more.
impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::told(0) } else { Self::new(error.to_string()) }
    }
}

/// Prints a result: lines of text, made printable.
pub(super) fn print(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", on_terminal(text.trim_end_matches('\n')))?;
    Ok(())
}

/// Prints lines for a shell. They are printable as they are.
pub(super) fn print_script(lines: &[ShellLine]) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    lines.iter().try_for_each(|line| writeln!(out, "{}", shown(line)))?;
    Ok(())
}

/// A line for a shell as a part of a sentence.
pub(super) fn shown(line: &ShellLine) -> String {
    in_ascii(ASCII.load(Ordering::Relaxed), || line.to_string())
}

/// Prints a result that is data for a program: YAML or PEM, whose writers let nothing through that a terminal could obey
/// ([`crate::domain::yaml`], [`crate::domain::output::pem`]), or a text of this program.
pub(super) fn print_data(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(())
}

/// Prints JSON. What a terminal could take for a command is escaped, as JSON allows anywhere in a string.
pub(super) fn print_json<T: serde::Serialize>(value: &T) -> Result<(), CliError> {
    let text = json::to_string(value).map_err(|error| CliError::new(error.to_string()))?;
    print_data(&(text + "\n"))
}

/// Prints YAML, without keeping more than one object's text.
pub(super) fn print_yaml<T: serde::Serialize>(value: &T) -> Result<(), CliError> {
    print_data(&yaml::to_string(value).map_err(|error| CliError::new(error.to_string()))?)
}

/// Says something that is not a result.
pub(super) fn tell(text: &str) {
    // Nobody can be told that standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{}", on_terminal(text));
}

/// Whether what people read keeps to ASCII.
static ASCII: AtomicBool = AtomicBool::new(false);

/// From now on what people read keeps to ASCII. (Data does not: JSON and YAML are for programs.)
pub(super) fn keep_to_ascii() {
    ASCII.store(true, Ordering::Relaxed);
}

fn on_terminal(text: &str) -> TerminalText {
    let text = TerminalText::new(text);
    if ASCII.load(Ordering::Relaxed) { text.in_ascii() } else { text }
}
