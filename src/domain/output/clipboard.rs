//! Text for the clipboard. It may be pasted into a shell: what is not seen must not get there.

use super::super::text::is_plain;

/// xterm takes this many bytes of Base64; others take more.
const LONGEST: usize = 100_000 / 4 * 3;

const UNPRINTABLE: &str = "not copied: it has control or invisible characters";

/// Printable text without a key or a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipboardText(String);

impl ClipboardText {
    /// `text`, if it may be copied. Lines of text are copied as lines; a name is one line.
    ///
    /// # Errors
    /// Why it is not copied.
    pub(crate) fn new(text: &str) -> Result<Self, &'static str> {
        if !text.split('\n').all(is_plain) {
            return Err(UNPRINTABLE);
        }
        if is_secret(text) {
            return Err("not copied: it holds a private key or a token");
        }
        if text.len() > LONGEST {
            return Err("not copied: it is longer than terminals take");
        }
        Ok(Self(text.to_owned()))
    }

    /// A name: one line.
    ///
    /// # Errors
    /// Why it is not copied.
    pub(crate) fn name(name: &str) -> Result<Self, &'static str> {
        if name.contains('\n') { Err(UNPRINTABLE) } else { Self::new(name) }
    }

    /// What the terminal is sent.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text holds a secret: a private key, in PEM or in a kubeconfig's field, or a token.
fn is_secret(text: &str) -> bool {
    ["PRIVATE KEY", "client-key-data", "token:", "\"token\""].iter().any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_or_a_token_is_not_copied() {
        for text in ["-----BEGIN EC PRIVATE KEY-----", "users: [{user: {client-key-data: LS0=}}]", "    token: abc"] {
            assert!(ClipboardText::new(text).unwrap_err().contains("private key"), "{text}");
        }
        assert!(ClipboardText::new(&"x".repeat(80_000)).is_err());
        assert!(ClipboardText::new("kubectl certificate approve -- jane\n# a").is_ok());
    }

    #[test]
    fn the_end_of_a_bracketed_paste_and_what_hides_is_not_copied() {
        for name in ["x\u{1b}[201~\ntouch P\n", "a\rb", "a\u{7f}", "a\u{202e}b", "a\u{200b}b", "a\u{9b}b", "a\tb"] {
            assert!(ClipboardText::new(name).unwrap_err().contains("invisible"), "{name:?}");
            assert!(ClipboardText::name(name).is_err(), "{name:?}");
        }
        assert!(ClipboardText::name("a\nb").is_err() && ClipboardText::name("José").is_ok());
    }
}
