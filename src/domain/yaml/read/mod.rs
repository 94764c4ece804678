//! Reading YAML as kubectl reads it (sigs.k8s.io/yaml over go.yaml.in/yaml/v2): plain words as YAML 1.1 takes them,
//! merge keys, and only what has a form in JSON.
//!
//! serde_yaml reads YAML 1.2 and does not distinguish a plain `yes` from a quoted one, so the events of a parser that does are
//! turned into its values here.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StructureStyle, Tag};
use serde_yaml::{Mapping, Value};

use super::legacy::{self, Spans};
use super::{encoding, plain};

/// Nodes of a text after its aliases are expanded. A kubeconfig with ten thousand contexts has 230,000.
const MOST_NODES: usize = 500_000;
/// Bytes that anchors and aliases may add.
const MOST_REPEATED: usize = 4 << 20;
const TOO_LARGE: &str = "too large after expanding its aliases";
/// How deep one may lie in another.
const DEEPEST: usize = 100;

/// The documents of a text.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    /// Those that can be read, in order.
    pub values: Vec<Value>,
    /// Why the text after them cannot be. kubectl reads only the first and does not mind.
    pub broken: Option<String>,
    /// The line of a key that is twice in its mapping, the first such line. kubectl takes the last value.
    pub duplicate: Option<usize>,
}

/// Reads a text. A text without any content has no documents.
///
/// # Errors
/// What is wrong with the first document, and in which line. The text is not quoted: it may hold keys.
pub(crate) fn documents(text: &str) -> Result<Documents, String> {
    let options = granit_parser::options! { emit_comments: false, block_scalar_eof_without_line_feed: true };
    encoding::check_characters(text)?;
    legacy::check_prologue(text)?;
    let events = Parser::new_from_str_with_options(text, options);
    let (anchors, repeated, spans) = (HashMap::new(), Size::default(), Spans::new(text));
    let mut reader = YamlReader { events, anchors, read: 0, repeated, duplicate: None, spans };
    let mut read = Documents::default();
    loop {
        let document = reader.document();
        read.duplicate = reader.duplicate;
        match document {
            Ok(Some(document)) => {
                if read.values.is_empty() {
                    reader.spans.check_indentation()?;
                }
                read.values.push(document);
            }
            Ok(None) => return Ok(read),
            Err(why) if read.values.is_empty() => return Err(why),
            Err(why) => {
                read.broken = Some(why);
                return Ok(read);
            }
        }
    }
}

struct YamlReader<'a> {
    events: Parser<'a, granit_parser::StrInput<'a>>,
    anchors: HashMap<usize, ReadNode>,
    /// Nodes read so far, in all documents.
    read: usize,
    /// Copied for anchors and aliases so far, in all documents.
    repeated: Size,
    /// See [`Documents::duplicate`].
    duplicate: Option<usize>,
    spans: Spans<'a>,
}

/// A value and its size.
type ReadNode = (Value, Size);

/// The size of a value with everything in it.
#[derive(Debug, Default, Clone, Copy)]
struct Size {
    nodes: usize,
    /// Bytes of its texts, keys included.
    bytes: usize,
}

impl Size {
    fn of(text: &str) -> Self {
        Self { nodes: 1, bytes: text.len() }
    }

