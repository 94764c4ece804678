//! Writes a tree of values in block style, with the layout that `serde_yaml` gives it: two columns a level, lists in a
//! mapping not indented, texts over several lines as literal blocks. Only the quoting differs (see [`needs_quotes`]).

use std::fmt::Write;

use serde_yaml::value::{Tag, TaggedValue};
use serde_yaml::{Mapping, Value};

use super::quoting::{needs_quotes, push_quoted};

/// Columns a level.
const INDENT: usize = 2;
/// A key of more bytes is written with `? ` before it: readers take a shorter one only (YAML 1.2, 7.4.2 allows 1024).
const LONGEST_SIMPLE_KEY: usize = 128;

/// `value` as a document, in time linear in the output.
pub(super) fn document(value: &Value) -> String {
    let mut emitter = Emitter { out: String::new() };
    emitter.node(value, NodePosition::ROOT);
    emitter.end_line();
    emitter.out
}

struct Emitter {
    out: String,
}

/// Where a value is written.
#[derive(Clone, Copy)]
struct NodePosition {
    /// The column of the collection that it is in; `None` for the document's own value.
    parent: Option<usize>,
    start: NodeStart,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NodeStart {
    /// The document's own value, or an item of a list, behind `- `.
    Item,
    /// A key behind `? `, or the value of such a key behind `: `.
    ComplexEntry,
    /// A value behind a key and `:`, without a space yet.
    Value,
}

impl NodePosition {
    const ROOT: Self = Self { parent: None, start: NodeStart::Item };

    fn new(parent: usize, start: NodeStart) -> Self {
        Self { parent: Some(parent), start }
    }

    /// The column of a collection's content, and of the lines of a block text.
    fn inner(self) -> usize {
        self.parent.map_or(0, |parent| parent + INDENT)
    }
}

impl Emitter {
    fn node(&mut self, value: &Value, position: NodePosition) {
        if position.start == NodeStart::Value && !is_block(value) {
            self.out.push(' ');
        }
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            // Writing into a String does not fail.
            Value::Number(number) => _ = write!(self.out, "{number}"),
            Value::String(text) => self.text(text, position),
            Value::Sequence(items) if items.is_empty() => self.out.push_str("[]"),
            Value::Mapping(fields) if fields.is_empty() => self.out.push_str("{}"),
            Value::Sequence(items) => {
                let is_own_line = position.start == NodeStart::Value;
                self.sequence(
                    items,
                    if is_own_line { position.parent.unwrap_or(0) } else { position.inner() },
                    is_own_line,
                );
            }
            Value::Mapping(fields) => self.mapping(fields, position.inner(), position.start == NodeStart::Value),
            Value::Tagged(tagged) => self.tagged(tagged, position),
        }
    }

    /// A collection behind a tag begins on a new line; a list in a mapping then is not indented.
    fn tagged(&mut self, TaggedValue { tag, value }: &TaggedValue, position: NodePosition) {
        self.out.push_str(&tag_text(tag));
        match value {
            Value::Sequence(items) if !items.is_empty() => {
                let is_in_mapping = position.start != NodeStart::Item;
                self.sequence(items, if is_in_mapping { position.parent.unwrap_or(0) } else { position.inner() }, true);
            }
            Value::Mapping(fields) if !fields.is_empty() => self.mapping(fields, position.inner(), true),
            value => self.node(value, NodePosition { start: NodeStart::Value, ..position }),
        }
    }

    fn sequence(&mut self, items: &[Value], column: usize, is_own_line: bool) {
        for (number, item) in items.iter().enumerate() {
            if number > 0 || is_own_line {
                self.start_line(column);
            }
            self.out.push_str("- ");
            self.node(item, NodePosition::new(column, NodeStart::Item));
        }
    }

