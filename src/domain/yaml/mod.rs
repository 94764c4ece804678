//! Writing YAML that kubectl reads back as what it was, and that a terminal can show.
//!
//! serde_yaml writes YAML 1.2, where `yes` and `0777` are plain words; kubectl reads YAML 1.1, where they are a
//! boolean and a number (sigs.k8s.io/yaml). Such texts are put in quotes here, and so is every text with characters that
//! a terminal would obey or not show, which are escaped.

pub(crate) mod budget;
mod emit;
pub(crate) mod encoding;
mod legacy;
pub(crate) mod patch;
pub(crate) mod plain;
mod quoting;
pub(crate) mod read;

pub(crate) use budget::from_str;
pub(crate) use quoting::in_quotes;
use serde::Serialize;

/// `value` as YAML, in time linear in its size.
///
/// # Errors
/// Where a part of it has no form in YAML.
pub(crate) fn to_string<T: Serialize>(value: &T) -> Result<String, serde_yaml::Error> {
    Ok(emit::document(&serde_yaml::to_value(value)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_yaml::Value;

    use super::*;
    use crate::domain::text::is_plain;

    #[test]
    fn what_kubectl_would_misread_is_quoted() {
        for text in ["yes", "No", "on", "OFF", "y", "0777", "1_000", "1:30", "+.5", "0b11", "2001-12-14", "1e3"] {
            assert_eq!(to_string(&text).unwrap(), format!("\"{text}\"\n"), "{text}");
        }
        assert_eq!(to_string(&"jane").unwrap(), "jane\n");
        assert_eq!(to_string(&"a\u{2028}\"\u{1}\u{85}").unwrap(), "\"a\\u2028\\\"\\x01\\x85\"\n");
    }

    #[test]
    fn texts_with_quotes_and_escapes_are_read_back() {
        let odd = ["\"countersign\\u0001quoted\\u00017.\"", "countersign-quoted-0.", "yes"];
        assert_eq!(serde_yaml::from_str::<Vec<String>>(&to_string(&odd).unwrap()).unwrap(), odd);
    }

    #[test]
    fn keys_and_nested_texts_too() {
        let value: Value = serde_yaml::from_str("'on': ['no', {a: '08'}, 5, true]").unwrap();
        let text = to_string(&value).unwrap();
        assert_eq!(text, "\"on\":\n- \"no\"\n- a: \"08\"\n- 5\n- true\n");
        assert_eq!(serde_yaml::from_str::<Value>(&text).unwrap(), value);
    }

    /// Texts like those that people use to hide something, or to leave a text of YAML.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<String>(),
            "[ -~\n]{0,12}",
            prop::sample::select(vec![
                "\u{202e}",
                "\u{200b}",
                "\u{1b}[2J",
                "\u{9b}",
                "\u{85}",
                "\u{2028}",
                "\u{feff}",
                "\u{e0041}",
                "\r\n",
                "\t",
                "countersign-quoted-0.",
                "\"",
                "\\",
                "'",
                ": ",
                " #",
                "---",
                "- ",
                "yes",
                "0777",
                "é",
                "花",
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn every_value_is_read_back_and_every_byte_can_be_shown(key in hostile(), texts in prop::collection::vec(hostile(), 0..4)) {
            let value = serde_json::json!({key.clone(): texts, "nested": {"list": [{key.clone(): key}]}, "end": true});
            let yaml = to_string(&value).unwrap();
            prop_assert!(yaml.split('\n').all(is_plain), "{:?}", yaml);
            prop_assert_eq!(&serde_yaml::from_str::<serde_json::Value>(&yaml).unwrap(), &value);
            let read = read::documents(&yaml).unwrap().values.remove(0);
            prop_assert_eq!(&serde_json::to_value(read).unwrap(), &value);
        }
    }

    #[test]
    fn what_hides_is_escaped_in_double_quotes() {
        let text = to_string(&vec!["a\u{202e}b", "a\u{1b}[2J", "\u{e0041}\u{9b}", "a\tb\nc", "a\nb"]).unwrap();
        assert_eq!(text, "- \"a\\u202eb\"\n- \"a\\x1b[2J\"\n- \"\\U000e0041\\x9b\"\n- \"a\\tb\\nc\"\n- |-\n  a\n  b\n");
    }

    #[test]
    fn a_long_hostile_key_is_read_back() {
        let value = serde_json::json!({format!("{}\u{202e}", "x".repeat(5000)): 1});
        assert_eq!(serde_yaml::from_str::<serde_json::Value>(&to_string(&value).unwrap()).unwrap(), value);
    }

    #[test]
    fn many_quoted_texts_take_linear_time() {
        // In quadratic time this would take hours.
        let values = vec!["0777"; 300_000];
        assert_eq!(to_string(&values).unwrap().len(), values.len() * 9);
    }
}
