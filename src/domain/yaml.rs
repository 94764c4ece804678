//! Writing YAML that kubectl reads back as what it was.
//!
//! serde_yaml writes YAML 1.2, where `yes` and `0777` are plain words; kubectl reads YAML 1.1, where they are a
//! boolean and a number (sigs.k8s.io/yaml). Such texts are put in quotes here.

pub mod budget;
pub mod patch;
pub mod plain;
pub mod read;

use std::fmt::Write as _;

pub use budget::from_str;
use serde::Serialize;
use serde_yaml::Value;

/// Stands for a text in quotes while serde_yaml writes. No kubeconfig and no object has it.
const MARK: &str = "countersign\u{1}quoted\u{1}";

/// `value` as YAML.
///
/// # Errors
/// Where a part of it has no form in YAML.
pub fn to_string<T: Serialize>(value: &T) -> Result<String, serde_yaml::Error> {
    let mut value = serde_yaml::to_value(value)?;
    let mut quoted = Vec::new();
    mark(&mut value, &mut quoted);
    let text = serde_yaml::to_string(&value)?;
    Ok(if quoted.is_empty() { text } else { filled_in(&text, &quoted) })
}

/// How the marks begin in what serde_yaml writes: it puts a text with control characters in double quotes and
/// escapes them in one of two ways.
const WRITTEN: [&str; 2] = ["\"countersign\\u0001quoted\\u0001", "\"countersign\\x01quoted\\x01"];

/// The texts in the places of their marks, in one pass: there may be very many.
fn filled_in(text: &str, quoted: &[String]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\"countersign\\") {
        out.push_str(&rest[..at]);
        let marked = &rest[at..];
        let end = WRITTEN.iter().find_map(|begin| marked.strip_prefix(begin)?.split_once(".\""));
        let original = end.and_then(|(number, after)| Some((quoted.get(number.parse::<usize>().ok()?)?, after)));
        if let Some((original, after)) = original {
            out.extend(["\"", original, "\""]);
            rest = after;
        } else {
            out.push('"');
            rest = &marked[1..];
        }
    }
    out + rest
}

fn mark(value: &mut Value, quoted: &mut Vec<String>) {
    match value {
        Value::String(text) if misread(text) || text.contains(breaks) => {
            let marked = format!("{MARK}{}.", quoted.len());
            quoted.push(escaped(&std::mem::replace(text, marked)));
        }
        Value::Sequence(items) => items.iter_mut().for_each(|item| mark(item, quoted)),
        Value::Mapping(fields) => {
            let entries = std::mem::take(fields);
            *fields = entries
                .into_iter()
                .map(|(mut key, mut value)| {
                    mark(&mut key, quoted);
                    mark(&mut value, quoted);
                    (key, value)
                })
                .collect();
        }
        Value::Tagged(tagged) => mark(&mut tagged.value, quoted),
        _ => {}
    }
}

/// Whether YAML 1.1 could take a plain text for something else: a boolean (yaml.org/type/bool), or a number in one of
/// its forms (octal `0777`, binary, `1_000`, sexagesimal). Only texts that need no escaping in double quotes can be.
fn misread(text: &str) -> bool {
    let boolean = ["y", "n", "yes", "no", "on", "off"].contains(&text.to_ascii_lowercase().as_str());
    let digits = |c: char| c.is_ascii_alphanumeric() || "+-._:".contains(c);
    let number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) && text.chars().all(digits);
    boolean || number
}

/// Whether YAML 1.1 could break a line there, and serde_yaml does not escape it.
const fn breaks(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A text in the form that it has between double quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            // Writing to a text cannot fail.
            c if c.is_control() || breaks(c) => _ = write!(out, "\\u{:04x}", u32::from(c)),
            c => out.push(c),
        }
    }
    out
}

/// What YAML 1.1 takes for a boolean although YAML 1.2 does not.
pub fn old_boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "on" => Some(true),
        "n" | "no" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_kubectl_would_misread_is_quoted() {
        for text in ["yes", "No", "on", "OFF", "y", "0777", "1_000", "1:30", "+.5", "0b11", "2001-12-14", "1e3"] {
            assert_eq!(to_string(&text).unwrap(), format!("\"{text}\"\n"), "{text}");
        }
        assert_eq!(to_string(&"jane").unwrap(), "jane\n");
        assert_eq!(to_string(&"a\u{2028}\"\u{1}\u{85}").unwrap(), "\"a\\u2028\\\"\\u0001\\u0085\"\n");
    }

    #[test]
    fn the_time_to_write_grows_with_the_length_alone() {
        let many = vec!["yes"; 100_000];
        let began = std::time::Instant::now();
        assert_eq!(to_string(&many).unwrap(), "- \"yes\"\n".repeat(100_000));
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
        // What only looks like a mark stays as it is.
        let odd = ["\"countersign\\u0001quoted\\u00017.\"", "countersign\u{1}", "yes"];
        assert_eq!(serde_yaml::from_str::<Vec<String>>(&to_string(&odd).unwrap()).unwrap(), odd);
    }

    #[test]
    fn keys_and_nested_texts_too() {
        let value: Value = serde_yaml::from_str("'on': ['no', {a: '08'}, 5, true]").unwrap();
        let text = to_string(&value).unwrap();
        assert_eq!(text, "\"on\":\n- \"no\"\n- a: \"08\"\n- 5\n- true\n");
        assert_eq!(serde_yaml::from_str::<Value>(&text).unwrap(), value);
    }

    proptest! {
        #[test]
        fn every_text_is_read_back(text in any::<String>()) {
            let yaml = to_string(&vec![text.clone(), "yes".to_owned()]).unwrap();
            prop_assert_eq!(serde_yaml::from_str::<Vec<String>>(&yaml).unwrap(), [text, "yes".to_owned()]);
        }
    }
}
