//! The one sanitiser: every text from a cluster, a file or a request passes it before a terminal sees it.
//!
//! [`printable`] is for names and sentences and always gives one line; [`printable_block`] is for texts of several
//! lines, such as YAML.

use std::borrow::Cow;
use std::cell::Cell;

use unicode_width::UnicodeWidthChar;

use super::ascii::foreign_escaped;

thread_local! {
    /// Whether this thread is inside of [`in_ascii`].
    static ASCII: Cell<bool> = const { Cell::new(false) };
}

/// Inside of `within`, and while `wanted`, foreign characters are not printable: the terminal shows ASCII alone.
/// (Every text passes the sanitiser, from code that knows nothing of terminals: so the one switch is here.)
pub(crate) fn in_ascii<T>(wanted: bool, within: impl FnOnce() -> T) -> T {
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            ASCII.set(self.0);
        }
    }
    let _back = Back(ASCII.replace(wanted));
    within()
}

/// Whether this thread is inside of [`in_ascii`].
pub(super) fn ascii_only() -> bool {
    ASCII.get()
}

/// `text` with everything that could steer a terminal or hide from a reader made visible as `\u{202e}`: C0 and C1
/// controls (newlines too), bidi controls, zero-width and other invisible characters, unusual spaces, private use.
/// What is printable already stays as it is, so that it does no harm twice. (A user who types the escape itself into
/// a name only makes that name look more alarming than it is.)
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    as_wanted(escaped(text, false))
}

/// [`printable`] for several lines: newlines stay.
pub(crate) fn printable_block(text: &str) -> Cow<'_, str> {
    as_wanted(escaped(text, true))
}

fn as_wanted(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        text if !ASCII.get() || text.is_ascii() => text,
        Cow::Borrowed(text) => foreign_escaped(text),
        Cow::Owned(text) => Cow::Owned(foreign_escaped(&text).into_owned()),
    }
}

/// Whether `text` shows as what it is: nothing in it needs an escape, on a terminal that knows all characters.
pub(crate) fn is_plain(text: &str) -> bool {
    matches!(escaped(text, false), Cow::Borrowed(_))
}

fn escaped(text: &str, lines: bool) -> Cow<'_, str> {
    let fine = |c: char| shows(c) || (lines && c == '\n');
    if text.chars().all(fine) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if fine(c) {
            out.push(c);
        } else {
            out.extend(c.escape_unicode());
        }
    }
    Cow::Owned(out)
}

/// Whether a terminal draws `c` as a separate mark and does nothing else with it. Combining marks count as drawn.
fn shows(c: char) -> bool {
    matches!(c, ' '..='~') || (!HIDDEN.iter().any(|range| range.contains(&c)) && c.width().is_some())
}

/// What a terminal does not draw, draws as a space, or obeys (Unicode's Cc, Cf, Zs, Zl, Zp, Co, Cn and the default ignorables).
const HIDDEN: &[std::ops::RangeInclusive<char>] = &[
    '\0'..='\u{a0}',            // C0, DEL, C1, no-break space (ASCII's own marks are looked at before)
    '\u{ad}'..='\u{ad}',        // soft hyphen
    '\u{34f}'..='\u{34f}',      // combining grapheme joiner
    '\u{61c}'..='\u{61c}',      // Arabic letter mark
    '\u{115f}'..='\u{1160}',    // Hangul fillers
    '\u{1680}'..='\u{1680}',    // Ogham space
    '\u{17b4}'..='\u{17b5}',    // Khmer inherent vowels
    '\u{180b}'..='\u{180f}',    // Mongolian variation selectors and vowel separator
    '\u{2000}'..='\u{200f}',    // spaces, zero-width, bidi marks
    '\u{2028}'..='\u{202f}',    // line and paragraph separators, bidi embeddings
    '\u{205f}'..='\u{206f}',    // mathematical space, invisible operators, bidi isolates
    '\u{2800}'..='\u{2800}',    // braille blank pattern
    '\u{3000}'..='\u{3000}',    // ideographic space
    '\u{3164}'..='\u{3164}',    // Hangul filler
    '\u{e000}'..='\u{f8ff}',    // private use
    '\u{fe00}'..='\u{fe0f}',    // variation selectors
    '\u{feff}'..='\u{feff}',    // byte order mark
    '\u{ffa0}'..='\u{ffa0}',    // half-width Hangul filler
    '\u{fff0}'..='\u{ffff}',    // interlinear marks, object and character replacement
    '\u{1bca0}'..='\u{1bca3}',  // shorthand format controls
    '\u{1d173}'..='\u{1d17a}',  // musical format controls
    '\u{e0000}'..='\u{10ffff}', // tags, variation selectors, private use and what lies beyond
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_people_stay_as_they_are() {
        for name in ["jane", "José", "花子", "Ælfred Ø", "e\u{301}lodie", "system:node:n1", "a\\b", "C:\\users"] {
            assert_eq!(printable(name), name);
        }
    }

    #[test]
    fn what_steers_or_hides_is_seen() {
        assert_eq!(printable("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(printable("x\u{202e}y\nz\u{200b}"), "x\\u{202e}y\\u{a}z\\u{200b}");
        assert_eq!(printable("two\u{a0}words"), "two\\u{a0}words");
        assert_eq!(printable_block("a: 1\nb:\t2\r\n"), "a: 1\nb:\\u{9}2\\u{d}\n");
    }

    #[test]
    fn a_terminal_of_ascii_gets_escapes_and_the_judgement_stays_the_same() {
        in_ascii(true, || {
            assert_eq!(printable("José – ✔"), "Jos\\u{e9} – ✔");
            assert!(is_plain("José"));
        });
        assert_eq!(printable("José"), "José");
    }

    proptest! {
        #[test]
        fn no_control_and_no_invisible_character_comes_through(text in any::<String>()) {
            let out = printable(&text);
            prop_assert!(out.chars().all(shows), "{out:?}");
            prop_assert!(printable_block(&text).chars().all(|c| shows(c) || c == '\n'));
        }

        #[test]
        fn printable_text_is_unchanged(text in any::<String>()) {
            let once = printable(&text);
            prop_assert_eq!(printable(&once), once.as_ref());
        }
    }
}
