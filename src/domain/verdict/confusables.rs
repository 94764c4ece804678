//! Names that can be mistaken for each other (Unicode Technical Standard 39), and words that mix scripts.
//!
//! [`skeleton`] goes further than UTS 39, whose data is about letters of different scripts: it also ignores letter case,
//! takes `0`, `1` and `5` for the letters that they look like, `rn`, `vv` and `cl` for `m`, `w` and `d`, and all separators
//! for one. Two digits never look alike: names that are numbered are ordinary neighbors.

use unicode_security::MixedScript;
use unicode_security::confusable_detection::skeleton as unicode_skeleton;
use unicode_security::mixed_script::AugmentedScriptSet;

/// How unusual the way is in which a name is written. Of two look-alikes the less plain one is the imitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Oddity {
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
pub enum Difference {
    /// In letter case alone.
    Case,
    /// In characters that ordinary names have: `paul` and `pau1`, `maria` and `rnaria`, `a.b` and `a-b`.
    Usual,
    /// In characters that only an imitation has: `adm1n`, `system;masters`, letters of another script.
    Forged,
}

/// What a name looks like: two names that can be mistaken for each other give the same text. It is no name itself.
pub fn skeleton(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    each_of_skeleton(name, |c| text.push(c));
    text
}

/// Calls `push` with each character of the [`skeleton`], without building it.
pub(super) fn each_of_skeleton(name: &str, push: impl FnMut(char)) {
    if name.chars().all(is_separator) {
        name.chars().for_each(push);
    } else if name.is_ascii() {
        fold(name.chars(), push);
    } else {
        fold(name.chars().flat_map(Prototype::of), push);
    }
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

/// Digits that look like letters.
const fn is_letter_like(digit: u8) -> bool {
    matches!(digit, b'0' | b'1' | b'5')
}

/// How unusual the name is written.
pub fn oddity(name: &str) -> Oddity {
    if !name.is_ascii() {
        return Oddity::Foreign;
    }
    let bytes = name.as_bytes();
    let usual = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:@/+= ".contains(byte);
    if !bytes.iter().all(usual) || has_digit_for_letter(bytes) {
        return Oddity::Forged;
    }
    let edge = |byte: Option<&u8>| byte.is_some_and(|byte| is_separator(char::from(*byte)));
    let double = |pair: &[u8]| pair.iter().all(|byte| is_separator(char::from(*byte)));
    let pairs = || bytes.windows(2);
    if bytes.iter().any(u8::is_ascii_uppercase) || edge(bytes.first()) || edge(bytes.last()) || pairs().any(double) {
        return Oddity::Unusual;
    }
    if pairs().any(|pair| matches!(pair, b"rn" | b"vv" | b"cl")) { Oddity::Pair } else { Oddity::Plain }
}

/// Whether a number of letter-like digits alone is followed by a letter: `adm1n`, `r00t`, but neither `node1` nor `i18n`.
fn has_digit_for_letter(name: &[u8]) -> bool {
    let runs = name.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    let mut runs = runs.peekable();
    while let Some(run) = runs.next() {
        let before_letter = runs.peek().and_then(|next| next.first()).is_some_and(u8::is_ascii_alphabetic);
        if before_letter && run.iter().copied().all(is_letter_like) {
            return true;
        }
    }
    false
}

/// How `name` differs from `other`, which has the same skeleton.
pub fn difference(name: &str, other: &str) -> Difference {
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
pub fn imitates_system_prefix(name: &str) -> bool {
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
pub fn mixed_word(name: &str) -> Option<&str> {
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
