//! Names that can be mistaken for each other (Unicode Technical Standard 39), and words that mix scripts.
//!
//! [`skeleton`] covers more than UTS 39, whose data is about letters of different scripts: it also ignores letter case,
//! takes `0`, `1` and `5` for the letters that they look like, `rn`, `vv` and `cl` for `m`, `w` and `d`, and all separators
//! for one. Two digits never look alike: names that are numbered are ordinary neighbors.

use std::sync::LazyLock;

use unicode_security::MixedScript;
use unicode_security::confusable_detection::skeleton as unicode_skeleton;
use unicode_security::mixed_script::AugmentedScriptSet;

/// How unusual the way is in which a name is written. Of two look-alikes the less plain one is the imitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum Oddity {
    /// Lowercase letters, numbers at the end of a word, single separators.
    Plain,
    /// With a pair of letters that looks like another letter: `rn`, `vv`, `cl`. Many real names have one.
    Pair,
    /// With uppercase letters, or with separators at the edges or in a row.
    Unusual,
    /// With a digit where a letter is expected (`adm1n`), or with punctuation that names do not have.
    Forged,
    /// Not ASCII.
    Foreign,
}

/// How a name differs from another one with the same skeleton.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Difference {
    /// In letter case alone.
    Case,
    /// In characters that ordinary names have: `paul` and `pau1`, `maria` and `rnaria`, `a.b` and `a-b`.
    Usual,
    /// In characters that only an imitation has: `adm1n`, `system;masters`, letters of another script.
    Forged,
}

/// What a name looks like: two names that can be mistaken for each other give the same text. It is no name itself.
pub(crate) fn skeleton(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    if name.chars().all(is_separator) {
        text.push_str(name);
    } else if name.is_ascii() {
        fold_ascii(name.as_bytes(), &mut text);
    } else {
        fold(name.chars().flat_map(Prototype::of), |c| text.push(c));
    }
    text
}

/// What UTS 39 says that one character looks like; ASCII is folded later.
enum Prototype {
    One(Option<char>),
    Many(std::vec::IntoIter<char>),
}

impl Prototype {
    fn of(c: char) -> Self {
        if c.is_ascii() {
            return Self::One(Some(c));
        }
        // Full-width forms of ASCII: UTS 39 does not know all of them.
        if let Some(half) = u32::from(c).checked_sub(0xfee0).filter(|half| (0x21..0x7f).contains(half)) {
            return Self::One(char::from_u32(half));
        }
        let looks: Vec<char> = unicode_skeleton(c.encode_utf8(&mut [0; 4])).collect();
        Self::Many(looks.into_iter())
    }
}

impl Iterator for Prototype {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Self::One(c) => c.take(),
            Self::Many(all) => all.next(),
        }
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '_' | '.' | ':' | ';' | ',' | '/' | '\\' | '~' | '\'' | '"' | '`')
}

/// Everything beyond UTS 39, on characters that have passed it. Separators at the edges are left out, several are one.
fn fold(chars: impl Iterator<Item = char>, mut push: impl FnMut(char)) {
    let mut chars = chars.peekable();
    let (mut begun, mut gap) = (false, true);
    while let Some(c) = chars.next() {
        if is_separator(c) {
            gap = true;
            continue;
        }
        let next = chars.peek().copied();
        let pair = match (c, next) {
            ('r' | 'R', Some('n' | 'N')) => Some('m'),
            ('v' | 'V', Some('v' | 'V')) => Some('w'),
            // An uppercase I looks like an l; a digit after a c is a number.
            ('c' | 'C', Some('l' | 'L' | 'I')) => Some('d'),
            _ => None,
        };
        if pair.is_some() {
            chars.next();
        }
        if gap && begun {
            push('-');
        }
        // In a series of single letters i is a neighbor of l.
        let alone = gap && next.is_none_or(is_separator);
        (begun, gap) = (true, false);
        match pair.unwrap_or(c) {
            'i' if alone => push('i'),
            'i' | 'I' | '1' | '|' | '!' => push('l'),
            '0' => push('o'),
            '5' | '$' => push('s'),
            other if other.is_ascii() => push(other.to_ascii_lowercase()),
            other => other.to_lowercase().for_each(&mut push),
        }
    }
}

/// [`fold`] of ASCII alone, which most names are: by table.
fn fold_ascii(name: &[u8], text: &mut String) {
    let (mut begun, mut gap) = (false, true);
    let mut at = 0;
    while let Some(byte) = name.get(at) {
        at += 1;
        let folded = FOLDED[usize::from(*byte)];
        if folded == 0 {
            gap = true;
            continue;
        }
        let next = name.get(at).copied().unwrap_or(b' ');
        let pair = match (byte | 0x20, next) {
            (b'r', b'n' | b'N') => b'm',
            (b'v', b'v' | b'V') => b'w',
            (b'c', b'l' | b'L' | b'I') => b'd',
            _ => 0,
        };
        if gap && begun {
            text.push('-');
        }
        let alone = *byte == b'i' && gap && FOLDED[usize::from(next)] == 0;
        (begun, gap) = (true, false);
        text.push(char::from(match (pair, alone) {
            (0, true) => b'i',
            (0, false) => folded,
            _ => pair,
        }));
        at += usize::from(pair != 0);
    }
}

/// What each byte of ASCII is folded to; 0 for separators.
static FOLDED: LazyLock<[u8; 256]> = LazyLock::new(|| {
    let mut table = [0; 256];
    for (byte, place) in (0..=127_u8).zip(&mut table) {
        if !is_separator(char::from(byte)) {
            // With a letter before it: none is alone.
            fold(['x', char::from(byte)].into_iter(), |c| *place = u8::try_from(c).unwrap_or_default());
        }
    }
    table
});

