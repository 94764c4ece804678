//! Text for terminals that show ASCII alone: our own symbols become plain signs, everything foreign is escaped.

use std::borrow::Cow;

/// The ASCII replacement for one of the symbols that countersign draws, one column wide like the symbol.
pub(crate) const fn sign(symbol: char) -> Option<char> {
    Some(match symbol {
        '✖' => 'x',
        '✓' | '★' | '•' => '*',
        '⊘' | '⏎' => '/',
        '●' => '@',
        '○' => 'o',
        '·' => '.',
        '…' => '~',
        '›' | '→' | '▸' | '▶' => '>',
        '‹' | '←' => '<',
        '↑' => '^',
        '↓' => 'v',
        '␣' => '_',
        '–' | '—' | '─' | '━' | '═' | '╌' | '┄' => '-',
        '│' | '┃' | '║' | '╎' | '┆' => '|',
        '✔' | '\u{2500}'..='\u{257f}' => '+',
        '\u{2580}'..='\u{259f}' => '#',
        _ => return None,
    })
}

/// `text` with every character beyond ASCII escaped as `\u{e9}`, but for our own symbols. A symbol between two letters
/// or digits is none of ours: `kube–proxy` must not look like `kube-proxy`.
pub(crate) fn foreign_escaped(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let within = before.is_alphanumeric() && characters.peek().is_some_and(|next| next.is_alphanumeric());
        if c.is_ascii() || (sign(c).is_some() && !within) {
            out.push(c);
        } else {
            out.extend(c.escape_unicode());
        }
        before = c;
    }
    Cow::Owned(out)
}

/// `text` in ASCII alone.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let text = foreign_escaped(text);
    Cow::Owned(text.chars().map(|c| if c.is_ascii() { c } else { sign(c).unwrap_or('?') }).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn symbols_become_signs_and_foreign_names_are_escaped() {
        assert_eq!(plain("✔ ok · José…"), "+ ok . Jos\\u{e9}~");
        assert_eq!(plain("kube–proxy"), "kube\\u{2013}proxy");
        assert_eq!(plain("花"), "\\u{82b1}");
        assert_eq!(plain("┌──┐"), "+--+");
    }

    proptest! {
        #[test]
        fn nothing_beyond_ascii_is_left(text in any::<String>()) {
            prop_assert!(plain(&text).is_ascii());
            let once = foreign_escaped(&text);
            prop_assert_eq!(foreign_escaped(&once), once.as_ref());
        }
    }
}
