//! The one sanitiser: every text from a cluster, a file or a request passes it before a terminal sees it.
//!
//! [`printable`] is for names and sentences and always gives one line; [`printable_block`] is for texts of several
//! lines, such as YAML.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// `text` with everything that could steer a terminal or hide from a reader made visible as `\u{202e}`: C0 and C1
/// controls (newlines too), bidi controls, zero-width and other invisible characters, unusual blanks, private use.
/// A backslash before `u{` is escaped as well, so that an escape on the screen always stands for a real character.
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, false)
}

/// [`printable`] for several lines: newlines stay.
pub fn printable_block(text: &str) -> Cow<'_, str> {
    escaped(text, true)
}

/// Whether `text` shows as what it is: nothing in it needs an escape.
pub fn is_plain(text: &str) -> bool {
    matches!(printable(text), Cow::Borrowed(_))
}

fn escaped(text: &str, lines: bool) -> Cow<'_, str> {
    let fine = |c: char| shows(c) || (lines && c == '\n');
    if text.chars().all(fine) && !text.contains("\\u{") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if !fine(c) || (c == '\\' && rest.as_str().starts_with("u{")) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Whether a terminal draws `c` as a mark of its own and does nothing else with it. Combining marks count as drawn.
fn shows(c: char) -> bool {
    match c {
        ' '..='~' => true,
        // C0, DEL, C1, no-break space, soft hyphen
        '\0'..='\u{a0}' | '\u{ad}' => false,
        // combining grapheme joiner, Arabic letter mark, Hangul fillers, Khmer inherent vowels
        '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' => false,
        // Ogham and Mongolian blanks, variation selectors
        '\u{1680}' | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => false,
        // every blank, zero-width, bidi and invisible sign of General Punctuation
        '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' => false,
        // ideographic blank, Hangul fillers, braille blank, BOM, interlinear marks, replacement
        '\u{2800}' | '\u{3000}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}' => false,
        // shorthand and musical format controls, tags, private use and what lies beyond
        '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'.. => false,
        _ => c.width().is_some(),
    }
}

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
    fn an_escape_that_was_typed_cannot_pass_for_a_real_one() {
        assert_ne!(printable("a\\u{202e}"), printable("a\u{202e}"));
    }

    proptest! {
        #[test]
        fn no_control_and_no_invisible_character_comes_through(text in any::<String>()) {
            let out = printable(&text);
            prop_assert!(out.chars().all(shows), "{out:?}");
            prop_assert!(printable_block(&text).chars().all(|c| shows(c) || c == '\n'));
        }

        #[test]
        fn two_texts_never_look_the_same(a in any::<String>(), b in any::<String>()) {
            prop_assert_eq!(a == b, printable(&a) == printable(&b));
        }
    }
}
