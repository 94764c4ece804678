//! Printing. Results go to standard output, everything else to standard error.

use std::io::{self, Write};

use super::error::CliError;
use crate::domain::output::json;
use crate::domain::output::shell::ShellLine;
use crate::domain::output::terminal::TerminalText;
use crate::domain::text::in_ascii;
use crate::domain::yaml;

/// How text for people is printed. Data (JSON, YAML, PEM) is for programs and does not depend on it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Output {
    /// Whether text keeps to ASCII.
    pub ascii: bool,
}

impl Output {
    /// Prints a result: lines of text, made printable.
    pub(super) fn print(self, text: &str) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        writeln!(out, "{}", self.printable(text.trim_end_matches('\n')))?;
        Ok(())
    }

    /// Prints lines for a shell. They are printable as they are.
    pub(super) fn print_script(self, lines: &[ShellLine]) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        lines.iter().try_for_each(|line| writeln!(out, "{}", self.shell_line(line)))?;
        Ok(())
    }

    /// A line for a shell as a part of a sentence.
    pub(super) fn shell_line(self, line: &ShellLine) -> String {
        in_ascii(self.ascii, || line.to_string())
    }

    /// Prints a remark or an error on standard error.
    pub(super) fn print_note(self, text: &str) {
        // A closed standard error cannot be reported anywhere.
        let _ = writeln!(io::stderr().lock(), "{}", self.printable(text));
    }

    fn printable(self, text: &str) -> TerminalText {
        let text = TerminalText::new(text);
        if self.ascii { text.in_ascii() } else { text }
    }
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
