//! Changing a text of YAML in the few places where its meaning is to change, so that comments, quotes and layout stay.
//!
//! It gives up (`None`) wherever it would have to guess: the whole document is then written again. Whoever uses it reads
//! the result back and compares; a wrong patch can so never be written.

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};
use serde_yaml::Value;

/// `text`, which reads as `old`, changed so that it should read as `new`.
pub(crate) fn patched(text: &str, old: &Value, new: &Value) -> Option<String> {
    if text.contains(['\r', '\u{feff}', '\t']) {
        return None;
    }
    let mut patch = Patch { text, changes: Vec::new() };
    let node = Tree::read(text)?;
    patch.node(&node, old, new)?;
    let mut out = text.to_owned();
    patch.changes.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    for (range, replacement) in patch.changes {
        out.replace_range(range, &replacement);
    }
    Some(out)
}

/// A node and its position. Its end is that of its last leaf.
struct PatchNode {
    start: usize,
    end: usize,
    what: PatchKind,
}

enum PatchKind {
    Scalar(ScalarStyle),
    Sequence(StructureStyle, Vec<PatchNode>),
    Mapping(StructureStyle, Vec<(PatchNode, String, PatchNode)>),
}

struct Tree<'a>(Parser<'a, granit_parser::StrInput<'a>>);

impl<'a> Tree<'a> {
    /// The one document of a text without anchors and tags.
    fn read(text: &'a str) -> Option<PatchNode> {
        let mut tree = Self(Parser::new_from_str_with_options(text, granit_parser::options! { emit_comments: false }));
        while !matches!(tree.next()?.0, Event::DocumentStart(..)) {}
        let (event, at) = tree.next()?;
        let node = tree.node(&event, at)?;
        let ends = matches!(tree.next()?.0, Event::DocumentEnd) && matches!(tree.next()?.0, Event::StreamEnd);
        ends.then_some(node)
    }

    fn next(&mut self) -> Option<(Event<'a>, Span)> {
        self.0.next()?.ok()
    }

    fn node(&mut self, event: &Event<'a>, at: Span) -> Option<PatchNode> {
        let start = at.start.byte_offset()?;
        let mut end = at.end.byte_offset()?;
        let what = match event {
            Event::Scalar(_, style, 0, None) => PatchKind::Scalar(*style),
            Event::SequenceStart(style, 0, None) => {
                let mut items = Vec::new();
                loop {
                    let (event, at) = self.next()?;
                    if matches!(event, Event::SequenceEnd) {
                        end = closing(*style, at, items.last().map(|item: &PatchNode| item.end), end)?;
                        break PatchKind::Sequence(*style, items);
                    }
                    items.push(self.node(&event, at)?);
                }
            }
            Event::MappingStart(style, 0, None) => {
                let mut pairs: Vec<(PatchNode, String, PatchNode)> = Vec::new();
                loop {
                    let (event, at) = self.next()?;
                    if matches!(event, Event::MappingEnd) {
                        end = closing(*style, at, pairs.last().map(|(_, _, value)| value.end), end)?;
                        break PatchKind::Mapping(*style, pairs);
                    }
                    let Event::Scalar(name, ..) = &event else { return None };
                    let name = name.clone().into_owned();
                    let key = self.node(&event, at)?;
                    let (event, at) = self.next()?;
                    let mut value = self.node(&event, at)?;
                    // A value that is not there ends with its key's colon.
                    value.end = value.end.max(key.end);
                    pairs.push((key, name, value));
                }
            }
            _ => return None,
        };
        Some(PatchNode { start, end, what })
    }
}

/// Where a collection ends: at its bracket, or with the last thing in it.
fn closing(style: StructureStyle, at: Span, last: Option<usize>, own: usize) -> Option<usize> {
    match style {
        StructureStyle::Flow => at.end.byte_offset(),
        StructureStyle::Block => Some(last.unwrap_or(own)),
    }
}

struct Patch<'a> {
    text: &'a str,
    changes: Vec<(Range<usize>, String)>,
}

