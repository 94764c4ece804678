//! Colours and styles by meaning. Meaning never rests on colour alone: a word or symbol always stands beside it.

use ratatui::style::{Color, Modifier, Style};

use crate::domain::verdict::Level;

/// The styles of the screen.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    colours: bool,
}

impl Theme {
    /// Sixteen colours, unless `NO_COLOR` (no-color.org) is set to anything.
    pub fn from_environment() -> Self {
        Self { colours: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
    }

    /// No colours at all: bold, dim and reverse only.
    pub const fn mono() -> Self {
        Self { colours: false }
    }

    /// The sixteen colours of the terminal's own palette.
    pub const fn sixteen() -> Self {
        Self { colours: true }
    }

    fn colour(self, colour: Color) -> Style {
        if self.colours { Style::new().fg(colour) } else { Style::new() }
    }

    /// Names of things, headings.
    pub fn strong(self) -> Style {
        Style::new().fg(Color::Reset).add_modifier(Modifier::BOLD)
    }

    /// What matters less: labels, borders, stale rows.
    pub fn dim(self) -> Style {
        if self.colours { Style::new().fg(Color::DarkGray) } else { Style::new().add_modifier(Modifier::DIM) }
    }

    /// The row under the cursor, the chosen tab.
    pub fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Keys in hints.
    pub fn key(self) -> Style {
        self.colour(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// Done, fine.
    pub fn good(self) -> Style {
        self.colour(Color::Green)
    }

    /// Worth a question.
    pub fn warning(self) -> Style {
        self.colour(Color::Yellow)
    }

    /// Dangerous, failed.
    pub fn bad(self) -> Style {
        self.colour(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// A verdict's level.
    pub fn level(self, level: Level) -> Style {
        match level {
            Level::Ok => self.good(),
            Level::Notice => Style::new(),
            Level::Warning | Level::WillFail => self.warning(),
            Level::Danger => self.bad(),
        }
    }
}

/// The symbol that stands before a level's word.
pub const fn symbol(level: Level) -> &'static str {
    match level {
        Level::Ok => "✔",
        Level::Notice => "·",
        Level::Warning => "!",
        Level::WillFail => "⊘",
        Level::Danger => "✖",
    }
}
