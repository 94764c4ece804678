//! Names and comments of a source file, its literals left out.

/// A name or a block of comment lines.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Piece {
    /// From 1.
    pub(crate) line: usize,
    pub(crate) text: String,
    pub(crate) kind: PieceKind,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum PieceKind {
    Name,
    Comment,
}

/// The names and comments of Rust or Go source. Comments on consecutive lines are one piece.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut lexer = Lexer { rest: text, line: 1, pieces: Vec::new(), comment_end: 0 };
    while lexer.step() {}
    lexer.pieces
}

/// The comments of a shell or Python script: what is behind a `#` at the start of a line or behind a blank.
pub(crate) fn script_pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let start = if line.starts_with('#') { Some(0) } else { line.find(" #").map(|at| at + 1) };
        if let Some(start) = start {
            push_comment(&mut pieces, index + 1, index, line[start..].trim_matches('#'));
        }
    }
    pieces
}

fn push_comment(pieces: &mut Vec<Piece>, line: usize, previous_line: usize, text: &str) {
    let last_ends = |piece: &Piece| piece.line + piece.text.matches('\n').count();
    match pieces.last_mut() {
        Some(last) if last.kind == PieceKind::Comment && last_ends(last) == previous_line => {
            last.text.push('\n');
            last.text.push_str(text);
        }
        _ => pieces.push(Piece { line, text: text.to_owned(), kind: PieceKind::Comment }),
    }
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    pieces: Vec<Piece>,
    /// The line on which the last comment ended.
    comment_end: usize,
}

impl Lexer<'_> {
    fn take(&mut self, length: usize) -> String {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken.to_owned()
    }

    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else { return false };
        if self.rest.starts_with("//") {
            let line = self.line;
            let comment = self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
            self.comment(line, comment.trim_start_matches(['/', '!']));
        } else if self.rest.starts_with("/*") {
            let line = self.line;
            let comment = self.take(self.rest.find("*/").map_or(self.rest.len(), |end| end + 2));
            self.comment(line, &comment);
        } else if let Some(length) = raw_string(self.rest) {
            self.take(length);
        } else if first == '"' {
            self.take(quoted(self.rest, '"'));
        } else if first == '\'' {
            self.take(character(self.rest));
        } else if first.is_alphabetic() || first == '_' {
            let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
            let (line, text) = (self.line, self.take(end));
            self.pieces.push(Piece { line, text, kind: PieceKind::Name });
        } else {
            self.take(first.len_utf8());
        }
        true
    }

    fn comment(&mut self, line: usize, text: &str) {
        push_comment(&mut self.pieces, line, self.comment_end.max(1).min(line.saturating_sub(1)), text);
        self.comment_end = self.line;
    }
}

/// The length of a raw string, with or without `b` or `c` in front.
fn raw_string(text: &str) -> Option<usize> {
    let start = text.strip_prefix(['b', 'c']).unwrap_or(text).strip_prefix('r')?;
    let hashes = start.len() - start.trim_start_matches('#').len();
    let content = start[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(text.len() - content.len() + content.find(&end)? + end.len())
}

fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !is_escaped {
            return at + 1;
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    text.len()
}

/// The length of a character literal, or of a lifetime's quote.
fn character(text: &str) -> usize {
    let mut chars = text.chars().skip(1);
    match (chars.next(), chars.next()) {
        (Some('\\'), _) => quoted(text, '\''),
        (Some(c), Some('\'')) => 2 + c.len_utf8(),
        _ => 1,
    }
}

#[test]
fn literals_are_left_out_and_comment_lines_joined() {
    let text = "/// one\n/// two\nfn a<'b>(c: &'b str) { d(\"e \\\" f\", r#\"g \" h\"#, 'i', '\\'', b\"j\"); } // k\n";
    let read = pieces(text);
    let names: Vec<_> = read.iter().map(|piece| piece.text.as_str()).collect();
    assert_eq!(names, [" one\n two", "fn", "a", "b", "c", "b", "str", "d", "b", " k"]);
    assert_eq!((read[0].line, read[1].line, read[9].line), (1, 3, 3));
    let script: Vec<_> =
        script_pieces("#!/bin/sh\n# one\n# two\necho x # three\n").into_iter().map(|piece| piece.text).collect();
    assert_eq!(script, ["!/bin/sh\n one\n two\n three"]);
}
