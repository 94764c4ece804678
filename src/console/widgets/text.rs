//! Texts on the screen: widths by grapheme, truncation, one way in for everything that came from outside.

use ratatui::text::Line;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::console::widgets::theme::Theme;
use crate::domain::output::shell::{self, ShellLine};
use crate::domain::text::printable;

/// `text` made printable and cut to `width` columns, the cut marked by `…`.
pub(crate) fn shown(text: &str, width: usize) -> String {
    let text = printable(text);
    if text.width() <= width {
        return text.into_owned();
    }
    let mut out = String::new();
    push_cut(&mut out, &text, width);
    out
}

/// `text` made printable and cut in its middle to `width` columns: its beginning and its end tell most of a name.
pub(crate) fn middle(text: &str, width: usize) -> String {
    let text = printable(text);
    if text.width() <= width {
        return text.into_owned();
    }
    let available = width.saturating_sub(1);
    let mut out = taken(text.graphemes(true), available.div_ceil(2)).concat();
    if width > 0 {
        out.push('…');
    }
    let mut end = taken(text.graphemes(true).rev(), available / 2);
    end.reverse();
    out + &end.concat()
}

/// As many graphemes as fit into `width` columns.
fn taken<'a>(graphemes: impl Iterator<Item = &'a str>, width: usize) -> Vec<&'a str> {
    let mut used = 0;
    let fits = |grapheme: &&str| {
        used += grapheme.width();
        used <= width
    };
    graphemes.take_while(fits).collect()
}

/// Adds as much of a text that is too long as fits into `width` columns with a `…`; gives back the columns used.
fn push_cut(out: &mut String, text: &str, width: usize) -> usize {
    if width == 0 {
        return 0;
    }
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let next = grapheme.width();
        if used + next > width - 1 {
            break;
        }
        out.push_str(grapheme);
        used += next;
    }
    out.push('…');
    used + 1
}

/// [`shown`], filled up with spaces to exactly `width` columns: a table's cell.
pub(crate) fn cell(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(width);
    push_cell(&mut out, text, width);
    out
}

/// Adds a [`cell`] to a line.
pub(crate) fn push_cell(out: &mut String, text: &str, width: usize) {
    let text = printable(text);
    let mut used = text.width();
    if used <= width {
        out.push_str(&text);
    } else {
        used = push_cut(out, &text, width);
    }
    out.extend(std::iter::repeat_n(' ', width.saturating_sub(used)));
}

/// Marks the row under the cursor: its first `count` parts, down to the name. (A whole row twice a step is what a slow
/// link feels.)
pub(crate) fn mark_name(line: &mut Line, count: usize, theme: Theme) {
    for span in line.spans.iter_mut().take(count) {
        span.style = span.style.patch(theme.chosen());
    }
}

/// `text` broken into lines of at most `width` columns, between words where possible.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let text = printable(text);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let needed = word.width();
        if used > 0 && used + 1 + needed > width {
            lines.push(String::new());
            used = 0;
        } else if used > 0 {
            push(&mut lines, " ");
            used += 1;
        }
        for grapheme in word.graphemes(true) {
            if used + grapheme.width() > width {
                lines.push(String::new());
                used = 0;
            }
            push(&mut lines, grapheme);
            used += grapheme.width();
        }
    }
    lines
}

/// A line for a shell, broken into lines of at most `width` columns. Each but the last ends in a backslash, so that what
/// is copied with the mouse is still one command: the next line could be a name that is a program.
pub(crate) fn wrapped_shell(line: &str, width: usize) -> Vec<String> {
    let line = shell::shown(line);
    broken_shell(line, line.starts_with('#'), width)
}

fn broken_shell(line: &str, comment: bool, width: usize) -> Vec<String> {
    if printable(line).width() <= width {
        return vec![printable(line).into_owned()];
    }
    let mut parts = wrapped(line, width.saturating_sub(2));
    let last = parts.len() - 1;
    for (at, part) in parts.iter_mut().enumerate() {
        match (comment, at) {
            (true, 0) => {}
            (true, _) => part.insert_str(0, "# "),
            (false, at) if at < last => part.push_str(" \\"),
            (false, _) => {}
        }
    }
    parts
}

/// Words and the command after them, broken into lines.
pub(crate) fn labelled_command(label: &str, command: &ShellLine, width: usize) -> Vec<String> {
    let shown = command.to_string();
    let (first, rest) = shown.split_once('\n').unwrap_or((&shown, ""));
    let mut lines = broken_shell(&format!("{label}  {first}"), first.starts_with('#'), width);
    lines.extend(rest.lines().flat_map(|line| wrapped_shell(line, width)));
    lines
}

fn push(lines: &mut [String], text: &str) {
    if let Some(last) = lines.last_mut() {
        last.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::output::shell::ShellCommand;

    #[test]
    fn a_long_name_is_cut_and_says_so() {
        assert_eq!(shown("system:node:worker-9", 10), "system:no…");
        assert_eq!(shown("jane", 10), "jane");
        assert_eq!(shown("jane", 0), "");
    }

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_end() {
        assert_eq!(middle("node-csr-0123456789-prod", 11), "node-…-prod");
        assert_eq!(
            (middle("jane", 10), middle("jane", 1), middle("jane", 0)),
            ("jane".into(), "…".into(), String::new())
        );
        assert!((0..20).all(|width| middle("花子さん花子さん", width).width() <= width));
    }

    #[test]
    fn wide_characters_keep_a_column_aligned() {
        for name in ["花子さん", "e\u{301}lodie", "jane", "👩‍👩‍👧"] {
            assert_eq!(cell(name, 6).width(), 6, "{name}");
        }
    }

    #[test]
    fn lines_break_between_words_and_inside_only_when_they_must() {
        assert_eq!(wrapped("approve it now", 10), ["approve it", "now"]);
        assert_eq!(wrapped("abcdefgh", 3), ["abc", "def", "gh"]);
    }

    #[test]
    fn a_command_that_is_broken_stays_one_command() {
        let line = ShellCommand::new("kubectl certificate approve").operands(["reboot", "a b"]).line();
        let lines = wrapped_shell(line.as_str(), 24);
        assert_eq!(lines, ["kubectl certificate \\", "approve -- reboot 'a \\", "b'"]);
        assert_eq!(wrapped_shell("# a comment that is long", 12), ["# a", "# comment", "# that is", "# long"]);
        let shown = crate::domain::text::in_ascii(true, || wrapped_shell("kubectl get csr -- 'José'", 80));
        assert_eq!(shown, ["# not shown, it has characters beyond ASCII"]);
    }

    #[test]
    fn an_escape_sequence_reaches_no_cell() {
        assert!(!cell("\u{1b}[31mroot", 20).contains('\u{1b}'));
        assert!(!wrapped("a\nb\u{202e}c", 20).concat().contains(['\n', '\u{202e}']));
    }
}