    fn mapping(&mut self, fields: &Mapping, column: usize, is_own_line: bool) {
        for (number, (key, value)) in fields.iter().enumerate() {
            if number > 0 || is_own_line {
                self.start_line(column);
            }
            if is_simple_key(key) {
                self.node(key, NodePosition::new(column, NodeStart::Item));
                self.out.push(':');
                self.node(value, NodePosition::new(column, NodeStart::Value));
            } else {
                self.out.push_str("? ");
                self.node(key, NodePosition::new(column, NodeStart::ComplexEntry));
                self.start_line(column);
                self.out.push_str(": ");
                self.node(value, NodePosition::new(column, NodeStart::ComplexEntry));
            }
        }
    }

    fn text(&mut self, text: &str, position: NodePosition) {
        match Style::of(text) {
            Style::Plain => self.out.push_str(text),
            Style::Single => {
                self.out.push('\'');
                self.out.push_str(&text.replace('\'', "''"));
                self.out.push('\'');
            }
            Style::Double => push_quoted(&mut self.out, text),
            Style::Literal => self.literal(text, position.parent.map_or(INDENT, |parent| parent + INDENT)),
        }
    }

    fn literal(&mut self, text: &str, column: usize) {
        self.out.push('|');
        // Else a reader would count the text's own spaces as indentation.
        if text.starts_with([' ', '\n']) {
            _ = write!(self.out, "{INDENT}");
        }
        match text.strip_suffix('\n') {
            None => self.out.push('-'),
            Some(before) if before.is_empty() || before.ends_with('\n') => self.out.push('+'),
            Some(_) => {}
        }
        for line in text.split_inclusive('\n') {
            if !self.out.ends_with('\n') {
                self.out.push('\n');
            }
            if line != "\n" {
                self.spaces(column);
            }
            self.out.push_str(line);
        }
    }

    /// Ends the current line, if anything is on it, and indents the next one.
    fn start_line(&mut self, column: usize) {
        self.end_line();
        self.spaces(column);
    }

