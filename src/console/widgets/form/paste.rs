//! What a paste becomes in a field. Lines are never joined: two names would become a third one.

use tui_input::{Input, InputRequest};

const SEVERAL: &str = "not pasted: it is several lines, and this field takes one";
const CONTROL: &str = "not pasted: it has control characters";

/// The one line of a paste; a line break at its end does not count.
///
/// # Errors
/// Where there are more lines, or characters that no key types.
pub(crate) fn line(text: &str) -> Result<&str, &'static str> {
    let text = text.trim_end_matches(['\r', '\n']);
    if text.contains(['\r', '\n', '\u{85}', '\u{2028}', '\u{2029}']) {
        return Err(SEVERAL);
    }
    if text.contains(char::is_control) { Err(CONTROL) } else { Ok(text) }
}

/// The lines of a paste as entries of a list that commas separate. A line break at the beginning separates, too.
///
/// # Errors
/// Where there are characters that no key types.
pub(crate) fn entries(text: &str) -> Result<String, &'static str> {
    let lines = text.split(['\r', '\n', '\t']).map(str::trim);
    let mut entries: Vec<_> = lines.filter(|entry| !entry.is_empty()).collect();
    if entries.iter().any(|entry| entry.contains(char::is_control)) {
        return Err(CONTROL);
    }
    if text.starts_with(['\r', '\n', '\t']) && !entries.is_empty() {
        entries.insert(0, "");
    }
    Ok(entries.join(", "))
}

/// Puts text where the cursor is.
pub(crate) fn insert(input: &mut Input, text: &str) {
    for c in text.chars() {
        input.handle(InputRequest::InsertChar(c));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_is_dropped_without_a_word() {
        assert_eq!(line("ja\u{1b}ne"), Err(CONTROL));
        assert_eq!(line("name\tother"), Err(CONTROL));
        assert_eq!(entries("a\u{1b}\nb"), Err(CONTROL));
        assert_eq!(line("petra\rbob"), Err(SEVERAL));
        assert_eq!(line("petra\u{2028}bob"), Err(SEVERAL));
        assert_eq!(line("jane\n\n"), Ok("jane"));
        assert_eq!(entries("\n\n").as_deref(), Ok(""));
    }
}
