//! An error in a YAML file that the user writes: the config file, a theme, the policy.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::output::redact;

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// `None` where the error is about the file as a whole.
    pub position: Option<Position>,
    /// Quotes names of fields, but no values. Hostile until made printable.
    pub message: String,
}

/// A place in a text; both numbers count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub(crate) line: usize,
    /// In characters.
    pub(crate) column: usize,
}

impl Position {
    /// Where every text begins.
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    fn of(error: &serde_yaml::Error) -> Option<Self> {
        error.location().map(|location| Self { line: location.line(), column: location.column() })
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(Position { line, column }) => write!(f, "line {line}, column {column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for ConfigError {}

impl ConfigError {
    /// An error about the value at `path` in `text`: names of fields, numbers of list items from 0. Where there is no such
    /// value the position is the start of the text.
    pub(crate) fn at(text: &str, path: &[&str], message: impl Into<String>) -> Self {
        Self { position: Some(locate(text, path).unwrap_or(Position::START)), message: message.into() }
    }
}

impl From<&serde_yaml::Error> for ConfigError {
    fn from(error: &serde_yaml::Error) -> Self {
        Self { position: Position::of(error), message: redact::without_values(&without_position(error)) }
    }
}

/// The message of an error without its own position in it.
///
/// `serde_yaml` offers no message without the position, but it writes exactly [`serde_yaml::Error::location`], as ` at line 3
/// column 5`, in one of two places: at the very end (`Error::display`), or, for errors of the parser that have a context
/// with another position, before the comma that separates problem and context (`libyaml::Error`). The problem of a parser
/// error is a constant without user input, so the first such comma is the right one. At the start of a text it writes none.
fn without_position(error: &serde_yaml::Error) -> String {
    let mut text = error.to_string();
    let Some(Position { line, column }) = Position::of(error) else { return text };
    let position = format!(" at line {line} column {column}");
    if let Some(message) = text.strip_suffix(&position) {
        text.truncate(message.len());
    } else if let Some((problem, context)) = text.split_once(&format!("{position}, ")) {
        text = format!("{problem}, {context}");
    }
    text
}

/// Where the value at `path` begins.
pub(crate) fn locate(text: &str, path: &[&str]) -> Option<Position> {
    let is_found = Cell::new(false);
    let document = serde_yaml::Deserializer::from_str(text).next()?;
    let error = Locator { path, is_found: &is_found }.deserialize(document).err()?;
    Position::of(&error).filter(|_| is_found.get())
}

/// Walks along a path and fails at its end: `serde_yaml` knows positions of errors only.
struct Locator<'a> {
    path: &'a [&'a str],
    is_found: &'a Cell<bool>,
}

impl<'a> Locator<'a> {
    fn next(&self) -> Option<(&'a str, Self)> {
        let (first, path) = self.path.split_first()?;
        Some((first, Self { path, is_found: self.is_found }))
    }
}

impl<'de> DeserializeSeed<'de> for Locator<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.is_found.set(self.path.is_empty());
        deserializer.deserialize_any(self)
    }
}

// Every other kind of value is an error by default.
impl<'de> Visitor<'de> for Locator<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((first, _)) = self.next() else { return Err(A::Error::custom("found")) };
        while let Some(name) = map.next_key::<String>()? {
            match self.next().filter(|_| name == first) {
                Some((_, inner)) => map.next_value_seed(inner)?,
                None => map.next_value::<IgnoredAny>().map(drop)?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((first, _)) = self.next() else { return Err(A::Error::custom("found")) };
        for at in 0_usize.. {
            let item = match self.next().filter(|_| first.parse() == Ok(at)) {
                Some((_, inner)) => items.next_element_seed(inner)?,
                None => items.next_element::<IgnoredAny>()?.map(drop),
            };
            if item.is_none() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_yaml::Value;

    use super::*;

    #[test]
    fn locates_values_of_mappings_and_lists() {
        let text = "theme: dark\nkeys:\n  requests:\n    approve: [a, Ctrl-A]\n    deny: d\n1: {2: x}\n";
        let at = |path: &[&str]| locate(text, path).map(|position| (position.line, position.column));
        assert_eq!(at(&["keys", "requests", "deny"]), Some((5, 11)));
        assert_eq!(at(&["keys", "requests", "approve", "1"]), Some((4, 18)));
        assert_eq!(at(&["keys", "requests", "delete"]), None);
        assert_eq!(at(&["theme"]), Some((1, 8)));
        assert_eq!(at(&["theme", "dark"]), None);
        assert_eq!(at(&["1", "2"]), Some((6, 8)));
    }

    #[test]
    fn removes_the_position_from_the_message_and_nothing_else() {
        for (text, position, message) in [
            (
                "a: [b\n",
                "line 2, column 1",
                "did not find expected ',' or ']', while parsing a flow sequence at line 1 column 4",
            ),
            ("a: b\n c: [\n", "line 2, column 3", "mapping values are not allowed in this context"),
            ("a: *x\n", "line 1, column 4", "unknown anchor"),
            ("@", "line 1, column 1", "found character that cannot start any token, while scanning for the next token"),
        ] {
            let error = ConfigError::from(&serde_yaml::from_str::<Value>(text).unwrap_err());
            assert_eq!(error.to_string(), format!("{position}: {message}"), "{text:?}");
        }
        let error = serde_yaml::from_str::<[bool; 1]>("\n- 'x at line 2 column 3, y'\n").unwrap_err();
        assert!(without_position(&error).contains("x at line 2 column 3, y"), "{error}");
        let error = ConfigError::from(&serde_yaml::from_str::<Value>("a: 1\n---\nb: 2\n").unwrap_err());
        assert!(error.position.is_none() && error.to_string().contains("more than one document"), "{error}");
    }
}