    fn end_line(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn spaces(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }
}

/// Whether a value begins on the line behind its key.
fn is_block(value: &Value) -> bool {
    match value {
        Value::Sequence(items) => !items.is_empty(),
        Value::Mapping(fields) => !fields.is_empty(),
        _ => false,
    }
}

fn is_simple_key(key: &Value) -> bool {
    match key {
        // The limit for quoted keys leaves out their escapes, and is one byte less for that.
        Value::String(text) if needs_quotes(text) => text.len() < LONGEST_SIMPLE_KEY,
        Value::String(text) => !text.contains('\n') && text.len() <= LONGEST_SIMPLE_KEY,
        Value::Tagged(tagged) => !is_block(&tagged.value) && is_simple_key(&tagged.value),
        key => !is_block(key),
    }
}

/// A tag with its one exclamation mark; what URIs do not have in them is escaped as bytes (YAML 1.2, 5.6).
fn tag_text(tag: &Tag) -> String {
    let mut out = String::from("!");
    for byte in tag.to_string().trim_start_matches('!').bytes() {
        if byte.is_ascii_alphanumeric() || b"-_;/?:@&=+$.~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

impl Style {
    fn of(text: &str) -> Self {
        // libyaml quotes characters beyond the basic plane, too.
        if needs_quotes(text) || text.chars().any(|c| u32::from(c) > 0xffff) {
            Self::Double
        } else if text.contains('\n') {
            if text.ends_with(' ') || text.contains(" \n") { Self::Double } else { Self::Literal }
        } else if is_other_type(text) || !can_be_plain(text) {
            Self::Single
        } else {
            Self::Plain
        }
    }
}

/// Whether YAML 1.2 takes a plain word for null or a boolean; `misread` knows what YAML 1.1 takes for something.
fn is_other_type(text: &str) -> bool {
    ["", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE"].contains(&text)
}

/// Whether a text of one line, outside of brackets, has no character that means something (libyaml,
/// `yaml_emitter_analyze_scalar`).
fn can_be_plain(text: &str) -> bool {
    let has_indicator = text
        .starts_with(['#', ',', '[', ']', '{', '}', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', ' '])
        || ["---", "...", "- ", "? ", ": "].iter().any(|start| text.starts_with(start))
        || ["-", "?"].contains(&text);
    !(has_indicator || text.contains(": ") || text.contains(" #") || text.ends_with([':', ' ']))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::to_string;
    use super::*;

    /// Texts that are written as they are or as `serde_yaml` quotes them.
    fn text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[ -~\n]{0,6}",
            prop::sample::select(vec![
                " ", "\n", "\n\n", " \n", "\n ", ":", ": ", " #", "-", "- ", "?", "---", "...", "'", "\"", "\\",
                "null", "true", "~", "[]", "é", "花", "a", "x: y", "%", "!", "&",
            ])
            .prop_map(str::to_owned),
        ];
        let long = prop_oneof![4 => Just(0usize), 1 => 110..140usize];
        (prop::collection::vec(piece, 0..5), long)
            .prop_map(|(pieces, long)| pieces.concat() + &"k".repeat(long))
            .prop_filter("quoted in a way of our own", |text| !needs_quotes(text))
    }

    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            4 => text().prop_map(Value::from),
            1 => prop_oneof![
                Just(Value::Null),
                any::<bool>().prop_map(Value::from),
                any::<i64>().prop_map(Value::from),
                any::<u64>().prop_map(Value::from),
                prop::num::f64::NORMAL.prop_map(Value::from),
                Just(Value::from(1e16)),
                Just(Value::from(f64::INFINITY)),
            ],
        ];
        leaf.prop_recursive(5, 40, 4, |inner| {
            // serde_yaml cannot write a mapping as a key.
            let list = prop::collection::vec(text().prop_map(Value::from), 0..3).prop_map(Value::Sequence);
            let key = prop_oneof![6 => text().prop_map(Value::from), 1 => list];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Sequence),
                prop::collection::vec((key, inner.clone()), 0..4)
                    .prop_map(|fields| Value::Mapping(fields.into_iter().collect())),
                inner
                    .prop_filter("one tag", |value| !matches!(value, Value::Tagged(_)))
                    .prop_map(|value| { Value::Tagged(Box::new(TaggedValue { tag: Tag::new("a-b"), value })) }),
            ]
        })
    }

    /// Every text of a value, keys too.
    fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::String(text) => found.push(text),
            Value::Sequence(items) => items.iter().for_each(|item| texts(item, found)),
            Value::Mapping(fields) => fields.iter().for_each(|(key, value)| {
                texts(key, found);
                texts(value, found);
            }),
            Value::Tagged(tagged) => texts(&tagged.value, found),
            _ => {}
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn lays_out_as_serde_yaml_does(value in tree()) {
            prop_assert_eq!(document(&value), serde_yaml::to_string(&value).unwrap());
        }

        #[test]
        fn written_values_are_read_back_equal(value in tree(), odd in prop::collection::vec(".*", 0..3)) {
            let value = Value::Sequence(vec![value, odd.into()]);
            prop_assert_eq!(serde_yaml::from_str::<Value>(&document(&value)).unwrap(), value);
        }

        #[test]
        fn texts_that_look_like_another_type_are_quoted(value in tree()) {
            let mut found = Vec::new();
            texts(&value, &mut found);
            let other = |text: &&&str| !matches!(serde_yaml::from_str::<Value>(text), Ok(Value::String(_)));
            for text in found.iter().filter(other) {
                prop_assert!(Style::of(text) != Style::Plain, "{:?}", text);
            }
        }
    }

    #[test]
    fn words_of_other_types_are_quoted() {
        for text in ["", "~", "null", "NULL", "true", "False"] {
            assert_eq!(to_string(&text).unwrap(), format!("'{text}'\n"));
        }
        for text in ["1", "0x1f", "1.5", ".inf", "yes", "2001-12-14"] {
            assert_eq!(to_string(&text).unwrap(), format!("\"{text}\"\n"));
        }
    }
}
