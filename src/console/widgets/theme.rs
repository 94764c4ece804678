//! Colors and styles by meaning. Meaning never rests on color alone: a word or symbol always is beside it.

use ratatui::style::{Color, Modifier, Style};

use crate::config::theme::{Colour, DEFAULT, Look, ThemeFile};
use crate::domain::verdict::Level;
use crate::terminal::color_depth::ColorDepth;

/// The styles of the screen.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    text: Style,
    strong: Style,
    dim: Style,
    chosen: Style,
    key: Style,
    good: Style,
    warning: Style,
    bad: Style,
}

impl Theme {
    /// A theme's file as a terminal with so many colours shows it. Without colours it is `mono`, whatever was chosen:
    /// what a theme tells by colour alone would be lost.
    pub(crate) fn new(file: &ThemeFile, depth: ColorDepth) -> Self {
        if depth == ColorDepth::Monochrome {
            return Self::of(&ThemeFile::built_in("mono").unwrap_or_default(), depth);
        }
        Self::of(file, depth)
    }

    fn of(file: &ThemeFile, depth: ColorDepth) -> Self {
        let style = |look: &Look| style(look, depth);
        let text = style(&file.text);
        // Names are on borders and dimmed lines: their color is written even where it is the terminal's own.
        let strong = Style::new().fg(text.fg.unwrap_or(Color::Reset)).patch(style(&file.strong));
        Self {
            text,
            strong,
            dim: style(&file.dim),
            chosen: style(&file.chosen),
            key: style(&file.key),
            good: style(&file.good),
            warning: style(&file.warning),
            bad: style(&file.bad),
        }
    }

    /// No colours at all: bold, dim and reverse only.
    pub fn mono() -> Self {
        Self::new(&ThemeFile::default(), ColorDepth::Monochrome)
    }

    /// The sixteen colours of the terminal's own palette.
    pub fn sixteen() -> Self {
        Self::new(&ThemeFile::built_in(DEFAULT).unwrap_or_default(), ColorDepth::Ansi16)
    }

    /// Everything that has no other meaning.
    pub(crate) fn text(self) -> Style {
        self.text
    }

    /// Names of things, headings.
    pub(crate) fn strong(self) -> Style {
        self.strong
    }

    /// What matters less: labels, borders, stale rows.
    pub(crate) fn dim(self) -> Style {
        self.dim
    }

    /// The row under the cursor, the chosen tab.
    pub(crate) fn chosen(self) -> Style {
        self.chosen
    }

    /// Keys in hints.
    pub(crate) fn key(self) -> Style {
        self.key
    }

    /// Done, fine.
    pub(crate) fn good(self) -> Style {
        self.good
    }

    /// Worth a question.
    pub(crate) fn warning(self) -> Style {
        self.warning
    }

    /// Dangerous, failed.
    pub(crate) fn bad(self) -> Style {
        self.bad
    }

    /// A verdict's level.
    pub(crate) fn level(self, level: Level) -> Style {
        match level {
            Level::Ok => self.good(),
            Level::Notice => Style::new(),
            Level::Warning | Level::WillFail => self.warning(),
            Level::Danger => self.bad(),
        }
    }
}

fn color(configured: Colour) -> Color {
    match configured {
        Colour::Default => Color::Reset,
        Colour::Indexed(index) => Color::Indexed(index),
        Colour::Rgb(r, g, b) => Color::Rgb(r, g, b),
    }
}

fn style(look: &Look, depth: ColorDepth) -> Style {
    let mut style = Style::new();
    style.fg = depth.convert(look.fg.map(color), look.fg16.map(color));
    style.bg = depth.convert(look.bg.map(color), look.bg16.map(color));
    for (wanted, modifier) in [
        (look.bold, Modifier::BOLD),
        (look.dim, Modifier::DIM),
        (look.italic, Modifier::ITALIC),
        (look.underline, Modifier::UNDERLINED),
        (look.reverse, Modifier::REVERSED),
    ] {
        if wanted {
            style = style.add_modifier(modifier);
        }
    }
    style
}

/// The symbol that is before a level's word.
pub(crate) const fn symbol(level: Level) -> &'static str {
    match level {
        Level::Ok => "✔",
        Level::Notice => "·",
        Level::Warning => "!",
        Level::WillFail => "⊘",
        Level::Danger => "✖",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::theme::BUILT_IN;

    #[test]
    fn no_theme_makes_danger_look_like_anything_else() {
        for (name, text) in BUILT_IN {
            let file = ThemeFile::parse(text).unwrap();
            for depth in [ColorDepth::Monochrome, ColorDepth::Ansi16, ColorDepth::Ansi256, ColorDepth::TrueColor] {
                let theme = Theme::new(&file, depth);
                for other in [theme.good(), theme.warning(), theme.dim(), theme.text()] {
                    assert_ne!(theme.bad(), other, "{name} {depth:?}");
                }
            }
        }
    }

    #[test]
    fn without_colours_no_theme_has_any() {
        for (_, text) in BUILT_IN {
            let theme = Theme::new(&ThemeFile::parse(text).unwrap(), ColorDepth::Monochrome);
            assert!([theme.text(), theme.key(), theme.bad(), theme.dim()].iter().all(|style| style.bg.is_none()));
            assert!([theme.key(), theme.bad(), theme.warning()].iter().all(|style| style.fg.is_none()));
        }
    }
}
