//! JSON for programs, which a terminal can show.

use super::super::text::is_plain;

/// `value` as JSON over several lines. What a terminal could take for a command, and what hides from a reader, is
/// escaped, as JSON allows anywhere in a text.
///
/// # Errors
/// Where a part of it has no form in JSON.
pub fn to_string<T: serde::Serialize>(value: &T) -> Result<String, serde_json::Error> {
    Ok(escaped(&serde_json::to_string_pretty(value)?))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || is_plain(c.encode_utf8(&mut [0; 4])) {
            out.push(c);
        } else {
            let mut units = [0; 2];
            out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_the_same_and_carries_no_escape_sequence() {
        let value = serde_json::json!({"name": "a\u{1b}[31m\u{202e}\u{e0041}\u{9b}花"});
        let text = to_string(&value).unwrap();
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{e0041}', '\u{9b}']) && text.contains('花'));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
