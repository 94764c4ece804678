//! The last pass over a screen that must keep to ASCII: whatever a view drew, no other byte reaches the terminal.
//!
//! Names have been escaped by the sanitiser before ([`crate::domain::text::printable`] inside of
//! [`crate::domain::text::in_ascii`]); here our own symbols become signs of the same width.

use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

use crate::domain::ascii::sign;

/// Replaces every symbol beyond ASCII.
pub(crate) fn pass(buffer: &mut Buffer) {
    let mut covered = 0;
    for cell in &mut buffer.content {
        if covered > 0 {
            covered -= 1;
            cell.set_symbol("?");
            continue;
        }
        let symbol = cell.symbol();
        if symbol.is_ascii() {
            continue;
        }
        let mut characters = symbol.chars();
        let known = characters.next().and_then(sign).filter(|_| characters.next().is_none());
        covered = symbol.width().saturating_sub(1);
        cell.set_symbol(known.unwrap_or('?').encode_utf8(&mut [0; 4]));
    }
}

/// Whether the locale is one whose characters go beyond what its bytes say: POSIX gives `LC_ALL` before `LC_CTYPE`
/// before `LANG`, and without any of them the locale is C.
pub(crate) fn locale_is_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set =
        ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| variable(name).filter(|value| !value.is_empty()));
    set.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::*;

    #[test]
    fn a_wide_character_becomes_as_many_signs_as_it_has_columns() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 1));
        buffer.set_string(0, 0, "│花│ ✔…é", ratatui::style::Style::new());
        pass(&mut buffer);
        let text: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(text, "|??| +~?  ");
    }

    #[test]
    fn the_locale_is_found_as_posix_says() {
        let utf8 = |pairs: &[(&str, &str)]| {
            locale_is_utf8(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        assert!(utf8(&[("LANG", "de_DE.UTF-8")]) && utf8(&[("LC_CTYPE", "C.utf8"), ("LANG", "C")]));
        assert!(!utf8(&[]) && !utf8(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
    }
}