impl Patch<'_> {
    fn node(&mut self, node: &PatchNode, old: &Value, new: &Value) -> Option<()> {
        if old == new {
            return Some(());
        }
        match (&node.what, old, new) {
            (PatchKind::Scalar(style), _, _) => {
                let empty = node.start == node.end;
                if empty || matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    return None;
                }
                self.changes.push((node.start..node.end, word(new)?));
                Some(())
            }
            (PatchKind::Sequence(style, items), Value::Sequence(old), Value::Sequence(new))
                if items.len() == old.len() =>
            {
                self.sequence(*style, items, old, new)
            }
            (PatchKind::Mapping(style, pairs), Value::Mapping(old), Value::Mapping(new)) => {
                for (at, (key, name, value)) in pairs.iter().enumerate() {
                    match (old.get(name.as_str())?, new.get(name.as_str())) {
                        (old, Some(new)) => self.node(value, old, new)?,
                        (_, None) if *style == StructureStyle::Block => self.remove_lines(key.start, value.end, "")?,
                        // In `{a: 1, b: 2}` the comma before it is removed, too.
                        (_, None) => {
                            let (_, _, before) = pairs.get(at.checked_sub(1)?)?;
                            if self.text[before.end..value.end].contains('#') {
                                return None;
                            }
                            self.changes.push((before.end..value.end, String::new()));
                        }
                    }
                }
                let known = |name: &Value| pairs.iter().any(|(_, known, _)| name.as_str() == Some(known));
                for (name, value) in new.iter().filter(|(name, _)| !known(name)) {
                    self.add_pair(*style, pairs, name, value)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    /// Items of the same number changed, some taken out, or some put at the end.
    fn sequence(&mut self, style: StructureStyle, items: &[PatchNode], old: &[Value], new: &[Value]) -> Option<()> {
        if old.len() == new.len() {
            return items.iter().zip(old).zip(new).try_for_each(|((item, old), new)| self.node(item, old, new));
        }
        if style != StructureStyle::Block {
            return None;
        }
        if new.len() > old.len() {
            let (kept, added) = new.split_at(old.len());
            let first = items.first()?;
            let indent = self.indent_of_dash(first.start)?;
            items.iter().zip(old).zip(kept).try_for_each(|((item, old), new)| self.node(item, old, new))?;
            let block = super::to_string(&added).ok()?;
            let indent = " ".repeat(indent);
            let lines: Vec<_> = block.lines().map(|line| indent.clone() + line + "\n").collect();
            self.insert_after(items.last()?.end, &lines.concat());
            return Some(());
        }
        let mut left = new.iter().peekable();
        for (item, value) in items.iter().zip(old) {
            if left.peek() == Some(&value) {
                left.next();
            } else {
                self.remove_lines(item.start, item.end, "-")?;
            }
        }
        // An empty block sequence has no form.
        (left.next().is_none() && !new.is_empty()).then_some(())
    }

    fn add_pair(
        &mut self,
        style: StructureStyle,
        pairs: &[(PatchNode, String, PatchNode)],
        name: &Value,
        value: &Value,
    ) -> Option<()> {
        let (first, _, _) = pairs.first()?;
        let (_, _, last) = pairs.last()?;
        let pair = format!("{}: {}", word(name)?, word(value)?);
        if style == StructureStyle::Flow {
            self.changes.push((last.end..last.end, format!(", {pair}")));
            return Some(());
        }
        let line = self.line_start(first.start);
        self.insert_after(last.end, &format!("{}{pair}\n", " ".repeat(first.start - line)));
        Some(())
    }

    /// Takes out the whole lines from `start` to `end`; before `start` only spaces and `lead` may be on its line.
    fn remove_lines(&mut self, start: usize, end: usize, lead: &str) -> Option<()> {
        let from = self.line_start(start);
        if self.text[from..start].trim() != lead {
            return None;
        }
        let to = self.line_end(end);
        self.changes.push((from..to, String::new()));
        Some(())
    }

    fn insert_after(&mut self, end: usize, lines: &str) {
        let at = self.line_end(end);
        let lines = if self.text[..at].ends_with('\n') { lines.to_owned() } else { format!("\n{lines}") };
        self.changes.push((at..at, lines));
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |line| line + 1)
    }

    /// Behind the line that holds what ends at `end`.
    fn line_end(&self, end: usize) -> usize {
        if self.text[..end].ends_with('\n') {
            return end;
        }
        self.text[end..].find('\n').map_or(self.text.len(), |line| end + line + 1)
    }

    fn indent_of_dash(&self, item: usize) -> Option<usize> {
        let line = self.line_start(item);
        let lead = &self.text[line..item];
        (lead.trim() == "-").then(|| lead.find('-')).flatten()
    }
}

/// A text, a flag, a number or nothing, as it can stand anywhere on a line.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => {
            let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./@".contains(c));
            let letter = text.starts_with(|c: char| c.is_ascii_alphabetic());
            let is_text = matches!(super::plain::resolve(text), Ok(Value::String(_)));
            if plain && letter && is_text { Some(text.clone()) } else { Some(super::in_quotes(text)) }
        }
        Value::Bool(_) | Value::Number(_) | Value::Null => serde_json::to_string(value).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::yaml::read::documents;

    const TEXT: &str = "# mine\napiVersion: v1\ncontexts: # all of them\n# the first\n- name: 'a'   # here\n  context: {cluster: c, user: u} # flow\n- context:\n    cluster: c\n    # why\n    user: u\n  name: b\ncurrent-context: a # now\n";

    fn change(text: &str, change: impl Fn(&mut Value)) -> Option<String> {
        let old = documents(text).unwrap().values.remove(0);
        let mut new = old.clone();
        change(&mut new);
        let out = patched(text, &old, &new)?;
        assert_eq!(documents(&out).unwrap().values.remove(0), new, "{out}");
        Some(out)
    }

    #[test]
    fn scalar_is_replaced_in_place() {
        let out = change(TEXT, |root| root["current-context"] = "b".into()).unwrap();
        assert_eq!(out, TEXT.replace("current-context: a # now", "current-context: b # now"));
        let out = change(TEXT, |root| root["contexts"][0]["name"] = "yes: #".into()).unwrap();
        assert_eq!(out, TEXT.replace("'a'   # here", "\"yes: #\"   # here"));
    }

    #[test]
    fn field_is_added_and_removed_in_both_styles() {
        let out = change(TEXT, |root| root["contexts"][0]["context"]["namespace"] = "n".into()).unwrap();
        assert_eq!(out, TEXT.replace("user: u} # flow", "user: u, namespace: \"n\"} # flow"));
        let back = change(&out, |root| {
            root["contexts"][0]["context"].as_mapping_mut().unwrap().shift_remove("namespace");
        });
        assert_eq!(back.unwrap(), TEXT);
        let out = change(TEXT, |root| root["contexts"][1]["context"]["namespace"] = "dev".into()).unwrap();
        assert_eq!(out, TEXT.replace("    user: u\n", "    user: u\n    namespace: dev\n"));
        let back = change(&out, |root| {
            root["contexts"][1]["context"].as_mapping_mut().unwrap().shift_remove("namespace");
        });
        assert_eq!(back.unwrap(), TEXT);
    }

    #[test]
    fn entry_is_added_and_removed_with_its_lines() {
        let out = change(TEXT, |root| {
            root["contexts"].as_sequence_mut().unwrap().remove(0);
        });
        let gone = "- name: 'a'   # here\n  context: {cluster: c, user: u} # flow\n";
        assert_eq!(out.unwrap(), TEXT.replace(gone, ""));
        let entry: Value = serde_yaml::from_str("{name: n, context: {user: w}}").unwrap();
        let out = change(TEXT, |root| root["contexts"].as_sequence_mut().unwrap().push(entry.clone())).unwrap();
        assert!(out.contains("  name: b\n- name: \"n\"\n  context:\n    user: w\ncurrent-context: a # now\n"), "{out}");
    }

    #[test]
    fn what_would_be_guessing_is_left_to_a_whole_new_text() {
        for text in ["a: &x 1\nb: *x\n", "a: |\n  x\n", "a:\n", "a: 1\n---\nb: 2\n", "a:\t1\n", "a: 1\r\n"] {
            assert_eq!(change(text, |root| root["a"] = "new".into()), None, "{text}");
        }
    }
}
