//! YAML with errors that have a place.

use serde::de::{DeserializeOwned, DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::domain::output::redact;

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// What is wrong. It may quote the file.
    pub text: String,
}

impl Wrong {
    /// Something wrong with what stands at `path` in `text`: names of fields, numbers of list items from 0.
    pub(crate) fn at(text: &str, path: &[&str], why: impl Into<String>) -> Self {
        let (line, column) = locate(text, path).unwrap_or((1, 1));
        Self { line, column, text: why.into() }
    }
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.text)
    }
}

impl std::error::Error for Wrong {}

/// Reads `text`; one that says nothing is the default.
pub(super) fn read<T: DeserializeOwned + Default>(text: &str) -> Result<T, Wrong> {
    match crate::domain::yaml::from_str::<Option<T>>(text) {
        Ok(value) => Ok(value.unwrap_or_default()),
        Err(error) => Err(wrong(&error)),
    }
}

fn wrong(error: &serde_yaml::Error) -> Wrong {
    let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
    let text = error.to_string();
    let text = text.replace(&format!(" at line {line} column {column}"), "");
    Wrong { line, column, text: redact::without_values(&text) }
}

/// Where what stands at `path` begins: line and column, both from 1.
pub(crate) fn locate(text: &str, path: &[&str]) -> Option<(usize, usize)> {
    let error =
        serde_yaml::Deserializer::from_str(text).next().and_then(|document| Find(path).deserialize(document).err())?;
    let known = error.to_string().contains(FOUND);
    error.location().filter(|_| known).map(|at| (at.line(), at.column()))
}

/// The reader of YAML knows a place only for an error: what is looked for answers with one.
const FOUND: &str = "here it is";

struct Find<'a>(&'a [&'a str]);

impl<'de> DeserializeSeed<'de> for Find<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Find<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { FOUND } else { "something else" })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.0.split_first() else { return Err(A::Error::custom(FOUND)) };
        while let Some(name) = map.next_key::<Name>()? {
            if name.0 == *first {
                map.next_value_seed(Find(rest))?;
            } else {
                map.next_value::<serde::de::IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.0.split_first() else { return Err(A::Error::custom(FOUND)) };
        for at in 0.. {
            let more = if first.parse() == Ok(at) {
                items.next_element_seed(Find(rest))?.is_some()
            } else {
                items.next_element::<serde::de::IgnoredAny>()?.is_some()
            };
            if !more {
                break;
            }
        }
        Ok(())
    }
}

/// A field's name, numbers too.
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_quotes_no_value_that_may_be_a_token() {
        #[derive(serde::Deserialize, Default, Debug)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only read")]
        struct Small {
            flag: bool,
        }
        for text in [
            "flag: s3cret-0",
            "flag: secret",
            "s3cret-0",
            "flag: 's3cret-0\" x'",
            "s3cret-0: true",
            "[s3cret-0",
            "a: *s3cret-0",
        ] {
            let error = read::<Small>(text).unwrap_err().to_string();
            assert!(!error.contains("s3cret") && !error.contains("secret"), "{error}");
        }
        let error = read::<Small>("flags: true").unwrap_err();
        assert!(error.text.contains("`flags`") && error.text.contains("`flag`"), "{error}");
    }

    #[test]
    fn every_place_can_be_found_again() {
        let text = "theme: dark\nkeys:\n  requests:\n    approve: [a, Ctrl-A]\n    deny: d\n";
        assert_eq!(locate(text, &["keys", "requests", "deny"]), Some((5, 11)));
        assert_eq!(locate(text, &["keys", "requests", "approve", "1"]), Some((4, 18)));
        assert_eq!(locate(text, &["keys", "requests", "delete"]), None);
        assert_eq!(locate(text, &["theme"]), Some((1, 8)));
    }
}
