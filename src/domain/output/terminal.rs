//! Text for a terminal, or for a log that is read in one.

use std::fmt;

use super::super::ascii::plain;
use super::super::text::{is_plain, printable_block};

/// Lines of text without anything that could steer a terminal or hide from a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TerminalText(String);

impl TerminalText {
    /// `text` made printable; its newlines stay.
    pub(crate) fn new(text: &str) -> Self {
        Self(printable_block(text).into_owned())
    }

    /// In ASCII alone.
    #[must_use]
    pub(crate) fn in_ascii(self) -> Self {
        Self(plain(&self.0).into_owned())
    }
}

impl fmt::Display for TerminalText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a screen's cell can be sent as it is.
pub(crate) fn is_drawable(symbol: &str) -> bool {
    matches!(symbol.as_bytes(), [b' '..=b'~']) || is_plain(symbol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_byte_and_no_bidi_mark_reaches_a_terminal() {
        let text = TerminalText::new("a\u{1b}]52;c;x\u{7}\u{202e}b\nc");
        assert_eq!(text.to_string(), "a\\u{1b}]52;c;x\\u{7}\\u{202e}b\nc");
        assert!(TerminalText::new("é✔").in_ascii().to_string().is_ascii());
        assert!(
            is_drawable("é")
                && is_drawable("│")
                && is_drawable("")
                && !is_drawable("\u{1b}")
                && !is_drawable("a\u{202e}")
        );
    }
}
