//! Select Graphic Rendition (SGR, ECMA-48 8.3.117): the shortest sequence from one style to another.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// The style that the terminal writes text with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sgr {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Default for Sgr {
    fn default() -> Self {
        Self { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() }
    }
}

/// Each modifier with the codes that set and reset it.
const MODIFIERS: [(Modifier, &str, &str); 6] = [
    (Modifier::BOLD, "1", "22"),
    (Modifier::DIM, "2", "22"),
    (Modifier::ITALIC, "3", "23"),
    (Modifier::UNDERLINED, "4", "24"),
    (Modifier::REVERSED, "7", "27"),
    (Modifier::CROSSED_OUT, "9", "29"),
];

impl Sgr {
    pub(crate) fn of(cell: &Cell) -> Self {
        Self { fg: cell.fg, bg: cell.bg, modifier: cell.modifier }
    }

    /// Whether a space in this style shows only the terminal's default background.
    pub(crate) fn is_plain(self) -> bool {
        self.bg == Color::Reset
            && !self.modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED | Modifier::CROSSED_OUT)
    }

    /// Whether a space in this style looks the same as a space in the style of `cell`.
    pub(crate) fn is_plain_like(self, cell: &Cell) -> bool {
        self.is_plain() && Self::of(cell).is_plain()
    }

    /// Appends the shortest sequence that changes the style from `from` (`None`: unknown) to this one.
    pub(crate) fn write_change(self, from: Option<Self>, out: &mut String) {
        let full = self.full_sequence();
        let best = match from {
            Some(from) => {
                [self.delta(from), full].into_iter().min_by_key(|codes| codes.join(";").len()).unwrap_or_default()
            }
            None => full,
        };
        out.push_str("\x1b[");
        out.push_str(&best.join(";"));
        out.push('m');
    }

    /// The codes of this style, from a reset.
    fn full_sequence(self) -> Vec<String> {
        let mut codes = self.delta(Self::default());
        // An empty code means 0, reset; others may follow it.
        codes.insert(0, String::new());
        codes
    }

    /// The codes of the attributes that differ from `from`.
    fn delta(self, from: Self) -> Vec<String> {
        let mut codes = Vec::new();
        let gone = from.modifier - self.modifier;
        let mut kept = from.modifier;
        for (modifier, _, off) in MODIFIERS {
            if gone.contains(modifier) && kept.contains(modifier) {
                codes.push(off.to_owned());
                // One code takes bold and faint away together.
                kept -= if off == "22" { Modifier::BOLD | Modifier::DIM } else { modifier };
            }
        }
        for (modifier, on, _) in MODIFIERS {
            if self.modifier.contains(modifier) && !kept.contains(modifier) {
                codes.push(on.to_owned());
            }
        }
        if self.fg != from.fg {
            codes.push(color_code(self.fg, 30));
        }
        if self.bg != from.bg {
            codes.push(color_code(self.bg, 40));
        }
        codes
    }
}

/// A color's code; `base` is 30 for the foreground and 40 for the background.
fn color_code(color: Color, base: u8) -> String {
    let named = |index: u8| (base + index).to_string();
    let bright = |index: u8| (base + 60 + index).to_string();
    match color {
        Color::Reset => named(9),
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
        Color::Indexed(index) => format!("{};5;{index}", base + 8),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", base + 8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(fg: Color, modifier: Modifier) -> Sgr {
        Sgr { fg, modifier, ..Sgr::default() }
    }

    fn change(from: Sgr, to: Sgr) -> String {
        let mut out = String::new();
        to.write_change(Some(from), &mut out);
        out
    }

    #[test]
    fn picks_the_shortest_sequence() {
        let (plain, red) = (Sgr::default(), style(Color::Red, Modifier::BOLD));
        assert_eq!(change(red, plain), "\x1b[m");
        assert_eq!(change(plain, red), "\x1b[1;31m");
        assert_eq!(change(red, style(Color::Green, Modifier::BOLD)), "\x1b[32m");
        assert_eq!(change(red, style(Color::Red, Modifier::DIM)), "\x1b[22;2m");
    }
}
