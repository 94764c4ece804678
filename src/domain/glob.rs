//! Patterns for names in the config file and in the policy file: `*` matches any characters, `?` exactly one.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A pattern. It has no escapes: a name with a literal `*` or `?` is matched by these wildcards too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// A pattern from any text. The empty one matches only the empty name; where that is a mistake, deserialize instead.
    pub(crate) fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// The pattern as it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the pattern covers all of `name`. Takes at most the product of both lengths in steps: only the last `*` is
    /// ever extended.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let (mut pattern, mut rest) = (self.0.as_str(), name);
        // The pattern behind the last `*`, and the part of the name that it has been tried on.
        let mut retry: Option<(&str, &str)> = None;
        loop {
            let (mut wanted, mut given) = (pattern.chars(), rest.chars());
            match (wanted.next(), given.next()) {
                (Some('*'), _) => {
                    pattern = wanted.as_str();
                    retry = Some((pattern, rest));
                }
                (Some(w), Some(g)) if w == '?' || w == g => (pattern, rest) = (wanted.as_str(), given.as_str()),
                (None, None) => return true,
                _ => {
                    let Some((after_star, tried)) = retry else { return false };
                    let mut tried = tried.chars();
                    if tried.next().is_none() {
                        return false;
                    }
                    (pattern, rest) = (after_star, tried.as_str());
                    retry = Some((pattern, rest));
                }
            }
        }
    }
}

impl<'de> Deserialize<'de> for Glob {
    /// Refuses the empty pattern.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // An error of a visitor carries the position of the text itself.
        struct GlobVisitor;
        impl Visitor<'_> for GlobVisitor {
            type Value = Glob;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Glob, E> {
                if text.is_empty() {
                    Err(E::custom("an empty name; * stands for any text"))
                } else {
                    Ok(Glob::new(text))
                }
            }
        }
        deserializer.deserialize_str(GlobVisitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn matches_whole_names_only() {
        for (pattern, name, expected) in [
            ("prod", "prod", true),
            ("prod", "prod-eu", false),
            ("prod-*", "prod-eu", true),
            ("prod-*", "prod-", true),
            ("prod-*", "prod", false),
            ("*prod*", "eu-prod-1", true),
            ("*prod*", "eu-pro", false),
            ("p?od*", "prod", true),
            ("p?od", "pod", false),
            ("?", "é", true),
            ("?", "", false),
            ("??", "é", false),
            ("*-a-*b", "x-a-a-bb", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("ab*ba", "abba", true),
            ("ab*ba", "aba", false),
            ("*", "", true),
            ("*", "花", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(Glob::new(pattern).matches(name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn rejects_an_empty_pattern_in_a_file() {
        assert_eq!(serde_yaml::from_str::<Glob>("dev-?").unwrap(), Glob::new("dev-?"));
        assert!(serde_yaml::from_str::<Glob>("''").unwrap_err().to_string().contains("an empty name"));
    }

    #[test]
    fn many_stars_take_little_time() {
        // A recursive matcher would take exponential time.
        assert!(!Glob::new("a*".repeat(200) + "b").matches(&"a".repeat(2000)));
    }

    /// The definition, without regard to time.
    fn defined(pattern: &[char], name: &[char]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some(('*', rest)) => (0..=name.len()).any(|at| defined(rest, &name[at..])),
            Some((c, rest)) => name.first().is_some_and(|n| *c == '?' || c == n) && defined(rest, &name[1..]),
        }
    }

    proptest! {
        #[test]
        fn matches_as_the_definition_does(pattern in "[abé*?]{0,6}", name in "[abé]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(Glob::new(pattern.clone()).matches(&name), defined(&chars(&pattern), &chars(&name)));
        }
    }
}
