//! What names look like (Unicode Technical Standard 39).

use std::sync::LazyLock;

use unicode_security::MixedScript;
use unicode_security::confusable_detection::skeleton;
use unicode_security::mixed_script::AugmentedScriptSet;

/// What a name looks like: two names that can be mistaken for each other give the same text. It is no name itself.
pub fn look(name: &str) -> String {
    /// The looks of ASCII: most names have no others.
    static ASCII: LazyLock<[String; 128]> = LazyLock::new(|| {
        std::array::from_fn(|at| {
            skeleton(char::from(u8::try_from(at).unwrap_or_default()).encode_utf8(&mut [0; 4])).collect()
        })
    });
    if name.is_ascii() {
        return name.bytes().filter_map(|byte| ASCII.get(usize::from(byte))).map(String::as_str).collect();
    }
    skeleton(name).collect()
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
mod tests {
    use super::*;

    #[test]
    fn names_of_people_are_not_mixed() {
        for name in [
            "jane",
            "José",
            "Ælfred Ø",
            "花子",
            "山田Taro",
            "김철수",
            "Иван",
            "Иван Petrov",
            "e\u{301}lodie",
            "a.b-c:9",
        ] {
            assert_eq!(mixed_word(name), None, "{name}");
        }
    }

    #[test]
    fn a_foreign_letter_within_a_word_is_found() {
        for (name, word) in
            [("j\u{430}ne", "j\u{430}ne"), ("ops p\u{430}vel", "p\u{430}vel"), ("\u{3b1}dmin", "\u{3b1}dmin")]
        {
            assert_eq!(mixed_word(name), Some(word));
        }
    }

    proptest::proptest! {
        #[test]
        fn the_short_way_for_ascii_is_the_long_one(name in "[ -~]{0,20}") {
            proptest::prop_assert_eq!(look(&name), skeleton(&name).collect::<String>());
        }
    }

    #[test]
    fn what_looks_alike_has_one_look() {
        for (a, b) in [("jane", "j\u{430}ne"), ("admin", "\u{430}dmin"), ("al", "a1"), ("\u{440}\u{430}vel", "pavel")] {
            assert_eq!(look(a), look(b), "{a} {b}");
        }
        assert_ne!(look("jane"), look("janet"));
        assert_ne!(look("worker-1"), look("worker-2"));
    }
}
