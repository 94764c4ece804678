//! What YAML 1.2 accepts and kubectl's reader of YAML 1.1 refuses (go.yaml.in/yaml/v2, `scannerc.go` and `parserc.go`):
//! directives, tabs as indentation, escapes, keys over several lines, a `?` in brackets.

use std::ops::Range;

use granit_parser::{ScalarStyle, Span, StructureStyle};

/// Bytes of a key before its colon (`yaml_parser_stale_simple_keys`).
const LONGEST_KEY: usize = 1024;

/// Refuses directives other than `%YAML 1.1` and `%TAG`, and a document that ends before it begins.
///
/// # Errors
/// Which line it is.
pub(super) fn check_prologue(text: &str) -> Result<(), String> {
    for (number, line) in text.lines().enumerate() {
        let line_number = number + 1;
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            None | Some("%TAG") => {}
            Some("%YAML") if words.next() == Some("1.1") => {}
            Some("%YAML") => return Err(format!("line {line_number}: kubectl reads YAML 1.1 and no other version")),
            Some(word) if word.starts_with('#') => {}
            Some(word) if word.starts_with('%') => return Err(format!("line {line_number}: an unknown directive")),
            Some("...") if line.starts_with("...") => {
                return Err(format!("line {line_number}: the document ends before it begins"));
            }
            Some(_) => return Ok(()),
        }
    }
    Ok(())
}

/// Where things stand in a text.
pub(super) struct Spans<'a> {
    text: &'a str,
    /// Brackets that are open, and where the outermost one was opened.
    brackets: usize,
    opened: usize,
    /// Where tabs may begin a line: in brackets, in quotes, in block scalars. In order.
    tabs_allowed: Vec<Range<usize>>,
    /// Where the first document ends.
    end: Option<usize>,
}

impl<'a> Spans<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, brackets: 0, opened: 0, tabs_allowed: Vec::new(), end: None }
    }

    pub(crate) fn open(&mut self, style: StructureStyle, at: Span) {
        if style == StructureStyle::Flow {
            if self.brackets == 0 {
                self.opened = at.start.byte_offset().unwrap_or_default();
            }
            self.brackets += 1;
        }
    }

    pub(crate) fn close(&mut self, style: StructureStyle, at: Span) {
        if style == StructureStyle::Flow {
            self.brackets = self.brackets.saturating_sub(1);
            if self.brackets == 0 {
                self.tabs_allowed.push(self.opened..at.end.byte_offset().unwrap_or_default());
            }
        }
    }

    pub(crate) fn end_document(&mut self, at: Span) {
        self.end = self.end.or(at.start.byte_offset());
    }

    /// Looks at a scalar, a key or a value.
    pub(crate) fn scalar(&mut self, style: ScalarStyle, at: Span) -> Result<(), &'static str> {
        let Some((range, text)) = self.slice(at) else { return Ok(()) };
        match style {
            ScalarStyle::Plain if self.brackets > 0 && text.contains('?') => {
                Err("a text with a question mark needs quotes in brackets")
            }
            ScalarStyle::Plain if self.brackets > 0 && text.starts_with(':') => {
                Err("a text that begins with a colon needs quotes in brackets")
            }
            ScalarStyle::DoubleQuoted if !escapes_are_old(text) => Err("an escape that YAML 1.1 does not have"),
            ScalarStyle::Plain => Ok(()),
            _ => {
                if self.brackets == 0 {
                    self.tabs_allowed.push(range);
                }
                Ok(())
            }
        }
    }

    /// Looks at a scalar that is a key.
    pub(crate) fn key(&self, style: ScalarStyle, at: Span) -> Result<(), &'static str> {
        let Some((range, text)) = self.slice(at) else { return Ok(()) };
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            return Ok(());
        }
        if text.contains(['\n', '\r']) {
            return Err("a key over several lines");
        }
        if self.brackets > 0 && is_colon_on_another_line(&self.text[range.end..]) {
            return Err("a key and its colon on different lines");
        }
        if text.len() > LONGEST_KEY { Err("a key of more than 1024 bytes") } else { Ok(()) }
    }

    fn slice(&self, at: Span) -> Option<(Range<usize>, &'a str)> {
        let range = at.start.byte_offset()?..at.end.byte_offset()?;
        Some((range.clone(), self.text.get(range)?))
    }

    /// Refuses lines of the first document that a tab indents.
    pub(crate) fn check_indentation(&self) -> Result<(), String> {
        let text = self.end.and_then(|end| self.text.get(..end)).unwrap_or(self.text);
        let (mut at, mut allowed) = (0, self.tabs_allowed.iter().peekable());
        for (number, line) in text.split('\n').enumerate() {
            let begin = at;
            at += line.len() + 1;
            while allowed.next_if(|range| range.end <= begin).is_some() {}
            let is_allowed = allowed.peek().is_some_and(|range| range.start < begin);
            if !is_allowed && is_indented_by_a_tab(line) {
                return Err(format!("line {}: a tab indents it, where YAML takes only spaces", number + 1));
            }
        }
        Ok(())
    }
}

