//! The one sanitiser: every text from a cluster, a file or a request passes it before a terminal sees it.

use std::borrow::Cow;

/// `text` with everything that could steer a terminal or hide from a reader made visible: C0 and C1 controls, bidi
/// controls, zero-width and other invisible characters become `\u{202e}`-style escapes. The result is one line.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| if is_plain(c) { c.to_string() } else { c.escape_unicode().to_string() };
    Cow::Owned(text.chars().map(escape).collect())
}

/// Whether `c` shows as itself and does nothing else.
fn is_plain(c: char) -> bool {
    !c.is_control()
}
