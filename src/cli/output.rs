//! Printing, and failing in plain words.

use std::borrow::Cow;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::domain::ascii::plain;
use crate::domain::gate::Refusal;
use crate::domain::text::{is_plain, printable_block};
use crate::issuance::Stopped;
use crate::trouble::Trouble;
use crate::{cluster, files};

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(super) struct Failed {
    code: u8,
    text: String,
    advice: Option<String>,
}

impl Failed {
    /// It did not work.
    pub fn new(text: impl Into<String>) -> Self {
        Self { code: 1, text: text.into(), advice: None }
    }

    /// The arguments make no sense together.
    pub fn usage(text: impl Into<String>) -> Self {
        Self { code: 2, ..Self::new(text) }
    }

    /// It is refused by a verdict or by the user.
    pub fn refused(text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { code: 3, text: text.into(), advice: Some(advice.into()) }
    }

    /// Everything has been said already; only the exit code is left.
    pub fn told(code: u8) -> Self {
        Self { code, text: String::new(), advice: None }
    }

    /// Some of many did not work; `error` is what the first of them says.
    pub fn of_many(error: &cluster::Error, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::from(error.clone()) }
    }

    /// Whether the server did not accept the credentials.
    pub fn is_unauthorized(&self) -> bool {
        self.text.contains("(401)")
    }

    /// With other advice.
    pub fn advised(self, advice: String) -> Self {
        Self { advice: Some(advice), ..self }
    }

    /// Says so on standard error.
    pub fn report(&self) -> ExitCode {
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

impl From<cluster::Error> for Failed {
    fn from(error: cluster::Error) -> Self {
        let refused = matches!(error, cluster::Error::ReadOnly | cluster::Error::Untrusted { .. });
        let code = if refused { 3 } else { 1 };
        Self { code, text: error.to_string(), advice: error.advice() }
    }
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self { code: 3, text: refusal.to_string(), advice: refusal.advice() }
    }
}

impl From<Stopped> for Failed {
    fn from(stopped: Stopped) -> Self {
        let code = if stopped.refusal.is_some() { 3 } else { 1 };
        Self { code, ..Self::from(stopped.trouble) }
    }
}

impl From<files::Error> for Failed {
    fn from(error: files::Error) -> Self {
        let code = if matches!(error, files::Error::Untrusted { .. }) { 3 } else { 1 };
        Self { code, text: error.to_string(), advice: error.advice() }
    }
}

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Self {
        Self { code: 1, text: trouble.text, advice: trouble.advice }
    }
}

/// A closed pipe is an end, not a failure: a reader who went away is told nothing more.
impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::told(0) } else { Self::new(error.to_string()) }
    }
}

/// Prints a result: lines of text, made printable.
pub(super) fn print(text: &str) -> Result<(), Failed> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", on_terminal(printable_block(text.trim_end_matches('\n'))))?;
    Ok(())
}

/// Prints a result that is data for a program: JSON, YAML or PEM, which escape by rules of their own.
pub(super) fn print_data(text: &str) -> Result<(), Failed> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(())
}

/// Prints JSON. What a terminal could take for a command is escaped, as JSON allows anywhere in a string.
pub(super) fn print_json<T: serde::Serialize>(value: &T) -> Result<(), Failed> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failed::new(error.to_string()))?;
    print_data(&(escaped_json(&text) + "\n"))
}

fn escaped_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || is_plain(c.encode_utf8(&mut [0; 4])) {
            out.push(c);
        } else {
            let mut units = [0; 2];
            out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out
}

/// Says something that is not a result.
pub(super) fn tell(text: &str) {
    // Nobody can be told that standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{}", on_terminal(printable_block(text)));
}

/// Whether what people read keeps to ASCII.
static ASCII: AtomicBool = AtomicBool::new(false);

/// From now on what people read keeps to ASCII. (Data does not: JSON and YAML are for programs.)
pub(super) fn keep_to_ascii() {
    ASCII.store(true, Ordering::Relaxed);
}

fn on_terminal(text: Cow<'_, str>) -> Cow<'_, str> {
    if ASCII.load(Ordering::Relaxed) { Cow::Owned(plain(&text).into_owned()) } else { text }
}

#[cfg(test)]
mod tests {
    use super::escaped_json;

    #[test]
    fn json_says_the_same_and_carries_no_escape_sequence() {
        let value = serde_json::json!({"name": "a\u{1b}[31m\u{202e}\u{e0041}\u{9b}花"});
        let text = escaped_json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{e0041}', '\u{9b}']) && text.contains('花'));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
