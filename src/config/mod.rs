//! The config file and the themes: what they may say, and what is wrong with one, with line and column.
//!
//! Pure: [`crate::files::config`] reads the files. Unknown fields and bad values are errors, never ignored: a typing
//! error in `read-only` must not open a cluster to writes.

mod columns;
pub(crate) mod theme;
mod yaml;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::domain::config_error::ConfigError;
use crate::domain::glob::Glob;

pub(crate) use columns::Column;

/// Backups that are kept of a kubeconfig unless the config file sets another number.
pub(crate) const DEFAULT_BACKUPS: usize = 3;

/// The example that `countersign config example` prints: every field with its default.
pub(crate) const EXAMPLE: &str = include_str!("../../assets/config.example.yaml");

/// Settings of the config file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// A theme by name: dark, light, high-contrast, colour-blind, mono, or one of your own in the folder `themes` beside the config file.
    pub theme: Option<String>,
    /// Whether to use colours; auto asks the terminal, `NO_COLOR`, `CLICOLOR` and `CLICOLOR_FORCE`.
    pub color: When,
    /// Draw with ASCII alone; without this, only where the locale is not UTF-8.
    pub ascii: Option<bool>,
    /// Let the mouse scroll, choose rows and panes. The terminal then selects text only while Shift is held.
    pub mouse: bool,
    /// Write times in UTC instead of the local zone.
    pub utc: bool,
    /// Which decisions ask first. A dangerous one asks for the request's name whatever this says.
    pub confirm: Confirm,
    /// Contexts in which every write is refused: names, with * for any characters and ? for one.
    #[serde(deserialize_with = "globs")]
    #[cfg_attr(test, schemars(with = "Vec<String>", extend("default" = [])))]
    pub read_only: Vec<Glob>,
    /// Columns of the list of requests, in this order; name must be among them. Each context remembers another choice.
    pub columns: Option<Vec<Column>>,
    /// How many backups of each kubeconfig are kept; with 0 none is made. Only edits that lose something make one.
    pub backups: usize,
    /// Keys by place and action, in place of the ones of the key table.
    #[cfg_attr(test, schemars(schema_with = "schema::keys"))]
    pub keys: Keys,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            theme: None,
            color: When::default(),
            ascii: None,
            mouse: false,
            utc: false,
            confirm: Confirm::default(),
            read_only: Vec::new(),
            columns: None,
            backups: DEFAULT_BACKUPS,
            keys: Keys::default(),
        }
    }
}

/// Whether to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// As the terminal and the environment say.
    #[default]
    Auto,
    /// Even where the environment says no.
    Always,
    /// Never.
    Never,
}

/// Which decisions ask first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Confirm {
    /// All.
    #[default]
    Always,
    /// Those with a warning or worse, and deletions.
    Danger,
    /// None but the dangerous ones.
    Never,
}

/// Keys by place and action, as they are written: `requests: {approve: [a, Ctrl-A]}`.
pub(crate) type Keys = BTreeMap<String, BTreeMap<String, Names>>;

/// One key or several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeysVisitor;
        impl<'de> serde::de::Visitor<'de> for KeysVisitor {
            type Value = Names;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a key such as a, Ctrl-A or Enter, or a list of keys")
            }

            fn visit_str<E>(self, text: &str) -> Result<Names, E> {
                Ok(Names(vec![text.to_owned()]))
            }

            // `1` is a key, and a number to YAML.
            fn visit_u64<E>(self, number: u64) -> Result<Names, E> {
                Ok(Names(vec![number.to_string()]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Names, A::Error> {
                let mut all = Vec::new();
                while let Some(Names(names)) = items.next_element()? {
                    all.extend(names);
                }
                Ok(Names(all))
            }
        }
        deserializer.deserialize_any(KeysVisitor)
    }
}

/// Patterns that may be empty: [`Config::parse`] refuses those with its own message.
fn globs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Glob>, D::Error> {
    Ok(Vec::<String>::deserialize(deserializer)?.into_iter().map(Glob::new).collect())
}

impl Config {
    /// Reads a config file's text.
    ///
    /// # Errors
    /// [`ConfigError`] where it is no YAML, has a field that is not known, or a value that a field cannot have.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = yaml::read(text)?;
        for (at, pattern) in config.read_only.iter().enumerate() {
            if pattern.as_str().is_empty() {
                return Err(ConfigError::at(
                    text,
                    &["read-only", &at.to_string()],
                    "an empty pattern names no context",
                ));
            }
        }
        if let Some((at, why)) = config.columns.as_deref().and_then(columns::wrong) {
            let at = at.map(|at| at.to_string());
            let path: Vec<&str> = std::iter::once("columns").chain(at.as_deref()).collect();
            return Err(ConfigError::at(text, &path, why));
        }
        Ok(config)
    }
}

#[cfg(test)]
mod schema;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config_error::Position;

    #[test]
    fn the_example_says_what_holds_without_a_file() {
        let example = Config::parse(EXAMPLE).unwrap();
        let usual = Column::ALL[..Column::DEFAULT_COUNT].to_vec();
        let plain = Config { theme: Some("dark".into()), columns: Some(usual), ..Config::default() };
        assert_eq!(Config { keys: Keys::default(), ..example }, plain);
        assert_eq!(Config::parse("# nothing\n"), Ok(Config::default()));
    }

    #[test]
    fn errors_are_named_with_their_position() {
        for (text, line, column, words) in [
            ("utc: true\nreadonly: [prod]\n", 2, 1, "unknown field `readonly`"),
            ("confirm: sometimes\n", 1, 10, "unknown variant `sometimes`"),
            ("mouse: 5\n", 1, 8, "invalid type: integer `5`"),
            ("keys:\n  requests:\n    approve: {a: b}\n", 3, 14, "a key such as a"),
            ("utc: true\nutc: false\n", 1, 1, "duplicate field `utc`"),
            ("read-only: [a, '']\n", 1, 16, "an empty pattern"),
            ("columns: [name, nmae]\n", 1, 17, "unknown variant `nmae`"),
            ("columns: [name, age, name]\n", 1, 22, "named twice"),
            ("columns: [age]\n", 1, 10, "name must be among them"),
            ("columns: []\n", 1, 10, "name must be among them"),
            ("- dark\n", 1, 1, "invalid type: sequence"),
        ] {
            let wrong = Config::parse(text).unwrap_err();
            assert_eq!(wrong.position, Some(Position { line, column }), "{text:?} {wrong}");
            assert!(wrong.message.contains(words), "{wrong}");
        }
    }
}