/// What a byte means for the [`oddity`] of a name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ScriptKind {
    Lower,
    Upper,
    /// A digit that looks like a letter.
    LetterLike,
    Digit,
    Separator,
    /// Of what ordinary names have, too.
    Mark,
    Odd,
}

const fn kind(byte: u8) -> ScriptKind {
    match byte {
        b'a'..=b'z' => ScriptKind::Lower,
        b'A'..=b'Z' => ScriptKind::Upper,
        b'0' | b'1' | b'5' => ScriptKind::LetterLike,
        b'2'..=b'9' => ScriptKind::Digit,
        b'-' | b'_' | b'.' | b':' | b'/' | b' ' => ScriptKind::Separator,
        b'@' | b'+' | b'=' => ScriptKind::Mark,
        _ => ScriptKind::Odd,
    }
}

/// How unusual the name is written.
pub(crate) fn oddity(name: &str) -> Oddity {
    let mut worst = Oddity::Plain;
    let mut raise = |to: Oddity| worst = worst.max(to);
    // The kind and the byte before; a name begins and ends as if beside a separator.
    let (mut before, mut last) = (ScriptKind::Separator, b' ');
    // Whether the digits that end here all look like letters: `adm1n`, `r00t`, but neither `node1` nor `i18n`.
    let mut letter_like = false;
    for byte in name.bytes() {
        let kind = kind(byte);
        match kind {
            ScriptKind::Odd if byte.is_ascii() => raise(Oddity::Forged),
            ScriptKind::Odd => return Oddity::Foreign,
            ScriptKind::Upper => raise(Oddity::Unusual),
            ScriptKind::Separator if before == ScriptKind::Separator => raise(Oddity::Unusual),
            ScriptKind::Lower if matches!((last, byte), (b'r', b'n') | (b'v', b'v') | (b'c', b'l')) => {
                raise(Oddity::Pair);
            }
            _ => {}
        }
        let is_digit = |kind| matches!(kind, ScriptKind::LetterLike | ScriptKind::Digit);
        if letter_like && matches!(kind, ScriptKind::Lower | ScriptKind::Upper) {
            raise(Oddity::Forged);
        }
        letter_like = kind == ScriptKind::LetterLike && (letter_like || !is_digit(before));
        (before, last) = (kind, byte);
    }
    if before == ScriptKind::Separator && !name.is_empty() {
        raise(Oddity::Unusual);
    }
    worst
}

/// How `name` differs from `other`, which has the same skeleton.
pub(crate) fn difference(name: &str, other: &str) -> Difference {
    if name.to_lowercase() == other.to_lowercase() {
        return Difference::Case;
    }
    let count = |text: &str, c: char| text.chars().filter(|own| *own == c).count();
    let more = |c: char| count(name, c) > count(other, c);
    let odd = match oddity(name) {
        Oddity::Plain | Oddity::Pair | Oddity::Unusual => false,
        Oddity::Forged => name.chars().any(|c| !is_ordinary(c) && more(c)),
        Oddity::Foreign => name.chars().any(|c| !c.is_ascii() && more(c)),
    };
    if odd { Difference::Forged } else { Difference::Usual }
}

/// A character that is no sign of an imitation.
fn is_ordinary(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '2'..='4' | '6'..='9' | '-' | '_' | '.' | ':' | '@' | '/' | '+' | '=' | ' ')
}

/// Whether a name pretends to begin with `system:`, as the cluster's own names do, and does not. Names such as
/// `system-upgrade` are ordinary.
pub(crate) fn imitates_system_prefix(name: &str) -> bool {
    // Longer than any way to write the word.
    const FAR: usize = 40;
    let mut colons = name.char_indices().take(FAR).filter(|(_, c)| is_like_colon(*c));
    !name.starts_with("system:") && colons.any(|(at, _)| name.get(..at).is_some_and(|word| skeleton(word) == "system"))
}

/// Whether it is, or looks like, a colon or semicolon.
fn is_like_colon(c: char) -> bool {
    match Prototype::of(c) {
        Prototype::One(looks) => looks.is_some_and(|looks| matches!(looks, ':' | ';')),
        Prototype::Many(looks) => matches!(looks.as_slice(), [':' | ';']),
    }
}

/// The first word of `name` that mixes scripts which people do not mix. Latin beside Chinese, Japanese or Korean is
/// usual (UTS 39, "highly restrictive").
pub(crate) fn mixed_word(name: &str) -> Option<&str> {
    if name.is_ascii() {
        return None;
    }
    let mut words = name.split(|c: char| !c.is_alphanumeric() && !is_mark(c));
    words.find(|word| !word.is_single_script() && !is_usual_mix(word))
}

fn is_usual_mix(word: &str) -> bool {
    let mut set = AugmentedScriptSet::default();
    for c in word.chars().filter(|c| !(c.is_ascii() || is_latin(*c))) {
        set.intersect_with(c.into());
    }
    set.jpan || set.kore || set.hanb
}

fn is_latin(c: char) -> bool {
    let mut set = AugmentedScriptSet::from(c);
    set.intersect_with('a'.into());
    !set.is_empty()
}

/// Combining marks belong to the letter before them.
fn is_mark(c: char) -> bool {
    unicode_width::UnicodeWidthChar::width(c) == Some(0)
}

#[cfg(test)]
mod tests;