    fn add(&mut self, other: Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

impl YamlReader<'_> {
    fn document(&mut self) -> Result<Option<Value>, String> {
        loop {
            match self.next()? {
                (Event::DocumentStart(..), _) => {
                    self.anchors.clear();
                    let (event, at) = self.next()?;
                    let (value, _) = self.node(event, at, 0)?;
                    let (_, end) = self.next()?;
                    self.spans.end_document(end);
                    return Ok(Some(value));
                }
                (Event::StreamEnd, _) => return Ok(None),
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'static>, Span), String> {
        match self.events.next() {
            Some(Ok((event, at))) => Ok((owned(event), at)),
            Some(Err(error)) => Err(invalid(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'static>, at: Span, depth: usize) -> Result<ReadNode, String> {
        if depth > DEEPEST {
            return Err(wrong(at, "it is nested too deep"));
        }
        self.read += 1;
        if self.read > MOST_NODES {
            return Err(wrong(at, format!("more than {MOST_NODES} nodes")));
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.spans.scalar(style, at).map_err(|why| wrong(at, why))?;
                let value = scalar(&text, style, tag.as_deref()).map_err(|why| wrong(at, why))?;
                self.keep(anchor, (value, Size::of(&text)), at)
            }
            Event::SequenceStart(style, anchor, _) => {
                let mut items = Vec::new();
                let mut size = Size::of("");
                self.spans.open(style, at);
                loop {
                    let (event, at) = self.next()?;
                    if matches!(event, Event::SequenceEnd) {
                        self.spans.close(style, at);
                        return self.keep(anchor, (Value::Sequence(items), size), at);
                    }
                    let (item, more) = self.node(event, at, depth + 1)?;
                    size.add(more);
                    items.push(item);
                }
            }
            Event::MappingStart(style, anchor, _) => {
                self.spans.open(style, at);
                let (fields, size) = self.mapping(style, depth)?;
                self.keep(anchor, (Value::Mapping(fields), size), at)
            }
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).map(|(_, size)| *size);
                self.repeat(known.unwrap_or_default(), at)?;
                self.anchors.get(&anchor).cloned().ok_or_else(|| wrong(at, "an alias stands inside of what it means"))
            }
            _ => Err(wrong(at, "something is missing")),
        }
    }

    fn mapping(&mut self, style: StructureStyle, depth: usize) -> Result<(Mapping, Size), String> {
        let mut fields = Mapping::new();
        let mut own = std::collections::HashSet::new();
        let mut size = Size::of("");
        loop {
            let (event, at) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                self.spans.close(style, at);
                return Ok((fields, size));
            }
            if let Event::Scalar(_, style, ..) = &event {
                self.spans.key(*style, at).map_err(|why| wrong(at, why))?;
            }
            let merges = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
            let (key, more) = self.node(event, at, depth + 1)?;
            size.add(more);
            let (event, below) = self.next()?;
            let (value, more) = self.node(event, below, depth + 1)?;
            size.add(more);
            if merges {
                merge(&mut fields, value).ok_or_else(|| wrong(at, "<< takes a mapping, or a list of them"))?;
                continue;
            }
            let key = key_text(&key).ok_or_else(|| wrong(at, "a key is neither a text nor a number"))?;
            if !own.insert(key.clone()) {
                self.duplicate = self.duplicate.or(Some(at.start.line()));
            }
            fields.insert(key.into(), value);
        }
    }

    fn keep(&mut self, anchor: usize, node: ReadNode, at: Span) -> Result<ReadNode, String> {
        if anchor > 0 {
            self.repeat(node.1, at)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    /// Counts a copy before it is made.
    fn repeat(&mut self, size: Size, at: Span) -> Result<(), String> {
        self.repeated.add(size);
        let nodes = self.repeated.nodes.saturating_add(self.read);
        if nodes > MOST_NODES || self.repeated.bytes > MOST_REPEATED { Err(wrong(at, TOO_LARGE)) } else { Ok(()) }
    }
}

fn owned(event: Event<'_>) -> Event<'static> {
    match event {
        Event::Scalar(text, style, anchor, tag) => {
            let tag = tag.map(|tag| std::borrow::Cow::Owned(tag.into_owned()));
            Event::Scalar(text.into_owned().into(), style, anchor, tag)
        }
        Event::SequenceStart(style, anchor, _) => Event::SequenceStart(style, anchor, None),
        Event::MappingStart(style, anchor, _) => Event::MappingStart(style, anchor, None),
        Event::DocumentStart(explicit, version) => Event::DocumentStart(explicit, version),
        Event::Alias(anchor) => Event::Alias(anchor),
        Event::SequenceEnd => Event::SequenceEnd,
        Event::MappingEnd => Event::MappingEnd,
        Event::StreamEnd => Event::StreamEnd,
        _ => Event::StreamStart,
    }
}

/// Takes what `<<` brings in; of a list the earlier mappings win (go.yaml.in/yaml/v2, `decode.go`, `merge`).
fn merge(fields: &mut Mapping, value: Value) -> Option<()> {
    match value {
        Value::Mapping(more) => fields.extend(more),
        Value::Sequence(items) => {
            for item in items.into_iter().rev() {
                let Value::Mapping(more) = item else { return None };
                fields.extend(more);
            }
        }
        _ => return None,
    }
    Some(())
}

/// A key as JSON has it: a text (sigs.k8s.io/yaml, `convertToJSONableObject`).
fn key_text(key: &Value) -> Option<String> {
    match key {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, &'static str> {
    let tag = tag.filter(|tag| tag.handle() == "tag:yaml.org,2002:").map(Tag::suffix).or(tag.map(|_| "str"));
    match tag {
        None if style == ScalarStyle::Plain => plain::resolve(text),
        None | Some("str") => Ok(text.into()),
        Some(kind) => plain::resolve_as(kind, text),
    }
}

fn wrong(at: Span, why: impl std::fmt::Display) -> String {
    format!("line {}: {why}", at.start.line())
}

fn invalid(error: &ScanError) -> String {
    let at = error.marker();
    format!("it is no valid YAML: line {}, column {}", at.line(), at.col() + 1)
}

#[cfg(test)]
mod tests;
