//! Which texts need double quotes, and texts in them.

use std::fmt::Write;

use crate::domain::text::is_plain;

/// A text in double quotes; what a terminal would not show as it is, is escaped.
pub(crate) fn in_quotes(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    push_quoted(&mut out, text);
    out
}

pub(super) fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        // Writing into a String does not fail.
        let _ = match c {
            '"' | '\\' => write!(out, "\\{c}"),
            '\n' => out.write_str("\\n"),
            '\r' => out.write_str("\\r"),
            '\t' => out.write_str("\\t"),
            c if is_plain(c.encode_utf8(&mut [0; 4])) => out.write_char(c),
            c if u32::from(c) <= 0xff => write!(out, "\\x{:02x}", u32::from(c)),
            c if u32::from(c) <= 0xffff => write!(out, "\\u{:04x}", u32::from(c)),
            c => write!(out, "\\U{:08x}", u32::from(c)),
        };
    }
    out.push('"');
}

/// Whether a text needs double quotes, for kubectl or for a terminal.
pub(super) fn needs_quotes(text: &str) -> bool {
    misread(text) || !text.split('\n').all(is_plain)
}

/// Whether YAML 1.1 could take a plain text for something else: a boolean (yaml.org/type/bool), or a number in one of
/// its forms (octal `0777`, binary, `1_000`, sexagesimal). Only texts that need no escaping in double quotes can be.
fn misread(text: &str) -> bool {
    let boolean = ["y", "n", "yes", "no", "on", "off"].contains(&text.to_ascii_lowercase().as_str());
    let digits = |c: char| c.is_ascii_alphanumeric() || "+-._:".contains(c);
    let number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) && text.chars().all(digits);
    boolean || number
}
