//! A theme's file: a style for each meaning. Meaning never rests on colour alone, so a theme cannot hide anything.

use serde::{Deserialize, Deserializer};

use super::yaml;
use crate::domain::config_error::ConfigError;

/// The themes that come along, by name.
pub(crate) const BUILT_IN: [(&str, &str); 5] = [
    ("dark", include_str!("../../assets/themes/dark.yaml")),
    ("light", include_str!("../../assets/themes/light.yaml")),
    ("high-contrast", include_str!("../../assets/themes/high-contrast.yaml")),
    ("colour-blind", include_str!("../../assets/themes/colour-blind.yaml")),
    ("mono", include_str!("../../assets/themes/mono.yaml")),
];

/// The theme unless another is chosen.
pub(crate) const DEFAULT: &str = "dark";

/// A style for each meaning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ThemeFile {
    /// Everything that has no other meaning.
    pub text: Look,
    /// Names of things, headings.
    pub strong: Look,
    /// What matters less: labels, borders, old rows.
    pub dim: Look,
    /// The row under the cursor, the chosen tab.
    pub chosen: Look,
    /// Keys in hints.
    pub key: Look,
    /// Done, fine.
    pub good: Look,
    /// Worth a question.
    pub warning: Look,
    /// Dangerous, failed.
    pub bad: Look,
}

/// How something looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent switch")]
pub struct Look {
    /// The colour of the characters.
    pub fg: Option<Colour>,
    /// The colour behind them.
    pub bg: Option<Colour>,
    /// `fg` on a terminal of sixteen colours, where the nearest would not do.
    pub fg16: Option<Colour>,
    /// `bg` on a terminal of sixteen colours.
    pub bg16: Option<Colour>,
    /// Bold.
    pub bold: bool,
    /// Faint.
    pub dim: bool,
    /// Italic.
    pub italic: bool,
    /// Underlined.
    pub underline: bool,
    /// Foreground and background swapped.
    pub reverse: bool,
}

/// A colour: `default`, a name of the terminal's own sixteen such as `red` or `bright-red`, a number of its 256, or
/// `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// The terminal's own.
    Default,
    /// One of the terminal's 256; the first sixteen are the user's.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

const NAMES: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

impl std::str::FromStr for Colour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = |name: &str| NAMES.iter().position(|known| *known == name).and_then(|at| u8::try_from(at).ok());
        if text == "default" {
            return Ok(Self::Default);
        }
        if let Some(at) = named(text) {
            return Ok(Self::Indexed(at));
        }
        if let Some(at) = text.strip_prefix("bright-").and_then(named) {
            return Ok(Self::Indexed(at + 8));
        }
        if let Some(digits) = text.strip_prefix('#').filter(|digits| digits.len() == 6)
            && let Ok(value) = u32::from_str_radix(digits, 16)
        {
            let [_, red, green, blue] = value.to_be_bytes();
            return Ok(Self::Rgb(red, green, blue));
        }
        text.parse().map(Self::Indexed).map_err(|_| {
            format!("{text:?} is no colour: default, red, bright-red (and so on), a number up to 255, or \"#rrggbb\"")
        })
    }
}

impl<'de> Deserialize<'de> for Colour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ColorVisitor;
        impl serde::de::Visitor<'_> for ColorVisitor {
            type Value = Colour;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a colour")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Colour, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Colour, E> {
                self.visit_str(&number.to_string())
            }
        }
        deserializer.deserialize_any(ColorVisitor)
    }
}

impl ThemeFile {
    /// Reads a theme's text.
    ///
    /// # Errors
    /// [`ConfigError`] where it is no YAML, has a field that is not known, or a value that a field cannot have.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        yaml::read(text)
    }

    /// A theme that comes along.
    pub(crate) fn built_in(name: &str) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        // A test reads all of them.
        Self::parse(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config_error::Position;

    #[test]
    fn the_themes_that_come_along_can_be_read() {
        for (name, text) in BUILT_IN {
            let theme = ThemeFile::parse(text).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
            assert_eq!(ThemeFile::built_in(name), Some(theme));
        }
    }

    #[test]
    fn colours_are_read_in_every_form() {
        for (text, colour) in [
            ("red", Colour::Indexed(1)),
            ("bright-black", Colour::Indexed(8)),
            ("208", Colour::Indexed(208)),
            ("#0072b2", Colour::Rgb(0, 0x72, 0xb2)),
            ("default", Colour::Default),
        ] {
            assert_eq!(text.parse(), Ok(colour), "{text}");
        }
    }

    #[test]
    fn a_broken_theme_says_where() {
        for (text, line, column, words) in [
            ("good: {fg: green}\nbad: {fg: blud}\n", 2, 11, "no colour"),
            ("goood: {fg: green}\n", 1, 1, "unknown field `goood`"),
            ("good: {fg: 256}\n", 1, 12, "no colour"),
            ("key: {bold: perhaps}\n", 1, 13, "invalid type"),
        ] {
            let wrong = ThemeFile::parse(text).unwrap_err();
            assert_eq!(wrong.position, Some(Position { line, column }), "{text} {wrong}");
            assert!(wrong.message.contains(words), "{wrong}");
        }
    }
}