/// Whether a colon comes next, but after a line end; comments do not count.
fn is_colon_on_another_line(after: &str) -> bool {
    let mut rest = after.trim_start_matches([' ', '\t']);
    if !rest.starts_with(['\n', '\r', '#']) {
        return false;
    }
    loop {
        rest = rest.trim_start();
        match rest.strip_prefix('#') {
            Some(comment) => rest = comment.split_once('\n').map_or("", |(_, rest)| rest),
            None => return rest.starts_with(':'),
        }
    }
}

/// Whether a tab is before the content of a line, or after the dash of an entry.
fn is_indented_by_a_tab(line: &str) -> bool {
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches(' ');
        if rest.starts_with('\t') {
            return true;
        }
        match rest.strip_prefix(['-', '?', ':']) {
            Some(after) if after.starts_with([' ', '\t']) => rest = after,
            _ => return false,
        }
    }
}

/// Whether a text in double quotes has only escapes of YAML 1.1 (`yaml_parser_scan_flow_scalar`).
fn escapes_are_old(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('\\') {
        let Some(c) = after.chars().next() else { return true };
        let code = match c {
            '/' => return false,
            'u' => after.get(1..5),
            'U' => after.get(1..9),
            _ => None,
        };
        // Half of a pair is no character.
        if code.is_some_and(|code| u32::from_str_radix(code, 16).is_ok_and(|code| char::from_u32(code).is_none())) {
            return false;
        }
        rest = &after[c.len_utf8()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::read::documents;

    #[test]
    fn what_kubectl_refuses_is_refused_with_its_line() {
        for (text, wanted) in [
            ("%YAML 1.2\n---\na: 1\n", "line 1: kubectl reads YAML 1.1"),
            ("# c\n%FOO\n---\na: 1\n", "line 2: an unknown directive"),
            ("...\na: 1\n", "line 1: the document ends before it begins"),
            ("a: 1\n\t\nb: 2\n", "line 2: a tab indents it"),
            ("a:\n- \tb: 1\n", "line 2: a tab indents it"),
            ("a: \"x\\/y\"\n", "line 1: an escape that YAML 1.1 does not have"),
            ("a: \"\\ud83d\\ude00\"\n", "line 1: an escape"),
            ("a: [b?c]\n", "line 1: a text with a question mark needs quotes"),
            ("{\"a\n b\": 1}\n", "line 1: a key over several lines"),
            ("{\"a\"\n: 1}\n", "line 1: a key and its colon on different lines"),
            ("{a # c\n # d\n  : 1}\n", "line 1: a key and its colon on different lines"),
            ("a: {b: :c}\n", "line 1: a text that begins with a colon"),
        ] {
            let error = documents(text).unwrap_err();
            assert!(error.starts_with(wanted), "{error}");
        }
    }

    #[test]
    fn tabs_in_brackets_quotes_and_blocks_are_accepted() {
        documents("a: {b: 1,\n\tc: 2}\nd: \"x\n\ty\"\ne: |\n  x\n  \ty\nf:\tg\t# \t\n").unwrap();
        // What follows the first document is not kubectl's concern.
        documents("a: 1\n---\nb: 1\n\t\n").unwrap();
        documents("%YAML 1.1\n%TAG !e! tag:e,2000:\n--- # c\na: \"\\x41 b?\"\n").unwrap();
    }
}
